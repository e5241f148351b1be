import { Buffer } from "node:buffer";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { fromJSON, type JsonObject, StatusSchema, toBinary } from "@skylark/api";
import type { ErrorStatus } from "./error-status.ts";
import type { PlatformCall } from "./platform-call.ts";
import { headerText, rateLimitHeaders } from "./response-headers.ts";

/** What is said of an answer before it: the headers that HTTP has too. */
export function headMetadata(call: PlatformCall): Metadata {
  const metadata = new Metadata();
  metadata.set("x-request-id", call.requestId);
  if (call.rateLimit !== undefined) {
    for (const [name, value] of rateLimitHeaders(call.rateLimit)) metadata.set(name, value);
  }
  if (call.totalCount !== undefined) metadata.set("x-total-count", String(call.totalCount));
  for (const [name, value] of call.answerHeaders ?? []) metadata.set(name, headerText(value));
  for (const warning of call.warnings) {
    const value = headerText(warning);
    // The first is what clients of The Things Stack log, the second its name over HTTP.
    metadata.add("warning", value);
    metadata.add("x-warning", value);
  }
  return metadata;
}

/** Longest text of a status: it becomes a header of the answer. */
const longestMessage = 2000;

/** What fits in a header, as gRPC has it. Longer details lose what is particular, rather than the answer being lost. */
const mostDetailBytes = 8_000;

/** An error as gRPC carries it, its details where clients of any language look for them. */
export function grpcStatus({ code, body }: ErrorStatus): StatusObject & Error {
  const metadata = new Metadata();
  if (body.details !== undefined) {
    const whole = detailBytes(body);
    const details = whole.length <= mostDetailBytes ? whole : detailBytes(nameOnly(body));
    metadata.set("grpc-status-details-bin", Buffer.from(details));
  }
  const message = String(body.message).slice(0, longestMessage).toWellFormed();
  return Object.assign(new Error(message), { code, details: message, metadata });
}

function detailBytes(status: ErrorStatus["body"]): Uint8Array {
  return toBinary(StatusSchema, fromJSON(StatusSchema, status));
}

/** A status whose details say which error it is and no more. */
function nameOnly(status: ErrorStatus["body"]): ErrorStatus["body"] {
  const details = (status.details as readonly JsonObject[]).map((each) => {
    const { attributes: _, cause: __, details: ___, ...named } = each;
    return named;
  });
  return { ...status, message: String(status.message).slice(0, longestMessage).toWellFormed(), details };
}
