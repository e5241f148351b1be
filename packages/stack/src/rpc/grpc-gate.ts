import type { Buffer } from "node:buffer";
import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { statusCodes } from "@skylark/api";
import { type ClientShares, HeldBytes } from "./fair-share.ts";
import { MessageIntake } from "./grpc-message-intake.ts";
import { networkOf, type RequestOrigin } from "./remote-address.ts";

export interface GateOptions {
  readonly shares: ClientShares;
  readonly maxMessageBytes: number;
  /** Whether the requests of the method at a path are a stream. */
  readonly isRequestStream: (path: string) => boolean;
  readonly isAnswerStream: (path: string) => boolean;
  readonly remoteAddress: (origin: RequestOrigin) => string;
  /** How long a client may take to send a message, and to take an answer. */
  readonly slowClientMs: number;
  /** How long a connection may last without a call. */
  readonly firstCallMs: number;
}

/** Metadata that one call may have; The Things Stack allows 16 MiB, and HTTP here as much as this. */
const mostHeaderBytes = 64 * 1024;

/** Refused calls of the client of a connection, between two looks, after which it is closed. */
const mostRefused = 100;

const sweepMs = 5_000;

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

interface Connection {
  readonly session: ServerHttp2Session;
  readonly peer: string;
  readonly client: string;
  readonly since: number;
  hasCalled: boolean;
  refused: number;
}

/** A call from its head until its stream is closed. */
interface Call {
  readonly stream: ServerHttp2Stream;
  readonly connection: Connection;
  readonly client: string;
  readonly isRequestStream: boolean;
  readonly isAnswerStream: boolean;
  intake: MessageIntake | undefined;
  /** Since when the client keeps us waiting, how many messages came, and what it did not take. */
  waitingSince: number;
  received: number;
  untaken: number;
}

const busy = "too many calls and messages are under way, try again";

const encodings = "identity,deflate,gzip";

/**
 * Stands before grpc-js, which takes whatever a client sends: counts calls and their bytes by client, and closes what
 * does not get on. Returns what ends it.
 */
export function guardGrpc(server: Http2Server, options: GateOptions): () => void {
  const serve = server.listeners("stream").at(-1) as Serve | undefined;
  if (serve === undefined) throw new TypeError("nothing answers the streams of this server");
  server.removeAllListeners("stream");
  const gate = new Gate(serve, options);
  server.on("session", (session) => gate.connect(session));
  server.on("stream", (stream: ServerHttp2Stream, headers, _flags, rawHeaders) => {
    gate.admit(stream, headers, rawHeaders);
  });
  const timer = setInterval(() => gate.sweep(performance.now()), Math.min(sweepMs, options.slowClientMs / 4));
  timer.unref();
  return () => clearInterval(timer);
}

class Gate {
  readonly #serve: Serve;
  readonly #options: GateOptions;
  readonly #connections = new Map<ServerHttp2Session, Connection>();
  readonly #calls = new Set<Call>();
  /** As of the last look. */
  #now = performance.now();

  constructor(serve: Serve, options: GateOptions) {
    this.#serve = serve;
    this.#options = options;
  }

