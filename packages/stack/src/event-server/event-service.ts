import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  anyPack,
  create,
  type EntityIdentifiers,
  type Event as EventMessage,
  EventSchema,
  Events,
  fromJSON,
  timestampFromMs,
} from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import { ulid } from "../domain/ulid.ts";
import { defineErrors } from "../errors/errors.ts";
import {
  defineEvent,
  type Event,
  type EventBus,
  type EventSubject,
  eventDefinitions,
} from "../events/events.ts";
import {
  type Authority,
  type CallContext,
  type EntityReferenceInTenant,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "../rpc/service.ts";
import { EventBuffer } from "./event-buffer.ts";
import { eventMessage, visibilityOf } from "./event-messages.ts";
import { resolveEventNames } from "./event-names.ts";

const errors = defineErrors("pkg/events/grpc");
const noIdentifiers = errors.invalidArgument("no_identifiers", "no identifiers");
const storageDisabled = errors.failedPrecondition("storage_disabled", "events storage is not enabled");

const streamStart = defineEvent("events.stream.start", "start events stream", ["RIGHT_ALL"]);

/** Events that one slow reader may be behind. */
const bufferedEvents = 4096;

export interface EventServiceOptions {
  readonly events: EventBus;
  readonly authority: Pick<Authority, "rightsOn">;
  readonly clock: Clock;
  /** Name of this host, as `origin` of its events. */
  readonly origin: string;
}

export function eventService(options: EventServiceOptions): ServiceImplementation {
  return implement(Events, {
    stream: {
      requires: ({ identifiers }) => ({ kind: "allOf", requirements: identifiers.map(anyRightOn) }),
      handle({ identifiers, tail, after, names }, context) {
        if (identifiers.length === 0) throw noIdentifiers();
        const known = new Set(eventDefinitions().map(({ name }) => name));
        const wanted = resolveEventNames(names, known);
        if (tail > 0 || after !== undefined) context.warn("Events storage is not enabled");
        const subjects = identifiers.flatMap((each) => subjectOf(context.tenantId, each));
        return streamEvents(options, context, { subjects, names: wanted, identifiers });
      },
    },
    findRelated: {
      requires: () => ({ kind: "handler", reason: "there is no history to find anything in" }),
      handle() {
        throw storageDisabled();
      },
    },
  });
}

interface StreamRequest {
  readonly subjects: readonly EventSubject[];
  readonly names: ReadonlySet<string> | undefined;
  readonly identifiers: readonly EntityIdentifiers[];
}

/** Subscribes at once, so that nothing is missed between the request and the first item that is read. */
function streamEvents(
  options: EventServiceOptions,
  context: CallContext,
  { subjects, names, identifiers }: StreamRequest,
): AsyncIterable<EventMessage> {
  const buffer = new EventBuffer<Event>(bufferedEvents);
  const subscription = options.events.subscribe(
    { subjects, ...(names === undefined ? {} : { names: (name: string) => names.has(name) }) },
    (event) => buffer.push(event),
  );
  const end = () => {
    subscription.close();
    buffer.end();
  };
  if (context.signal.aborted) end();
  else context.signal.addEventListener("abort", end, { once: true });

  async function* stream() {
    try {
      yield startEvent(options, context, identifiers, names);
      for (;;) {
        const events = await buffer.take();
        if (events === undefined) return;
        for (const event of events) {
          if (await isVisible(options, context, event)) yield eventMessage(event, options.origin);
        }
      }
    } finally {
      end();
      context.signal.removeEventListener("abort", end);
    }
  }
  return stream();
}

/** Rights are asked for each event: whoever loses them in the middle of a stream sees no more. */
async function isVisible(
  { authority }: EventServiceOptions,
  context: CallContext,
  event: Event,
): Promise<boolean> {
  const rights = authority.rightsOn(context.caller, entityOf(event.subject));
  const held = rights instanceof Promise ? await rights : rights;
  return visibilityOf(event).some((right) => held.has(right));
}

function startEvent(
  { clock, origin }: EventServiceOptions,
  context: CallContext,
  identifiers: readonly EntityIdentifiers[],
  names: ReadonlySet<string> | undefined,
): EventMessage {
  const now = clock.now();
  return create(EventSchema, {
    name: streamStart.name,
    time: timestampFromMs(now),
    identifiers: [...identifiers],
    correlationIds: [...context.correlationIds],
    origin,
    uniqueId: ulid(now),
    ...(names === undefined ? {} : { data: anyPack(ValueSchema, fromJSON(ValueSchema, [...names])) }),
  });
}

function anyRightOn({ ids }: EntityIdentifiers): Requirement {
  return { kind: "anyRight", entity: entityIdentified(ids) };
}

function entityIdentified(ids: EntityIdentifiers["ids"]): EntityReferenceInTenant {
  switch (ids.case) {
    case "applicationIds":
      return { type: "application", id: ids.value.applicationId };
    case "deviceIds":
      return { type: "application", id: ids.value.applicationIds?.applicationId ?? "" };
    case "gatewayIds":
      return { type: "gateway", id: ids.value.gatewayId };
    case "userIds":
      return { type: "user", id: ids.value.userId };
    case "organizationIds":
      return { type: "organization", id: ids.value.organizationId };
    case "clientIds":
      return { type: "client", id: ids.value.clientId };
    case undefined:
      throw noIdentifiers();
  }
}

/** Nothing is published of organizations and clients before their registries come. */
function subjectOf(tenantId: string, { ids }: EntityIdentifiers): EventSubject[] {
  switch (ids.case) {
    case "applicationIds":
      return [{ kind: "application", ids: { tenantId, applicationId: ids.value.applicationId } }];
    case "deviceIds": {
      const applicationId = ids.value.applicationIds?.applicationId ?? "";
      return [{ kind: "device", ids: { tenantId, applicationId, deviceId: ids.value.deviceId } }];
    }
    case "gatewayIds":
      return [{ kind: "gateway", ids: { tenantId, gatewayId: ids.value.gatewayId } }];
    case "userIds":
      return [{ kind: "user", tenantId, userId: ids.value.userId }];
    default:
      return [];
  }
}

function entityOf(subject: EventSubject): EntityReferenceInTenant {
  switch (subject.kind) {
    case "application":
    case "device":
      return { type: "application", id: subject.ids.applicationId };
    case "gateway":
      return { type: "gateway", id: subject.ids.gatewayId };
    case "user":
      return { type: "user", id: subject.userId };
  }
}
