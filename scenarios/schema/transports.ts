import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import {
  type DescMethod,
  ErrorDetailsSchema,
  fromBinary,
  type HttpBinding,
  type JsonObject,
  type JsonValue,
  type ProtoMessage,
  StatusSchema,
  toBinary,
  toJSON,
} from "@skylark/api";

/** How a call ended: a gRPC code, and the error by its name when there was one. */
export interface Outcome {
  readonly code: number;
  /** `pkg/auth/rights:no_application_rights` */
  readonly error: string | undefined;
  readonly attributes: JsonObject;
}

export interface Called {
  readonly method: DescMethod;
  readonly request: ProtoMessage;
  /** An API key; none at all when undefined. */
  readonly token: string | undefined;
}

/** A request as it goes over HTTP. */
export interface HttpForm {
  readonly verb: string;
  readonly path: string;
  readonly body: JsonObject | undefined;
}

/** Spells a request in a binding of its method: path, query and body. */
export function httpForm({ verb, segments, hasBody, method }: HttpBinding, request: ProtoMessage): HttpForm {
  const rest = structuredClone(toJSON(method.input, request)) as Record<string, JsonValue>;
  const path = segments
    .map((segment) =>
      segment.kind === "literal"
        ? segment.text
        : encodeURIComponent(String(take(rest, segment.field.split(".")) ?? "")),
    )
    .join("/");
  if (hasBody) return { verb, path: `/api/v3/${path}`, body: rest };
  const query = new URLSearchParams(queryOf(rest, "")).toString();
  return { verb, path: `/api/v3/${path}${query === "" ? "" : `?${query}`}`, body: undefined };
}

/** Takes the value at a path out of an object. */
function take(
  from: Record<string, JsonValue>,
  [name = "", ...rest]: readonly string[],
): JsonValue | undefined {
  const value = from[name];
  if (rest.length === 0) {
    delete from[name];
    return value;
  }
  return typeof value === "object" && value !== null
    ? take(value as Record<string, JsonValue>, rest)
    : undefined;
}

function queryOf(value: JsonValue, name: string): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((each) => elementOf(each, name));
  if (typeof value !== "object" || value === null) return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, each]) => queryOf(each, name === "" ? key : `${name}.${key}`));
}

/** A message in a list is spelt as JSON: names of its fields would not say which one of the list they belong to. */
function elementOf(value: JsonValue, name: string): [string, string][] {
  const isMessage = typeof value === "object" && value !== null;
  return isMessage ? [[name, JSON.stringify(value)]] : queryOf(value, name);
}

/** Calls over HTTP; of a stream only the beginning is awaited. */
export async function callHttp(url: string, binding: HttpBinding, called: Called): Promise<Outcome> {
  const { verb, path, body } = httpForm(binding, called.request);
  const abort = new AbortController();
  const response = await fetch(url + path, {
    method: verb,
    headers: called.token === undefined ? {} : { Authorization: `Bearer ${called.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: abort.signal,
  });
  if (response.ok) {
    abort.abort();
    return { code: 0, error: undefined, attributes: {} };
  }
  const status = (await response.json()) as {
    readonly code: number;
    readonly details?: readonly { namespace: string; name: string; attributes?: JsonObject }[];
  };
  const [details] = status.details ?? [];
  return {
    code: status.code,
    error: details && `${details.namespace}:${details.name}`,
    attributes: details?.attributes ?? {},
  };
}

/** Calls over gRPC; of a stream only the beginning is awaited. */
export function callGrpc(client: Client, { method, request, token }: Called): Promise<Outcome> {
  const path = `/${method.parent.typeName}/${method.name}`;
  const encode = (message: ProtoMessage) => Buffer.from(toBinary(method.input, message));
  const decode = (bytes: Buffer): ProtoMessage => fromBinary(method.output, bytes);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return new Promise((resolve) => {
    const done = (error: ServiceError | null) => resolve(error === null ? success : outcomeOf(error));
    if (method.methodKind === "server_streaming") {
      const stream = client.makeServerStreamRequest(path, encode, decode, request, metadata);
      const end = (error: ServiceError | null) => {
        done(error);
        stream.cancel();
      };
      // An accepted stream may have nothing to send yet. A refusal follows its headers at once, before the answer to
      // whatever is asked after them.
      stream.once("metadata", () => askHealth(client, () => end(null))).on("data", () => {});
      stream.on("error", end);
    } else client.makeUnaryRequest(path, encode, decode, request, metadata, done);
  });
}

function askHealth(client: Client, answered: () => void): void {
  const nothing = () => Buffer.alloc(0);
  client.makeUnaryRequest("/grpc.health.v1.Health/Check", nothing, nothing, {}, answered);
}

const success: Outcome = { code: 0, error: undefined, attributes: {} };

function outcomeOf(error: ServiceError): Outcome {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes) : undefined;
  const packed = status?.details[0];
  const details = packed && fromBinary(ErrorDetailsSchema, packed.value);
  return {
    code: error.code,
    error: details && `${details.namespace}:${details.name}`,
    attributes: details?.attributes ?? {},
  };
}

export function grpcClient(address: string): Client {
  return new Client(address, credentials.createInsecure());
}
