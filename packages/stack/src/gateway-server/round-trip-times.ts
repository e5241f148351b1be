import type { At } from "../clock/clock.ts";

const kept = 20;
const expiryMs = 30 * 60_000;

/** Milliseconds. */
export interface RoundTripStats {
  readonly min: number;
  readonly max: number;
  readonly median: number;
  readonly p90: number;
  readonly count: number;
}

/** The last round trips of a gateway, from handing a frame over to its acknowledgment. */
export class RoundTripTimes {
  #times: { readonly durationMs: number; readonly at: At }[] = [];
  #stats: RoundTripStats | undefined;

  record(durationMs: number, at: At): void {
    this.#times = [...this.#times.slice(1 - kept), { durationMs: Math.max(0, durationMs), at }];
    this.#stats = undefined;
  }

  /** Undefined without a recent one. */
  stats(now: At): RoundTripStats | undefined {
    const oldest = this.#times[0];
    if (oldest !== undefined && now - oldest.at > expiryMs) {
      this.#times = this.#times.filter(({ at }) => now - at <= expiryMs);
      this.#stats = undefined;
    }
    if (this.#times.length === 0) return undefined;
    this.#stats ??= summarize(this.#times.map(({ durationMs }) => durationMs));
    return this.#stats;
  }
}

function summarize(times: readonly number[]): RoundTripStats {
  const sorted = times.toSorted((a, b) => a - b);
  const { length } = sorted;
  const middle = length >> 1;
  return {
    min: sorted[0]!,
    max: sorted[length - 1]!,
    median: length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    p90: sorted[Math.ceil(length * 0.9) - 1]!,
    count: length,
  };
}
