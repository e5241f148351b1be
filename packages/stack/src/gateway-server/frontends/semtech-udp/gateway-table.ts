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
  /** A registered gateway is connected: it stays while it is not silent. */
  isRegistered: boolean;
}

/** Gateways by EUI and by slot; bounded, because a stranger can make up EUIs. */
export class GatewayTable {
  readonly #byHigh = new Map<number, Map<number, GatewayEntry>>();
  readonly #bySlot = new Map<number, GatewayEntry>();
  /** Those that make room for others, the longest silent first. */
  readonly #unregistered = new Map<number, GatewayEntry>();
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
      isRegistered: false,
    };
    let byLow = this.#byHigh.get(euiHigh);
    if (byLow === undefined) {
      byLow = new Map();
      this.#byHigh.set(euiHigh, byLow);
    }
    byLow.set(euiLow, entry);
    this.#bySlot.set(entry.slot, entry);
    this.#unregistered.set(entry.slot, entry);
    return entry;
  }

  /** It is not silent. */
  touch(entry: GatewayEntry): void {
    if (entry.isRegistered) return;
    this.#unregistered.delete(entry.slot);
    this.#unregistered.set(entry.slot, entry);
  }

  mark(slot: number, isRegistered: boolean): void {
    const entry = this.#bySlot.get(slot);
    if (entry === undefined) return;
    entry.isRegistered = isRegistered;
    if (isRegistered) this.#unregistered.delete(slot);
    else this.#unregistered.set(slot, entry);
  }

  /** Of those that no registration protects. */
  longestSilent(): GatewayEntry | undefined {
    for (const entry of this.#unregistered.values()) return entry;
    return undefined;
  }

  silentSince(before: number): readonly GatewayEntry[] {
    return [...this.#bySlot.values()].filter(({ up, down }) => up.seenAt < before && down.seenAt < before);
  }

  remove({ slot, euiHigh, euiLow }: GatewayEntry): void {
    this.#bySlot.delete(slot);
    this.#unregistered.delete(slot);
    const byLow = this.#byHigh.get(euiHigh);
    byLow?.delete(euiLow);
    if (byLow?.size === 0) this.#byHigh.delete(euiHigh);
  }
}
