import { Buffer } from "node:buffer";
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  Server,
  ServerDuplexStream,
  ServerWritableStream,
} from "@grpc/grpc-js";
import type { DescMessage, DescMethod, DescService, ProtoMessage } from "@skylark/api";
import { toBinary } from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import { statusCodes } from "../errors/errors.ts";
import type { Logger } from "../log/log.ts";
import { errorStatus, RequestError } from "./error-status.ts";
import { type ClientShares, HeldBytes, ownBytes, sharesOfAll, tooMuchUnderWay } from "./fair-share.ts";
import { decodeRequest, GrpcCall } from "./grpc-call.ts";
import { grpcStatus, headMetadata } from "./grpc-metadata.ts";
import { type Method, methodsOf } from "./method.ts";
import { pump } from "./pump.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { networkOf, privateNetworks, type RequestOrigin, remoteAddressReader } from "./remote-address.ts";
import type { Authority, ServiceImplementation } from "./service.ts";

export interface GrpcPlatformOptions {
  readonly services: readonly ServiceImplementation[];
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
  /** The tenant that a Host header, or what stands for it, names. */
  readonly tenantOfHost: (host: string | undefined, uid?: string) => string;
  /** Shared with other platforms over the same services; generous ones when absent. */
  readonly rateLimits?: RateLimits;
  readonly trustedNetworks?: readonly string[];
  readonly slowClientMs?: number;
  readonly shares?: ClientShares;
}

/** Everything that is answered over gRPC; listeners feed it. */
export interface GrpcPlatform {
  readonly services: readonly DescService[];
  /** Calls that have no answer yet, and streams. */
  readonly callsUnderWay: number;
  /** Paths of the methods whose requests are a stream. */
  readonly requestStreams: ReadonlySet<string>;
  /** Paths of the methods whose answers are one. */
  readonly answerStreams: ReadonlySet<string>;
  /** Where a request comes from, when its connection is a proxy's. */
  readonly remoteAddress: (origin: RequestOrigin) => string;
  register(server: Pick<Server, "register">): void;
  /** Ends the streams. */
  stop(): void;
}

const defaultSlowClientMs = 30_000;

/** Items of a stream that are not counted: grpc-js has 16 of them under way at most. */
const smallItemBytes = ownBytes / 16;

export function createGrpcPlatform(options: GrpcPlatformOptions): GrpcPlatform {
  return new Platform(options);
}

type UnaryHandler = handleUnaryCall<Uint8Array, Uint8Array>;
type ServerStreamHandler = handleServerStreamingCall<Uint8Array, Uint8Array>;
type BidiHandler = handleBidiStreamingCall<Uint8Array, Uint8Array>;
type AnswerStream = ServerWritableStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

/** What every kind of call of grpc-js tells. */
interface Incoming {
  readonly metadata: Metadata;
  getPeer(): string;
  getHost(): string;
  once(event: "cancelled", listener: () => void): unknown;
}

class Platform implements GrpcPlatform {
  readonly services: readonly DescService[];
  readonly #options: GrpcPlatformOptions;
  readonly #methods: readonly Method[];
  readonly #calls = new Set<GrpcCall>();
  readonly requestStreams: ReadonlySet<string>;
  readonly answerStreams: ReadonlySet<string>;
  readonly remoteAddress: (origin: RequestOrigin) => string;
  readonly #shares: ClientShares;
  #stopping = false;

  constructor(options: GrpcPlatformOptions) {
    this.#options = options;
    this.#shares = options.shares ?? sharesOfAll;
    this.services = options.services.map(({ descriptor }) => descriptor);
    this.remoteAddress = remoteAddressReader(options.trustedNetworks ?? privateNetworks);
    const { authority, clock, rateLimits = createRateLimits(clock) } = options;
    const platform = { authority, rateLimits, now: () => clock.now() };
    this.#methods = options.services.flatMap((service) => methodsOf(service, platform));
    this.requestStreams = this.#pathsOf("client_streaming", "bidi_streaming");
    this.answerStreams = this.#pathsOf("server_streaming", "bidi_streaming");
  }

