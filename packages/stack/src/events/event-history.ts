import type { At, Clock } from "../clock/clock.ts";
import { timeOfUlid } from "../domain/ulid.ts";
import type { EventHistoryOptions } from "./config.ts";
import { EntityTree } from "./entity-tree.ts";
import type { Event, EventFilter, EventHistory, EventRange, EventSubject } from "./events.ts";
import { KeptEvents } from "./kept-events.ts";
import type { PublishedEvent } from "./published-event.ts";

/** Events are packed behind the work that they tell of, after this long. */
const packEveryMs = 250;
/** How long the event loop may be held at a time by packing. */
const packSliceMs = 2;
const sweepEveryMs = 60_000;
/** Events that are looked through without a pause. */
const relatedSlice = 500;
const mostRelated = 1000;

/** The latest events of every entity, in memory. */
export class MemoryHistory implements EventHistory {
  skipped = 0;
  readonly #clock: Clock;
  readonly #options: EventHistoryOptions;
  readonly #entities = new EntityTree<KeptEvents>();
  #bytes = 0;
  #pending: PublishedEvent[] = [];
  #packed = 0;
  #timerRuns = false;
  /** How many more may be kept before the next refill. */
  #allowance: number;
  #refilledAt: number;
  #sweptAt: number;

  constructor(clock: Clock, options: EventHistoryOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#allowance = options.maxPerSecond;
    this.#refilledAt = clock.monotonicMs();
    this.#sweptAt = this.#refilledAt;
  }

  /** Whether one more is kept: what the radio does in a second has no bound, and this has. Reads no clock. */
  admits(): boolean {
    if (this.#allowance >= 1) {
      this.#allowance--;
      return true;
    }
    return false;
  }

  keep(event: PublishedEvent): void {
    const own = this.#push(event.subject, event);
    own.bytes += event.bytes;
    this.#bytes += event.bytes;
    for (const subject of event.otherSubjects) this.#push(subject, event);
    this.#pending.push(event);
    if (this.#timerRuns) return;
    this.#refill();
    this.#startTimer(packEveryMs);
  }

  #push(subject: EventSubject, event: PublishedEvent): KeptEvents {
    const node = this.#entities.ensure(subject);
    node.value ??= new KeptEvents();
    const kept = node.value;
    kept.push(event);
    if (kept.size > this.#options.perEntity) this.#dropOldest(kept);
    return kept;
  }

  /** With the devices of an application. */
  forget(subject: EventSubject): void {
    for (const kept of this.#keptOf(subject)) while (kept.size > 0) this.#dropOldest(kept);
    this.#prune();
  }

  #dropOldest(kept: KeptEvents): void {
    const event = kept.shift();
    if (event === undefined || !isFirstOf(event, kept, this.#entities)) return;
    kept.bytes -= event.bytes;
    this.#bytes -= event.bytes;
    event.isDropped = true;
  }

  #startTimer(delayMs: number): void {
    this.#timerRuns = true;
    this.#clock.after(delayMs, () => {
      this.#timerRuns = false;
      this.#tidy();
    });
  }

