import { allowedFieldMaskPaths, assign, type EndDevice, EndDeviceSchema, pick } from "@skylark/api";
import type { SessionState } from "../device.ts";

/** What MAC commands of this server change, and so is kept with the session. */
const modelledParameters = new Set([
  "adr_nb_trans",
  "adr_tx_power_index",
  "channels",
  "max_duty_cycle",
  "rx1_data_rate_offset",
  "rx1_delay",
  "rx2_data_rate_index",
  "rx2_frequency",
]);

const modelledFields = new Set(["lorawan_version", "last_dev_status_f_cnt_up"]);

/** What was under way between the device and another network; nobody here can answer it, so it is not taken over. */
export const transientFields: ReadonlySet<string> = new Set([
  "pending_application_downlink",
  "pending_join_request",
  "pending_relay_downlink",
  "pending_requests",
  "queued_join_accept",
  "queued_responses",
  "recent_downlinks",
  "recent_mac_command_identifiers",
  "recent_uplinks",
  "rx_windows_available",
]);

/** Paths of the MAC state that are kept as they were given, for as long as the session lasts. */
const keptMACPaths: readonly string[] = [...allowedFieldMaskPaths("NsEndDeviceRegistry.Set")].filter(
  (path) => {
    const [top, field, parameter, ...rest] = path.split(".");
    if (top !== "mac_state" || field === undefined) return false;
    if (transientFields.has(field) || modelledFields.has(field)) return false;
    if (field === "current_parameters" || field === "desired_parameters") {
      return parameter !== undefined && rest.length === 0 && !modelledParameters.has(parameter);
    }
    return parameter === undefined;
  },
);

/** The paths, and of which session they were said. */
const encodedPaths = [...keptMACPaths, "session.dev_addr", "session.keys.session_key_id"];

/** The part of a registration that holds the kept MAC state; undefined when there is nothing to keep. */
export function keptMACState(device: EndDevice): EndDevice | undefined {
  if (device.macState === undefined || device.session === undefined) return undefined;
  return pick(EndDeviceSchema, device, encodedPaths);
}

/** Whether the kept MAC state is that of this session. */
export function isOfSession({ session: kept }: EndDevice, { session }: SessionState): boolean {
  if (kept === undefined || kept.devAddr.length !== 4) return false;
  const devAddr = new DataView(kept.devAddr.buffer, kept.devAddr.byteOffset).getUint32(0);
  const sessionKeyId = kept.keys?.sessionKeyId ?? new Uint8Array(0);
  return devAddr === session.devAddr && Buffer.compare(sessionKeyId, session.sessionKeyId) === 0;
}

/** The message with the MAC state as it was given, where this server has none of its own. */
export function withKeptMACState(message: EndDevice, registration: EndDevice): EndDevice {
  return assign(EndDeviceSchema, message, registration, keptMACPaths);
}
