/** Where datagrams of one direction come from. A gateway has one socket up and one down, perhaps behind different addresses. */
export interface Path {
  address: string;
  port: number;
  seenAt: number;
}

/** What the receiver keeps of a gateway; mutable, because each datagram touches it. */
export interface GatewayEntry {
  readonly slot: number;
  readonly euiHigh: number;
  readonly euiLow: number;
  readonly up: Path;
  readonly down: Path;
  /** The address that the main thread knows. */
  announcedAddress: string;
  /** Datagrams it may send at once. */
  tokens: number;
  refilledAt: number;
  /** Uplinks that the main thread has not taken yet. */
  queued: number;
  dropReportedAt: number;
}

/** Gateways by EUI and by slot; bounded, because a stranger can make up EUIs. */
export class GatewayTable {
  readonly #byHigh = new Map<number, Map<number, GatewayEntry>>();
  readonly #bySlot = new Map<number, GatewayEntry>();
  #nextSlot = 1;

  get size(): number {
    return this.#bySlot.size;
  }

  find(euiHigh: number, euiLow: number): GatewayEntry | undefined {
    return this.#byHigh.get(euiHigh)?.get(euiLow);
  }

  findBySlot(slot: number): GatewayEntry | undefined {
    return this.#bySlot.get(slot);
  }

  add(euiHigh: number, euiLow: number, tokens: number, now: number): GatewayEntry {
    const entry: GatewayEntry = {
      slot: this.#nextSlot++,
      euiHigh,
      euiLow,
      up: { address: "", port: 0, seenAt: 0 },
      down: { address: "", port: 0, seenAt: 0 },
      announcedAddress: "",
      tokens,
      refilledAt: now,
      queued: 0,
      dropReportedAt: 0,
    };
    let byLow = this.#byHigh.get(euiHigh);
    if (byLow === undefined) {
      byLow = new Map();
      this.#byHigh.set(euiHigh, byLow);
    }
    byLow.set(euiLow, entry);
    this.#bySlot.set(entry.slot, entry);
    return entry;
  }

  /** Takes out, and gives, what was silent since `before`. */
  removeSilent(before: number): readonly GatewayEntry[] {
    const silent = [...this.#bySlot.values()].filter(
      ({ up, down }) => up.seenAt < before && down.seenAt < before,
    );
    for (const { slot, euiHigh, euiLow } of silent) {
      this.#bySlot.delete(slot);
      const byLow = this.#byHigh.get(euiHigh);
      byLow?.delete(euiLow);
      if (byLow?.size === 0) this.#byHigh.delete(euiHigh);
    }
    return silent;
  }
}
