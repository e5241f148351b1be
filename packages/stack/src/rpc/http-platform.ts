import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { DescMessage, HttpBinding, ProtoMessage } from "@skylark/api";
import {
  getOption,
  httpBindings,
  httpStatus,
  server_sent_events,
  statusCodes,
  toJSONText,
} from "@skylark/api";
import type { Clock } from "../clock/clock.ts";
import type { Logger } from "../log/log.ts";
import { requireCsrfToken } from "./cookies.ts";
import { errorStatus, RequestError } from "./error-status.ts";
import { GrpcWeb } from "./grpc-web.ts";
import { type Exchange, sendJSON } from "./http-answer.ts";
import { HttpCall } from "./http-call.ts";
import type { Method, PlatformOptions } from "./method.ts";
import { methodsOf } from "./method.ts";
import { sendPlainStatus } from "./plain-answers.ts";
import { PlainFrontEnd, refuseUpgrade, targetOf } from "./plain-front-end.ts";
import type { PlainHandler, UpgradeHandler } from "./plain-routes.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { privateNetworks, type RequestOrigin, remoteAddressReader } from "./remote-address.ts";
import { readBody } from "./request-body.ts";
import { preflightHeaders, responseHeaders } from "./response-headers.ts";
import { type FoundRoute, Routes } from "./routes.ts";
import type { Authority, ServiceImplementation } from "./service.ts";
import {
  jsonLines,
  jsonParagraphs,
  type StreamFraming,
  sendStream,
  serverSentEvents,
} from "./stream-response.ts";
import { type RequestReader, requestReader } from "./transcoding.ts";

export interface HttpPlatformOptions {
  readonly services: readonly ServiceImplementation[];
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
  /** The tenant that a Host header names. */
  readonly tenantOfHost: (host: string | undefined) => string;
  /** Shared with other platforms over the same services; generous ones when absent. */
  readonly rateLimits?: RateLimits;
  readonly trustedNetworks?: readonly string[];
  readonly maxBodyBytes?: number;
  readonly slowClientMs?: number;
  readonly idleMs?: number;
  /** What the paths of the schema begin with; `/api/v3` when absent. */
  readonly pathPrefix?: string;
}

/** Everything that is answered over HTTP; listeners feed it. */
export interface HttpPlatform {
  readonly maxBodyBytes: number;
  /** Requests that have no answer yet, and streams. */
  readonly callsUnderWay: number;
  /**
   * Adds a route beside the API: an exact path (`/metrics`), one with parameters (`/a/{b}`), or a tree (`/assets/*`).
   * A path below `/api/v3` is taken when the API has no such path.
   */
  mount(verb: string, path: string, handler: PlainHandler): void;
  /** The same for requests that ask for another protocol, such as WebSocket. */
  mountUpgrade(path: string, handler: UpgradeHandler): void;
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Whether there is a handler for the other protocol that the request asks for. */
  takesUpgrade(request: IncomingMessage): boolean;
  serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
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

const defaults = { maxBodyBytes: 16 * 1024 * 1024, slowClientMs: 30_000, idleMs: 15_000 };

export function createHttpPlatform(options: HttpPlatformOptions): HttpPlatform {
  return new Platform(options);
}

class Platform implements HttpPlatform {
  readonly maxBodyBytes: number;
  readonly #options: HttpPlatformOptions;
  readonly #platform: PlatformOptions;
  readonly #api = new Routes<Route>();
  readonly #grpcWeb: GrpcWeb;
  readonly #plain: PlainFrontEnd;
  readonly #limits: RateLimits;
  readonly #calls = new Set<HttpCall>();
  readonly #remoteAddress: (origin: RequestOrigin) => string;
  readonly #pathPrefix: string;
  #stopping = false;

