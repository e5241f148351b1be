import type { IncomingMessage } from "node:http";
import { readCookie, sessionCookie } from "./cookies.ts";
import { PlatformCall } from "./platform-call.ts";

/** Headers of this prefix are metadata of the call, as gRPC gateways have it. */
const metadataPrefix = "grpc-metadata-";

/** The call of a method over HTTP, from its head to the end of its answer. */
export class HttpCall extends PlatformCall {
  /** Whether it is of a route beside the API. */
  isPlain = false;
  readonly #request: IncomingMessage;

  constructor(
    request: IncomingMessage,
    details: { readonly tenantId: string; readonly remoteAddress: string; readonly now: number },
  ) {
    super(details);
    this.#request = request;
  }

  get authorization(): string | undefined {
    return this.header("authorization");
  }

  get session(): string | undefined {
    if (this.#request.headers.cookie === undefined || this.authorization !== undefined) return undefined;
    return readCookie(this.#request, sessionCookie);
  }

  get userAgent(): string {
    return this.#request.headers["user-agent"] ?? "";
  }

  header(name: string): string | undefined {
    const { headers } = this.#request;
    const value = headers[name] ?? headers[metadataPrefix + name];
    return Array.isArray(value) ? value[0] : value;
  }
}
