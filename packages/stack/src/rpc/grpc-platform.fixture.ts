import { Buffer } from "node:buffer";
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { DescMethod, JsonObject, JsonValue, MessageInitShape, MessageShape } from "@skylark/api";
import {
  create,
  EndDeviceRegistry,
  fromBinary,
  fromJSON,
  NsEndDeviceRegistry,
  StatusSchema,
  toBinary,
  toJSON,
} from "@skylark/api";
import { type GrpcListener, type GrpcListenOptions, listenGrpc } from "./grpc-listener.ts";
import { type HttpListener, listenHttp } from "./http-listener.ts";
import { createSample, type SampleOptions, type SamplePlatform } from "./http-platform.fixture.ts";

/** What came of a call, whichever way it went. */
export interface Outcome {
  readonly code: number;
  /** Of the error; empty when there was none. */
  readonly message: string;
  /** The first of the error's details, less what changes from call to call. */
  readonly details: JsonObject | undefined;
  readonly answer: JsonValue | undefined;
  /** Several values are parted by `, `. */
  header(name: string): string | undefined;
}

/** A way to call the methods of the sample. */
export interface Transport {
  readonly name: string;
  call(
    method: SampleMethod,
    request: JsonObject,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Outcome>;
}

export type SampleMethod = "get" | "list" | "create" | "delete" | "later";

export interface RunningGrpcSample extends SamplePlatform {
  readonly transports: { readonly http: Transport; readonly grpc: Transport };
  readonly listener: GrpcListener;
  readonly client: Client;
  unary<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<MessageShape<M["output"]>>;
  close(): Promise<void>;
}

export async function startGrpcSample(
  options: SampleOptions = {},
  listen: Partial<GrpcListenOptions> = {},
  channel: { readonly credentials?: ChannelCredentials; readonly options?: ClientOptions } = {},
): Promise<RunningGrpcSample> {
  const sample = createSample(options);
  const listener = await listenGrpc(sample.grpcPlatform, { port: 0, host: "127.0.0.1", ...listen });
  const http = await listenHttp(sample.platform, { port: 0, host: "127.0.0.1" });
  const client = new Client(
    `localhost:${listener.port}`,
    channel.credentials ?? credentials.createInsecure(),
    channel.options ?? {},
  );
  return Object.assign(sample, {
    listener,
    client,
    transports: { http: httpTransport(http), grpc: grpcTransport(client) },
    async unary<M extends DescMethod>(
      method: M,
      request: MessageInitShape<M["input"]>,
      metadata: Readonly<Record<string, string>> = {},
    ): Promise<MessageShape<M["output"]>> {
      const { bytes } = await callUnary(client, method, toBytes(method, request), metadata);
      return fromBinary(method.output, bytes) as MessageShape<M["output"]>;
    },
    async close() {
      client.close();
      sample.grpcPlatform.stop();
      sample.platform.stop();
      await Promise.all([listener.close(0), http.close(0)]);
    },
  });
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

export function toBytes<M extends DescMethod>(method: M, request: MessageInitShape<M["input"]>): Buffer {
  return Buffer.from(toBinary(method.input, create(method.input, request) as MessageShape<M["input"]>));
}

export const asIs = (bytes: Buffer): Buffer => bytes;

export function metadataOf(values: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

/** Rejects with grpc-js' error; `head` has what the server said before. */
export function callUnary(
  client: Client,
  method: DescMethod,
  request: Buffer,
  metadata: Readonly<Record<string, string>> = {},
  head: { metadata?: Metadata } = {},
): Promise<{ readonly bytes: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly bytes: Buffer }>();
  const deadline = Date.now() + 60_000;
  const call = client.makeUnaryRequest(
    pathOf(method),
    asIs,
    asIs,
    request,
    metadataOf(metadata),
    { deadline },
    (error, bytes) => {
      if (error !== null) reject(error);
      else resolve({ bytes: bytes ?? Buffer.alloc(0) });
    },
  );
  call.on("metadata", (received: Metadata) => {
    head.metadata = received;
  });
  return promise;
}

/** The google.rpc.Status that a client of any language finds with an error. */
export function statusOf(error: ServiceError): JsonObject | undefined {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return undefined;
  return toJSON(StatusSchema, fromBinary(StatusSchema, bytes)) as JsonObject;
}

function stable(status: JsonObject | undefined): JsonObject | undefined {
  const [first] = (status?.details ?? []) as JsonObject[];
  if (first === undefined) return undefined;
  return withoutCorrelation(first);
}

function withoutCorrelation({ correlation_id, ...details }: JsonObject): JsonObject {
  if (!/^[0-9a-f]{32}$/.test(String(correlation_id))) throw new Error(`bad correlation id ${correlation_id}`);
  if (details.cause !== undefined) details.cause = withoutCorrelation(details.cause as JsonObject);
  return details;
}

const methods: Readonly<Record<SampleMethod, DescMethod>> = {
  get: EndDeviceRegistry.method.get,
  list: EndDeviceRegistry.method.list,
  create: EndDeviceRegistry.method.create,
  delete: EndDeviceRegistry.method.delete,
  later: NsEndDeviceRegistry.method.get,
};

function grpcTransport(client: Client): Transport {
  return {
    name: "gRPC",
    async call(name, request, headers = {}) {
      const method = methods[name];
      const head: { metadata?: Metadata } = {};
      const bytes = Buffer.from(toBinary(method.input, fromJSON(method.input, request)));
      const metadata = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]),
      );
      const header = (key: string) => head.metadata?.get(key).join(", ") || undefined;
      try {
        const answer = await callUnary(client, method, bytes, metadata, head);
        const message = fromBinary(method.output, answer.bytes);
        return { code: 0, message: "", details: undefined, answer: toJSON(method.output, message), header };
      } catch (caught) {
        const error = caught as ServiceError;
        const status = statusOf(error);
        if (status !== undefined && (status.code !== error.code || status.message !== error.details)) {
          throw new Error("the status and its details do not agree");
        }
        return {
          code: error.code,
          message: error.details,
          details: stable(status),
          answer: undefined,
          header,
        };
      }
    },
  };
}

