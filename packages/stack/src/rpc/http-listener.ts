import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { statusCodes } from "@skylark/api";
import type { HttpPlatform } from "./http-platform.ts";
import { createServer, STATUS_CODES } from "./node-http.ts";
import { announcesTooMuch } from "./request-body.ts";

export interface HttpListenOptions {
  readonly port: number;
  /** All interfaces when absent. */
  readonly host?: string;
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** How long a client may take for the head of a request, and for the whole of it. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly maxConnections?: number;
}

/** A port that is listened on. */
export interface HttpListener {
  readonly port: number;
  /** Lets requests under way end for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const defaults = { headersTimeoutMs: 15_000, requestTimeoutMs: 120_000, maxConnections: 20_000 };
const keepAliveMs = 75_000;
const maxHeaderBytes = 64 * 1024;

/** Rejects with the system's error when the port cannot be had. */
export async function listenHttp(platform: HttpPlatform, options: HttpListenOptions): Promise<HttpListener> {
  const server = createConfiguredServer(options, (request) => platform.takesUpgrade(request));
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    platform.serveUpgrade(request, socket, head);
  });
  const answering = new WeakMap<object, ServerResponse>();
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    answering.set(request.socket, response);
    platform.serve(request, response);
  };
  server.on("request", serve);
  server.on("checkContinue", (request, response) => {
    // Who asks whether to send a body that is too large is told so before.
    if (!announcesTooMuch(request, platform.maxBodyBytes)) response.writeContinue();
    serve(request, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = answering.get(socket);
    // An answer that was begun must not have another in its middle.
    if (response?.headersSent === true && !response.writableFinished) socket.destroy();
    else refuse(error, socket as Socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: options.port, ...(options.host !== undefined && { host: options.host }) }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) => closeServer(server, upgraded, graceMs),
  };
}

function createConfiguredServer(
  options: HttpListenOptions,
  shouldUpgradeCallback: (request: IncomingMessage) => boolean,
): Server {
  const limits = {
    headersTimeout: options.headersTimeoutMs ?? defaults.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? defaults.requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    // How promptly the time limits are enforced.
    connectionsCheckingInterval: Math.min(2_000, options.headersTimeoutMs ?? defaults.headersTimeoutMs),
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
    // A request that asks for what nobody offers is an ordinary one.
    shouldUpgradeCallback,
  };
  const server =
    options.tls === undefined
      ? createServer(limits)
      : createTlsServer({ ...limits, ...options.tls, minVersion: "TLSv1.2" });
  if (options.tls !== undefined) {
    server.prependListener("request", (_request, response) =>
      response.setHeader("Strict-Transport-Security", strictTransportSecurity),
    );
  }
  server.maxConnections = options.maxConnections ?? defaults.maxConnections;
  return server;
}

/** Whoever came over TLS once comes over TLS from then on, for two years. */
const strictTransportSecurity = "max-age=63072000";

const refusals: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "the request's headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request took too long to arrive"],
  HPE_INVALID_VERSION: [505, "HTTP/1.1 is spoken here"],
};

/** What is no HTTP gets an answer too, as far as the socket can take one. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = refusals[error.code ?? ""] ?? [400, "the request is not valid HTTP"];
  const body = JSON.stringify({ code: statusCodes.invalidArgument, message });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
  // A client that does not read is not waited for.
  socket.setTimeout(2_000, () => socket.destroy());
}

function closeServer(server: Server, upgraded: ReadonlySet<Duplex>, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, graceMs);
  // A connection whose last answer was sent is kept for a next request, which will not come.
  const idle = setInterval(() => server.closeIdleConnections(), 25);
  server.close(() => {
    clearTimeout(timer);
    clearInterval(idle);
    resolve();
  });
  return promise;
}
