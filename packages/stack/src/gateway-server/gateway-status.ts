import type { At } from "../clock/clock.ts";
import type { Location } from "../domain/uplink.ts";

/** What a gateway says of itself now and then, whatever its protocol. */
export interface GatewayStatus {
  readonly time?: At;
  readonly bootAt?: At;
  readonly versions: Readonly<Record<string, string>>;
  /** By antenna. */
  readonly antennaLocations: readonly Location[];
  readonly ip: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
}
