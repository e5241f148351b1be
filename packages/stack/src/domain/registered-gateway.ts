import type { GatewayIdentifiers } from "./identifiers.ts";
import type { Location } from "./uplink.ts";

/** A gateway as its owner registered it. */
export interface RegisteredGateway {
  readonly ids: GatewayIdentifiers;
  readonly frequencyPlanIds: readonly string[];
  readonly antennas: readonly { readonly gain: number; readonly location?: Location }[];
  readonly locationPublic: boolean;
  readonly statusPublic: boolean;
  readonly enforceDutyCycle: boolean;
  readonly scheduleDownlinkLate: boolean;
  readonly scheduleAnytimeDelayMs: number;
  readonly updateLocationFromStatus: boolean;
  readonly requireAuthenticatedConnection: boolean;
  readonly downlinkPathConstraint: "NONE" | "PREFER_OTHER" | "NEVER";
}
