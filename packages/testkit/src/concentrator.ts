import type { Clock } from "./clock.ts";

/** Why a gateway refuses a downlink, in the words of the Semtech protocol. */
export type TxError =
  | "TOO_LATE"
  | "TOO_EARLY"
  | "COLLISION_PACKET"
  | "COLLISION_BEACON"
  | "TX_FREQ"
  | "TX_POWER"
  | "GPS_UNLOCKED";

const counterRange = 2 ** 32;

// Of the queue in Semtech's packet forwarder: start delay, margin and thread period of the radio, in microseconds.
const startDelayUs = 1500;
const marginUs = 1000;
const jitDelayUs = 30_000;
const minimumLeadUs = startDelayUs + marginUs + jitDelayUs;
const maximumAdvanceUs = 4 * 128 * 1_000_000;

interface Reservation {
  readonly startAt: number;
  readonly endAt: number;
}

/** The radio of a gateway: its free-running microsecond counter and the queue of frames that wait for their instant. */
export class Concentrator {
  readonly #clock: Clock;
  readonly #startCount: number;
  readonly #startedAt: number;
  #reservations: Reservation[] = [];

  constructor(clock: Clock, startCount: number) {
    this.#clock = clock;
    this.#startCount = startCount;
    this.#startedAt = clock.monotonicMs();
  }

  /** The 32-bit counter at an instant; it wraps every 71.6 minutes. */
  countAt(instantMs: number): number {
    const elapsedUs = Math.round((instantMs - this.#startedAt) * 1000);
    return (((this.#startCount + elapsedUs) % counterRange) + counterRange) % counterRange;
  }

  /** The instant of a counter value, or why the queue refuses it. */
  instantOf(count: number): number | TxError {
    const now = this.#clock.monotonicMs();
    // Unsigned as in the forwarders: a count that has passed looks far away, and is refused as too early.
    const aheadUs = (((count - this.countAt(now)) % counterRange) + counterRange) % counterRange;
    if (aheadUs <= minimumLeadUs) return "TOO_LATE";
    if (aheadUs > maximumAdvanceUs) return "TOO_EARLY";
    return now + aheadUs / 1000;
  }

  /** Takes the radio for a time, or tells that it is taken. */
  reserve(startAt: number, endAt: number): TxError | undefined {
    const now = this.#clock.monotonicMs();
    this.#reservations = this.#reservations.filter((other) => other.endAt > now);
    const leadMs = (startDelayUs + marginUs) / 1000;
    const taken = this.#reservations.some(
      (other) => startAt - leadMs < other.endAt && other.startAt - leadMs < endAt,
    );
    if (taken) return "COLLISION_PACKET";
    this.#reservations.push({ startAt, endAt });
    return undefined;
  }
}
