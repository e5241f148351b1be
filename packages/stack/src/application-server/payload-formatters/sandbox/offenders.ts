import { LRUCache } from "lru-cache";
import { atMost } from "../../../component/at-most.ts";

interface Offender {
  /** Times that a script of it ran out of time or memory. */
  strikes: number;
  lastStrikeAtMs: number;
  suspendedUntilMs: number;
  isAlone: boolean;
  /** Calls without fault that it still has to show before it may join the others. */
  successesNeeded: number;
}

const forgottenAfterMs = 600_000;
const firstProbation = 20;
const maxProbation = 10_000;
const firstSuspensionMs = 1000;
const maxSuspensionMs = 60_000;

/** Applications whose scripts took more than their share, and how they are kept from taking it again. */
export class Offenders {
  readonly #offenders = new LRUCache<string, Offender>(atMost(10_000));

  isAlone(key: string): boolean {
    return this.#offenders.get(key)?.isAlone ?? false;
  }

  suspendedMs(key: string, nowMs: number): number {
    const until = this.#offenders.get(key)?.suspendedUntilMs ?? 0;
    return Math.max(0, until - nowMs);
  }

  /** The first time it is only moved; from the second on it also has to wait, longer each time. */
  strike(key: string, nowMs: number): void {
    const known = this.#offenders.get(key);
    const strikes =
      (known !== undefined && nowMs - known.lastStrikeAtMs < forgottenAfterMs ? known.strikes : 0) + 1;
    const suspensionMs = strikes < 2 ? 0 : Math.min(maxSuspensionMs, firstSuspensionMs * 2 ** (strikes - 2));
    this.#offenders.set(key, {
      strikes,
      lastStrikeAtMs: nowMs,
      suspendedUntilMs: nowMs + suspensionMs,
      isAlone: true,
      successesNeeded: Math.min(maxProbation, firstProbation * 2 ** (strikes - 1)),
    });
  }

  /** It was there when a process ended; one call without fault clears it. */
  suspect(key: string): void {
    const known = this.#offenders.get(key);
    if (known !== undefined) known.isAlone = true;
    else {
      this.#offenders.set(key, {
        strikes: 0,
        lastStrikeAtMs: 0,
        suspendedUntilMs: 0,
        isAlone: true,
        successesNeeded: 1,
      });
    }
  }

  succeed(key: string, nowMs: number): void {
    const offender = this.#offenders.get(key);
    if (offender === undefined) return;
    offender.successesNeeded--;
    if (offender.successesNeeded > 0) return;
    // The strikes stay for a while: whoever offends again is let back later.
    if (offender.strikes === 0 || nowMs - offender.lastStrikeAtMs > forgottenAfterMs)
      this.#offenders.delete(key);
    else offender.isAlone = false;
  }
}
