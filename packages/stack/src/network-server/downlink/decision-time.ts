import type { At, Clock } from "../../clock/clock.ts";
import type { TimerWheel } from "../timer-wheel.ts";

/** What deciding takes beyond the gateway's lead time: queries, a commit, and others' turns on the event loop. */
const decisionMs = 100;
/** The same where the window is far enough away for applications to answer in any case. */
const leisurelyDecisionMs = 300;
const farAwayMs = 2000;
/** A loop that lags more has other troubles; applications still need time to answer within RX1's one second. */
const maxLagMs = 250;

/** In how many milliseconds to decide on what goes into RX1: late, but not so late that it misses the window. */
export function decideInMs(
  rx1: { readonly receivedAt: At; readonly delayMs: number },
  leadMs: number,
  around: { readonly clock: Pick<Clock, "now">; readonly wheel: Pick<TimerWheel, "lagMs"> },
): number {
  const lagMs = Math.min(maxLagMs, around.wheel.lagMs);
  const marginMs = rx1.delayMs < farAwayMs ? decisionMs : leisurelyDecisionMs;
  return rx1.receivedAt + rx1.delayMs - leadMs - marginMs - lagMs - around.clock.now();
}
