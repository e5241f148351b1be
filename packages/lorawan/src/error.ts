/** Why the protocol code refused an input; stable, so that callers can branch on it. */
export type LoRaWANErrorCode =
  | "invalid_identifier"
  | "invalid_key"
  | "invalid_value"
  | "too_short"
  | "too_long"
  | "unsupported_major"
  | "unsupported_cf_list"
  | "unknown_mac_command"
  | "invalid_data_rate"
  | "invalid_channel_mask"
  | "unknown_band"
  | "unknown_band_version"
  | "unknown_frequency_plan"
  | "integrity_check_failed";

/** The one error that the codecs, parsers and tables of this package throw. */
export class LoRaWANError extends Error {
  readonly code: LoRaWANErrorCode;

  constructor(code: LoRaWANErrorCode, message: string) {
    super(message);
    this.name = "LoRaWANError";
    this.code = code;
  }
}