function httpTransport(listener: HttpListener): Transport {
  return {
    name: "HTTP",
    async call(name, request, headers = {}) {
      const [verb, path, body] = httpRequest(name, request);
      const response = await fetch(`http://127.0.0.1:${listener.port}/api/v3${path}`, {
        method: verb,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      const json = (await response.json()) as JsonObject;
      const header = (key: string) => response.headers.get(key) ?? undefined;
      if (response.ok) return { code: 0, message: "", details: undefined, answer: json, header };
      return {
        code: Number(json.code),
        message: String(json.message),
        details: stable(json),
        answer: undefined,
        header,
      };
    },
  };
}

interface SampleRequest {
  readonly end_device_ids?: { readonly device_id?: string };
  readonly field_mask?: { readonly paths?: readonly string[] };
  readonly device_id?: string;
  readonly limit?: number;
  readonly order?: string;
}

function httpRequest(
  name: SampleMethod,
  json: JsonObject,
): readonly [verb: string, path: string, body?: object] {
  const request = json as SampleRequest;
  const devices = "/applications/app1/devices";
  const mask = request.field_mask === undefined ? "" : `?field_mask=${request.field_mask.paths?.join()}`;
  switch (name) {
    case "get":
      return ["GET", `${devices}/${request.end_device_ids?.device_id}${mask}`];
    case "later":
      return ["GET", `/ns${devices}/${request.end_device_ids?.device_id}${mask}`];
    case "list":
      return ["GET", `${devices}?limit=${request.limit ?? 0}&order=${request.order ?? ""}${mask}`];
    case "create":
      return ["POST", devices, json];
    case "delete":
      return ["DELETE", `${devices}/${request.device_id}`];
  }
}
