import { ulid } from "../domain/ulid.ts";
import type { SkylarkError } from "../errors/errors.ts";
import { authenticationOf, type CallAuthentication, type CallOrigin } from "../events/call-origin.ts";
import type { RateLimitResult } from "./rate-limiter.ts";
import type { CallContext, Caller } from "./service.ts";

/** A request identifier that a client chose is taken over when it is short and plain. */
const plainRequestId = /^[\x21-\x7e]{1,128}$/;

/** Longest list of warnings, so that a long request cannot make an oversized answer. */
const mostWarnings = 20;

interface CallDetails {
  readonly tenantId: string;
  readonly remoteAddress: string;
  readonly now: number;
}

/** A call on its way through the platform: what a handler sees, and what it and the platform have to tell the caller. */
export abstract class PlatformCall implements CallContext, CallOrigin {
  readonly tenantId: string;
  readonly remoteAddress: string;
  readonly warnings: string[] = [];
  caller: Caller;
  rateLimit: RateLimitResult | undefined;
  totalCount: number | undefined;
  /** Headers of the answer that only some surfaces have. */
  answerHeaders: Map<string, string> | undefined;
  /** `/ttn.lorawan.v3.<Service>/<Method>`, once it is known. */
  fullName = "";
  readonly #now: number;
  #requestId: string | undefined;
  #correlationIds: readonly string[] | undefined;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor({ tenantId, remoteAddress, now }: CallDetails) {
    this.tenantId = tenantId;
    this.remoteAddress = remoteAddress;
    this.#now = now;
    this.caller = { tenantId, isAdmin: false, warnings: [] };
  }

  abstract get authorization(): string | undefined;
  /** The session's cookie, of a request that has no Authorization header. */
  abstract get session(): string | undefined;
  abstract get userAgent(): string;
  abstract header(name: string): string | undefined;

  /** Read when an event is kept that came from this call. */
  get authentication(): CallAuthentication | undefined {
    return authenticationOf(this.authorization);
  }

  get requestId(): string {
    if (this.#requestId === undefined) {
      const given = this.header("x-request-id");
      this.#requestId = given !== undefined && plainRequestId.test(given) ? given : ulid(this.#now);
    }
    return this.#requestId;
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

  /** The client is gone, or the server stops; or a reason that the client is told. */
  abort(reason?: SkylarkError): void {
    if (reason !== undefined) this.#controller ??= new AbortController();
    this.#aborted = true;
    this.#controller?.abort(reason);
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

  setHeader(name: string, value: string): void {
    this.answerHeaders ??= new Map();
    this.answerHeaders.set(name, value);
  }
}
