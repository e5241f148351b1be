import { LRUCache } from "lru-cache";
import { atMost } from "../../../component/at-most.ts";
import type { Script } from "./script.ts";

type Identity = Pick<Script, "key" | "applicationKey">;

interface Offender {
  /** Times that it ran out of time or memory. */
  strikes: number;
  lastStrikeAtMs: number;
  suspendedUntilMs: number;
  isAlone: boolean;
  /** Calls without fault that it still has to show before it may join the others. */
  successesNeeded: number;
}

/** An application of which scripts offended. */
interface Author {
  offendingScripts: number;
  lastStrikeAtMs: number;
}

/** So many an author may need to correct one; of an application with more, all scripts are one offender. */
const maxOffendingScripts = 5;
const maxKept = 10_000;

const forgottenAfterMs = 600_000;
const firstProbation = 20;
const maxProbation = 10_000;
const firstSuspensionMs = 1000;
const maxSuspensionMs = 60_000;

/** Scripts that took more than their share, and how they are kept from taking it again. A corrected one starts clean. */
export class Offenders {
  readonly #offenders = new LRUCache<string, Offender>(atMost(maxKept));
  readonly #authors = new LRUCache<string, Author>(atMost(maxKept));

  /** What counts as one offender: the script, or all of an application that offends with ever new ones. */
  keyOf({ key, applicationKey }: Identity): string {
    const author = this.#authors.get(applicationKey);
    return author !== undefined && author.offendingScripts > maxOffendingScripts ? applicationKey : key;
  }

  isAlone(script: Identity): boolean {
    return this.#offenders.get(this.keyOf(script))?.isAlone ?? false;
  }

  suspendedMs(script: Identity, nowMs: number): number {
    const until = this.#offenders.get(this.keyOf(script))?.suspendedUntilMs ?? 0;
    return Math.max(0, until - nowMs);
  }

  /** The first time it is only moved; from the second on it also has to wait, longer each time. */
  strike(script: Identity, nowMs: number): void {
    this.#countScript(script, nowMs);
    const key = this.keyOf(script);
    const known = this.#offenders.get(key);
    const isFresh = known !== undefined && nowMs - known.lastStrikeAtMs < forgottenAfterMs;
    const earlier = key === script.applicationKey ? maxOffendingScripts : 0;
    const strikes = (isFresh ? known.strikes : earlier) + 1;
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
  suspect(script: Identity): void {
    const key = this.keyOf(script);
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

  succeed(script: Identity, nowMs: number): void {
    const key = this.keyOf(script);
    const offender = this.#offenders.get(key);
    if (offender === undefined) return;
    offender.successesNeeded--;
    if (offender.successesNeeded > 0) return;
    // The strikes stay for a while: whoever offends again is let back later.
    if (offender.strikes === 0 || nowMs - offender.lastStrikeAtMs > forgottenAfterMs)
      this.#offenders.delete(key);
    else offender.isAlone = false;
  }

  #countScript({ key, applicationKey }: Identity, nowMs: number): void {
    const author = this.#authors.get(applicationKey);
    const hasStruck = (this.#offenders.get(key)?.strikes ?? 0) > 0;
    if (author === undefined || nowMs - author.lastStrikeAtMs >= forgottenAfterMs)
      this.#authors.set(applicationKey, { offendingScripts: 1, lastStrikeAtMs: nowMs });
    else {
      author.lastStrikeAtMs = nowMs;
      if (!hasStruck) author.offendingScripts++;
    }
  }
}
