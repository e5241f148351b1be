import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { httpStatus, statusCodes } from "@skylark/api";
import { defineErrors } from "../errors/errors.ts";
import { runWithCallOrigin } from "../events/call-origin.ts";
import { type ErrorStatus, RequestError } from "./error-status.ts";
import type { Exchange } from "./http-answer.ts";
import type { HttpCall } from "./http-call.ts";
import { STATUS_CODES } from "./node-http.ts";
import { type PlainCall, type PlainHandler, PlainRoutes, type UpgradeHandler } from "./plain-routes.ts";
import type { RateLimits } from "./rate-limits.ts";
import { securityHeaders } from "./response-headers.ts";

const routeNotFound = defineErrors("pkg/webhandlers").notFound(
  "route_not_found",
  "route `{route}` not found",
);

/** Where a request goes. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

export function targetOf(url: string): Target {
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** What is answered beside the API, and connections that go on in another protocol. */
export class PlainFrontEnd {
  readonly #routes = new PlainRoutes<PlainHandler>();
  readonly #upgrades = new PlainRoutes<UpgradeHandler>();
  readonly #limits: RateLimits;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  mount(verb: string, path: string, handler: PlainHandler): void {
    this.#routes.add(verb, path, handler);
  }

  mountUpgrade(path: string, handler: UpgradeHandler): void {
    this.#upgrades.add("GET", path, handler);
  }

  has({ path }: Target): boolean {
    return this.#routes.find(path) !== undefined;
  }

  serve(target: Target, { request, response, call }: Exchange): void | Promise<void> {
    call.isPlain = true;
    const found = this.#routes.find(target.path);
    if (found === undefined) throw routeNotFound({ route: target.path.slice(0, 200) });
    const verb = request.method ?? "";
    const handler = found.handlers.get(verb) ?? (verb === "HEAD" ? found.handlers.get("GET") : undefined);
    if (handler === undefined) throw new RequestError(statusCodes.unimplemented, "Method Not Allowed");
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.setHeader("X-Request-Id", call.requestId);
    call.fullName = found.template;
    const plain = this.#callOf(call, found.parameters, target.query);
    return runWithCallOrigin(call, () => handler(request, response, plain));
  }

  #callOf(call: HttpCall, parameters: PlainCall["parameters"], query: string): PlainCall {
    const { tenantId, requestId, remoteAddress, userAgent } = call;
    return {
      tenantId,
      requestId,
      remoteAddress,
      userAgent,
      parameters,
      query,
      get signal() {
        return call.signal;
      },
      limitAttempts: (account) => this.#limits.takeAttempt(remoteAddress, account),
      countRefused: () => this.#limits.countRefused(remoteAddress),
      requireFewRefused: () => this.#limits.requireFewRefused(remoteAddress),
    };
  }

  takesUpgrade({ path }: Target): boolean {
    try {
      return this.#upgrades.find(path) !== undefined;
    } catch {
      // A path that cannot be read is no handler's.
      return false;
    }
  }

  async serveUpgrade(target: Target, call: HttpCall, { request, socket, head }: Upgrade): Promise<void> {
    const found = this.#upgrades.find(target.path);
    const handler = found?.handlers.get(request.method ?? "");
    if (found === undefined || handler === undefined)
      throw routeNotFound({ route: target.path.slice(0, 200) });
    await handler(request, socket, head, this.#callOf(call, found.parameters, target.query));
  }
}

/** A connection that is handed over. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Refuses in HTTP what did not become another protocol. */
export function refuseUpgrade(socket: Duplex, { code, body }: ErrorStatus): void {
  const status = httpStatus(code);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
