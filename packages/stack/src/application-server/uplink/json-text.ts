import { formatDevAddr } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { Location } from "../../domain/uplink.ts";

// The API's JSON written by hand: a steady uplink costs a few string concatenations instead of an object graph. The
// codec test holds it to the schema.

// The instants of one uplink lie within a second or two of each other.
const cachedSeconds = 8;
const seconds = new Float64Array(cachedSeconds).fill(Number.NaN);
const secondTexts: string[] = new Array<string>(cachedSeconds).fill("");

/** RFC 3339 in UTC with 0, 3 or 6 digits of the second, as the API shows timestamps. */
export function formatTimestamp(at: At): string {
  const microseconds = Math.round(at * 1000);
  const second = Math.floor(microseconds / 1e6);
  const slot = Math.abs(second % cachedSeconds);
  if (seconds[slot] !== second) {
    secondTexts[slot] = new Date(second * 1000).toISOString().slice(0, 19);
    seconds[slot] = second;
  }
  return `${secondTexts[slot]}${fraction(microseconds - second * 1e6)}Z`;
}

/** Seconds with 0, 3 or 6 digits, as the API shows durations. */
export function formatDuration(microseconds: number): string {
  const rounded = Math.round(microseconds);
  const second = Math.floor(rounded / 1e6);
  return `${second}${fraction(rounded - second * 1e6)}s`;
}

function fraction(microseconds: number): string {
  if (microseconds === 0) return "";
  if (microseconds % 1000 === 0) return `.${String(microseconds / 1000).padStart(3, "0")}`;
  return `.${String(microseconds).padStart(6, "0")}`;
}

export function endDeviceIdsJson(ids: EndDeviceIdentifiers): string {
  let text = `{"device_id":${JSON.stringify(ids.deviceId)},"application_ids":{"application_id":${JSON.stringify(ids.applicationId)}}`;
  if (ids.devEui !== undefined) text += `,"dev_eui":"${ids.devEui}"`;
  if (ids.joinEui !== undefined) text += `,"join_eui":"${ids.joinEui}"`;
  if (ids.devAddr !== undefined) text += `,"dev_addr":"${formatDevAddr(ids.devAddr)}"`;
  return `${text}}`;
}

export function locationJson(location: Location): string {
  const parts: string[] = [];
  if (location.latitude !== 0) parts.push(`"latitude":${location.latitude}`);
  if (location.longitude !== 0) parts.push(`"longitude":${location.longitude}`);
  if (location.altitude !== undefined && Math.round(location.altitude) !== 0) {
    parts.push(`"altitude":${Math.round(location.altitude)}`);
  }
  if (location.accuracy !== undefined && Math.round(location.accuracy) !== 0) {
    parts.push(`"accuracy":${Math.round(location.accuracy)}`);
  }
  if (location.source !== undefined && location.source !== "SOURCE_UNKNOWN") {
    parts.push(`"source":${JSON.stringify(location.source)}`);
  }
  return `{${parts.join(",")}}`;
}

const profileTexts = new WeakMap<EndDeviceProfile, string>();

/** The members `locations`, `version_ids` and `attributes` of an uplink, each with a leading comma. */
export function profileMembers(profile: EndDeviceProfile): string {
  const known = profileTexts.get(profile);
  if (known !== undefined) return known;
  const locations = Object.entries(profile.locations)
    .map(([service, location]) => `${JSON.stringify(service)}:${locationJson(location)}`)
    .join(",");
  const versions = versionIdsJson(profile.versionIds ?? {});
  const text =
    (locations === "" ? "" : `,"locations":{${locations}}`) +
    (versions === "{}" ? "" : `,"version_ids":${versions}`) +
    (Object.keys(profile.attributes).length === 0
      ? ""
      : `,"attributes":${JSON.stringify(profile.attributes)}`);
  profileTexts.set(profile, text);
  return text;
}

function versionIdsJson(ids: NonNullable<EndDeviceProfile["versionIds"]>): string {
  return JSON.stringify({
    brand_id: ids.brandId || undefined,
    model_id: ids.modelId || undefined,
    hardware_version: ids.hardwareVersion || undefined,
    firmware_version: ids.firmwareVersion || undefined,
    band_id: ids.bandId || undefined,
  });
}
