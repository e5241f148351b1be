import type { IncomingMessage } from "node:http";
import type { TenantId } from "../domain/identifiers.ts";
import { ulid } from "../domain/ulid.ts";
import type { PlatformCall } from "./method.ts";
import type { RateLimitResult } from "./rate-limiter.ts";
import type { Caller } from "./service.ts";

/** A request identifier that a client chose is taken over when it is short and plain. */
const plainRequestId = /^[\x21-\x7e]{1,128}$/;

/** Longest list of warnings, so that a long request cannot make an oversized answer. */
const mostWarnings = 20;

/** The call of a method over HTTP, from its head to the end of its answer. */
export class HttpCall implements PlatformCall {
  readonly tenantId: TenantId;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly warnings: string[] = [];
  caller: Caller;
  rateLimit: RateLimitResult | undefined;
  totalCount: number | undefined;
  fullName = "";
  readonly #request: IncomingMessage;
  readonly #now: number;
  #correlationIds: readonly string[] | undefined;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(request: IncomingMessage, details: { tenantId: TenantId; remoteAddress: string; now: number }) {
    this.#request = request;
    this.#now = details.now;
    this.tenantId = details.tenantId;
    this.remoteAddress = details.remoteAddress;
    const requestId = this.header("x-request-id");
    this.requestId =
      requestId !== undefined && plainRequestId.test(requestId) ? requestId : ulid(details.now);
    this.caller = { tenantId: details.tenantId, isAdmin: false, warnings: [] };
  }

  get authorization(): string | undefined {
    return this.#request.headers.authorization;
  }

  get userAgent(): string {
    return this.#request.headers["user-agent"] ?? "";
  }

  /** Made at first use: most methods publish nothing. */
  get correlationIds(): readonly string[] {
    this.#correlationIds ??= [`rpc:${this.fullName}:${ulid(this.#now)}`];
    return this.#correlationIds;
  }

  /** Made at first use: most methods answer at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** The client is gone, or the server stops. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }

  get isAborted(): boolean {
    return this.#aborted;
  }

  warn(text: string): void {
    if (this.warnings.length < mostWarnings && !this.warnings.includes(text)) this.warnings.push(text);
  }

  setTotalCount(count: number): void {
    this.totalCount = count;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
}
