import { defineErrors } from "../errors/errors.ts";

const slowReader = defineErrors("skylark/event-server").resourceExhausted(
  "slow_reader",
  "the stream was not read fast enough",
);

/** Holds what was published until the reader takes it; a reader that falls behind by more is cut off. */
export class EventBuffer<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #overflown = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    if (this.#ended || this.#overflown) return;
    if (this.#items.length >= this.#capacity) this.#overflown = true;
    else this.#items.push(item);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#items = [];
    this.#wake?.();
  }

  /** What has arrived, in order, as soon as there is something; undefined at the end. */
  async take(): Promise<readonly T[] | undefined> {
    while (this.#items.length === 0 && !this.#ended && !this.#overflown) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#ended) return undefined;
    if (this.#items.length === 0) throw slowReader();
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
