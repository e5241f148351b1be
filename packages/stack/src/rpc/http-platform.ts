import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpBinding } from "@skylark/api";
import { getOption, httpBindings, httpStatus, server_sent_events, statusCodes } from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import { defineErrors } from "../errors/errors.ts";
import type { Logger } from "../log/log.ts";
import { errorStatus, RequestError } from "./error-status.ts";
import { HttpCall } from "./http-call.ts";
import type { Method, PlatformOptions } from "./method.ts";
import { methodsOf } from "./method.ts";
import { createRateLimiter, type RateLimitProfile } from "./rate-limiter.ts";
import { privateNetworks, remoteAddressReader } from "./remote-address.ts";
import { readBody } from "./request-body.ts";
import { preflightHeaders, responseHeaders } from "./response-headers.ts";
import { Routes } from "./routes.ts";
import type { Authority, ServiceImplementation } from "./service.ts";
import {
  jsonLines,
  jsonParagraphs,
  type StreamFraming,
  sendStream,
  serverSentEvents,
} from "./stream-response.ts";
import { type RequestReader, requestReader } from "./transcoding.ts";

const routeNotFound = defineErrors("pkg/webhandlers").notFound(
  "route_not_found",
  "route `{route}` not found",
);

export interface HttpPlatformOptions {
  readonly services: readonly ServiceImplementation[];
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
  /** The tenant that a Host header names. */
  readonly tenantOfHost: (host: string | undefined) => string;
  readonly rateLimit?: RateLimitProfile;
  readonly trustedNetworks?: readonly string[];
  readonly maxBodyBytes?: number;
  readonly slowClientMs?: number;
  readonly idleMs?: number;
}

/** A route beside the API, such as `/healthz/live`. */
export type PlainHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Everything that is answered over HTTP; listeners feed it. */
export interface HttpPlatform {
  readonly maxBodyBytes: number;
  /** Requests that have no answer yet, and streams. */
  readonly callsUnderWay: number;
  mount(verb: string, path: string, handler: PlainHandler): void;
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Ends the streams, and lets no connection live on after its answer. */
  stop(): void;
}

interface Route {
  readonly method: Method;
  readonly hasBody: boolean;
  readonly reader: RequestReader;
  readonly isStream: boolean;
  readonly isServerSentEvents: boolean;
}

const apiPrefix = "/api/v3";

/** More than one machine's worth of requests: who sets a limit sets a lower one. */
const generousRateLimit: RateLimitProfile = { name: "http", maxPerMinute: 1_200_000 };

const defaults = { maxBodyBytes: 16 * 1024 * 1024, slowClientMs: 30_000, idleMs: 15_000 };

export function createHttpPlatform(options: HttpPlatformOptions): HttpPlatform {
  return new Platform(options);
}

class Platform implements HttpPlatform {
  readonly maxBodyBytes: number;
  readonly #options: HttpPlatformOptions;
  readonly #platform: PlatformOptions;
  readonly #api = new Routes<Route>();
  readonly #mounted = new Map<string, Map<string, PlainHandler>>();
  readonly #calls = new Set<HttpCall>();
  readonly #remoteAddress: (request: IncomingMessage) => string;
  #stopping = false;