  #pathsOf(...kinds: readonly DescMethod["methodKind"][]): ReadonlySet<string> {
    const methods = this.#methods.filter(({ desc }) => kinds.includes(desc.methodKind));
    return new Set(methods.map(({ fullName }) => fullName));
  }

  get callsUnderWay(): number {
    return this.#calls.size;
  }

  register(server: Pick<Server, "register">): void {
    for (const method of this.#methods) {
      const { methodKind } = method.desc;
      // Which of its sides is a stream does not show on the wire, so that two kinds do for all four.
      if (methodKind === "unary") {
        server.register(method.fullName, this.#unary(method), asIs, asIs, "unary");
      } else if (methodKind === "server_streaming") {
        server.register(method.fullName, this.#serverStream(method), asIs, asIs, "serverStream");
      } else server.register(method.fullName, this.#bidi(method), asIs, asIs, "bidi");
    }
  }

  stop(): void {
    this.#stopping = true;
    for (const call of this.#calls) call.abort();
  }

  #begin({ fullName }: Method, incoming: Incoming): GrpcCall {
    const headers = incoming.metadata.getMap();
    const host = text(headers.host) ?? incoming.getHost();
    const call = new GrpcCall(headers, {
      tenantId: this.#options.tenantOfHost(host, text(headers.id)),
      remoteAddress: this.remoteAddress({
        peer: addressOf(incoming.getPeer()),
        forwardedFor: text(headers["x-forwarded-for"]),
        realIp: text(headers["x-real-ip"]),
      }),
      host,
      now: this.#options.clock.now(),
    });
    call.fullName = fullName;
    this.#calls.add(call);
    incoming.once("cancelled", () => {
      this.#calls.delete(call);
      call.held?.set(0);
      call.abort();
    });
    return call;
  }

  #unary(method: Method): UnaryHandler {
    const { input, output } = method.desc;
    return (incoming, callback) => {
      const call = this.#begin(method, incoming);
      const answer = (message: ProtoMessage): void => {
        const bytes = encode(output, message);
        if (bytes.length > ownBytes) this.#hold(call, bytes.length);
        incoming.sendMetadata(headMetadata(call));
        callback(null, bytes);
        this.#calls.delete(call);
      };
      const fail = (error: unknown): void => {
        incoming.sendMetadata(headMetadata(call));
        callback(this.#statusOf(error, call));
        this.#calls.delete(call);
      };
      const run = (request: ProtoMessage): void | Promise<void> => {
        const message = method.handle(request, call);
        return message instanceof Promise ? message.then(answer) : answer(message);
      };
      const read = (): void | Promise<void> => {
        const request = decodeRequest(input, incoming.request);
        const checked = method.check(request, call);
        return checked instanceof Promise ? checked.then(() => run(request)) : run(request);
      };
      try {
        const sized = method.checkSize(incoming.request.length, call);
        const done = sized instanceof Promise ? sized.then(read) : read();
        if (done instanceof Promise) done.catch(fail);
      } catch (error) {
        fail(error);
      }
    };
  }

  #serverStream(method: Method): ServerStreamHandler {
    return (incoming) => {
      const call = this.#begin(method, incoming);
      const items = async (): Promise<AsyncIterable<ProtoMessage>> => {
        await method.checkSize(incoming.request.length, call);
        const request = decodeRequest(method.desc.input, incoming.request);
        await method.check(request, call);
        return method.items(request, call);
      };
      void this.#send(items, method.desc.output, { incoming, call });
    };
  }

  #bidi(method: Method): BidiHandler {
    return (incoming) => {
      const call = this.#begin(method, incoming);
      const items = async (): Promise<AsyncIterable<ProtoMessage>> => {
        await method.checkStream(call);
        return method.converse(decodeEach(method, incoming, call), call);
      };
      void this.#send(items, method.desc.output, { incoming, call });
    };
  }

  /** Never rejects: what goes wrong becomes the call's status. */
  async #send(
    items: () => Promise<AsyncIterable<ProtoMessage>>,
    output: DescMessage,
    { incoming, call }: { readonly incoming: AnswerStream; readonly call: GrpcCall },
  ): Promise<void> {
    if (this.#stopping) call.abort();
    try {
      const accepted = await items();
      // At once: clients wait for it, and the first item of a quiet stream may be long in coming.
      incoming.sendMetadata(headMetadata(call));
      const ending = await pump(accepted, {
        begin: () => {},
        write: (message) => this.#write(encode(output, message), { incoming, call }),
        emitter: incoming,
        signal: call.signal,
        slowClientMs: this.#options.slowClientMs ?? defaultSlowClientMs,
      });
      if (ending === "slow")
        throw new RequestError(statusCodes.aborted, "the client does not read the stream");
      if (ending === "gone" && this.#stopping) {
        throw new RequestError(statusCodes.unavailable, "the server is shutting down");
      }
      incoming.end();
    } catch (error) {
      incoming.sendMetadata(headMetadata(call));
      incoming.emit("error", this.#statusOf(error, call));
    } finally {
      this.#calls.delete(call);
    }
  }

  #write(
    bytes: Buffer,
    { incoming, call }: { readonly incoming: AnswerStream; readonly call: GrpcCall },
  ): boolean {
    const { length } = bytes;
    if (length <= smallItemBytes) return incoming.write(bytes);
    this.#hold(call, length);
    return incoming.write(bytes, () => call.held?.add(-length));
  }

  /** Until the call is over, or so much was taken. */
  #hold(call: GrpcCall, bytes: number): void {
    // The end of the call gives back; what is held after it, for a client that went away, would be held for ever.
    if (call.isAborted) return;
    call.held ??= new HeldBytes(this.#shares.bytes, networkOf(call.remoteAddress));
    if (!call.held.add(bytes)) throw tooMuchUnderWay();
  }

  #statusOf(error: unknown, call: GrpcCall) {
    const status = errorStatus(error);
    if (status.isUnexpected && !call.isAborted) {
      const { correlationId } = status;
      const stack = error instanceof Error ? error.stack : undefined;
      this.#options.log.error("a method failed", { method: call.fullName, correlationId, error, stack });
    }
    return grpcStatus(status);
  }
}

/** Messages are decoded where their faults can be answered, and encoded where they are made. */
function asIs(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}

function encode(output: DescMessage, message: ProtoMessage): Buffer {
  const { buffer, byteOffset, byteLength } = toBinary(output, message);
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function* decodeEach(
  method: Method,
  incoming: ServerDuplexStream<Uint8Array, Uint8Array>,
  call: GrpcCall,
): AsyncGenerator<ProtoMessage> {
  // Who stops reading may still write.
  for await (const bytes of incoming.iterator({ destroyOnReturn: false })) {
    await method.checkSize(bytes.length, call);
    yield decodeRequest(method.desc.input, bytes);
  }
}

function text(value: string | Buffer | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** `127.0.0.1:1234` or `::1:1234` without its port. */
function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? peer : peer.slice(0, colon);
}
