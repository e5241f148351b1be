import { timeOnAirUs } from "@skylark/lorawan";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../clock/clock.ts";
import { atMost } from "../../component/at-most.ts";
import type { Reception } from "../../domain/uplink.ts";
import { SkylarkError } from "../../errors/errors.ts";
import { type SizedWindow, windowsThatFit } from "./receive-windows.ts";

/** RX2 is slow when a frame occupies the gateway this many times as long in it as in RX1. */
const slowFactor = 4;

/** Something to send, and in which windows to try it. */
export interface Attempt<Content> {
  readonly content: Content;
  /** In order of preference; none when the content fits in no window. */
  readonly windows: readonly SizedWindow[];
  /** All windows that the content fits, also those that are not tried now. */
  readonly fittingWindows: readonly SizedWindow[];
  /** Whether it is made when the attempts before were refused only because gateways were busy. */
  readonly whenBusy: "always" | "rarely" | "never";
}

export interface Fillable {
  readonly macPayloadLength: number;
}

/** What a device can do without until its next frame. */
export interface Urgency {
  /** There is more than MAC requests to send. */
  readonly hasUrgent: boolean;
  /** Without it the device sends its frame again, and there is nothing else to say. */
  readonly isRepeatedAnyway: boolean;
}

/**
 * In what order the windows are tried. A gateway sends one frame at a time, and in a slow RX2 it could have
 * answered dozens of uplinks in RX1, whose answers then need RX2 as well. So when gateways are busy, requests of the
 * network make way for what is urgent and never go into a slow RX2, and answers to what is repeated anyway rarely do.
 */
export function attemptsFor<Content extends Fillable>(
  windows: readonly SizedWindow[],
  contents: { readonly whole: Content; readonly withoutRequests: Content | undefined },
  urgency: Urgency,
): readonly Attempt<Content>[] {
  const { whole, withoutRequests } = contents;
  const [rx1, rx2] = [
    windows.filter(({ window }) => window === 1),
    windows.filter(({ window }) => window === 2),
  ];
  const attempt = (
    content: Content,
    among: readonly SizedWindow[],
    whenBusy: Attempt<Content>["whenBusy"] = "always",
  ): Attempt<Content> => ({
    content,
    windows: windowsThatFit(among, content.macPayloadLength),
    fittingWindows: windowsThatFit(windows, content.macPayloadLength),
    whenBusy,
  });
  if (withoutRequests !== undefined && urgency.hasUrgent) {
    return [
      attempt(whole, rx1),
      ...attemptsFor(windows, { whole: withoutRequests, withoutRequests: undefined }, urgency),
    ];
  }
  const canWait = !urgency.hasUrgent || urgency.isRepeatedAnyway;
  if (!canWait || !isSlow(windows, whole)) return [attempt(whole, windows)];
  return [attempt(whole, rx1), attempt(whole, rx2, urgency.hasUrgent ? "rarely" : "never")];
}

function isSlow([rx1, rx2]: readonly SizedWindow[], { macPayloadLength }: Fillable): boolean {
  if (rx1 === undefined || rx2 === undefined) return false;
  // MHDR and MIC.
  const payloadLength = macPayloadLength + 5;
  const inRx1 = timeOnAirUs({ dataRate: rx1.dataRate, payloadLength });
  return timeOnAirUs({ dataRate: rx2.dataRate, payloadLength }) >= slowFactor * inRx1;
}

/** How often each gateway may answer in a slow RX2 because it was busy in RX1. */
const rarelyMs = 10_000;
const maxGateways = 10_000;

/** Says when it is time again for what is rarely done. */
export class RareWindows {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #lastAtMs = new LRUCache<string, number>(atMost(maxGateways));

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Whether it may be done now through the first of these paths; it then counts as done. */
  take([path]: readonly Reception[]): boolean {
    if (path === undefined) return false;
    const { tenantId, gatewayId } = path.gateway.ids;
    const key = `${tenantId}/${gatewayId}`;
    const now = this.#clock.monotonicMs();
    const lastAtMs = this.#lastAtMs.get(key);
    if (lastAtMs !== undefined && now - lastAtMs < rarelyMs) return false;
    this.#lastAtMs.set(key, now);
    return true;
  }
}

/** What the first attempt that succeeds gives; throws what the last one was refused for. */
export function firstThatSucceeds<Content, Result>(
  attempts: readonly Attempt<Content>[],
  attemptOne: (attempt: Attempt<Content>) => Result,
  isRareTime: () => boolean,
): Result {
  let refusal: unknown;
  for (const attempt of attempts) {
    if (attempt.windows.length === 0) continue;
    const isBusy = attempt.whenBusy !== "always" && refusal !== undefined && isOnlyBusy(refusal);
    if (isBusy && (attempt.whenBusy === "never" || !isRareTime())) continue;
    try {
      return attemptOne(attempt);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

/** Whether every gateway refused because it sends something else at that time. */
export function isOnlyBusy(refusal: unknown): boolean {
  if (!(refusal instanceof SkylarkError)) return false;
  const reasons = refusal.details.flatMap(({ value }) => reasonsOf(value));
  return reasons.length > 0 && reasons.every((reason) => reason === "conflict");
}

/** The names at the ends of nested ErrorDetails of the API. */
function reasonsOf(details: object): readonly string[] {
  const { cause, path_errors, details: further, name } = details as ErrorJson;
  if (cause !== undefined) return reasonsOf(cause);
  const nested = [...(path_errors ?? []), ...(further ?? [])];
  return nested.length > 0 ? nested.flatMap(reasonsOf) : name === undefined ? [] : [name];
}

interface ErrorJson {
  readonly name?: string;
  readonly cause?: object;
  readonly path_errors?: readonly object[];
  readonly details?: readonly object[];
}
