import type { Clock } from "../clock/clock.ts";
import { type CallOrigin, currentCallOrigin } from "./call-origin.ts";
import type { EventHistoryOptions } from "./config.ts";
import { EntityTree } from "./entity-tree.ts";
import { MemoryHistory } from "./event-history.ts";
import type { Event, EventBus, EventFilter, EventSubject } from "./events.ts";
import { PublishedEvent } from "./published-event.ts";

interface Listener {
  readonly filter: EventFilter;
  readonly deliver: (event: Event) => void;
}

type Listeners = Set<Listener>;

const nobody: Listeners = new Set();

/** Events within one process. Without `history`, nothing is kept. */
export function createEventBus(clock: Clock, historyOptions?: EventHistoryOptions): EventBus {
  const listening = new EntityTree<Listeners>();
  const history = historyOptions === undefined ? undefined : new MemoryHistory(clock, historyOptions);
  let listenerCount = 0;
  let sequence = 0;

  const deliver: EventBus["publish"] = (definition, subject, build, otherSubjects) => {
    const listeners =
      listenerCount === 0 ? nobody : listenersOf(listening, subject, otherSubjects, definition.name);
    if (history === undefined && listeners.size === 0) return;
    const origin = snapshot(currentCallOrigin());
    // What comes from calls is limited where calls are, and is worth more than one of thousands of uplinks.
    const isKept = history !== undefined && (history.admits() || origin !== undefined);
    if (history !== undefined && !isKept) history.skipped++;
    if (!isKept && listeners.size === 0) return;
    const event = new PublishedEvent(definition, subject, {
      time: clock.now(),
      sequence: sequence++,
      origin,
      otherSubjects,
      build,
    });
    if (isKept) history?.keep(event);
    if (listeners.size > 0) event.build();
    for (const listener of listeners) listener.deliver(event);
  };

  const subscribe = (filter: EventFilter, listen: (event: Event) => void) => {
    const listener: Listener = { filter, deliver: listen };
    let isOpen = true;
    listenerCount++;
    for (const subject of filter.subjects) {
      const node = listening.ensure(subject);
      node.value ??= new Set();
      node.value.add(listener);
    }
    return {
      close() {
        if (!isOpen) return;
        isOpen = false;
        listenerCount--;
        for (const subject of filter.subjects) {
          const listeners = listening.find(subject)?.value;
          listeners?.delete(listener);
          if (listeners?.size === 0) listening.clear(subject);
        }
      },
    };
  };

  const publish: EventBus["publish"] = (definition, subject, build, otherSubjects) => {
    deliver(definition, subject, build, otherSubjects);
    if (definition.isLast) history?.forget(subject);
  };

  return { publish, subscribe, history };
}

/** A device's events are seen by those who watch the device and by those who watch its application, once each. */
function listenersOf(
  listening: EntityTree<Listeners>,
  subject: EventSubject,
  others: readonly EventSubject[] | undefined,
  name: string,
): Listeners {
  const first = listenersOfOne(listening, subject);
  if (others === undefined || others.length === 0) return matching(first, name);
  const all = new Set(first);
  for (const each of others) for (const one of listenersOfOne(listening, each)) all.add(one);
  return matching(all, name);
}

function listenersOfOne(listening: EntityTree<Listeners>, subject: EventSubject): Listeners {
  const root = listening.root(subject);
  const watching = root?.value ?? nobody;
  if (subject.kind !== "device") return watching;
  const own = root?.devices.get(subject.ids.deviceId)?.value;
  if (own === undefined) return watching;
  return watching.size === 0 ? own : own.union(watching);
}

function matching(listeners: Listeners, name: string): Listeners {
  for (const { filter } of listeners) {
    if (filter.names !== undefined && !filter.names(name)) return wanting(listeners, name);
  }
  // A copy: who is told may stop to listen, or begin to, while others are told.
  return listeners.size === 0 ? nobody : new Set(listeners);
}

function wanting(listeners: Listeners, name: string): Listeners {
  return new Set([...listeners].filter(({ filter }) => filter.names?.(name) ?? true));
}

/** Copied, so that what is kept does not hold on to the request. */
function snapshot(origin: CallOrigin | undefined): CallOrigin | undefined {
  if (origin === undefined) return undefined;
  const { correlationIds, remoteAddress, userAgent, authentication } = origin;
  return { correlationIds: [...correlationIds], remoteAddress, userAgent, authentication };
}
