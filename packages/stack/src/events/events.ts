import type { At } from "../clock/clock.ts";
import type {
  ApplicationIdentifiers,
  EndDeviceIdentifiers,
  GatewayIdentifiers,
} from "../domain/identifiers.ts";

/** What an event is about. */
export type EventSubject =
  | { readonly kind: "application"; readonly ids: ApplicationIdentifiers }
  | { readonly kind: "device"; readonly ids: EndDeviceIdentifiers }
  | { readonly kind: "gateway"; readonly ids: GatewayIdentifiers }
  | { readonly kind: "user"; readonly tenantId: string; readonly userId: string };

export interface EventDefinition {
  /** Dotted, e.g. `as.up.data.forward`. */
  readonly name: string;
  readonly description: string;
  /** Names of rights; a stream shows the event to callers that hold one of them on the subject. */
  readonly visibility: readonly string[];
}

export interface EventDetails {
  readonly correlationIds?: readonly string[];
  /** A message of the API: its full name without `type.googleapis.com/`, and its JSON form. */
  readonly data?: { readonly typeName: string; readonly json: unknown };
}

export interface Event extends EventDetails {
  readonly definition: EventDefinition;
  readonly subject: EventSubject;
  readonly time: At;
  readonly uniqueId: string;
}

export interface EventFilter {
  readonly subjects: readonly EventSubject[];
  /** Absent: every name. */
  readonly names?: (name: string) => boolean;
}

export interface EventSubscription {
  close(): void;
}

/** What servers publish to. Details are built only when somebody listens. */
export interface EventPublisher {
  publish(definition: EventDefinition, subject: EventSubject, details?: () => EventDetails): void;
}

export interface EventBus extends EventPublisher {
  subscribe(filter: EventFilter, listener: (event: Event) => void): EventSubscription;
}

const registry = new Map<string, EventDefinition>();

/** Defined once, beside the code that publishes it. */
export function defineEvent(
  name: string,
  description: string,
  visibility: readonly string[],
): EventDefinition {
  if (registry.has(name)) throw new Error(`event ${name} is defined twice`);
  const definition = { name, description, visibility };
  registry.set(name, definition);
  return definition;
}

/** Every event definition loaded so far. */
export function eventDefinitions(): readonly EventDefinition[] {
  return [...registry.values()];
}
