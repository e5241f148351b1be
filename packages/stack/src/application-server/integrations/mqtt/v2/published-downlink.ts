import {
  type ApplicationDownlink,
  ApplicationDownlinkSchema,
  create,
  fromJSON,
  type JsonObject,
} from "@skylark/api";
import { defineErrors, type SkylarkError } from "../../../../errors/errors.ts";
import type { DownlinkQueue } from "../downlink-queue.ts";

// In the words of V2, since its clients show them.
const errors = defineErrors("skylark/v2");
const scheduleUnknown = errors.invalidArgument("schedule_type", "ScheduleType not valid: unknown");
const payloadEmpty = errors.invalidArgument("downlink_payload_empty", "Downlink Payload not valid: empty");
const payloadTwice = errors.invalidArgument(
  "downlink_payload_twice",
  "Downlink not valid: Both Fields and Payload provided",
);

const operations: Readonly<Record<string, "replace" | "pushFirst" | "push">> = {
  "": "replace",
  replace: "replace",
  first: "pushFirst",
  last: "push",
};

/** V2 sent a confirmed downlink until the device answered; here that has an end. */
const confirmedAttempts = 32;
const defaultPort = 1;

export interface V2Downlink {
  readonly operation: keyof Pick<DownlinkQueue, "replace" | "pushFirst" | "push">;
  readonly message: ApplicationDownlink;
  /** Why it is refused, where it is; its application is told. */
  readonly problem: SkylarkError | undefined;
}

/** Undefined for what V2 dropped without a word: no JSON, members of other types, bad base 64. */
export function readV2Downlink(payload: Uint8Array): V2Downlink | undefined {
  const json = parseObject(payload);
  const raw = base64(json?.payload_raw);
  const { port = 0, payload_fields: given = null, confirmed = false, schedule = "" } = json ?? {};
  const fields = given === null ? null : readFields(given);
  if (json === undefined || raw === undefined || fields === undefined) return undefined;
  if (!isPort(port) || !isText(schedule) || !isFlag(confirmed)) return undefined;
  const message = create(ApplicationDownlinkSchema, {
    fPort: port || defaultPort,
    frmPayload: raw,
    ...(fields !== null && { decodedPayload: fields }),
    confirmed: confirmed ?? false,
    ...(confirmed && { confirmedRetry: { maxAttempts: confirmedAttempts } }),
  });
  const operation = operations[schedule ?? ""];
  const problem = problemOf(operation, raw.length > 0, fields !== null);
  return { operation: operation ?? "replace", message, problem };
}

function problemOf(
  operation: string | undefined,
  hasRaw: boolean,
  hasFields: boolean,
): SkylarkError | undefined {
  if (!hasRaw && !hasFields) return payloadEmpty();
  if (operation === undefined) return scheduleUnknown();
  return hasRaw && hasFields ? payloadTwice() : undefined;
}

function parseObject(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(payload).toString());
    return typeof json === "object" && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** With padding, as V2 wants it. */
function base64(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return new Uint8Array(0);
  if (typeof value !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(value, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

function isPort(value: unknown): value is number | null {
  return (
    value === null || (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 256)
  );
}

/** As those of V3's messages: an object, and no deeper than theirs. */
function readFields(value: unknown): JsonObject | undefined {
  try {
    return fromJSON(ApplicationDownlinkSchema, { decoded_payload: value }).decodedPayload;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isFlag(value: unknown): value is boolean | null {
  return value === null || typeof value === "boolean";
}
