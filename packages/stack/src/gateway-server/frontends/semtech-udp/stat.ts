import type { Location } from "../../../domain/uplink.ts";
import type { GatewayStatus } from "../../gateway-status.ts";
import { parseGatewayTime } from "./rxpk.ts";
import { isFields } from "./rxpk-json.ts";

/** Metrics of a GatewayStatus by the fields of `stat`; the names of the API on the left. */
const metricFields = {
  rxin: "rxnb",
  rxok: "rxok",
  rxfw: "rxfw",
  ackr: "ackr",
  txin: "dwnb",
  txok: "txnb",
  temp: "temp",
  lpps: "lpps",
  lmnw: "lmnw",
  lmst: "lmst",
  lmok: "lmok",
} as const;

const versionFields = ["fpga", "dsp", "hal", "dsp0", "dsp1"] as const;
const maxVersionLength = 128;

/** Reads `stat` of a PUSH_DATA; undefined when it is no object. Fields of a wrong type are left out. */
export function readStat(value: unknown): GatewayStatus | undefined {
  if (!isFields(value)) return undefined;
  const metrics: Record<string, number> = {};
  for (const [name, field] of Object.entries(metricFields)) {
    const metric = value[field];
    if (typeof metric === "number" && Number.isFinite(metric)) metrics[name] = metric;
  }
  const versions: Record<string, string> = {};
  const hardware = isFields(value.hver) ? value.hver : {};
  for (const name of versionFields) {
    const version = hardware[name] ?? value[name];
    if (typeof version === "number" || typeof version === "string")
      versions[name] = String(version).slice(0, maxVersionLength);
  }
  const location = readLocation(value);
  const time = readTime(value.time);
  const bootAt = readTime(value.boot);
  return {
    versions,
    metrics,
    ip: [],
    antennaLocations: location === undefined ? [] : [location],
    ...(time === undefined ? {} : { time }),
    ...(bootAt === undefined ? {} : { bootAt }),
  };
}

function readTime(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const time = parseGatewayTime(value);
  return Number.isNaN(time) ? undefined : time;
}

/** Where forwarders without GPS say they are, when nobody changed the file they came with. */
const factoryPlaces: readonly (readonly [latitude: number, longitude: number])[] = [
  [0, 0],
  [10, 20],
];

function readLocation({ lati, long, alti }: Readonly<Record<string, unknown>>): Location | undefined {
  if (typeof lati !== "number" || typeof long !== "number") return undefined;
  if (!(Math.abs(lati) <= 90 && Math.abs(long) <= 180)) return undefined;
  const isFactory = factoryPlaces.some(
    ([latitude, longitude]) => Math.abs(lati - latitude) < 0.001 && Math.abs(long - longitude) < 0.001,
  );
  if (isFactory) return undefined;
  return {
    latitude: lati,
    longitude: long,
    ...(typeof alti === "number" && Number.isFinite(alti) ? { altitude: alti } : {}),
    source: "SOURCE_GPS",
  };
}
