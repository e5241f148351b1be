import type { At } from "../clock/clock.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import type { RoundTripStats } from "./round-trip-times.ts";
import type { SubBandUtilization } from "./scheduling/scheduler.ts";

/** What happened on a connection so far. */
export interface ConnectionStats {
  readonly protocol: string;
  readonly remoteAddress: string;
  readonly connectedAt: At;
  readonly disconnectedAt: At | undefined;
  readonly uplinkCount: number;
  readonly lastUplinkAt: At | undefined;
  readonly downlinkCount: number;
  readonly lastDownlinkAt: At | undefined;
  readonly acknowledgmentCount: number;
  readonly lastAcknowledgmentAt: At | undefined;
  readonly lastStatus: { readonly status: GatewayStatus; readonly receivedAt: At } | undefined;
  readonly roundTripTimes: RoundTripStats | undefined;
  readonly subBands: readonly SubBandUtilization[];
}
