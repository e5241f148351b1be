import { compileFilter, hasWildcard, type TopicMatcher } from "./topic-filter.ts";

export type QoS = 0 | 1 | 2;

export interface Subscription {
  /** As the backend rewrote it. */
  readonly filter: string;
  readonly qos: QoS;
  /** Only messages behind this position belong to it. */
  readonly since: number;
}

interface WildcardSubscription {
  readonly subscription: Subscription;
  readonly matches: TopicMatcher;
}

/** Up to this many wildcards are tried one by one, which is cheaper than remembering topics. */
const triedOneByOne = 4;
const rememberedTopics = 10_000;

/** The subscriptions of one session. */
export class SubscriptionSet {
  readonly #all = new Map<string, Subscription>();
  readonly #exact = new Map<string, Subscription>();
  #wildcards: readonly WildcardSubscription[] = [];
  readonly #remembered = new Map<string, readonly WildcardSubscription[]>();

  constructor(subscriptions: Iterable<Subscription> = []) {
    for (const subscription of subscriptions) this.add(subscription);
  }

  get size(): number {
    return this.#all.size;
  }

  get(filter: string): Subscription | undefined {
    return this.#all.get(filter);
  }

  values(): Iterable<Subscription> {
    return this.#all.values();
  }

  /** [MQTT-3.8.4-3]: takes the place of one with the same filter. */
  add(subscription: Subscription): void {
    this.delete(subscription.filter);
    this.#all.set(subscription.filter, subscription);
    if (hasWildcard(subscription.filter)) {
      const matches = compileFilter(subscription.filter);
      this.#wildcards = [...this.#wildcards, { subscription, matches }];
      this.#remembered.clear();
    } else this.#exact.set(subscription.filter, subscription);
  }

  delete(filter: string): boolean {
    this.#exact.delete(filter);
    if (this.#all.has(filter) && hasWildcard(filter)) {
      this.#wildcards = this.#wildcards.filter(({ subscription }) => subscription.filter !== filter);
      this.#remembered.clear();
    }
    return this.#all.delete(filter);
  }

  /** [MQTT-3.3.5-1]: the highest QoS of all that match; undefined when none does. */
  match(topic: string, position: number): QoS | undefined {
    let qos: QoS | undefined;
    const exact = this.#exact.size === 0 ? undefined : this.#exact.get(topic);
    if (exact !== undefined && position > exact.since) qos = exact.qos;
    if (this.#wildcards.length <= triedOneByOne) {
      for (const { subscription, matches } of this.#wildcards) {
        if (
          (qos === undefined || subscription.qos > qos) &&
          position > subscription.since &&
          matches(topic)
        ) {
          qos = subscription.qos;
        }
      }
      return qos;
    }
    for (const { subscription } of this.#matching(topic)) {
      if ((qos === undefined || subscription.qos > qos) && position > subscription.since)
        qos = subscription.qos;
    }
    return qos;
  }

  #matching(topic: string): readonly WildcardSubscription[] {
    const remembered = this.#remembered.get(topic);
    if (remembered !== undefined) return remembered;
    const matching = this.#wildcards.filter(({ matches }) => matches(topic));
    if (this.#remembered.size >= rememberedTopics) this.#remembered.clear();
    this.#remembered.set(topic, matching);
    return matching;
  }
}
