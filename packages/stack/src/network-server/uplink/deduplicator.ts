import { equalDataRates } from "@skylark/lorawan";
import type { Clock } from "../../clock/clock.ts";
import type { GatewayUplink, Reception } from "../../domain/uplink.ts";

/** More say nothing new and would let a crowd of gateways fill messages. */
export const maxReceptions = 50;

/** What a flood may take in memory; beyond it the oldest frames are forgotten early. */
const maxRounds = 200_000;

/** Told of copies of a frame after the first one. */
export interface CopyListener {
  copyReceived(round: Round, copy: GatewayUplink): void;
}

/** One frame with what all gateways have said of it so far. */
export interface Round {
  readonly uplink: GatewayUplink;
  readonly openedAtMs: number;
  receptions: Reception[];
  /** `gs:uplink:…` and `gs:conn:…` of every copy. */
  correlationIds: string[];
  /** Copies are still merged. */
  isOpen: boolean;
  listener: CopyListener | undefined;
  readonly key: number;
  readonly expiresAtMs: number;
  /** Another frame that happens to have the same key. */
  sameKey: Round | undefined;
  /** The next to be forgotten. */
  younger: Round | undefined;
}

export interface DeduplicationCounters {
  merged: number;
  late: number;
}

/**
 * Knows the frames of the last `memoryMs`, so that copies of one frame become one round. Frames are forgotten when
 * later ones come in: they need no timers.
 */
export class Deduplicator {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #memoryMs: number;
  readonly #rounds = new Map<number, Round>();
  readonly #maxRounds: number;
  #count = 0;
  #oldest: Round | undefined;
  #youngest: Round | undefined;
  readonly counters: DeduplicationCounters = { merged: 0, late: 0 };

  constructor(clock: Pick<Clock, "monotonicMs">, memoryMs: number, limit = maxRounds) {
    this.#maxRounds = limit;
    this.#clock = clock;
    this.#memoryMs = memoryMs;
  }

  /** The new round that the frame begins, or undefined when it is a copy. */
  receive(uplink: GatewayUplink): Round | undefined {
    const now = this.#clock.monotonicMs();
    this.#forget(now);
    const key = keyOf(uplink);
    const first = this.#rounds.get(key);
    for (let round = first; round !== undefined; round = round.sameKey) {
      if (!isSameFrame(round.uplink, uplink)) continue;
      this.#addCopy(round, uplink);
      return undefined;
    }
    const { receptions, correlationId } = uplink;
    const round: Round = {
      uplink,
      openedAtMs: now,
      receptions: receptions.length === 1 ? [receptions[0]] : [...receptions],
      correlationIds: [receptions[0].gateway.connectionCorrelationId, correlationId],
      isOpen: true,
      listener: undefined,
      key,
      expiresAtMs: now + this.#memoryMs,
      sameKey: first,
      younger: undefined,
    };
    this.#rounds.set(key, round);
    this.#count++;
    if (this.#youngest === undefined) this.#oldest = round;
    else this.#youngest.younger = round;
    this.#youngest = round;
    return round;
  }

  get size(): number {
    return this.#count;
  }

  #addCopy(round: Round, copy: GatewayUplink): void {
    if (round.isOpen) {
      this.counters.merged++;
      const room = maxReceptions - round.receptions.length;
      if (room > 0) {
        round.receptions.push(...copy.receptions.slice(0, room));
        round.correlationIds.push(copy.receptions[0].gateway.connectionCorrelationId, copy.correlationId);
      }
    } else {
      this.counters.late++;
    }
    round.listener?.copyReceived(round, copy);
  }

  #forget(now: number): void {
    while (
      this.#oldest !== undefined &&
      (this.#oldest.expiresAtMs <= now || this.#count >= this.#maxRounds)
    ) {
      this.#unlink(this.#oldest);
      this.#count--;
      this.#oldest = this.#oldest.younger;
    }
    if (this.#oldest === undefined) this.#youngest = undefined;
  }

  /** The oldest of a key is last in its chain. */
  #unlink(round: Round): void {
    const first = this.#rounds.get(round.key);
    if (first === round) {
      this.#rounds.delete(round.key);
      return;
    }
    for (let each = first; each !== undefined; each = each.sameKey) {
      if (each.sameKey === round) each.sameKey = undefined;
    }
  }
}

/** The frame itself stays to be compared with; what was said of it is no longer needed once the round is over. */
export function closeRound(round: Round): void {
  round.isOpen = false;
  round.receptions = noReceptions;
  round.correlationIds = noCorrelationIds;
}

const noReceptions: Reception[] = [];
const noCorrelationIds: string[] = [];

/** From MIC and frequency. A whole number of 32 bits, which a map finds without allocating. */
function keyOf({ rawPayload, frequency }: GatewayUplink): number {
  const end = rawPayload.length;
  const mic =
    rawPayload[end - 1]! |
    (rawPayload[end - 2]! << 8) |
    (rawPayload[end - 3]! << 16) |
    (rawPayload[end - 4]! << 24);
  return mic ^ Math.imul(frequency, 0x9e3779b1);
}

function isSameFrame(a: GatewayUplink, b: GatewayUplink): boolean {
  return (
    a.frequency === b.frequency &&
    (a.dataRate === b.dataRate || equalDataRates(a.dataRate, b.dataRate)) &&
    equalBytes(a.rawPayload, b.rawPayload)
  );
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}
