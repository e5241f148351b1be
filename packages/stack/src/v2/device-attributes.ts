import {
  type Location,
  type LocationSchema,
  LocationSource,
  type MessageInitShape,
  type v2,
} from "@skylark/api";
import {
  constraints,
  isOwnAttribute,
  otherAttributes,
  rawLocation,
  type V2Location,
  v2Attributes,
  v2RawLocation,
} from "../domain/v2-device-attributes.ts";
import { v2IdAttributes } from "../domain/v2-identifiers.ts";
import { invalidArgument } from "./errors.ts";

const v3Name = /^[a-z0-9](?:-?[a-z0-9]){2,}$/;
const limits = { v3Name: 36, v3Value: 200, v2Name: 64, v2Value: 64, custom: 5, v3Count: 10 };
const builtIn = new Set(["ttn-brand", "ttn-model", "ttn-version", "ttn-antenna", "ttn-module-type"]);

type Attributes = Readonly<Record<string, string>>;

/** The attributes of a device of V3 for this device of V2, which may replace one with `before`. */
export function v3Attributes(device: v2.Device, before: Attributes): Attributes {
  checkAttributes(device.attributes, v2Attributes(before));
  const entries = Object.entries(device.attributes);
  const others = entries.filter(([name, value]) => !isTaken(name, value));
  const restricted = device.device.value?.activationConstraints ?? "";
  const attributes = {
    ...Object.fromEntries(entries.filter(([name, value]) => isTaken(name, value))),
    ...(others.length === 0 ? {} : { [otherAttributes]: JSON.stringify(Object.fromEntries(others)) }),
    ...(isPlace(device) || isNowhere(device) ? {} : { [rawLocation]: formatLocation(device) }),
    ...(restricted === "" || restricted === "local" ? {} : { [constraints]: restricted }),
    ...v2IdAttributes(device.devId),
  };
  const isTooLong = Object.values(attributes).some((value) => value.length > limits.v3Value);
  if (isTooLong || Object.keys(attributes).length > limits.v3Count) {
    throw invalidArgument("Attributes", "more than this network can keep");
  }
  return attributes;
}

function checkAttributes(given: Attributes, before: Attributes): void {
  const custom = Object.keys(given).filter((name) => !builtIn.has(name));
  // V3 allows more, and what came from there may go back.
  if (custom.length > limits.custom && custom.some((name) => before[name] === undefined)) {
    throw invalidArgument("Attributes", `more than ${limits.custom}`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (before[name] === value) continue;
    if (name.length > limits.v2Name) throw invalidArgument("Attributes", "key is longer than 64 characters");
    if (value.length > limits.v2Value)
      throw invalidArgument("Attributes", "value is longer than 64 characters");
  }
}

function isTaken(name: string, value: string): boolean {
  const fits = name.length <= limits.v3Name && value.length <= limits.v3Value;
  return fits && v3Name.test(name) && !isOwnAttribute(name);
}

export function activationConstraints(attributes: Attributes): string {
  return attributes[constraints] ?? "local";
}

/** Undefined where V2 gives no place on earth. */
export function v3Location(device: V2Location): MessageInitShape<typeof LocationSchema> | undefined {
  if (!isPlace(device)) return undefined;
  return {
    latitude: shortest(device.latitude),
    longitude: shortest(device.longitude),
    altitude: device.altitude,
    source: LocationSource.SOURCE_REGISTRY,
  };
}

export function v2Location(location: Location | undefined, attributes: Attributes): V2Location {
  const known = v2RawLocation(attributes) ?? location;
  if (known === undefined) return { latitude: 0, longitude: 0, altitude: 0 };
  const { latitude, longitude, altitude } = known;
  return { latitude: Math.fround(latitude), longitude: Math.fround(longitude), altitude };
}

export function checkLocation({ latitude, longitude }: V2Location): void {
  if (!Number.isFinite(latitude)) throw invalidArgument("Latitude", "no number");
  if (!Number.isFinite(longitude)) throw invalidArgument("Longitude", "no number");
}

/** V2 has no other way of saying that a device is nowhere. */
function isNowhere({ latitude, longitude, altitude }: V2Location): boolean {
  return latitude === 0 && longitude === 0 && altitude === 0;
}

function isPlace({ latitude, longitude }: V2Location): boolean {
  return (latitude !== 0 || longitude !== 0) && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
}

function formatLocation({ latitude, longitude, altitude }: V2Location): string {
  return [shortest(latitude), shortest(longitude), altitude].join(",");
}

/** The number of fewest digits that is this one in single precision: 52.1 rather than 52.099998474121094. */
function shortest(single: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(single.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(single)) return candidate;
  }
  return single;
}
