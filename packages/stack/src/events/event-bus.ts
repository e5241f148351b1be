import type { Clock } from "../clock/clock.ts";
import { ulid } from "../domain/ulid.ts";
import type {
  Event,
  EventBus,
  EventDefinition,
  EventDetails,
  EventFilter,
  EventSubject,
  EventSubscription,
} from "./events.ts";

interface Listener {
  readonly filter: EventFilter;
  readonly deliver: (event: Event) => void;
}

/** Events within one process: a map from subject to listeners, so that an unwatched subject costs one look-up. */
export function createEventBus(clock: Clock): EventBus {
  const bySubject = new Map<string, Set<Listener>>();

  const publish = (
    definition: EventDefinition,
    subject: EventSubject,
    details?: () => EventDetails,
  ): void => {
    if (bySubject.size === 0) return;
    const listeners = listenersOf(bySubject, subject, definition.name);
    if (listeners.size === 0) return;
    const event: Event = {
      ...details?.(),
      definition,
      subject,
      time: clock.now(),
      uniqueId: ulid(clock.now()),
    };
    for (const listener of listeners) listener.deliver(event);
  };

  const subscribe = (filter: EventFilter, deliver: (event: Event) => void): EventSubscription => {
    const listener: Listener = { filter, deliver };
    const keys = filter.subjects.map(subjectKey);
    for (const key of keys) {
      const known = bySubject.get(key);
      if (known === undefined) bySubject.set(key, new Set([listener]));
      else known.add(listener);
    }
    return {
      close() {
        for (const key of keys) {
          const listeners = bySubject.get(key);
          listeners?.delete(listener);
          if (listeners?.size === 0) bySubject.delete(key);
        }
      },
    };
  };

  return { publish, subscribe };
}

/** A device's events are seen by those who watch the device and by those who watch its application. */
function listenersOf(
  bySubject: ReadonlyMap<string, ReadonlySet<Listener>>,
  subject: EventSubject,
  name: string,
): Set<Listener> {
  const keys = [subjectKey(subject)];
  if (subject.kind === "device") keys.push(subjectKey({ kind: "application", ids: subject.ids }));
  const found = new Set<Listener>();
  for (const key of keys) {
    for (const listener of bySubject.get(key) ?? []) {
      if (listener.filter.names?.(name) ?? true) found.add(listener);
    }
  }
  return found;
}

function subjectKey(subject: EventSubject): string {
  switch (subject.kind) {
    case "application":
      return `application:${subject.ids.tenantId}/${subject.ids.applicationId}`;
    case "device":
      return `device:${subject.ids.tenantId}/${subject.ids.applicationId}/${subject.ids.deviceId}`;
    case "gateway":
      return `gateway:${subject.ids.tenantId}/${subject.ids.gatewayId}`;
    case "user":
      return `user:${subject.tenantId}/${subject.userId}`;
  }
}
