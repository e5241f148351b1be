import type { TransientSource, TransientSubscriber } from "./backend.ts";
import type { Subscription } from "./subscription-set.ts";

interface Subscribed {
  readonly subscription: Subscription;
  close(): void;
}

/** The subscriptions of one session to messages that are not kept. */
export class TransientSubscriptions {
  readonly #source: TransientSource | undefined;
  readonly #subscriber: TransientSubscriber;
  readonly #all = new Map<string, Subscribed>();
  #closed: readonly Subscription[] | undefined;

  constructor(source: TransientSource | undefined, subscriber: TransientSubscriber) {
    this.#source = source;
    this.#subscriber = subscriber;
  }

  get size(): number {
    return this.#all.size;
  }

  owns(filter: string): boolean {
    return this.#source?.owns(filter) ?? false;
  }

  /** False when it is not one of these. */
  add(subscription: Subscription): boolean {
    const { filter } = subscription;
    if (!this.owns(filter)) return false;
    if (!this.#all.has(filter)) {
      const { close } = this.#source!.subscribe(filter, this.#subscriber);
      this.#all.set(filter, { subscription: { ...subscription, qos: 0 }, close });
    }
    return true;
  }

  delete(filter: string): void {
    this.#all.get(filter)?.close();
    this.#all.delete(filter);
  }

  values(): readonly Subscription[] {
    return this.#closed ?? [...this.#all.values()].map(({ subscription }) => subscription);
  }

  /** Ends delivery; what was subscribed to is still known. */
  close(): void {
    this.#closed = this.values();
    for (const { close } of this.#all.values()) close();
    this.#all.clear();
  }
}
