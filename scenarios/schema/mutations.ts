import type { JsonObject, JsonValue } from "@skylark/api";
import { type Random, randomInteger } from "@skylark/testkit";
import type { HttpForm } from "./transports.ts";

/** A request as it is sent: the body may be anything. */
export interface RawRequest {
  readonly verb: string;
  readonly path: string;
  readonly body: Buffer | undefined;
}

const oddValues: readonly JsonValue[] = [
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53,
  0.5,
  "",
  "\u0000",
  "NaN",
  "-Infinity",
  "18446744073709551616",
  "ÿ\u202e\ud83d\ude00",
  "a".repeat(5000),
  "' OR 1=1 --",
  "%_\\",
  "../../etc/passwd",
  "0000000000000000",
  "2038-01-19T03:14:08.999999999Z",
  "-315576000000.999999999s",
  [],
  {},
  [[[[]]]],
  { "@type": "type.googleapis.com/ttn.lorawan.v3.ApplicationUp" },
  { __proto__: null, constructor: { prototype: {} } },
  { paths: ["ids", "ids.", "..", "a".repeat(300)] },
];

const oddSegments: readonly string[] = [
  "",
  ".",
  "..",
  "%00",
  "%2e%2e%2f",
  "%ff%fe",
  "a".repeat(300),
  "app1@tenant",
  "admin",
  "-",
  "%E2%80%AE",
  "1e9",
  "user",
];

const pick = <T>(random: Random, from: readonly T[]): T => from[randomInteger(random, from.length)]!;

/** Changes one place of a JSON value: takes it away, or puts something else there. */
function mutateJson(random: Random, value: JsonValue): JsonValue {
  if (random() < 0.15 || typeof value !== "object" || value === null) return pick(random, oddValues);
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.2) return [...value, pick(random, oddValues)];
    if (random() < 0.1) return Array.from({ length: 200 }, () => value[0]!);
    const at = randomInteger(random, value.length);
    return value.map((each, index) => (index === at ? mutateJson(random, each) : each));
  }
  const entries = Object.entries(value as JsonObject);
  if (entries.length === 0) return { [pick(random, ["ids", "field_mask", "x"])]: pick(random, oddValues) };
  const at = randomInteger(random, entries.length);
  if (random() < 0.2) return Object.fromEntries(entries.filter((_, index) => index !== at));
  return Object.fromEntries(
    entries.map(([key, each], index) => [key, index === at ? mutateJson(random, each) : each]),
  );
}

function mutatePath(random: Random, path: string): string {
  const [before = "", query] = path.split("?", 2);
  const segments = before.split("/");
  const at = 3 + randomInteger(random, Math.max(1, segments.length - 3));
  segments[at] = pick(random, oddSegments);
  const suffix = query === undefined ? "" : `?${query}`;
  return segments.join("/") + suffix;
}

function mutateQuery(random: Random, path: string): string {
  const value = encodeURIComponent(JSON.stringify(pick(random, oddValues))).slice(0, 2000);
  const name = pick(random, [
    "field_mask",
    "field_mask.paths",
    "limit",
    "page",
    "order",
    "deleted",
    "ids.x",
    "%",
    "a[]",
  ]);
  return `${path}${path.includes("?") ? "&" : "?"}${name}=${value}`;
}

/** Flips, cuts or doubles some of the bytes. */
function mutateBytes(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return Buffer.from("{");
  const at = randomInteger(random, copy.length);
  if (random() < 0.3) return copy.subarray(0, at);
  if (random() < 0.2) return Buffer.concat([copy, copy]);
  copy[at] = randomInteger(random, 256);
  return copy;
}

/** A request as it is, or with some of its parts changed. */
export function mutateRequest(random: Random, { verb, path, body }: HttpForm): RawRequest {
  let json: JsonValue | undefined = body;
  let mutatedPath = path;
  const times = Math.max(0, randomInteger(random, 5) - 2);
  for (let i = 0; i < times; i++) {
    if (json !== undefined && random() < 0.7) json = mutateJson(random, json);
    else mutatedPath = random() < 0.5 ? mutatePath(random, mutatedPath) : mutateQuery(random, mutatedPath);
  }
  const bytes = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
  return {
    verb,
    path: mutatedPath,
    body: bytes !== undefined && random() < 0.1 ? mutateBytes(random, bytes) : bytes,
  };
}
