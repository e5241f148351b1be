/** The status codes of gRPC, which the API uses over HTTP too, by number. */
const codes = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type ErrorCode = (typeof codes)[number];

export interface SkylarkErrorDetails {
  readonly code: ErrorCode;
  readonly status?: number;
  readonly namespace?: string;
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly correlationId?: string;
  readonly requestId?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** What the server answered instead of what was asked for, or why there was no answer. */
export class SkylarkError extends Error {
  /** Such as "NOT_FOUND". */
  readonly code: ErrorCode;
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;
  /** Where the server defines the error, such as "pkg/identityserver"; empty when it did not say. */
  readonly namespace: string;
  /** The error's own name, such as "application_not_found"; "SkylarkError" when it has none. */
  override readonly name: string;
  /** What the error is about, such as `{ application_id: "app1" }`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** By which operators find the error in their logs. */
  readonly correlationId: string | undefined;
  readonly requestId: string | undefined;
  /** When it makes sense to try again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: SkylarkErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status ?? 0;
    this.namespace = details.namespace ?? "";
    this.name = details.name ?? "SkylarkError";
    this.attributes = details.attributes ?? {};
    this.correlationId = details.correlationId;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

interface ErrorBody {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
}

interface ErrorDetail {
  readonly code?: number;
  readonly namespace?: string;
  readonly name?: string;
  readonly message_format?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly correlation_id?: string;
  readonly cause?: ErrorDetail;
}

/** From the error of the API, of an answer or within a stream. Whatever else comes in its place is an error too. */
export function errorOf(body: unknown, status: number, headers?: Headers): SkylarkError {
  const { code, message, details } = (typeof body === "object" && body !== null ? body : {}) as ErrorBody;
  const detail = details?.find(({ name }) => name !== undefined) ?? {};
  const requestId = headers?.get("x-request-id");
  const retryAfterMs = headers === undefined ? undefined : retryAfter(headers);
  return new SkylarkError(message ?? `the server answered with status ${status}`, {
    ...membersOf({ ...detail, ...(code !== undefined && { code }) }),
    status,
    ...(typeof requestId === "string" && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function membersOf({ code, namespace, name, attributes, correlation_id, cause }: ErrorDetail) {
  return {
    code: codes[code ?? -1] ?? "UNKNOWN",
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(attributes !== undefined && { attributes }),
    ...(correlation_id !== undefined && { correlationId: correlation_id }),
    ...(cause !== undefined && { cause: causeOf(cause) }),
  };
}

/** Why: what went wrong before, such as the field that is not valid in a message that is not. */
function causeOf(detail: ErrorDetail): SkylarkError {
  const { message_format: format = "", attributes = {} } = detail;
  const message = format.replace(/\{(\w+)\}/g, (name, key: string) => String(attributes[key] ?? name));
  return new SkylarkError(message, membersOf(detail));
}

/** What the server says to wait: seconds, or a date. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after") ?? headers.get("x-rate-limit-retry");
  if (text === null || text === "") return undefined;
  const waitMs = /^[0-9]+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}
