import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket, WebSocketServer } from "ws";
import { defineErrors } from "../errors/errors.ts";
import { authenticationOf } from "../events/call-origin.ts";
import { readCookie, sessionCookie } from "../rpc/cookies.ts";
import type { HttpPlatform } from "../rpc/http-platform.ts";
import type { PlainCall } from "../rpc/plain-routes.ts";
import { createRateLimiter, type RateLimitProfile } from "../rpc/rate-limiter.ts";
import type { Authority } from "../rpc/service.ts";
import { EventSocket, type EventSocketOptions } from "./event-socket.ts";

export const eventSocketPath = "/api/v3/console/internal/events/";
export const eventSocketProtocol = "ttn.lorawan.v3.console.internal.events.v1";
const bearerProtocol = "ttn.lorawan.v3.header.authorization.bearer.";

const errors = defineErrors("skylark/event-server");
const foreignOrigin = errors.permissionDenied(
  "foreign_origin",
  "a session may be used by pages of this host only",
);
const tooManySockets = errors.resourceExhausted(
  "too_many_sockets",
  "more than {maximum} sockets of one caller",
);
const rateExceeded = errors.resourceExhausted("too_many_connections", "connections are opened too fast");

/** Of all messages that a console sends. */
const longestMessageBytes = 64 * 1024;
const socketsOfOneCaller = 100;
const connectionRate: RateLimitProfile = { name: "event-sockets", maxPerMinute: 120 };
const messageRate: RateLimitProfile = { name: "event-messages", maxPerMinute: 1200, maxBurst: 300 };

export interface EventSocketEndpointOptions extends EventSocketOptions {
  readonly authority: Authority;
}

/** The console's event multiplexer, on the path and in the protocol of The Things Stack. */
export function mountEventSocket(
  platform: Pick<HttpPlatform, "mount" | "mountUpgrade">,
  options: EventSocketEndpointOptions,
): void {
  let server: Promise<WebSocketServer> | undefined;
  const limiter = createRateLimiter(options.clock);
  const sockets = new Map<string, number>();
  platform.mount("GET", eventSocketPath, (_request, response) => {
    response.writeHead(426, { Connection: "Upgrade", Upgrade: "websocket" }).end();
  });
  platform.mountUpgrade(eventSocketPath, async (request, connection, head, call) => {
    if (limiter.take(connectionRate, call.remoteAddress).limited) throw rateExceeded();
    const credentials = credentialsOf(request);
    if (credentials.session !== undefined) requireOwnOrigin(request);
    const { authorization, session } = credentials;
    const { authority } = options;
    const caller = await authority.authenticate(call.tenantId, authorization, session);
    await authority.require(caller, { kind: "authenticated" });
    const key = `${call.tenantId} ${authenticationOf(authorization)?.tokenId || call.remoteAddress}`;
    server ??= openServer();
    const ready = await server;
    const opened = sockets.get(key) ?? 0;
    if (opened >= socketsOfOneCaller) throw tooManySockets({ maximum: socketsOfOneCaller });
    if (connection.destroyed) return;
    sockets.set(key, opened + 1);
    connection.once("close", () => {
      const rest = (sockets.get(key) ?? 1) - 1;
      if (rest === 0) sockets.delete(key);
      else sockets.set(key, rest);
    });
    const takeRate = () => !limiter.take(messageRate, key).limited;
    accept(ready, { request, connection, head, call }, (socket) => {
      const peer = { tenantId: call.tenantId, caller, takeRate };
      return new EventSocket(socket, peer, options);
    });
  });
}

/** With the first socket: who has no console needs no WebSockets. */
async function openServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import("ws");
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: longestMessageBytes,
    // Some browsers' compression is at fault, and ours would cost a window of memory for each socket.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(eventSocketProtocol) ? eventSocketProtocol : false),
  });
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly connection: Duplex;
  readonly head: Buffer;
  readonly call: PlainCall;
}

function accept(
  server: WebSocketServer,
  { request, connection, head, call }: Upgrade,
  open: (socket: WebSocket) => EventSocket,
): void {
  server.handleUpgrade(request, connection, head, (socket) => {
    const events = open(socket);
    if (call.signal.aborted) events.stop();
    else call.signal.addEventListener("abort", () => events.stop(), { once: true });
  });
}

interface Credentials {
  readonly authorization: string | undefined;
  readonly session: string | undefined;
}

/** Browsers cannot set headers for a WebSocket: the token comes among the protocols, or the session as a cookie. */
function credentialsOf(request: IncomingMessage): Credentials {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  const bearer = offered.find((each) => each.toLowerCase().startsWith(bearerProtocol));
  const fromProtocol = bearer === undefined ? undefined : `Bearer ${bearer.slice(bearerProtocol.length)}`;
  const isToken = (authenticationOf(fromProtocol)?.tokenId ?? "") !== "";
  const authorization = isToken ? fromProtocol : request.headers.authorization;
  return {
    authorization,
    session: authorization === undefined ? readCookie(request, sessionCookie) : undefined,
  };
}

/** A page of another site could open the socket, and the browser would add our cookie. */
function requireOwnOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const originHost = origin === undefined ? undefined : /^https?:\/\/([^/]+)$/i.exec(origin)?.[1];
  if (originHost === undefined || originHost.toLowerCase() !== host?.toLowerCase()) throw foreignOrigin();
}