  constructor(options: HttpPlatformOptions) {
    this.#options = options;
    this.#pathPrefix = options.pathPrefix ?? apiPrefix;
    this.maxBodyBytes = options.maxBodyBytes ?? defaults.maxBodyBytes;
    this.#remoteAddress = remoteAddressReader(options.trustedNetworks ?? privateNetworks);
    this.#limits = options.rateLimits ?? createRateLimits(options.clock);
    this.#plain = new PlainFrontEnd(this.#limits);
    this.#platform = {
      authority: options.authority,
      rateLimits: this.#limits,
      now: () => options.clock.now(),
    };
    this.#grpcWeb = new GrpcWeb({
      maxBodyBytes: this.maxBodyBytes,
      slowClientMs: options.slowClientMs ?? defaults.slowClientMs,
      statusOf: (error, call) => this.#statusOf(error, call),
    });
    for (const service of options.services) this.#add(service);
  }

  #add(service: ServiceImplementation): void {
    const methods = new Map(methodsOf(service, this.#platform).map((method) => [method.desc, method]));
    for (const method of methods.values()) this.#grpcWeb.add(method);
    for (const binding of httpBindings(service.descriptor)) {
      const method = methods.get(binding.method);
      if (method !== undefined) this.#api.add(binding.verb, binding.segments, routeOf(binding, method));
    }
  }

  get callsUnderWay(): number {
    return this.#calls.size;
  }

  mount(verb: string, path: string, handler: PlainHandler): void {
    this.#plain.mount(verb, path, handler);
  }

  mountUpgrade(path: string, handler: UpgradeHandler): void {
    this.#plain.mountUpgrade(path, handler);
  }

  stop(): void {
    this.#stopping = true;
    for (const call of this.#calls) call.abort();
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stopping) response.setHeader("Connection", "close");
    const giveUp = (error: unknown): void => {
      this.#options.log.error("an HTTP request could not be answered", { error });
      response.destroy();
    };
    try {
      const served = this.#serve({ request, response, call: this.#newCall(request) });
      if (served instanceof Promise) served.catch(giveUp);
    } catch (error) {
      giveUp(error);
    }
  }

  #serve(exchange: Exchange): void | Promise<void> {
    const { response, call } = exchange;
    this.#calls.add(call);
    if (this.#stopping) call.abort();
    response.once("close", () => {
      this.#calls.delete(call);
      if (!response.writableFinished) call.abort();
    });
    try {
      const answered = this.#answer(exchange);
      if (answered instanceof Promise) return answered.catch((error) => this.#sendError(exchange, error));
    } catch (error) {
      this.#sendError(exchange, error);
    }
  }

  #newCall(request: IncomingMessage): HttpCall {
    const { headers, socket } = request;
    return new HttpCall(request, {
      tenantId: this.#options.tenantOfHost(headers.host),
      remoteAddress: this.#remoteAddress({
        peer: socket.remoteAddress ?? "",
        forwardedFor: textOf(headers["x-forwarded-for"]),
        realIp: textOf(headers["x-real-ip"]),
      }),
      now: this.#options.clock.now(),
    });
  }

  #answer(exchange: Exchange): void | Promise<void> {
    const { request, response, call } = exchange;
    if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) {
      response.setHeader("Upgrade", "HTTP/1.1");
      throw new RequestError(statusCodes.failedPrecondition, "HTTP/1.1 or newer is needed", 426);
    }
    const target = targetOf(originForm(request.url ?? ""));
    const isOfAPI = target.path.startsWith(`${this.#pathPrefix}/`);
    const remote = isOfAPI ? undefined : this.#grpcWeb.find(target.path);
    if (!isOfAPI && remote === undefined) return this.#plain.serve(target, exchange);
    if (request.method === "OPTIONS") {
      response.writeHead(200, { ...responseHeaders(call, "application/json"), ...preflightHeaders });
      response.end();
      return;
    }
    if (remote !== undefined) return this.#grpcWeb.serve(remote, exchange);
    const found = this.#api.find(request.method ?? "", target.path.slice(this.#pathPrefix.length));
    if (found !== undefined) return this.#call(found, target.query, exchange);
    if (this.#plain.has(target)) return this.#plain.serve(target, exchange);
    throw new RequestError(statusCodes.notFound, "Not Found");
  }

  /** Without a turn of the event loop when there is no body and everything is known from memory. */
  #call({ target, variables }: FoundRoute<Route>, query: string, exchange: Exchange): void | Promise<void> {
    const { request, call } = exchange;
    call.fullName = target.method.fullName;
    if (call.session !== undefined) requireCsrfToken(request);
    const invoke = (body: string): void | Promise<void> => {
      const message = target.reader.read({ variables, query, body }, (text) => call.warn(text));
      const checked = target.method.check(message, call);
      if (checked instanceof Promise) return checked.then(() => this.#run(target, message, exchange));
      return this.#run(target, message, exchange);
    };
    const hasBody = target.hasBody || (request.method === "DELETE" && announcesJSON(request));
    if (!hasBody) return invoke("");
    const { remoteAddress } = call;
    return readBody(request, { limit: this.maxBodyBytes, remoteAddress }).then((body) => {
      const sized = target.method.checkSize(Buffer.byteLength(body), call);
      return sized instanceof Promise ? sized.then(() => invoke(body)) : invoke(body);
    });
  }

  #run(route: Route, message: ProtoMessage, exchange: Exchange): void | Promise<void> {
    const { method } = route;
    const { output } = method.desc;
    if (route.isStream) return this.#stream(route, message, exchange);
    const answer = method.handle(message, exchange.call);
    if (!(answer instanceof Promise)) return sendJSON(exchange, 200, toJSONText(output, answer));
    return answer.then((known) => sendJSON(exchange, 200, toJSONText(output, known)));
  }

  #stream(route: Route, message: ProtoMessage, { request, response, call }: Exchange): Promise<void> {
    const { method } = route;
    const framing = framingOf(route, request.headers.accept);
    return sendStream(textOfEach(method.desc.output, method.items(message, call)), response, call, {
      framing,
      begin: () => response.writeHead(200, responseHeaders(call, framing.contentType)).flushHeaders(),
      formatError: (error) => JSON.stringify(this.#statusOf(error, call).body),
      slowClientMs: this.#options.slowClientMs ?? defaults.slowClientMs,
      idleMs: this.#options.idleMs ?? defaults.idleMs,
    });
  }

  takesUpgrade(request: IncomingMessage): boolean {
    return this.#plain.takesUpgrade(targetOf(request.url ?? ""));
  }

  serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const call = this.#newCall(request);
    this.#calls.add(call);
    socket.once("close", () => {
      this.#calls.delete(call);
      call.abort();
    });
    socket.on("error", () => socket.destroy());
    this.#plain
      .serveUpgrade(targetOf(request.url ?? ""), call, { request, socket, head })
      .catch((error: unknown) => refuseUpgrade(socket, this.#statusOf(error, call)));
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

  #sendError(exchange: Exchange, error: unknown): void {
    const { request, response, call } = exchange;
    if (response.headersSent || response.destroyed) {
      // Who went away hears nothing, and a body that was begun cannot become an error.
      response.destroy();
      if (!call.isAborted) this.#statusOf(error, call);
      return;
    }
    const { code, body } = this.#statusOf(error, call);
    // Also who asks for what is not there is held to the limit, and told how much is left.
    call.rateLimit ??= this.#limits.take("unauthenticated", call.remoteAddress);
    if (code === statusCodes.unauthenticated) response.setHeader("WWW-Authenticate", "Bearer");
    const status = (error instanceof RequestError && error.httpStatus) || httpStatus(code);
    if (call.isPlain) {
      for (const [name, value] of Object.entries(responseHeaders(call, "")))
        response.setHeader(name, value ?? "");
      sendPlainStatus(request, response, { status, body });
    } else sendJSON(exchange, status, JSON.stringify(body));
  }
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

/** Lists of messages, as some deletions take, cannot be spelt in a query. */
function announcesJSON({ headers }: IncomingMessage): boolean {
  if (headers["content-length"] === "0") return false;
  return headers["content-type"]?.toLowerCase().startsWith("application/json") === true;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

function framingOf(route: Route, accept: string | undefined): StreamFraming {
  if (route.isServerSentEvents) return serverSentEvents;
  return accept?.includes("text/event-stream") === true ? jsonParagraphs : jsonLines;
}

/** Of items that are sent to many, such as events: their text is made once. */
const textsOfItems = new WeakMap<ProtoMessage, string>();

async function* textOfEach(output: DescMessage, items: AsyncIterable<ProtoMessage>): AsyncGenerator<string> {
  for await (const item of items) {
    let text = textsOfItems.get(item);
    if (text === undefined) {
      text = toJSONText(output, item);
      textsOfItems.set(item, text);
    }
    yield text;
  }
}

/** The path and query, also of a request line that names the whole URL as for a proxy. */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const match = /^https?:\/\/[^/?#]*(\/[^#]*)?$/i.exec(target);
  if (match === null) throw new RequestError(statusCodes.invalidArgument, "invalid request target");
  return match[1] ?? "/";
}
