import type { At } from "../clock/clock.ts";
import type {
  ApplicationIdentifiers,
  EndDeviceIdentifiers,
  GatewayIdentifiers,
} from "../domain/identifiers.ts";
import type { CallOrigin } from "./call-origin.ts";

/** What an event is about. */
export type EventSubject =
  | { readonly kind: "application"; readonly ids: ApplicationIdentifiers }
  | { readonly kind: "device"; readonly ids: EndDeviceIdentifiers }
  | { readonly kind: "gateway"; readonly ids: GatewayIdentifiers }
  | { readonly kind: "user"; readonly tenantId: string; readonly userId: string }
  | { readonly kind: "organization"; readonly tenantId: string; readonly organizationId: string }
  | { readonly kind: "client"; readonly tenantId: string; readonly clientId: string };

export interface EventDefinition {
  /** Dotted, e.g. `as.up.data.forward`. */
  readonly name: string;
  readonly description: string;
  /** Names of rights; a stream shows the event to callers that hold one of them on the subject. */
  readonly visibility: readonly string[];
  /** Nothing of the subject is kept after it: another may have its identifier then. */
  readonly isLast: boolean;
}

export interface EventDetails {
  readonly correlationIds?: readonly string[];
  /** A message of the API: its full name without `type.googleapis.com/`, and its JSON form. */
  readonly data?: { readonly typeName: string; readonly json: unknown };
}

export interface Event {
  readonly correlationIds: readonly string[];
  readonly data: EventDetails["data"] | undefined;
  readonly definition: EventDefinition;
  readonly subject: EventSubject;
  /** Of an event that is about several, e.g. the user that became a collaborator. */
  readonly otherSubjects: readonly EventSubject[];
  readonly time: At;
  readonly uniqueId: string;
  /** The call of the API that it comes from, if it does. */
  readonly origin: CallOrigin | undefined;
}

export interface EventFilter {
  readonly subjects: readonly EventSubject[];
  /** Absent: every name. */
  readonly names?: (name: string) => boolean;
}

export interface EventSubscription {
  close(): void;
}

/** What servers publish to. Details are built when somebody listens, or a little later when the event is kept. */
export interface EventPublisher {
  publish(
    definition: EventDefinition,
    subject: EventSubject,
    details?: () => EventDetails,
    otherSubjects?: readonly EventSubject[],
  ): void;
}

/** Which part of the past. */
export interface EventRange {
  /** At most so many, the latest, of each subject; undefined for all. */
  readonly tail?: number | undefined;
  /** Later than this millisecond. */
  readonly after?: At | undefined;
  /** Published after the event with this identifier; all, if that one is not kept any more. */
  readonly afterId?: string | undefined;
}

/** What was published lately. Oldest first. */
export interface EventHistory {
  find(filter: EventFilter, range: EventRange): readonly Event[];
  /** Events of a tenant with a correlation identifier; looked for in short steps. */
  related(tenantId: string, correlationId: string): Promise<readonly Event[]>;
  /** Events that were not kept since there were too many at once. */
  readonly skipped: number;
}

export interface EventBus extends EventPublisher {
  /** Undefined when it is turned off. */
  readonly history: EventHistory | undefined;
  subscribe(filter: EventFilter, listener: (event: Event) => void): EventSubscription;
}

const registry = new Map<string, EventDefinition>();

/** Defined once, beside the code that publishes it. */
export function defineEvent(
  name: string,
  description: string,
  visibility: readonly string[],
  { isLast = false }: { readonly isLast?: boolean } = {},
): EventDefinition {
  if (registry.has(name)) throw new Error(`event ${name} is defined twice`);
  const definition = { name, description, visibility, isLast };
  registry.set(name, definition);
  return definition;
}

/** Every event definition loaded so far. */
export function eventDefinitions(): readonly EventDefinition[] {
  return [...registry.values()];
}
