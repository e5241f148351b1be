import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { decodePercent } from "./routes.ts";

/** What a handler outside of the API is told of its request. */
export interface PlainCall {
  readonly tenantId: string;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** Of the route's `{name}` segments, decoded; what `/*` stands for is `*`, without its first slash. */
  readonly parameters: Readonly<Record<string, string>>;
  /** As it came, without the question mark. */
  readonly query: string;
  /** Aborted when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  /** Counts an attempt to prove who one is; throws once there were too many of this address, or for this account. */
  limitAttempts(account: string): void;
  /** Counts a code, token or cookie that is none of ours. */
  countRefused(): void;
  /** Throws once the address brought too many of them. */
  requireFewRefused(): void;
}

/**
 * A route beside the API, such as `/healthz/live`. An error that it throws before it began to answer is answered in
 * the API's form; see `sendPlainStatus`.
 */
export type PlainHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  call: PlainCall,
) => void | Promise<void>;

/** Takes over the connection of a request that asks for another protocol. */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  call: PlainCall,
) => void | Promise<void>;

interface Entry<Handler> {
  readonly segments: readonly string[];
  readonly handlers: Map<string, Handler>;
}

export interface FoundPlainRoute<Handler> {
  /** By verb. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly parameters: Readonly<Record<string, string>>;
  /** As it was mounted. */
  readonly template: string;
}

const noParameters: Readonly<Record<string, string>> = {};

/** Routes by path: exact ones (`/metrics`), with parameters (`/a/{b}`), and whole trees (`/assets/*`); exact ones win. */
export class PlainRoutes<Handler> {
  readonly #exact = new Map<string, Entry<Handler>>();
  /** The more segments, the earlier: `/oauth/api/*` before `/oauth/*`. */
  #patterns: Entry<Handler>[] = [];

  add(verb: string, path: string, handler: Handler): void {
    const entry = this.#entry(path);
    if (entry.handlers.has(verb)) throw new TypeError(`two routes for ${verb} ${path}`);
    entry.handlers.set(verb, handler);
  }

  #entry(path: string): Entry<Handler> {
    if (!path.startsWith("/")) throw new TypeError(`the route ${path} does not begin with a slash`);
    const segments = path.split("/").slice(1);
    if (!segments.some(isVariable)) {
      const entry = this.#exact.get(path) ?? { segments, handlers: new Map() };
      this.#exact.set(path, entry);
      return entry;
    }
    const known = this.#patterns.find((other) => other.segments.join("/") === segments.join("/"));
    if (known !== undefined) return known;
    const entry: Entry<Handler> = { segments, handlers: new Map() };
    this.#patterns.push(entry);
    this.#patterns = this.#patterns.toSorted((a, b) => rank(b) - rank(a));
    return entry;
  }

  find(path: string): FoundPlainRoute<Handler> | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return { handlers: exact.handlers, parameters: noParameters, template: path };
    if (this.#patterns.length === 0) return undefined;
    const segments = path.split("/").slice(1);
    for (const entry of this.#patterns) {
      const parameters = match(entry.segments, segments);
      if (parameters !== undefined) {
        return { handlers: entry.handlers, parameters, template: `/${entry.segments.join("/")}` };
      }
    }
    return undefined;
  }
}

function isVariable(segment: string): boolean {
  return segment === "*" || (segment.startsWith("{") && segment.endsWith("}"));
}

/** Longer patterns before shorter ones, and of two as long the one with fewer variables. */
function rank({ segments }: { readonly segments: readonly string[] }): number {
  const length = segments.at(-1) === "*" ? segments.length - 1 : segments.length + 0.5;
  return length * 100 - segments.filter(isVariable).length;
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (let index = 0; index < pattern.length; index++) {
    const expected = pattern[index]!;
    if (expected === "*") {
      if (index === segments.length) return undefined;
      parameters["*"] = decodePercent(segments.slice(index).join("/"));
      return parameters;
    }
    const segment = segments[index];
    if (segment === undefined) return undefined;
    if (!isVariable(expected)) {
      if (expected !== segment) return undefined;
    } else {
      if (segment === "") return undefined;
      parameters[expected.slice(1, -1)] = decodePercent(segment);
    }
  }
  return segments.length === pattern.length ? parameters : undefined;
}
