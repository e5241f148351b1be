import type { At } from "../clock/clock.ts";
import type { PublishedEvent } from "./published-event.ts";

/** The latest events of one entity, oldest first. */
export class KeptEvents {
  /** Of the events of which this is the first subject; of others the first subject's share counts. */
  bytes = 0;
  #items: (PublishedEvent | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  get oldest(): PublishedEvent | undefined {
    return this.#items[this.#first];
  }

  push(event: PublishedEvent): void {
    this.#items.push(event);
  }

  /** Takes out the oldest. */
  shift(): PublishedEvent | undefined {
    const event = this.#items[this.#first];
    if (event === undefined) return undefined;
    this.#items[this.#first++] = undefined;
    // Moving the rest once for as many as were taken is one move an event.
    if (this.#first > 16 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return event;
  }

  /** The latest that are wanted, newest first, down to the first that is too old. */
  latest(wanted: (event: PublishedEvent) => boolean, tail: number, notBefore: At): PublishedEvent[] {
    const found: PublishedEvent[] = [];
    for (let index = this.#items.length - 1; index >= this.#first && found.length < tail; index--) {
      const event = this.#items[index];
      if (event === undefined || event.time < notBefore) break;
      if (wanted(event)) found.push(event);
    }
    return found;
  }

  all(): readonly (PublishedEvent | undefined)[] {
    return this.#items;
  }
}
