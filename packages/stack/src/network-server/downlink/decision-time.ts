import type { At, Clock } from "../../clock/clock.ts";
import type { TimerWheel } from "../timer-wheel.ts";

/** What deciding takes beyond the gateway's lead time: queries, a commit, and others' turns on the event loop. */
const decisionMs = 80;
/** A loop that lags more has other troubles; applications still need time to answer within RX1's one second. */
const maxLagMs = 250;

/** In how many milliseconds to decide on what starts at `startsAt`: late, but not so late that it misses the window. */
export function decideInMs(
  startsAt: At,
  leadMs: number,
  around: { readonly clock: Pick<Clock, "now">; readonly wheel: Pick<TimerWheel, "lagMs"> },
): number {
  const lagMs = Math.min(maxLagMs, around.wheel.lagMs);
  return startsAt - leadMs - decisionMs - lagMs - around.clock.now();
}
