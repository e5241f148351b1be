import { Buffer } from "node:buffer";
import type { Http2Server } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type ClientShares, sharesOfAll } from "./fair-share.ts";
import { guardGrpc } from "./grpc-gate.ts";
import type { GrpcPlatform } from "./grpc-platform.ts";
import { networkOf } from "./remote-address.ts";

export interface GrpcListenOptions {
  readonly port: number;
  /** All interfaces when absent. */
  readonly host?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** How long a client may take to say anything at all, and until its first call. */
  readonly firstByteMs?: number;
  readonly firstCallMs?: number;
  /** How long a client may take to send a message, and to take an answer. */
  readonly slowClientMs?: number;
  readonly maxMessageBytes?: number;
  readonly shares?: ClientShares;
}

/** What a listener needs of a platform. */
type Answering = Pick<GrpcPlatform, "register" | "requestStreams" | "answerStreams" | "remoteAddress">;

/** A port that is listened on. */
export interface GrpcListener {
  readonly port: number;
  /** Lets calls under way end for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const defaults = {
  firstByteMs: 15_000,
  firstCallMs: 60_000,
  slowClientMs: 120_000,
  maxMessageBytes: 16 * 1024 * 1024,
  shares: sharesOfAll,
};
const hourMs = 3_600_000;

/** What answers the connections of a port. */
interface ConnectionServer {
  take(socket: Socket): void;
  drain(graceMs: number): void;
  shutdown(): void;
}

function serveConnections(platform: Answering, options: Omit<GrpcListenOptions, "port">): ConnectionServer {
  const { tls, maxMessageBytes, shares, slowClientMs, firstCallMs } = { ...defaults, ...options };
  const grpc = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc.max_concurrent_streams": 1000,
    "grpc.max_connection_idle_ms": 6 * hourMs,
    "grpc.max_connection_age_ms": 24 * hourMs,
    "grpc.max_connection_age_grace_ms": hourMs,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.enable_channelz": 0,
  });
  platform.register(grpc);
  // Connections are taken here and handed over, so that the errors of the port and the limits are ours.
  const injector = grpc.createConnectionInjector(credentialsOf(tls));
  const stopGuarding = guardGrpc(http2ServerOf(grpc), {
    shares,
    maxMessageBytes,
    slowClientMs,
    firstCallMs,
    isRequestStream: (path) => platform.requestStreams.has(path),
    isAnswerStream: (path) => platform.answerStreams.has(path),
    remoteAddress: (origin) => platform.remoteAddress(origin),
  });
  return {
    take: (socket) => injector.injectConnection(socket),
    drain: (graceMs) => injector.drain(graceMs),
    shutdown() {
      stopGuarding();
      grpc.forceShutdown();
    },
  };
}

/** grpc-js does not show what it reads from, nor lets anyone count what it is sent. */
function http2ServerOf(grpc: Server): Http2Server {
  const { http2Servers } = grpc as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> };
  const [server] = http2Servers?.keys() ?? [];
  if (server === undefined) throw new TypeError("this version of grpc-js keeps its server elsewhere");
  return server;
}

/** Rejects with the system's error when the port cannot be had. */
export function listenGrpc(platform: GrpcPlatform, options: GrpcListenOptions): Promise<GrpcListener> {
  return listen(options, serveConnections(platform, options));
}

/** What a port of its own needs besides an address, made when the first client comes. */
export interface LateGrpc {
  readonly platform: Answering;
  readonly tls: { readonly cert: string; readonly key: string };
}

/** As `listenGrpc`, for a port that perhaps nobody ever uses. A client is turned away when `prepare` fails. */
export function listenGrpcLate(
  prepare: () => Promise<LateGrpc>,
  options: Omit<GrpcListenOptions, "tls">,
): Promise<GrpcListener> {
  let preparing: Promise<ConnectionServer> | undefined;
  let connections: ConnectionServer | undefined;
  const begin = async (): Promise<ConnectionServer> => {
    const { platform, tls } = await prepare();
    connections = serveConnections(platform, { ...options, tls });
    return connections;
  };
  return listen(options, {
    take(socket) {
      if (connections !== undefined) return connections.take(socket);
      preparing ??= begin();
      preparing.then(
        (ready) => socket.destroyed || ready.take(socket),
        () => {
          preparing = undefined;
          socket.destroy();
        },
      );
    },
    drain: (graceMs) => connections?.drain(graceMs),
    shutdown: () => connections?.shutdown(),
  });
}

async function listen(options: GrpcListenOptions, connections: ConnectionServer): Promise<GrpcListener> {
  const { firstByteMs, shares } = { ...defaults, ...options };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
    socket.on("error", () => socket.destroy());
    const client = networkOf(socket.remoteAddress ?? "");
    if (!shares.connections.take(client, 1)) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const silent = setTimeout(() => socket.bytesRead === 0 && socket.destroy(), firstByteMs);
    socket.once("close", () => {
      clearTimeout(silent);
      sockets.delete(socket);
      shares.connections.giveBack(client, 1);
    });
    connections.take(socket);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port: options.port, ...(options.host !== undefined && { host: options.host }) }, resolve);
  await listening;
  server.off("error", reject);
  return {
    port: (server.address() as AddressInfo).port,
    close(graceMs) {
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      server.close(() => {
        clearTimeout(timer);
        connections.shutdown();
        closed();
      });
      connections.drain(graceMs);
      return promise;
    },
  };
}

function credentialsOf(tls: GrpcListenOptions["tls"]): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) },
  ]);
}
