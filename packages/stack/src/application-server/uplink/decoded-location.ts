import type { Location } from "../../domain/uplink.ts";

const latitudeKeys = new Set(["latitude", "lat", "gps_lat", "gpslatitude", "latitudedeg"]);
const longitudeKeys = new Set([
  "longitude",
  "lon",
  "lng",
  "long",
  "gps_lng",
  "gps_lon",
  "gpslongitude",
  "longitudedeg",
]);
const altitudeKeys = new Set(["altitude", "alt", "gps_alt", "gpsaltitude"]);
const accuracyKeys = new Set(["accuracy", "acc", "hacc"]);

/** Whether it is worth to look for a location in this JSON text. */
export function mayHoldLocation(json: string): boolean {
  return /lat/i.test(json) && /lon|lng/i.test(json);
}

/** The position that a decoded payload tells, at its top or one level below it. */
export function findLocation(payload: Readonly<Record<string, unknown>>): Location | undefined {
  const atTop = locationOf(payload);
  if (atTop !== undefined) return atTop;
  for (const value of Object.values(payload)) {
    if (typeof value !== "object" || value === null) continue;
    const nested = locationOf(value as Readonly<Record<string, unknown>>);
    if (nested !== undefined) return nested;
  }
  return undefined;
}

function locationOf(object: Readonly<Record<string, unknown>>): Location | undefined {
  const latitude = numberAt(object, latitudeKeys);
  const longitude = numberAt(object, longitudeKeys);
  if (latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  // Trackers report the origin while they have no fix.
  if (latitude === 0 && longitude === 0) return undefined;
  const altitude = numberAt(object, altitudeKeys);
  const accuracy = numberAt(object, accuracyKeys);
  return {
    latitude,
    longitude,
    ...(altitude !== undefined && Math.abs(altitude) < 2 ** 31 && { altitude }),
    ...(accuracy !== undefined && accuracy >= 0 && accuracy < 2 ** 31 && { accuracy }),
    source: "SOURCE_GPS",
  };
}

function numberAt(object: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): number | undefined {
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === "number" && Number.isFinite(value) && keys.has(key.toLowerCase())) return value;
  }
  return undefined;
}
