import { equalDataRates } from "@skylark/lorawan";
import type { GatewayUplink, Reception } from "../../domain/uplink.ts";
import type { TimerWheel } from "../timer-wheel.ts";

/** More say nothing new and would let a crowd of gateways fill messages. */
export const maxReceptions = 50;

/** One frame with what all gateways have said of it so far. */
export interface Round {
  readonly uplink: GatewayUplink;
  readonly receptions: Reception[];
  /** `gs:uplink:…` and `gs:conn:…` of every copy. */
  readonly correlationIds: string[];
  isOpen: boolean;
  /** Told of each copy after the first; `isLate` when it came after the round was closed. */
  onCopy: ((copy: GatewayUplink, isLate: boolean) => void) | undefined;
  /** Another frame that happens to have the same key. */
  next: Round | undefined;
}

export interface DeduplicationCounters {
  merged: number;
  late: number;
}

/** Knows the frames of the last moments, so that copies of one frame become one round. */
export class Deduplicator {
  readonly #wheel: Pick<TimerWheel, "after">;
  readonly #rounds = new Map<number, Round>();
  readonly counters: DeduplicationCounters = { merged: 0, late: 0 };

  constructor(wheel: Pick<TimerWheel, "after">) {
    this.#wheel = wheel;
  }

  /** The new round that the frame begins, or undefined when it is a copy. Copies are known for `memoryMs`. */
  receive(uplink: GatewayUplink, memoryMs: number): Round | undefined {
    const key = keyOf(uplink);
    const first = this.#rounds.get(key);
    for (let round = first; round !== undefined; round = round.next) {
      if (!isSameFrame(round.uplink, uplink)) continue;
      this.#addCopy(round, uplink);
      return undefined;
    }
    const round: Round = {
      uplink,
      receptions: [...uplink.receptions],
      correlationIds: [uplink.receptions[0].gateway.connectionCorrelationId, uplink.correlationId],
      isOpen: true,
      onCopy: undefined,
      next: first,
    };
    this.#rounds.set(key, round);
    this.#wheel.after(memoryMs, () => this.#forget(key, round));
    return round;
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
    round.onCopy?.(copy, !round.isOpen);
  }

  #forget(key: number, round: Round): void {
    const first = this.#rounds.get(key);
    if (first === round) {
      if (round.next === undefined) this.#rounds.delete(key);
      else this.#rounds.set(key, round.next);
      return;
    }
    for (let each = first; each !== undefined; each = each.next) {
      if (each.next === round) each.next = round.next;
    }
  }
}

/** The MIC tells frames apart; the frequency keeps an attacker's crafted MICs from piling up in one place. */
function keyOf({ rawPayload, frequency }: GatewayUplink): number {
  const end = rawPayload.length;
  const mic =
    ((rawPayload[end - 1] ?? 0) |
      ((rawPayload[end - 2] ?? 0) << 8) |
      ((rawPayload[end - 3] ?? 0) << 16) |
      ((rawPayload[end - 4] ?? 0) << 24)) >>>
    0;
  return mic + 0x100000000 * (Math.floor(frequency / 100) & 0xfffff);
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
