import { Buffer } from "node:buffer";
import { type ProtoMessage, statusCodes, toBinary } from "@skylark/api";
import { requireCsrfToken } from "./cookies.ts";
import { type ErrorStatus, RequestError } from "./error-status.ts";
import { decodeRequest } from "./grpc-call.ts";
import { grpcStatus } from "./grpc-metadata.ts";
import type { Exchange } from "./http-answer.ts";
import type { HttpCall } from "./http-call.ts";
import type { Method } from "./method.ts";
import { pump } from "./pump.ts";
import { readBodyBytes } from "./request-body.ts";
import { responseHeaders } from "./response-headers.ts";

export interface GrpcWebOptions {
  readonly maxBodyBytes: number;
  readonly slowClientMs: number;
  readonly statusOf: (error: unknown, call: HttpCall) => ErrorStatus;
}

const contentTypes = /^application\/grpc-web(?<text>-text)?(?:\+proto)?\s*(?:;|$)/i;

const prefixBytes = 5;
/** Flags of a frame: its message is compressed, or it is no message but the end. */
const compressed = 1;
const trailers = 0x80;

/** Answers the calls of browsers that speak gRPC: the frames of gRPC in HTTP/1.1, the status after them in the body. */
export class GrpcWeb {
  readonly #methods = new Map<string, Method>();
  readonly #options: GrpcWebOptions;

  constructor(options: GrpcWebOptions) {
    this.#options = options;
  }

  add(method: Method): void {
    this.#methods.set(method.fullName, method);
  }

  find(path: string): Method | undefined {
    return this.#methods.get(path);
  }

  async serve(method: Method, exchange: Exchange): Promise<void> {
    const { request, response, call } = exchange;
    const type = contentTypes.exec(request.headers["content-type"] ?? "");
    if (request.method !== "POST" || type === null) {
      throw new RequestError(statusCodes.invalidArgument, "gRPC-Web is a POST of application/grpc-web", 415);
    }
    const isText = type.groups?.text !== undefined;
    const send = (flag: number, bytes: Uint8Array): boolean => {
      const frame = frameOf(flag, bytes);
      return response.write(isText ? frame.toString("base64") : frame);
    };
    const begin = (): void => {
      if (response.headersSent) return;
      const contentType = `application/grpc-web${isText ? "-text" : ""}+proto`;
      response.writeHead(200, responseHeaders(call, contentType)).flushHeaders();
    };
    call.fullName = method.fullName;
    let end = "grpc-status: 0\r\n";
    try {
      if (call.session !== undefined) requireCsrfToken(request);
      const bytes = await this.#read(exchange, isText);
      const ending = await this.#answer(method, bytes, { exchange, begin, send });
      if (ending === "slow") return void response.destroy();
      if (ending === "gone") throw new RequestError(statusCodes.unavailable, "the server is shutting down");
    } catch (error) {
      end = trailersOf(this.#options.statusOf(error, call));
    }
    if (response.destroyed) return;
    begin();
    send(trailers, Buffer.from(end, "latin1"));
    response.end();
  }

  async #read({ request, call: { remoteAddress } }: Exchange, isText: boolean): Promise<Uint8Array> {
    const largest = this.#options.maxBodyBytes + prefixBytes;
    const limit = isText ? Math.ceil(largest / 3) * 4 : largest;
    const body = await readBodyBytes(request, { limit, remoteAddress });
    return messageOf(isText ? Buffer.from(body.toString("latin1"), "base64") : body);
  }

  async #answer(
    method: Method,
    bytes: Uint8Array,
    { exchange, begin, send }: Answering,
  ): Promise<"ended" | "gone" | "slow"> {
    const { response, call } = exchange;
    const { input, output, methodKind } = method.desc;
    await method.checkSize(bytes.length, call);
    if (methodKind !== "unary" && methodKind !== "server_streaming") {
      throw new RequestError(statusCodes.unimplemented, "gRPC-Web has no streams of requests");
    }
    const message = decodeRequest(input, bytes);
    await method.check(message, call);
    const write = (item: ProtoMessage): boolean => send(0, toBinary(output, item));
    if (methodKind === "unary") {
      const answer = await method.handle(message, call);
      begin();
      write(answer);
      return "ended";
    }
    const { slowClientMs } = this.#options;
    const items = method.items(message, call);
    begin();
    return pump(items, { begin: () => {}, write, emitter: response, signal: call.signal, slowClientMs });
  }
}

interface Answering {
  readonly exchange: Exchange;
  /** Sends the head, once. */
  readonly begin: () => void;
  readonly send: (flag: number, bytes: Uint8Array) => boolean;
}

function frameOf(flag: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + bytes.length);
  frame.writeUInt8(flag, 0);
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, prefixBytes);
  return frame;
}

/** The one message of a request. */
function messageOf(body: Uint8Array): Uint8Array {
  const { byteLength } = body;
  const size = byteLength < prefixBytes ? -1 : new DataView(body.buffer, body.byteOffset).getUint32(1);
  if (byteLength !== prefixBytes + size) {
    throw new RequestError(statusCodes.internal, "the request is not one message of gRPC-Web");
  }
  if (((body[0] ?? 0) & compressed) !== 0) {
    throw new RequestError(statusCodes.unimplemented, "compressed messages are not taken over gRPC-Web");
  }
  return body.subarray(prefixBytes);
}

function trailersOf(error: ErrorStatus): string {
  const { code, details, metadata } = grpcStatus(error);
  const [bytes] = metadata.get("grpc-status-details-bin");
  const more = Buffer.isBuffer(bytes) ? `grpc-status-details-bin: ${bytes.toString("base64")}\r\n` : "";
  return `grpc-status: ${code}\r\ngrpc-message: ${encodeURI(details)}\r\n${more}`;
}
