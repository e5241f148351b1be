/** Where and how a gateway received an uplink. */
export interface GatewayMetadata {
  gtw_id?: string;
  gtw_trusted?: boolean;
  /** Microseconds of the gateway's own clock. */
  timestamp?: number;
  /** Absent or empty when the gateway is not synchronised. */
  time?: string;
  antenna?: number;
  channel?: number;
  rssi?: number;
  snr?: number;
  rf_chain?: number;
  latitude?: number;
  longitude?: number;
  altitude?: number;
  [name: string]: unknown;
}

export interface UplinkMetadata {
  /** When the server received it. */
  time?: string;
  /** MHz. */
  frequency?: number;
  /** "LORA" or "FSK". */
  modulation?: string;
  /** Such as "SF7BW125". */
  data_rate?: string;
  /** Of FSK. */
  bit_rate?: number;
  /** Nanoseconds. */
  airtime?: number;
  coding_rate?: string;
  gateways?: GatewayMetadata[];
  /** Of the device, as it was registered. */
  latitude?: number;
  longitude?: number;
  altitude?: number;
  [name: string]: unknown;
}

/** An uplink of a device. Whatever else the message has is there too. */
export interface UplinkMessage {
  app_id: string;
  dev_id: string;
  /** DevEUI. */
  hardware_serial?: string;
  port: number;
  counter: number;
  /** Only when true. */
  confirmed?: boolean;
  is_retry?: boolean;
  /** The decrypted bytes; `payload_raw.toString("base64")` is what the broker sent. */
  payload_raw: Buffer;
  /** What the application's functions made of the bytes. */
  payload_fields?: { [field: string]: unknown };
  metadata: UplinkMetadata;
  [name: string]: unknown;
}

/** Undefined when it is no uplink message. */
export function parseUplinkMessage(topic: string, payload: Uint8Array): UplinkMessage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) return undefined;
  const [app_id = "", , dev_id = ""] = topic.split("/");
  const { payload_raw, ...rest } = message as { readonly payload_raw?: unknown };
  return {
    app_id,
    dev_id,
    port: 0,
    counter: 0,
    metadata: {},
    ...rest,
    payload_raw: Buffer.from(typeof payload_raw === "string" ? payload_raw : "", "base64"),
  };
}
