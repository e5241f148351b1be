import { randomBytes } from "node:crypto";
import type { JsonObject, JsonValue, Violation } from "@skylark/api";
import { statusCodes } from "@skylark/api";
import { defineErrors, SkylarkError } from "../errors/errors.ts";

const validation = defineErrors("pkg/errors").invalidArgument("validation", "invalid `{field}`: {reason}");
const recovered = defineErrors("pkg/rpcserver").internal("rpc_recovered", "Internal Server Error");

/** A fault of the request's form, before there is a method to blame: a status with a text and no details. */
export class RequestError extends Error {
  readonly code: number;
  /** Where it differs from that of the code. */
  readonly httpStatus: number | undefined;

  constructor(code: number, message: string, httpStatus?: number) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

export interface ErrorStatus {
  readonly code: number;
  readonly body: JsonObject;
  /** Ours to look after: the caller was told nothing, so the log must be. */
  readonly isUnexpected: boolean;
  readonly correlationId: string;
}

/** What a caller gets to see of an error: google.rpc.Status with ErrorDetails. Nothing of an error that is not named. */
export function errorStatus(error: unknown): ErrorStatus {
  const correlationId = randomBytes(16).toString("hex");
  if (error instanceof RequestError) {
    const body = { code: error.code, message: error.message };
    return { code: error.code, body, isUnexpected: false, correlationId };
  }
  const isNamed = error instanceof SkylarkError;
  const named = isNamed ? error : recovered();
  const details = {
    "@type": `${typePrefix}ttn.lorawan.v3.ErrorDetails`,
    ...errorDetails(named, correlationId),
  };
  return {
    code: named.code,
    body: { code: named.code, message: named.statusMessage, details: [details] },
    isUnexpected: !isNamed,
    correlationId,
  };
}

const typePrefix = "type.googleapis.com/";

/** ErrorDetails as the API's JSON has it, causes included as far as they are named. */
function errorDetails(error: SkylarkError, correlationId: string): JsonObject {
  const { namespace, name, messageFormat } = error.definition;
  const details: JsonObject = { namespace, name, message_format: messageFormat };
  if (Object.keys(error.attributes).length > 0) details.attributes = plain(error.attributes);
  details.correlation_id = correlationId;
  if (error.cause instanceof SkylarkError) details.cause = errorDetails(error.cause, correlationId);
  // Unknown is the code that need not be said.
  if (error.code !== statusCodes.unknown) details.code = error.code;
  if (error.details.length > 0) {
    details.details = error.details.map(({ type, value }) => ({
      "@type": typePrefix + type,
      ...(value as JsonObject),
    }));
  }
  return details;
}

function plain(attributes: SkylarkError["attributes"]): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]): [string, JsonValue] => [
      name,
      typeof value === "object" ? [...value] : value,
    ]),
  );
}

/** A violation of the schema's rules as the error that clients know, from the outermost message inwards. */
export function validationError({ field, reason, name, cause }: Violation): SkylarkError {
  return validation({ field, reason, name }, cause === undefined ? {} : { cause: validationError(cause) });
}
