import type { Metadata } from "@grpc/grpc-js";
import { PlatformCall } from "./platform-call.ts";

/** The call of a method over gRPC, from its head to the end of its answer. */
export class GrpcCall extends PlatformCall {
  readonly #metadata: Metadata;
  readonly #host: string;

  constructor(
    metadata: Metadata,
    details: {
      readonly tenantId: string;
      readonly remoteAddress: string;
      readonly host: string;
      readonly now: number;
    },
  ) {
    super(details);
    this.#metadata = metadata;
    this.#host = details.host;
  }

  get authorization(): string | undefined {
    return this.header("authorization");
  }

  /** Browsers' sessions do not come this way. */
  get session(): undefined {
    return undefined;
  }

  get userAgent(): string {
    return this.header("user-agent") ?? "";
  }

  header(name: string): string | undefined {
    const value = this.#metadata.get(name)[0];
    if (typeof value === "string") return value;
    // HTTP/2 has a name of its own for it.
    return name === "host" ? this.#host : undefined;
  }
}
