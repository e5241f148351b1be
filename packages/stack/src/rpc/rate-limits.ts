import type { Clock } from "../clock/clock.ts";
import { defineErrors } from "../errors/errors.ts";
import { createRateLimiter, type RateLimitProfile, type RateLimitResult } from "./rate-limiter.ts";
import { networkOf } from "./remote-address.ts";

const rateLimitExceeded = defineErrors("pkg/ratelimit").resourceExhausted(
  "rate_limit_exceeded",
  "rate limit of `{rate}` accesses per minute exceeded for resource `{key}`",
);

/** What calls are counted together. */
export type RateLimitClass =
  /** Calls without credentials. */
  | "unauthenticated"
  | "reads"
  | "writes"
  /** Messages put into downlink queues. */
  | "downlinks"
  /** Streams opened. */
  | "streams"
  /** Attempts to prove who one is: passwords, and credentials that were refused. */
  | "attempts";

/** How often one caller may do what; absent means as often as it likes. */
export type RateLimitProfiles = { readonly [Class in RateLimitClass]?: Omit<RateLimitProfile, "name"> };

/**
 * More than one machine's worth of calls, so that only runaway clients meet them; attempts are few enough to make
 * guessing useless.
 */
export const generousRateLimits: Required<RateLimitProfiles> = {
  unauthenticated: { maxPerMinute: 30_000 },
  reads: { maxPerMinute: 1_200_000 },
  writes: { maxPerMinute: 600_000 },
  downlinks: { maxPerMinute: 300_000 },
  streams: { maxPerMinute: 6_000 },
  attempts: { maxPerMinute: 10, maxBurst: 20 },
};

/** Of one address, whichever accounts it tries, and of one account, from whichever addresses. */
const attemptsAcross = 10;

/** A key is harder to guess than a password, and a client whose key was revoked goes on asking. */
const refusedForEachAttempt = 6;

export interface RateLimits {
  /** Undefined when the class has no limit. */
  take(rateClass: RateLimitClass, key: string): RateLimitResult | undefined;
  /** Throws once an address tried too often, or too many addresses an account. */
  takeAttempt(remoteAddress: string, account: string): void;
  /** Counts a credential that was refused, by the key of its caller where it names one, and by address. */
  countRefused(remoteAddress: string, key?: string): void;
  /** Throws once that was so too often: verifying a secret is dear. */
  requireNotRefused(key: string): void;
  /**
   * Throws once an address brought too many, whichever it made up. Asked of what is not known in memory only: who is
   * behind the same address with a good one goes on.
   */
  requireFewRefused(remoteAddress: string): void;
  exceeded(rateClass: RateLimitClass, resource: string): Error;
}

export function createRateLimits(
  clock: Pick<Clock, "monotonicMs">,
  profiles: RateLimitProfiles = generousRateLimits,
): RateLimits {
  const limiter = createRateLimiter(clock);
  // Who floods one class must not make the attempts of others forgotten.
  const attemptLimiter = createRateLimiter(clock);
  const refusedLimiter = createRateLimiter(clock);
  const refusedOfAddresses = createRateLimiter(clock);
  const named = new Map(
    Object.entries(profiles).map(([name, profile]): [string, RateLimitProfile] => [
      name,
      { name, ...profile },
    ]),
  );
  const { attempts } = profiles;
  const attemptsOfMany: RateLimitProfile | undefined = attempts && {
    name: "across",
    maxPerMinute: attempts.maxPerMinute * attemptsAcross,
    maxBurst: (attempts.maxBurst ?? attempts.maxPerMinute) * attemptsAcross,
  };
  const refused: RateLimitProfile | undefined = attempts && {
    name: "refused",
    maxPerMinute: attempts.maxPerMinute * refusedForEachAttempt,
    maxBurst: (attempts.maxBurst ?? attempts.maxPerMinute) * refusedForEachAttempt,
  };
  const refusedAcross: RateLimitProfile | undefined = refused && {
    name: "refused across",
    maxPerMinute: refused.maxPerMinute * attemptsAcross,
    maxBurst: (refused.maxBurst ?? refused.maxPerMinute) * attemptsAcross,
  };
  const exceeded = (rateClass: RateLimitClass, resource: string): Error =>
    rateLimitExceeded({ rate: profiles[rateClass]?.maxPerMinute ?? 0, key: resource });
  return {
    take(rateClass, key) {
      const profile = named.get(rateClass);
      if (profile === undefined) return undefined;
      return (rateClass === "attempts" ? attemptLimiter : limiter).take(profile, key);
    },
    takeAttempt(remoteAddress, account) {
      const profile = named.get("attempts");
      if (profile === undefined || attemptsOfMany === undefined) return;
      const network = networkOf(remoteAddress);
      const limited =
        attemptLimiter.take(profile, `${network} ${account}`).limited ||
        attemptLimiter.take(attemptsOfMany, `address ${network}`).limited ||
        (account !== "" && attemptLimiter.take(attemptsOfMany, `account ${account}`).limited);
      if (limited) throw exceeded("attempts", "authentication attempts");
    },
    countRefused(remoteAddress, key) {
      if (refused === undefined || refusedAcross === undefined) return;
      if (key !== undefined) refusedLimiter.take(refused, key);
      refusedOfAddresses.take(refusedAcross, networkOf(remoteAddress));
    },
    requireNotRefused(key) {
      if (refused !== undefined && refusedLimiter.isExhausted(refused, key)) {
        throw exceeded("attempts", "authentication attempts");
      }
    },
    requireFewRefused(remoteAddress) {
      if (refusedAcross === undefined) return;
      if (refusedOfAddresses.isExhausted(refusedAcross, networkOf(remoteAddress))) {
        throw exceeded("attempts", "authentication attempts");
      }
    },
    exceeded,
  };
}
