import { v2IdAttribute } from "./v2-identifiers.ts";

/*
 * What The Things Network V2 keeps of a device and V3 has no field for, or forbids, is in attributes of names of ours.
 */

/** JSON of those attributes whose names or values V3 does not take. */
export const otherAttributes = "v2-attributes";
/** `latitude,longitude,altitude`, where that is no place on earth. */
export const rawLocation = "v2-location";
export const constraints = "v2-constraints";

const ours: ReadonlySet<string> = new Set([v2IdAttribute, otherAttributes, rawLocation, constraints]);

type Attributes = Readonly<Record<string, string>>;

export interface V2Location {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude: number;
}

/** Whether an attribute is no attribute of the device in V2. */
export function isOwnAttribute(name: string): boolean {
  return ours.has(name);
}

/** As V2 shows them. */
export function v2Attributes(attributes: Attributes): Record<string, string> {
  const plain = Object.entries(attributes).filter(([name]) => !ours.has(name));
  return { ...Object.fromEntries(plain), ...parseAttributes(attributes[otherAttributes]) };
}

function parseAttributes(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    const entries = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    // Whoever edits it in V3 may leave it so.
    return {};
  }
}

/** Where V2 says that the device is, if that is no place on earth. */
export function v2RawLocation(attributes: Attributes): V2Location | undefined {
  const [latitude, longitude, altitude, ...rest] = attributes[rawLocation]?.split(",").map(Number) ?? [];
  if (rest.length > 0 || latitude === undefined || longitude === undefined || altitude === undefined)
    return undefined;
  return [latitude, longitude, altitude].every(Number.isFinite)
    ? { latitude, longitude, altitude: Math.trunc(altitude) }
    : undefined;
}
