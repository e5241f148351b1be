import type { Clock, Timer } from "../clock/clock.ts";

const resolutionMs = 5;
const slotCount = 8192;
/** The lag that was measured counts for half after this. */
const lagHalfLifeMs = 2000;

/** Many short timers for the price of one: callbacks that fall due within the same 5 ms share a wake-up. */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: (() => void)[][] = Array.from({ length: slotCount }, () => []);
  #waiting = 0;
  /** Every slot before this one has fired. */
  #nextSlot: number;
  #armed: { readonly timer: Timer; readonly slot: number } | undefined;
  #firing = false;
  #lag: { readonly ms: number; readonly atMs: number } = { ms: 0, atMs: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nextSlot = Math.floor(clock.monotonicMs() / resolutionMs) + 1;
  }

  /** Calls back once, `delayMs` from now or up to 5 ms later; at most 40 seconds ahead. */
  after(delayMs: number, callback: () => void): void {
    const now = this.#clock.monotonicMs();
    if (this.#waiting === 0) this.#nextSlot = Math.floor(now / resolutionMs) + 1;
    const latest = this.#nextSlot + slotCount - 1;
    const due = Math.ceil((now + Math.max(0, delayMs)) / resolutionMs);
    const slot = Math.min(Math.max(due, this.#nextSlot), latest);
    this.#slots[slot % slotCount]!.push(callback);
    this.#waiting++;
    if (!this.#firing && (this.#armed === undefined || slot < this.#armed.slot)) this.#arm(slot);
  }

  /** How late timers have fired lately, beyond the 5 ms. */
  get lagMs(): number {
    const sinceMs = this.#clock.monotonicMs() - this.#lag.atMs;
    return this.#lag.ms * 0.5 ** (sinceMs / lagHalfLifeMs);
  }

  close(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
    for (const slot of this.#slots) slot.length = 0;
    this.#waiting = 0;
  }

  #arm(slot: number): void {
    this.#armed?.timer.cancel();
    const delayMs = Math.max(0, slot * resolutionMs - this.#clock.monotonicMs());
    this.#armed = { slot, timer: this.#clock.after(delayMs, () => this.#fire()) };
  }

  #fire(): void {
    const nowMs = this.#clock.monotonicMs();
    const lateMs = this.#armed === undefined ? 0 : nowMs - this.#armed.slot * resolutionMs - resolutionMs;
    if (lateMs > this.lagMs) this.#lag = { ms: lateMs, atMs: nowMs };
    this.#armed = undefined;
    this.#firing = true;
    // A system timer may fire a fraction of a millisecond early.
    const nowSlot = Math.floor((this.#clock.monotonicMs() + 1) / resolutionMs);
    while (this.#nextSlot <= nowSlot && this.#waiting > 0) {
      const index = this.#nextSlot++ % slotCount;
      const due = this.#slots[index]!;
      if (due.length === 0) continue;
      this.#slots[index] = [];
      this.#waiting -= due.length;
      for (const callback of due) callback();
    }
    this.#firing = false;
    if (this.#waiting === 0) return;
    let slot = this.#nextSlot;
    while (this.#slots[slot % slotCount]!.length === 0) slot++;
    this.#arm(slot);
  }
}
