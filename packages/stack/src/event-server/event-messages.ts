import {
  anyPack,
  create,
  type EntityIdentifiers,
  EntityIdentifiersSchema,
  type Event as EventMessage,
  EventSchema,
  fromJSON,
  messageByTypeUrl,
  Right,
  timestampFromMs,
  toJSONText,
} from "@skylark/api";
import { LRUCache } from "lru-cache";
import { bytesOfDevAddr, bytesOfEui } from "../domain/identifier-bytes.ts";
import type { Event, EventDefinition, EventSubject } from "../events/events.ts";

/** How many events are remembered as messages: all who watch an entity are sent its event at about the same time. */
const rememberedEvents = 512;

interface Rendered {
  readonly message: EventMessage;
  text?: string;
}

/** Turns events into what the API shows; once each, however many streams show it. */
export interface EventRenderer {
  message(event: Event): EventMessage;
  /** The message as JSON text. */
  text(event: Event): string;
}

export function createEventRenderer(origin: string): EventRenderer {
  // Not for as long as the event lives: the history keeps it for a day.
  const rendered = new LRUCache<Event, Rendered>({ max: rememberedEvents });
  const render = (event: Event): Rendered => {
    let known = rendered.get(event);
    if (known === undefined) {
      known = { message: buildMessage(event, origin) };
      rendered.set(event, known);
    }
    return known;
  };
  return {
    message: (event) => render(event).message,
    text(event) {
      const known = render(event);
      known.text ??= toJSONText(EventSchema, known.message);
      return known.text;
    },
  };
}

function buildMessage(event: Event, origin: string): EventMessage {
  const data = dataOf(event);
  const call = event.origin;
  return create(EventSchema, {
    name: event.definition.name,
    time: timestampFromMs(event.time),
    identifiers: [event.subject, ...event.otherSubjects].map(identifiersOf),
    ...(data === undefined ? {} : { data }),
    correlationIds: [...event.correlationIds],
    origin,
    context: { "tenant-id": Buffer.from(tenantOf(event.subject)) },
    visibility: { rights: [...visibilityOf(event)] },
    uniqueId: event.uniqueId,
    ...(call === undefined ? {} : { remoteIp: call.remoteAddress, userAgent: call.userAgent }),
    ...(call?.authentication === undefined ? {} : { authentication: call.authentication }),
  });
}

function dataOf(event: Event) {
  const { data } = event;
  const desc = data && messageByTypeUrl(`type.googleapis.com/${data.typeName}`);
  return desc === undefined ? undefined : anyPack(desc, fromJSON(desc, data?.json));
}

const visibilities = new WeakMap<EventDefinition, readonly Right[]>();

/** The rights that show an event to who holds one of them. */
export function visibilityOf({ definition }: Pick<Event, "definition">): readonly Right[] {
  let rights = visibilities.get(definition);
  if (rights === undefined) {
    rights = definition.visibility.flatMap((name) => {
      const right = Right[name.replace(/^RIGHT_/, "") as keyof typeof Right];
      return right === undefined ? [] : [right];
    });
    visibilities.set(definition, rights);
  }
  return rights;
}

function tenantOf(subject: EventSubject): string {
  return "ids" in subject ? subject.ids.tenantId : subject.tenantId;
}

function identifiersOf(subject: EventSubject): EntityIdentifiers {
  switch (subject.kind) {
    case "application":
      return create(EntityIdentifiersSchema, {
        ids: { case: "applicationIds", value: { applicationId: subject.ids.applicationId } },
      });
    case "device":
      return create(EntityIdentifiersSchema, { ids: { case: "deviceIds", value: deviceIds(subject.ids) } });
    case "gateway": {
      const { gatewayId, eui } = subject.ids;
      const value = { gatewayId, ...(eui === undefined ? {} : { eui: bytesOfEui(eui) }) };
      return create(EntityIdentifiersSchema, { ids: { case: "gatewayIds", value } });
    }
    case "user":
      return create(EntityIdentifiersSchema, { ids: { case: "userIds", value: { userId: subject.userId } } });
    case "organization": {
      const value = { organizationId: subject.organizationId };
      return create(EntityIdentifiersSchema, { ids: { case: "organizationIds", value } });
    }
    case "client":
      return create(EntityIdentifiersSchema, {
        ids: { case: "clientIds", value: { clientId: subject.clientId } },
      });
  }
}

function deviceIds(ids: Extract<EventSubject, { kind: "device" }>["ids"]) {
  return {
    deviceId: ids.deviceId,
    applicationIds: { applicationId: ids.applicationId },
    ...(ids.devEui === undefined ? {} : { devEui: bytesOfEui(ids.devEui) }),
    ...(ids.joinEui === undefined ? {} : { joinEui: bytesOfEui(ids.joinEui) }),
    ...(ids.devAddr === undefined ? {} : { devAddr: bytesOfDevAddr(ids.devAddr) }),
  };
}
