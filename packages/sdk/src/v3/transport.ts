import { type HttpRequest, httpRequest, type Method, type StreamMethod } from "./method.ts";
import { errorOf, SkylarkError } from "./skylark-error.ts";
import { lines } from "./text-stream.ts";

/** A secret as it is, or a function that gets it anew for each call. */
export type Credential = string | (() => string | Promise<string>);

/** Where the server is and who asks. Without a key or token the browser's session cookie is used. */
export interface ClientOptions {
  /** Such as "https://lorawan.example.com". */
  readonly url: string;
  readonly apiKey?: Credential | undefined;
  /** Of OAuth. */
  readonly accessToken?: Credential | undefined;
  /** What the cookie `_csrf` of a session holds; a session needs it for what changes something. */
  readonly csrfToken?: Credential | undefined;
  /** Names the tenant as the first label of the host. */
  readonly tenant?: string | undefined;
  /** Instead of the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Until an answer must have come, attempts after the first included; 30 s by default. */
  readonly timeoutMs?: number;
  /** How often to try again what was refused for the moment; 4 by default. */
  readonly retries?: number;
  /** Shown to operators in their logs, such as "my-integration/1.0". Browsers send their own. */
  readonly userAgent?: string;
  /** What the server lets know although a call succeeded. */
  readonly onWarning?: (warning: string) => void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<Response> {
  readonly body: Response;
  /** Of a list on all its pages. */
  readonly totalCount: number | undefined;
}

/** Sends requests, again where that may help, and reads what comes back. */
export interface Transport {
  call<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<Answer<Response>>;
  stream<Request extends object, Response>(
    method: StreamMethod<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): AsyncGenerator<Response, void, undefined>;
  /** One attempt; resolves when the head of the answer is there. Throws when it is not a success. */
  open(request: HttpRequest, options: CallOptions): Promise<Response>;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;

export function createTransport(options: ClientOptions): Transport {
  const base = baseUrl(options);
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);

  /** What a connection that failed or broke is known by. */
  function lost(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    return new SkylarkError(`cannot reach ${base}`, { code: "UNAVAILABLE", cause: error });
  }

  async function* openLines(
    request: HttpRequest,
    call: CallOptions,
  ): AsyncGenerator<string, void, undefined> {
    const response = await open(request, call);
    try {
      for await (const line of lines(response.body)) if (line !== "") yield line;
    } catch (error) {
      throw lost(error, call.signal);
    }
  }

  async function open(request: HttpRequest, { signal, headers }: CallOptions): Promise<Response> {
    const init: RequestInit = {
      method: request.verb,
      headers: { ...(await ownHeaders(options, request)), ...headers },
      ...(request.body !== undefined && { body: request.body }),
      ...(signal !== undefined && { signal }),
    };
    const response = await fetch(base + request.path, init).catch((error: unknown) => {
      throw lost(error, signal);
    });
    const warning = response.headers.get("x-warning");
    if (warning !== null) options.onWarning?.(warning);
    if (response.ok) return response;
    throw errorOf(await response.json().catch(() => undefined), response.status, response.headers);
  }

  /** One attempt, up to the end of the answer. */
  async function ask<Body>(request: HttpRequest, call: CallOptions): Promise<Answer<Body>> {
    const response = await open(request, call);
    const total = response.headers.get("x-total-count");
    const text = await response.text().catch((error: unknown) => {
      throw lost(error, call.signal);
    });
    return {
      body: parseAnswer<Body>(text === "" ? "{}" : text, response.status),
      totalCount: total === null ? undefined : Number(total),
    };
  }

  async function askPatiently<Body>(
    request: HttpRequest,
    call: CallOptions,
    deadline: number,
  ): Promise<Answer<Body>> {
    for (let retriesLeft = options.retries ?? 4, pauseMs = firstPauseMs; ; retriesLeft--, pauseMs *= 2) {
      try {
        return await ask<Body>(request, call);
      } catch (error) {
        const mayHelp = error instanceof SkylarkError && isWorthRepeating(error, request);
        if (!mayHelp || retriesLeft <= 0) throw error;
        // Half of it by chance, so that many clients do not come back at the same moment.
        const ownMs = Math.min(pauseMs, longestPauseMs) * (0.5 + Math.random() / 2);
        const waitMs = error.retryAfterMs ?? ownMs;
        if (Date.now() + waitMs >= deadline) throw error;
        await pause(waitMs, call.signal);
      }
    }
  }

  return {
    open,
    async call(method, request, call = {}) {
      const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? 30_000;
      const limit = timeLimit(timeoutMs, call.signal);
      try {
        const sent = httpRequest(method, request);
        return await askPatiently(sent, { ...call, signal: limit.signal }, Date.now() + timeoutMs);
      } finally {
        limit.end();
      }
    },
    async *stream<Request extends object, Response>(
      method: StreamMethod<Request, Response>,
      request: Request,
      call: CallOptions = {},
    ) {
      for await (const line of openLines(httpRequest(method, request), call)) {
        const { result, error } = parseAnswer<StreamLine<Response>>(line, 200);
        if (error !== undefined) throw errorOf(error, 0);
        if (result !== undefined) yield result;
      }
    },
  };
}

interface StreamLine<Item> {
  readonly result?: Item;
  readonly error?: unknown;
}

/** A proxy in between may say whatever it likes. */
function parseAnswer<Body>(text: string, status: number): Body {
  try {
    return JSON.parse(text) as Body;
  } catch (error) {
    throw new SkylarkError("the server answered with something else than JSON", {
      code: "UNKNOWN",
      status,
      cause: error,
    });
  }
}

function baseUrl({ url, tenant }: ClientOptions): string {
  const base = new URL(url);
  if (tenant !== undefined) base.hostname = `${tenant}.${base.hostname}`;
  if (tenant !== undefined && !base.hostname.startsWith(`${tenant}.`)) {
    throw new TypeError(`${url} has no host name that a tenant's can stand before`);
  }
  return `${base.href.replace(/(\/api\/v3)?\/*$/, "")}/api/v3`;
}

async function ownHeaders(
  options: ClientOptions,
  { verb, body }: HttpRequest,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const token = await secretOf(options.apiKey ?? options.accessToken);
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  const csrfToken = verb === "GET" ? undefined : await secretOf(options.csrfToken);
  if (csrfToken !== undefined) headers["X-CSRF-Token"] = csrfToken;
  // A browser would ask the server whether it may, and be told no.
  if (!isBrowser()) headers["User-Agent"] = options.userAgent ?? "skylark-sdk";
  return headers;
}

function secretOf(credential: Credential | undefined): string | undefined | Promise<string> {
  return typeof credential === "function" ? credential() : credential;
}

function isBrowser(): boolean {
  return typeof navigator === "object" && navigator.userAgent.startsWith("Mozilla/");
}

/** What was refused before it was looked at can be repeated; what may have been done, only if twice is no more than once. */
function isWorthRepeating({ code, status }: SkylarkError, { verb }: HttpRequest): boolean {
  if (status === 429) return true;
  return verb !== "POST" && (status === 503 || (status === 0 && code === "UNAVAILABLE"));
}

interface TimeLimit {
  readonly signal: AbortSignal;
  end(): void;
}

function timeLimit(timeoutMs: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const stop = () => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  outer?.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => {
    const message = `no answer within ${timeoutMs} ms`;
    controller.abort(new SkylarkError(message, { code: "DEADLINE_EXCEEDED" }));
  }, timeoutMs);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", stop);
    },
  };
}

/** Rejects with the signal's reason when that comes first. */
export function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, durationMs);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
