import type { DownlinkJson } from "./application-up.ts";
import type { Dialect } from "./dialect.ts";
import type { Json, V2Names } from "./uplink-messages.ts";

/** How a downlink went on air: JSON of V2, made where a frame is transmitted. */
export interface TransmissionJson {
  /** The PHYPayload in base 64. */
  readonly payload: string;
  readonly gateway_id: string;
  readonly config: Json;
}

/** A downlink as the application published it. */
function downlinkMessage(downlink: DownlinkJson): Json {
  return {
    port: downlink.f_port ?? 0,
    confirmed: downlink.confirmed || undefined,
    payload_raw: downlink.frm_payload,
    payload_fields: downlink.decoded_payload,
  };
}

/** `events/down/scheduled`. */
export function scheduledEvent(downlink: DownlinkJson, dialect: Dialect): Json | null {
  const message = downlinkMessage(downlink);
  switch (dialect) {
    case "early":
      return message;
    case "late":
      return null;
    case "server":
      return { message };
    case "superset":
      return { ...message, message };
  }
}

/** `events/down/sent`. */
export function sentEvent(
  { appId, devId }: V2Names,
  downlink: DownlinkJson,
  transmission: TransmissionJson | undefined,
  dialect: Dialect,
): Json {
  const own = downlinkMessage(downlink);
  const message = { app_id: appId, dev_id: devId, ...own };
  switch (dialect) {
    case "early":
      return own;
    case "late":
      return { ...transmission };
    case "server":
      return { payload: transmission?.payload, message, ...transmission };
    case "superset":
      return { ...own, payload: transmission?.payload, message, ...transmission };
  }
}

/** `events/down/acks`, which came after the early reference's `events/ack`. */
export function acknowledgementEvent(downlink: DownlinkJson, dialect: Dialect): Json | null {
  return dialect === "late" ? null : { message: downlinkMessage(downlink) };
}

/** `events/down/errors`. */
export function downlinkErrorEvent(error: string, downlink: DownlinkJson | undefined): Json {
  return { error, message: downlink === undefined ? undefined : downlinkMessage(downlink) };
}