  constructor(options: HttpPlatformOptions) {
    this.#options = options;
    this.maxBodyBytes = options.maxBodyBytes ?? defaults.maxBodyBytes;
    this.#remoteAddress = remoteAddressReader(options.trustedNetworks ?? privateNetworks);
    this.#platform = {
      authority: options.authority,
      rateLimiter: createRateLimiter(options.clock),
      rateLimit: options.rateLimit ?? generousRateLimit,
      now: () => options.clock.now(),
    };
    for (const service of options.services) this.#add(service);
  }

  #add(service: ServiceImplementation): void {
    const methods = new Map(methodsOf(service, this.#platform).map((method) => [method.desc, method]));
    for (const binding of httpBindings(service.descriptor)) {
      const method = methods.get(binding.method);
      if (method !== undefined) this.#api.add(binding.verb, binding.segments, routeOf(binding, method));
    }
  }

  get callsUnderWay(): number {
    return this.#calls.size;
  }

  mount(verb: string, path: string, handler: PlainHandler): void {
    const handlers = this.#mounted.get(path) ?? new Map<string, PlainHandler>();
    if (handlers.has(verb)) throw new TypeError(`two routes for ${verb} ${path}`);
    this.#mounted.set(path, handlers.set(verb, handler));
  }

  stop(): void {
    this.#stopping = true;
    for (const call of this.#calls) call.abort();
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stopping) response.setHeader("Connection", "close");
    this.#serve(request, response).catch((error: unknown) => {
      this.#options.log.error("an HTTP request could not be answered", { error });
      response.destroy();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = new HttpCall(request, {
      tenantId: this.#options.tenantOfHost(request.headers.host),
      remoteAddress: this.#remoteAddress(request),
      now: this.#options.clock.now(),
    });
    this.#calls.add(call);
    response.once("close", () => {
      this.#calls.delete(call);
      if (!response.writableFinished) call.abort();
    });
    try {
      await this.#answer(request, response, call);
    } catch (error) {
      this.#sendError(response, call, error);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse, call: HttpCall): void | Promise<void> {
    if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) {
      response.setHeader("Upgrade", "HTTP/1.1");
      throw new RequestError(statusCodes.failedPrecondition, "HTTP/1.1 or newer is needed", 426);
    }
    const url = originForm(request.url ?? "");
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    if (!path.startsWith(`${apiPrefix}/`)) return this.#servePlain(path, request, response, call);
    if (request.method === "OPTIONS") {
      response.writeHead(200, { ...responseHeaders(call, "application/json"), ...preflightHeaders });
      response.end();
      return;
    }
    const found = this.#api.find(request.method ?? "", path.slice(apiPrefix.length));
    if (found === undefined) throw new RequestError(statusCodes.notFound, "Not Found");
    const parts = { variables: found.variables, query: mark < 0 ? "" : url.slice(mark + 1) };
    return this.#call(found.target, parts, { request, response, call });
  }

  async #call(
    route: Route,
    parts: { readonly variables: readonly string[]; readonly query: string },
    { request, response, call }: Exchange,
  ): Promise<void> {
    const { method } = route;
    call.fullName = method.fullName;
    const body = route.hasBody ? await readBody(request, this.maxBodyBytes) : "";
    const message = route.reader.read({ ...parts, body }, (text) => call.warn(text));
    await method.check(message, call);
    if (route.isStream) {
      const framing = framingOf(route, request.headers.accept);
      await sendStream(method.items(message, call), response, call, {
        framing,
        begin: () => response.writeHead(200, responseHeaders(call, framing.contentType)).flushHeaders(),
        formatError: (error) => JSON.stringify(this.#statusOf(error, call).body),
        slowClientMs: this.#options.slowClientMs ?? defaults.slowClientMs,
        idleMs: this.#options.idleMs ?? defaults.idleMs,
      });
      return;
    }
    send(response, call, 200, await method.answer(message, call));
  }

  #servePlain(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    call: HttpCall,
  ): void | Promise<void> {
    const handlers = this.#mounted.get(path);
    if (handlers === undefined) throw routeNotFound({ route: path.slice(0, 200) });
    const handler =
      handlers.get(request.method ?? "") ?? (request.method === "HEAD" ? handlers.get("GET") : undefined);
    if (handler === undefined) throw new RequestError(statusCodes.unimplemented, "Method Not Allowed");
    response.setHeader("X-Request-Id", call.requestId);
    response.setHeader("X-Content-Type-Options", "nosniff");
    return handler(request, response);
  }

  #statusOf(error: unknown, call: HttpCall) {
    const status = errorStatus(error);
    if (status.isUnexpected) {
      const { correlationId } = status;
      const stack = error instanceof Error ? error.stack : undefined;
      this.#options.log.error("a method failed", { method: call.fullName, correlationId, error, stack });
    }
    return status;
  }

  #sendError(response: ServerResponse, call: HttpCall, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      // Who went away hears nothing, and a body that was begun cannot become an error.
      response.destroy();
      if (!call.isAborted) this.#statusOf(error, call);
      return;
    }
    const { code, body } = this.#statusOf(error, call);
    // Also who asks for what is not there is held to the limit, and told how much is left.
    call.rateLimit ??= this.#platform.rateLimiter.take(this.#platform.rateLimit, call.remoteAddress);
    if (code === statusCodes.unauthenticated) response.setHeader("WWW-Authenticate", "Bearer");
    const status = (error instanceof RequestError && error.httpStatus) || httpStatus(code);
    const isPlain = error instanceof Error && error.name === "pkg/webhandlers:route_not_found";
    send(response, call, status, isPlain ? JSON.stringify(body, null, "\t") : JSON.stringify(body));
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: HttpCall;
}

function routeOf(binding: HttpBinding, method: Method): Route {
  const isStream = binding.method.methodKind === "server_streaming";
  return {
    method,
    hasBody: binding.hasBody,
    reader: requestReader(binding),
    isStream,
    isServerSentEvents: binding.verb === "GET" && getOption(binding.method, server_sent_events),
  };
}

function framingOf(route: Route, accept: string | undefined): StreamFraming {
  if (route.isServerSentEvents) return serverSentEvents;
  return accept?.includes("text/event-stream") === true ? jsonParagraphs : jsonLines;
}

/** The path and query, also of a request line that names the whole URL as for a proxy. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const match = /^https?:\/\/[^/?#]*(\/[^#]*)?$/i.exec(target);
  if (match === null) throw new RequestError(statusCodes.invalidArgument, "invalid request target");
  return match[1] ?? "/";
}

function send(response: ServerResponse, call: HttpCall, status: number, text: string): void {
  const headers = responseHeaders(call, "application/json");
  headers["Content-Length"] = Buffer.byteLength(text);
  response.writeHead(status, headers);
  response.end(text);
}
