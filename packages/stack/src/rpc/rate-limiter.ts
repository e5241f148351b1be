import { LRUCache } from "lru-cache";
import type { Clock } from "../clock/clock.ts";
import { atMost } from "../component/at-most.ts";

/** How often one caller may do something. */
export interface RateLimitProfile {
  readonly name: string;
  readonly maxPerMinute: number;
  /** How many at once after a pause; `maxPerMinute` when absent. */
  readonly maxBurst?: number;
}

/** How a caller stands with a limit. */
export interface RateLimitResult {
  readonly limited: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the whole burst is available again. */
  readonly resetMs: number;
  /** Until the next one is accepted; 0 when not limited. */
  readonly retryMs: number;
}

export interface RateLimiter {
  take(profile: RateLimitProfile, key: string): RateLimitResult;
  /** Whether the next use would be over the limit; counts nothing. */
  isExhausted(profile: RateLimitProfile, key: string): boolean;
}

/** Keys that are remembered; who is forgotten begins anew. */
const mostKeys = 50_000;

/**
 * The generic cell rate algorithm: one number per key, the time at which the key would have used up nothing
 * ("theoretical arrival time"). Each use moves it by the interval; too far ahead of now is over the limit.
 */
export function createRateLimiter(clock: Pick<Clock, "monotonicMs">): RateLimiter {
  const arrivals = new LRUCache<string, number>(atMost(mostKeys));
  return {
    take(profile, key) {
      const now = clock.monotonicMs();
      const burst = profile.maxBurst ?? profile.maxPerMinute;
      const intervalMs = 60_000 / profile.maxPerMinute;
      const name = `${profile.name}:${key}`;
      const arrival = Math.max(arrivals.get(name) ?? now, now);
      const next = arrival + intervalMs;
      const aheadMs = next - now;
      const burstMs = burst * intervalMs;
      // The sum of many intervals is a little off the product.
      const limited = aheadMs > burstMs + 1e-6;
      if (!limited) arrivals.set(name, next);
      const usedMs = limited ? aheadMs - intervalMs : aheadMs;
      return {
        limited,
        limit: burst,
        remaining: Math.max(0, Math.floor((burstMs - usedMs) / intervalMs + 1e-6)),
        resetMs: usedMs,
        retryMs: limited ? aheadMs - burstMs : 0,
      };
    },
    isExhausted(profile, key) {
      if (arrivals.size === 0) return false;
      const arrival = arrivals.get(`${profile.name}:${key}`);
      if (arrival === undefined) return false;
      const intervalMs = 60_000 / profile.maxPerMinute;
      const burst = profile.maxBurst ?? profile.maxPerMinute;
      return arrival + intervalMs - clock.monotonicMs() > burst * intervalMs + 1e-6;
    },
  };
}
