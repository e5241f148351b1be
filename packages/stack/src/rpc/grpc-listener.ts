import { Buffer } from "node:buffer";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { GrpcPlatform } from "./grpc-platform.ts";

export interface GrpcListenOptions {
  readonly port: number;
  /** All interfaces when absent. */
  readonly host?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly maxConnections?: number;
  /** How long a client may take to say anything at all. */
  readonly firstByteMs?: number;
  readonly maxMessageBytes?: number;
}

/** A port that is listened on. */
export interface GrpcListener {
  readonly port: number;
  /** Lets calls under way end for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const defaults = { maxConnections: 20_000, firstByteMs: 15_000, maxMessageBytes: 16 * 1024 * 1024 };
const hourMs = 3_600_000;

/** What answers the connections of a port. */
interface ConnectionServer {
  take(socket: Socket): void;
  drain(graceMs: number): void;
  shutdown(): void;
}

function serveConnections(
  platform: Pick<GrpcPlatform, "register">,
  { tls, maxMessageBytes = defaults.maxMessageBytes }: Pick<GrpcListenOptions, "tls" | "maxMessageBytes">,
): ConnectionServer {
  const grpc = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    // Each may hold a message of the largest size before anything of it is read.
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
  return {
    take: (socket) => injector.injectConnection(socket),
    drain: (graceMs) => injector.drain(graceMs),
    shutdown: () => grpc.forceShutdown(),
  };
}

/** Rejects with the system's error when the port cannot be had. */
export function listenGrpc(platform: GrpcPlatform, options: GrpcListenOptions): Promise<GrpcListener> {
  return listen(options, serveConnections(platform, options));
}

/** What a port of its own needs besides an address, made when the first client comes. */
export interface LateGrpc {
  readonly platform: Pick<GrpcPlatform, "register">;
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
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => {
    sockets.add(socket);
    const silent = setTimeout(
      () => socket.bytesRead === 0 && socket.destroy(),
      options.firstByteMs ?? defaults.firstByteMs,
    );
    socket.once("close", () => {
      clearTimeout(silent);
      sockets.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    connections.take(socket);
  });
  server.maxConnections = options.maxConnections ?? defaults.maxConnections;
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
