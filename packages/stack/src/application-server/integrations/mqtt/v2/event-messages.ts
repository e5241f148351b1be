import type { EndDeviceIdentifiers } from "../../../../domain/identifiers.ts";
import type { Location } from "../../../../domain/uplink.ts";
import type { Event } from "../../../../events/events.ts";
import type { ErrorJson } from "./application-up.ts";
import type { Dialect } from "./dialect.ts";
import { decodeErrorText, errorText } from "./error-texts.ts";
import { type Json, withoutTrailingZeros } from "./uplink-messages.ts";

/** A message under a topic of a device. */
export interface Publication {
  /** The end of the topic, such as `up`. */
  readonly kind: string;
  readonly content: () => unknown;
}

/** A device as it is, with its identifier as V2 spells it. */
export interface DeviceNews {
  readonly devId: string;
  readonly location: Partial<Location> | undefined;
  /** Before the event; undefined where that is not known. */
  readonly previous?: Partial<Location> | undefined;
}

const noGateways = "No gateways available for downlink";

type ErrorMaker = (error: ErrorJson, ids: EndDeviceIdentifiers) => Publication;

/** A downlink found no gateway; V2 tells of those of the application alone. */
export const unscheduled = "ns.down.data.schedule.fail";

/** Events of V3 that are errors in V2. */
const errors: Readonly<Record<string, ErrorMaker>> = {
  "as.up.data.decode.fail": (error) => uplinkError(decodeErrorText(error)),
  "as.up.data.drop": (error) => uplinkError(errorText(error)),
  "ns.up.data.drop": (error) => uplinkError(errorText(error)),
  "ns.up.join.drop": (error, ids) => activationError(errorText(error), ids),
  "ns.down.join.schedule.fail": (_error, ids) => activationError(`Activation not valid: ${noGateways}`, ids),
  [unscheduled]: () => ({
    kind: "events/down/errors",
    content: () => ({ error: noGateways }),
  }),
};

const management: Readonly<Record<string, "create" | "update" | "delete">> = {
  "end_device.create": "create",
  "end_device.update": "update",
  "end_device.delete": "delete",
  "end_device.batch.delete": "delete",
};

export function isDeletion({ definition }: Event): boolean {
  return management[definition.name] === "delete";
}

interface BatchJson {
  readonly end_device_ids?: readonly { readonly device_id: string }[];
}

/** V2 tells of each device by itself, also where V3 deletes several at once. */
export function devicesOf(event: Event): readonly EndDeviceIdentifiers[] {
  const { subject, data } = event;
  if (subject.kind === "device") return [subject.ids];
  if (subject.kind !== "application" || !isDeletion(event)) return [];
  const { end_device_ids: deleted = [] } = (data?.json ?? {}) as BatchJson;
  return deleted.map(({ device_id: deviceId }) => ({ ...subject.ids, deviceId }));
}

/** Whether V2 clients may see something of it. */
export function isShownEvent(name: string): boolean {
  return name in errors || name in management || name === "application.update";
}

export function publicationsOfEvent(
  event: Event,
  ids: EndDeviceIdentifiers,
  device: DeviceNews,
  dialect: Dialect,
): readonly Publication[] {
  const { name } = event.definition;
  const error = errors[name];
  if (error !== undefined) return [error((event.data?.json ?? {}) as ErrorJson, ids)];
  const change = management[name];
  // The early reference does not know of these.
  if (change === undefined || dialect === "early") return [];
  return [{ kind: `events/${change}`, content: () => managementEvent(change, event, device) }];
}

function uplinkError(error: string): Publication {
  return { kind: "events/up/errors", content: () => ({ error }) };
}

function activationError(error: string, { joinEui, devEui }: EndDeviceIdentifiers): Publication {
  return {
    kind: "events/activations/errors",
    content: () => ({
      error,
      app_eui: joinEui ?? "",
      dev_eui: devEui ?? "",
      dev_addr: "",
      metadata: { time: "" },
    }),
  };
}

/** Of the device's fields V2 shows the location, and that only where it changed. */
function managementEvent(
  change: "create" | "update" | "delete",
  event: Event,
  { location = {}, previous }: DeviceNews,
): Json | null {
  if (change === "delete") return null;
  const changed = (event.data?.json ?? []) as readonly string[];
  const hasMoved = change === "create" || changed.some((path) => path.split(".")[0] === "locations");
  const shown = (name: "latitude" | "longitude" | "altitude"): number | undefined => {
    const isNew = previous === undefined ? hasMoved : (previous[name] ?? 0) !== (location[name] ?? 0);
    return (isNew && location[name]) || undefined;
  };
  return {
    latitude: shown("latitude"),
    longitude: shown("longitude"),
    altitude: shown("altitude"),
    update_at: withoutTrailingZeros(new Date(event.time).toISOString()),
  };
}
