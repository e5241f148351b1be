import { LoRaWANError } from "@skylark/lorawan";
import { defineErrors, SkylarkError } from "../../errors/errors.ts";

const invalidDataRate = defineErrors("pkg/gatewayserver/scheduling").invalidArgument(
  "data_rate",
  "data rate cannot be transmitted: {reason}",
);

/** Why something cannot be scheduled, as an error that may be shown; what is no such reason is thrown on. */
export function asSkylarkError(error: unknown): SkylarkError {
  if (error instanceof SkylarkError) return error;
  if (error instanceof LoRaWANError) return invalidDataRate({ reason: error.message });
  throw error;
}