  connect(session: ServerHttp2Session): void {
    const peer = session.socket.remoteAddress ?? "";
    this.#connections.set(session, {
      session,
      peer,
      client: networkOf(peer),
      since: performance.now(),
      hasCalled: false,
      refused: 0,
    });
    session.once("close", () => this.#connections.delete(session));
  }

  admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    const connection = stream.session && this.#connections.get(stream.session as ServerHttp2Session);
    if (connection === undefined) {
      stream.close(constants.NGHTTP2_CANCEL);
      return;
    }
    const encoding = headers["grpc-encoding"];
    if (encoding !== undefined && !encodings.split(",").includes(String(encoding))) {
      refuse(stream, {
        "grpc-status": statusCodes.unimplemented,
        "grpc-message": "messages of this encoding are not understood",
        "grpc-accept-encoding": encodings,
      });
      return;
    }
    const { shares, isRequestStream, isAnswerStream } = this.#options;
    const path = headers[":path"] ?? "";
    const client = this.#clientOf(connection, headers);
    let headerBytes = 0;
    for (const text of rawHeaders) headerBytes += text.length;
    const held = new HeldBytes(shares.bytes, client);
    if (headerBytes > mostHeaderBytes || !held.set(headerBytes) || !shares.calls.take(client, 1)) {
      held.set(0);
      this.#refuse(stream, connection, client);
      return;
    }
    connection.hasCalled = true;
    const call: Call = {
      stream,
      connection,
      client,
      isRequestStream: isRequestStream(path),
      isAnswerStream: isAnswerStream(path),
      intake: undefined,
      waitingSince: this.#now,
      received: 0,
      untaken: 0,
    };
    this.#calls.add(call);
    stream.once("close", () => {
      this.#calls.delete(call);
      call.intake?.stop();
      held.set(0);
      shares.calls.giveBack(client, 1);
    });
    this.#serve(stream, headers);
    this.#stepBetween(call, held, { headerBytes, isCompressed: encoding !== undefined });
  }

  /** Puts itself between the stream and grpc-js' reader of it, if there is one. */
  #stepBetween(
    call: Call,
    held: HeldBytes,
    { headerBytes, isCompressed }: { readonly headerBytes: number; readonly isCompressed: boolean },
  ): void {
    const { stream, isRequestStream: isStream, connection, client } = call;
    const [reader] = stream.listeners("data") as ((piece: Buffer) => void)[];
    if (reader === undefined) return;
    const { maxMessageBytes } = this.#options;
    const intake = new MessageIntake({ isStream, isCompressed, maxMessageBytes, headerBytes }, held, reader);
    call.intake = intake;
    stream.removeListener("data", reader);
    stream.on("data", (piece: Buffer) => {
      if (intake.take(piece)) return;
      intake.stop();
      this.#refuse(stream, connection, client);
    });
  }

  #clientOf(connection: Connection, headers: IncomingHttpHeaders): string {
    const forwardedFor = headers["x-forwarded-for"];
    const realIp = headers["x-real-ip"];
    if (forwardedFor === undefined && realIp === undefined) return connection.client;
    const origin = { peer: connection.peer, forwardedFor: textOf(forwardedFor), realIp: textOf(realIp) };
    return networkOf(this.#options.remoteAddress(origin));
  }

  #refuse(stream: ServerHttp2Stream, connection: Connection, client: string): void {
    // The connection of a proxy is also that of its other clients.
    const isOwn = client === connection.client;
    if (isOwn && ++connection.refused > mostRefused) {
      connection.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    if (stream.destroyed || stream.closed) return;
    if (stream.headersSent) {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    refuse(stream, { "grpc-status": statusCodes.resourceExhausted, "grpc-message": busy });
  }

  /** Closes what does not get on. */
  sweep(now: number): void {
    this.#now = now;
    const { slowClientMs, firstCallMs } = this.#options;
    for (const call of this.#calls) {
      if (noteProgress(call)) call.waitingSince = now;
      // The client was told the end, and whatever it still sends is for nobody.
      else if (call.stream.writableFinished) call.stream.close(constants.NGHTTP2_NO_ERROR);
      else if (now - call.waitingSince > slowClientMs) call.stream.close(constants.NGHTTP2_CANCEL);
    }
    for (const connection of this.#connections.values()) {
      connection.refused = 0;
      if (!connection.hasCalled && now - connection.since > firstCallMs) connection.session.destroy();
    }
  }
}

/** Answers in the place of grpc-js. */
function refuse(stream: ServerHttp2Stream, status: Readonly<Record<string, string | number>>): void {
  stream.on("error", () => {});
  // Not before it is sent: what is closed says nothing more.
  stream.once("finish", () => setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR)));
  stream.respond(
    { ":status": 200, "content-type": "application/grpc+proto", ...status },
    { endStream: true },
  );
}

/**
 * Notes how far the call is; true when it got on since the last time, false when nothing can happen until the client
 * sends the rest of a message or takes more of the answer.
 */
function noteProgress(call: Call): boolean {
  const { stream, intake, isRequestStream, isAnswerStream } = call;
  const { writableLength: untaken } = stream;
  const received = intake?.received ?? 0;
  // Of a stream that goes on, as much may wait again and again; whether its items are taken, the platform sees.
  const isWhole = !isAnswerStream || stream.writableEnded;
  const takesNothing = isWhole && untaken > 0 && untaken === call.untaken;
  const sendsNothing =
    received === call.received && (isRequestStream ? intake?.isWaiting : !stream.readableEnded);
  call.untaken = untaken;
  call.received = received;
  return !(takesNothing || sendsNothing === true || stream.writableFinished);
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
