import type { ErrorJson } from "./application-up.ts";

/** Texts of V2 that clients may know, by the name of the error that stands for the same. */
const texts: Readonly<Record<string, string>> = {
  "pkg/joinserver:reuse_dev_nonce": "Activation DevNonce not valid: already used",
  "pkg/joinserver:dev_nonce_too_small": "Activation DevNonce not valid: already used",
  "pkg/joinserver:mic_mismatch": "device that validates MIC not found",
  "pkg/joinserver:device_not_found": "device that validates MIC not found",
  "pkg/networkserver:f_cnt_too_low": "FCnt not valid: not high enough",
  "pkg/networkserver:duplicate_uplink": "FCnt not valid: not high enough",
  "pkg/networkserver:f_cnt_gap": "FCnt not valid: too high",
  "pkg/networkserver:mic_mismatch": "device that validates MIC not found",
};

/** The formatter has no function for it, or there is no formatter. */
const withoutEncoder = new Set([
  "pkg/scripting/javascript:entrypoint_not_found",
  "pkg/applicationserver:no_payload",
]);

const scriptTimeout = "pkg/scripting/javascript:script_timeout";
const payloadNotValid = "skylark/v2:payload_not_valid";

/** What V2 says of an error. */
export function errorText(error: ErrorJson): string {
  return texts[nameOf(error)] ?? messageOf(error);
}

/** `events/up/errors` for a payload that could not be decoded; its uplink goes on without fields. */
export function decodeErrorText(error: ErrorJson): string {
  const name = nameOf(error);
  if (name === payloadNotValid) return messageOf(error);
  const reason =
    name === scriptTimeout
      ? "Internal error: Interrupted javascript execution for Decoder after its time limit"
      : errorText(error);
  // V2 says this of what was decoded.
  return reason.startsWith("Payload Function output ")
    ? reason
    : `Unable to decode payload fields: ${reason}`;
}

/** `events/down/errors` for a downlink with this error. */
export function downlinkErrorText(error: ErrorJson, hasFields: boolean): string {
  const name = nameOf(error);
  if (hasFields && withoutEncoder.has(name)) {
    return "Downlink Payload not valid: fields supplied, but no Encoder function set";
  }
  if (name === scriptTimeout) {
    return "Internal error: Interrupted javascript execution for Encoder after its time limit";
  }
  return errorText(error);
}

function nameOf({ namespace = "", name = "" }: ErrorJson): string {
  return `${namespace}:${name}`;
}

function messageOf({ message_format: format = "internal error", attributes = {} }: ErrorJson): string {
  return format.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(attributes, name) ? String(attributes[name]) : placeholder,
  );
}
