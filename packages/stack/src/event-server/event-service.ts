import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  anyPack,
  create,
  type EntityIdentifiers,
  type Event as EventMessage,
  EventSchema,
  Events,
  fromJSON,
  type StreamEventsRequest,
  timestampFromMs,
  timestampMs,
} from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import { timeOfUlid, ulid } from "../domain/ulid.ts";
import { defineErrors } from "../errors/errors.ts";
import { defineEvent, type EventBus, type EventRange, eventDefinitions } from "../events/events.ts";
import { type Authority, type CallContext, implement, type ServiceImplementation } from "../rpc/service.ts";
import { createEventRenderer, type EventRenderer } from "./event-messages.ts";
import { resolveEventNames } from "./event-names.ts";
import { EventStream } from "./event-stream.ts";
import { noIdentifiers, rightsToListen } from "./event-subjects.ts";
import { isVisible } from "./event-visibility.ts";
import { quietEventNames } from "./quiet-event-names.ts";

const errors = defineErrors("pkg/events/grpc");
const storageDisabled = errors.failedPrecondition("storage_disabled", "events storage is not enabled");

const streamStart = defineEvent("events.stream.start", "start events stream", ["RIGHT_ALL"]);

const storageWarning = "Events storage is not enabled";

export interface EventServiceOptions {
  readonly events: EventBus;
  readonly authority: Pick<Authority, "rightsOn">;
  readonly clock: Clock;
  /** Name of this host, as `origin` of its events. */
  readonly origin: string;
  /** Shared with others that show events; its own when absent. */
  readonly renderer?: EventRenderer;
}

export function eventService(options: EventServiceOptions): ServiceImplementation {
  const { events, authority } = options;
  const renderer = options.renderer ?? createEventRenderer(options.origin);
  return implement(Events, {
    stream: {
      requires: ({ identifiers }) => rightsToListen(identifiers),
      handle(request, context) {
        const { identifiers } = request;
        if (identifiers.length === 0) throw noIdentifiers();
        const names = wantedEventNames(request.names);
        const resumesAt = resumedId(context);
        const past = wantedPast(request, resumesAt);
        if (past !== undefined && events.history === undefined) context.warn(storageWarning);
        const { tenantId, caller } = context;
        const stream = new EventStream(options, { tenantId, caller, identifiers, names, past });
        const start = startEvent(options, context, { identifiers, names, resumesAt });
        return messagesOf(stream, { start, renderer, signal: context.signal });
      },
    },
    findRelated: {
      requires: () => ({ kind: "authenticated" }),
      async handle({ correlationId }, { tenantId, caller }) {
        if (events.history === undefined) throw storageDisabled();
        const shown: EventMessage[] = [];
        for (const event of await events.history.related(tenantId, correlationId)) {
          if (await isVisible(authority, caller, event)) shown.push(renderer.message(event));
        }
        return { events: shown };
      },
    },
  });
}

/** The events that a subscription names; undefined for all. */
export function wantedEventNames(names: readonly string[]): ReadonlySet<string> | undefined {
  const published = eventDefinitions().map(({ name }) => name);
  return resolveEventNames(names, new Set([...published, ...quietEventNames]));
}

/** Which part of the past a request asks for: after where it was cut off, or by its fields. */
export function wantedPast(
  { tail, after }: Pick<StreamEventsRequest, "tail" | "after">,
  resumesAt?: string,
): EventRange | undefined {
  if (resumesAt !== undefined) return { afterId: resumesAt };
  if (tail === 0 && after === undefined) return undefined;
  return {
    ...(tail === 0 ? {} : { tail }),
    ...(after === undefined ? {} : { after: Math.floor(timestampMs(after)) }),
  };
}

/** The last event that a browser was shown before it had to connect again. */
function resumedId(context: CallContext): string | undefined {
  const id = context.header("last-event-id");
  return id === undefined || timeOfUlid(id) === undefined ? undefined : id;
}

/** Subscribed already, so that nothing is missed between the request and the first item that is read. */
function messagesOf(
  stream: EventStream,
  {
    start,
    renderer,
    signal,
  }: { readonly start: EventMessage; readonly renderer: EventRenderer; readonly signal: AbortSignal },
): AsyncIterable<EventMessage> {
  const end = () => stream.end();
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  async function* messages() {
    try {
      yield start;
      for await (const event of stream.visibleEvents()) yield renderer.message(event);
    } finally {
      end();
      signal.removeEventListener("abort", end);
    }
  }
  return messages();
}

interface StreamStart {
  readonly identifiers: readonly EntityIdentifiers[];
  readonly names: ReadonlySet<string> | undefined;
  readonly resumesAt: string | undefined;
}

function startEvent(
  { clock, origin }: EventServiceOptions,
  context: CallContext,
  { identifiers, names, resumesAt }: StreamStart,
): EventMessage {
  const now = clock.now();
  return create(EventSchema, {
    name: streamStart.name,
    time: timestampFromMs(now),
    identifiers: [...identifiers],
    correlationIds: [...context.correlationIds],
    origin,
    // Who is cut off again before the first event of the past resumes where it resumed before.
    uniqueId: resumesAt ?? ulid(now),
    ...(names === undefined ? {} : { data: anyPack(ValueSchema, fromJSON(ValueSchema, [...names].sort())) }),
  });
}
