import type { At } from "../clock/clock.ts";

const rolloverUs = 2 ** 32;

/** A reading further than this from where the clock should be is of another run of the gateway, or was kept back by it. */
const jumpUs = 10_000_000;

/** Two readings of a restarted gateway agree within this. */
const agreementUs = 1_000_000;

/** For so long the fastest datagram tells how server and concentrator relate: longer, and their crystals drift apart. */
const driftWindowMs = 60_000;

/**
 * Follows a concentrator's 32-bit microsecond counter: counts its wraps, and knows its value at a time of the server.
 * All its times grow without wrapping ("concentrator time"), from the first reading on.
 */
export class GatewayClock {
  /** Concentrator time less server time, microseconds, as the fastest datagrams of this window and of the last one had it. */
  #offsetUs: number | undefined;
  #previousOffsetUs = Number.NEGATIVE_INFINITY;
  #windowStartsAt: At = 0;
  /** The offset that a restarted gateway would have, after one reading that fits nothing. */
  #suspectUs: number | undefined;
  /** GPS time less concentrator time, milliseconds. */
  #gpsOffsetMs: number | undefined;
  readonly #onJump: (byUs: number) => void;

  /** `onJump` learns by how much concentrator time of before a restart is to be moved. */
  constructor(onJump: (byUs: number) => void = () => {}) {
    this.#onJump = onJump;
  }

  get isSynchronized(): boolean {
    return this.#offsetUs !== undefined;
  }

  /** Takes a reading of the counter that was so at `at`, as far as is known; gives it as concentrator time. */
  synchronize(timestamp: number, at: At): number {
    if (this.#offsetUs === undefined) {
      this.#restart(timestamp - at * 1000, at);
      return timestamp;
    }
    const expectedUs = this.#concentratorTimeUs(at);
    const readingUs = nearest(timestamp, expectedUs);
    const offUs = readingUs - expectedUs;
    if (Math.abs(offUs) <= jumpUs) {
      this.#suspectUs = undefined;
      this.#refine(readingUs - at * 1000, at);
    } else if (offUs > 0 || this.#agreesWithSuspect(readingUs - at * 1000)) {
      // What a gateway kept back is behind; what is ahead, or behind twice in a row by the same, started anew.
      this.#restart(readingUs - at * 1000, at);
      this.#onJump(offUs);
    } else this.#suspectUs = readingUs - at * 1000;
    return readingUs;
  }

  /** Concentrator time of a timestamp near the last readings; undefined before the first. */
  extend(timestamp: number, at: At): number | undefined {
    return this.#offsetUs === undefined ? undefined : nearest(timestamp, this.#concentratorTimeUs(at));
  }

  /** Concentrator time at a time of the server; undefined before the first reading. */
  fromServerTime(at: At): number | undefined {
    return this.#offsetUs === undefined ? undefined : this.#concentratorTimeUs(at);
  }

  toServerTime(concentratorTimeUs: number): At | undefined {
    return this.#offsetUs === undefined ? undefined : (concentratorTimeUs - this.#bestOffsetUs()) / 1000;
  }

  /** Takes what the gateway's GPS said at a concentrator time. */
  synchronizeGps(gpsTime: At, concentratorTimeUs: number): void {
    this.#gpsOffsetMs = gpsTime - concentratorTimeUs / 1000;
  }

  /** Concentrator time at a GPS time; undefined without GPS. */
  fromGpsTime(gpsTime: At): number | undefined {
    return this.#gpsOffsetMs === undefined ? undefined : (gpsTime - this.#gpsOffsetMs) * 1000;
  }

  /** A late datagram makes the concentrator look slow, never fast: the highest offset is the truest. */
  #bestOffsetUs(): number {
    return Math.max(this.#offsetUs!, this.#previousOffsetUs);
  }

  #concentratorTimeUs(at: At): number {
    return at * 1000 + this.#bestOffsetUs();
  }

  #refine(offsetUs: number, at: At): void {
    if (at - this.#windowStartsAt >= driftWindowMs) {
      // After a long silence the last window is as old as the drift it would hide.
      this.#previousOffsetUs =
        at - this.#windowStartsAt < 2 * driftWindowMs ? this.#offsetUs! : Number.NEGATIVE_INFINITY;
      this.#offsetUs = offsetUs;
      this.#windowStartsAt = at;
    } else if (offsetUs > this.#offsetUs!) this.#offsetUs = offsetUs;
  }

  #agreesWithSuspect(offsetUs: number): boolean {
    return this.#suspectUs !== undefined && Math.abs(offsetUs - this.#suspectUs) < agreementUs;
  }

  #restart(offsetUs: number, at: At): void {
    this.#offsetUs = offsetUs;
    this.#previousOffsetUs = Number.NEGATIVE_INFINITY;
    this.#windowStartsAt = at;
    this.#suspectUs = undefined;
    this.#gpsOffsetMs = undefined;
  }
}

/** The value with these lower 32 bits that lies nearest to `expectedUs`. */
function nearest(timestamp: number, expectedUs: number): number {
  return timestamp + Math.round((expectedUs - timestamp) / rolloverUs) * rolloverUs;
}
