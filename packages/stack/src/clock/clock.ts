/** Milliseconds since the Unix epoch, fractional where the source is finer. */
export type At = number;

/** The only source of time and of waiting in the servers; tests inject one that they move by hand. */
export interface Clock {
  now(): At;
  /** Monotonic milliseconds, for durations. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; a process may end while a timer is pending. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

const monotonicOffset = Date.now() - performance.now();

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now() + monotonicOffset,
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Random bytes for keys, nonces and identifiers; injected so that tests are repeatable. */
export type RandomBytes = (length: number) => Uint8Array;
