import type { At, Clock, Timer } from "./clock.ts";

/** A clock that stands still until a test moves it; due timers fire in order of their time. */
export class ManualClock implements Clock {
  #now: At;
  #sequence = 0;
  #timers: { dueAt: At; sequence: number; callback: () => void }[] = [];

  constructor(startAt: At = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  now(): At {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueAt: this.#now + delayMs, sequence: this.#sequence++, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves time to when the next timer falls due, and no further; false when there is none. */
  async advanceToNextTimer(): Promise<boolean> {
    if (this.#timers.length === 0) return false;
    await this.advance(Math.min(...this.#timers.map(({ dueAt }) => dueAt)) - this.#now);
    return true;
  }

  /** Moves time forward, firing what falls due, each at its own instant; lets promises settle in between. */
  async advance(durationMs: number): Promise<void> {
    const endAt = this.#now + durationMs;
    await settle();
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.dueAt <= endAt)
        .sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.dueAt);
      due.callback();
      await settle();
    }
    this.#now = endAt;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
