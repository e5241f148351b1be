import { defineErrors, SkylarkError } from "../errors/errors.ts";

// Errors that more than one part of the server has reason to give; the others stand beside their throw.
const errors = defineErrors("pkg/networkserver");

export const deviceNotFound = errors.notFound("device_not_found", "device not found");

export const uplinkChannelNotFound = errors.notFound("uplink_channel_not_found", "uplink channel not found");

export const dataRateNotFound = errors.notFound("data_rate_not_found", "data rate not found");

export const noDownlinkPath = errors.notFound("no_downlink_path", "no downlink path available");

export const transmissionFailed = errors.unknown(
  "transmission",
  "downlink transmission failed with result `{result}`",
);

export const tooManyLookups = errors.resourceExhausted(
  "too_many_lookups",
  "too many devices are being looked up",
);

export function isTooManyLookups(error: unknown): boolean {
  return error instanceof SkylarkError && error.definition === tooManyLookups.definition;
}
