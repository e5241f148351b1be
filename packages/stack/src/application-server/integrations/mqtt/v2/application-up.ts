/** Messages of the API in JSON, as far as V2 shows them. */
export interface ApplicationUpJson {
  readonly end_device_ids: DeviceIdsJson;
  readonly received_at?: string;
  readonly uplink_message?: UplinkJson;
  readonly join_accept?: { readonly received_at?: string };
  readonly downlink_queued?: DownlinkJson;
  readonly downlink_sent?: DownlinkJson;
  readonly downlink_ack?: DownlinkJson;
  readonly downlink_failed?: { readonly downlink?: DownlinkJson; readonly error?: ErrorJson };
}

export interface DeviceIdsJson {
  readonly device_id: string;
  readonly dev_eui?: string;
  readonly join_eui?: string;
  readonly dev_addr?: string;
}

/** How a frame was received. */
export interface ReceptionJson {
  readonly rx_metadata?: readonly GatewayJson[];
  readonly settings?: SettingsJson;
  readonly received_at?: string;
  readonly consumed_airtime?: string;
}

export interface UplinkJson extends ReceptionJson {
  readonly f_port?: number;
  readonly f_cnt?: number;
  readonly frm_payload?: string;
  readonly decoded_payload?: Readonly<Record<string, unknown>>;
  readonly confirmed?: boolean;
  readonly locations?: Readonly<Record<string, LocationJson>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface SettingsJson {
  readonly frequency?: string;
  readonly data_rate?: {
    readonly lora?: {
      readonly bandwidth: number;
      readonly spreading_factor: number;
      readonly coding_rate?: string;
    };
    readonly fsk?: { readonly bit_rate: number };
    readonly lrfhss?: { readonly coding_rate?: string };
  };
}

export interface GatewayJson {
  readonly gateway_ids: { readonly gateway_id: string };
  readonly timestamp?: number;
  readonly time?: string;
  readonly fine_timestamp?: string;
  readonly antenna_index?: number;
  readonly channel_index?: number;
  readonly rssi?: number;
  readonly snr?: number;
  readonly location?: LocationJson;
}

export interface LocationJson {
  readonly latitude?: number;
  readonly longitude?: number;
  readonly altitude?: number;
  readonly accuracy?: number;
  readonly source?: string;
}

export interface DownlinkJson {
  readonly f_port?: number;
  readonly frm_payload?: string;
  readonly decoded_payload?: Readonly<Record<string, unknown>>;
  readonly confirmed?: boolean;
}

export interface ErrorJson {
  readonly namespace?: string;
  readonly name?: string;
  readonly message_format?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly cause?: ErrorJson;
}