  /** Refills the allowance, packs what is new, and makes room. */
  #tidy(): void {
    const now = this.#refill();
    this.#pack(now + packSliceMs);
    if (this.#bytes > this.#options.maxBytes) this.#makeRoom();
    if (now - this.#sweptAt >= sweepEveryMs) this.#sweep(now);
    if (this.#pending.length > 0) this.#startTimer(10);
    else if (this.#allowance < 1) this.#startTimer(packEveryMs);
  }

  #refill(): number {
    const { maxPerSecond } = this.#options;
    const now = this.#clock.monotonicMs();
    const refill = ((now - this.#refilledAt) * maxPerSecond) / 1000;
    this.#allowance = Math.min(maxPerSecond, this.#allowance + refill);
    this.#refilledAt = now;
    return now;
  }

  #pack(until: number): void {
    const pending = this.#pending;
    while (this.#packed < pending.length) {
      const event = pending[this.#packed++];
      if (event === undefined || (event.isDropped && event.otherSubjects.length === 0)) continue;
      const before = event.bytes;
      event.pack();
      const own = this.#entities.find(event.subject)?.value;
      if (!event.isDropped && own !== undefined) {
        own.bytes += event.bytes - before;
        this.#bytes += event.bytes - before;
      }
      if (this.#clock.monotonicMs() >= until) break;
    }
    this.#pending = this.#packed < pending.length ? pending.slice(this.#packed) : [];
    this.#packed = 0;
  }

  /** Who holds the most gives first: a noisy entity does not push out what is known of the quiet ones. */
  #makeRoom(): void {
    const target = this.#options.maxBytes * 0.9;
    const all = [...this.#entities.nodes()].flatMap(({ value }) => value ?? []);
    let share = all.reduce((most, { bytes }) => Math.max(most, bytes), 0);
    while (this.#bytes > target && share > 1) {
      share /= 2;
      for (const kept of all) {
        while (kept.bytes > share && this.#bytes > target && kept.size > 0) this.#dropOldest(kept);
      }
    }
    this.#prune();
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    const notBefore = this.#clock.now() - this.#options.ttlMs;
    for (const { value: kept } of this.#entities.nodes()) {
      while (kept !== undefined && (kept.oldest?.time ?? notBefore) < notBefore) this.#dropOldest(kept);
    }
    this.#prune();
  }

  #prune(): void {
    for (const node of this.#entities.nodes()) if (node.value?.size === 0) node.value = undefined;
    this.#entities.prune();
  }

  find({ subjects, names }: EventFilter, range: EventRange): readonly Event[] {
    const notBefore = Math.max(this.#clock.now() - this.#options.ttlMs, (range.after ?? -1) + 1);
    const wanted = names === undefined ? () => true : ({ definition }: Event) => names(definition.name);
    const tail = range.tail ?? Number.POSITIVE_INFINITY;
    const found = new Set<PublishedEvent>();
    for (const subject of subjects) {
      const own = this.#keptOf(subject).flatMap((kept) => kept.latest(wanted, tail, notBefore));
      own.sort(bySequence);
      for (const event of tail < own.length ? own.slice(own.length - tail) : own) found.add(event);
    }
    const events = [...found].sort(bySequence);
    return range.afterId === undefined ? events : this.#since(subjects, events, range.afterId);
  }

  /** Events after the one with an identifier; if that one is not kept, from its millisecond on. */
  #since(
    subjects: readonly EventSubject[],
    events: readonly PublishedEvent[],
    id: string,
  ): readonly PublishedEvent[] {
    const time = timeOfUlid(id);
    if (time === undefined) return [];
    for (const subject of subjects) {
      for (const kept of this.#keptOf(subject)) {
        const last = kept.latest((event) => event.hasIdentifier(id), 1, time)[0];
        if (last !== undefined) return events.filter(({ sequence }) => sequence > last.sequence);
      }
    }
    return events.filter((event) => event.time >= time);
  }

  #keptOf(subject: EventSubject): readonly KeptEvents[] {
    const node = this.#entities.find(subject);
    if (node === undefined) return [];
    return [node, ...node.devices.values()].flatMap(({ value }) => value ?? []);
  }

  async related(tenantId: string, correlationId: string): Promise<readonly Event[]> {
    const found = new Set<PublishedEvent>();
    const quoted = JSON.stringify(correlationId);
    const notBefore: At = this.#clock.now() - this.#options.ttlMs;
    let untilPause = relatedSlice;
    for (const { value: kept } of this.#entities.nodes(tenantId)) {
      for (const event of kept?.all() ?? []) {
        if (event !== undefined && event.time >= notBefore && event.isRelatedTo(correlationId, quoted)) {
          found.add(event);
        }
        if (--untilPause > 0) continue;
        untilPause = relatedSlice;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return [...found].sort(bySequence).slice(-mostRelated);
  }
}

/** An event counts where its first subject is. */
function isFirstOf(event: PublishedEvent, kept: KeptEvents, entities: EntityTree<KeptEvents>): boolean {
  return event.otherSubjects.length === 0 || entities.find(event.subject)?.value === kept;
}

function bySequence(a: PublishedEvent, b: PublishedEvent): number {
  return a.sequence - b.sequence;
}
