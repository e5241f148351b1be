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
} from "@skylark/api";
import { bytesOfDevAddr, bytesOfEui } from "../domain/identifier-bytes.ts";
import type { Event, EventSubject } from "../events/events.ts";

const messages = new WeakMap<Event, EventMessage>();

/** The event as the API shows it; built once, however many streams show it. */
export function eventMessage(event: Event, origin: string): EventMessage {
  let message = messages.get(event);
  if (message === undefined) {
    message = buildMessage(event, origin);
    messages.set(event, message);
  }
  return message;
}

function buildMessage(event: Event, origin: string): EventMessage {
  const data = dataOf(event);
  return create(EventSchema, {
    name: event.definition.name,
    time: timestampFromMs(event.time),
    identifiers: [identifiersOf(event.subject)],
    ...(data === undefined ? {} : { data }),
    correlationIds: [...(event.correlationIds ?? [])],
    origin,
    context: { "tenant-id": Buffer.from(tenantOf(event.subject)) },
    visibility: { rights: visibilityOf(event) },
    uniqueId: event.uniqueId,
  });
}

function dataOf({ data }: Event) {
  const desc = data && messageByTypeUrl(`type.googleapis.com/${data.typeName}`);
  return desc === undefined ? undefined : anyPack(desc, fromJSON(desc, data?.json));
}

export function visibilityOf({ definition }: Pick<Event, "definition">): Right[] {
  return definition.visibility.flatMap((name) => {
    const right = Right[name.replace(/^RIGHT_/, "") as keyof typeof Right];
    return right === undefined ? [] : [right];
  });
}

function tenantOf(subject: EventSubject): string {
  return subject.kind === "user" ? subject.tenantId : subject.ids.tenantId;
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
