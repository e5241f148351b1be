import { v2Attributes, v2RawLocation } from "../../../../domain/v2-device-attributes.ts";
import type {
  DeviceIdsJson,
  GatewayJson,
  LocationJson,
  ReceptionJson,
  SettingsJson,
  UplinkJson,
} from "./application-up.ts";
import type { Dialect } from "./dialect.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What a message is about, as V2 spells it. */
export interface V2Names {
  readonly appId: string;
  readonly devId: string;
}

/** The `up` message. Members stand in the order of V2's server; `undefined` ones do not appear in JSON. */
export function uplinkMessage(
  { appId, devId }: V2Names,
  { end_device_ids: ids, uplink_message: uplink = {} }: UplinkOfDevice,
  { dialect, isRetry = false }: { readonly dialect: Dialect; readonly isRetry?: boolean },
): Json {
  const isEarly = dialect === "early";
  return {
    ...(!isEarly && { app_id: appId, dev_id: devId, hardware_serial: ids.dev_eui }),
    port: uplink.f_port ?? 0,
    counter: uplink.f_cnt ?? 0,
    ...(!isEarly && { confirmed: uplink.confirmed || undefined, is_retry: isRetry || undefined }),
    payload_raw: uplink.frm_payload ?? null,
    payload_fields: isEmpty(uplink.decoded_payload) ? undefined : uplink.decoded_payload,
    metadata: {
      ...metadata(uplink, dialect),
      ...(!isEarly && deviceLocation(v2RawLocation(uplink.attributes ?? {}) ?? uplink.locations?.user)),
    },
    ...(!isEarly && uplink.decoded_payload !== undefined && { attributes: ownAttributes(uplink.attributes) }),
  };
}

export interface UplinkOfDevice {
  readonly end_device_ids: DeviceIdsJson;
  readonly uplink_message?: UplinkJson;
}

/** `metadata` of uplinks and of activations. */
export function metadata(reception: ReceptionJson, dialect: Dialect): Json {
  const { settings, received_at: receivedAt = "", consumed_airtime: airtime } = reception;
  const { coding_rate, ...modulation } = modulationMembers(settings);
  return {
    time: withoutTrailingZeros(receivedAt),
    frequency: settings?.frequency === undefined ? undefined : asFloat32(Number(settings.frequency) / 1e6),
    ...modulation,
    airtime: airtime === undefined || dialect === "early" ? undefined : nanosecondsOf(airtime),
    coding_rate,
    gateways: reception.rx_metadata?.map((gateway) => gatewayMetadata(gateway, dialect)),
  };
}

function modulationMembers(settings: SettingsJson | undefined): {
  readonly modulation?: string;
  readonly data_rate?: string;
  readonly bit_rate?: number;
  readonly coding_rate?: string | undefined;
} {
  const { lora, fsk, lrfhss } = settings?.data_rate ?? {};
  if (lora !== undefined) {
    const { bandwidth, spreading_factor: spreadingFactor, coding_rate: codingRate } = lora;
    const dataRate = `SF${spreadingFactor}BW${bandwidth / 1000}`;
    return { modulation: "LORA", data_rate: dataRate, coding_rate: codingRate };
  }
  if (fsk !== undefined) return { modulation: "FSK", bit_rate: fsk.bit_rate };
  // Newer than V2, which has no name for it.
  return lrfhss === undefined ? {} : { modulation: "LR_FHSS", coding_rate: lrfhss.coding_rate };
}

function gatewayMetadata(gateway: GatewayJson, dialect: Dialect): Json {
  const { gateway_id: id } = gateway.gateway_ids;
  const isEarly = dialect === "early";
  return {
    ...((isEarly || dialect === "superset") && { id }),
    ...(!isEarly && { gtw_id: id }),
    timestamp: gateway.timestamp || undefined,
    ...(!isEarly && {
      fine_timestamp: gateway.fine_timestamp === undefined ? undefined : Number(gateway.fine_timestamp),
    }),
    // V2's server sent an empty text where both references leave it out.
    time: gateway.time === undefined ? (dialect === "server" ? "" : undefined) : gateway.time,
    ...(!isEarly && { antenna: gateway.antenna_index || undefined }),
    channel: gateway.channel_index ?? 0,
    rssi: gateway.rssi ?? 0,
    snr: gateway.snr ?? 0,
    rf_chain: 0,
    ...(!isEarly && gateway.location !== undefined && gatewayLocation(gateway.location)),
  };
}

const locationSources: Readonly<Record<string, string>> = {
  SOURCE_GPS: "gps",
  SOURCE_REGISTRY: "registry",
  SOURCE_IP_GEOLOCATION: "ip_geolocation",
};

function gatewayLocation({ latitude, longitude, altitude, accuracy, source = "" }: LocationJson): Json {
  return {
    latitude,
    longitude,
    altitude,
    location_accuracy: accuracy,
    location_source: locationSources[source],
  };
}

/** What is registered for the device. */
function deviceLocation(location: LocationJson | undefined): Json {
  if (!location?.latitude && !location?.longitude) return {};
  const { latitude, longitude, altitude } = location;
  return { latitude, longitude, altitude, location_source: "registry" };
}

function ownAttributes(attributes: Readonly<Record<string, string>> = {}): Json | undefined {
  const own = v2Attributes(attributes);
  return isEmpty(own) ? undefined : own;
}

function isEmpty(object: object | undefined): boolean {
  return object === undefined || Object.keys(object).length === 0;
}

/** The shortest decimal that a 32-bit float tells from others, as V2's server writes numbers of that kind. */
export function asFloat32(value: number): number {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}

/** `1.5s` in nanoseconds. */
function nanosecondsOf(duration: string): number {
  return Math.round(Number(duration.slice(0, -1)) * 1e9);
}

/** RFC 3339 as Go writes it. */
export function withoutTrailingZeros(timestamp: string): string {
  return timestamp.replace(/\.?0+Z$/, (end) => (timestamp.includes(".") ? "Z" : end));
}
