import type { Metadata } from "@grpc/grpc-js";
import { type DescMessage, fromBinary, type ProtoMessage, statusCodes } from "@skylark/api";
import { RequestError } from "./error-status.ts";
import type { HeldBytes } from "./fair-share.ts";
import { PlatformCall } from "./platform-call.ts";

/** What `getMap` makes of metadata, the first of each name: asking the metadata costs more each time. */
type Headers = ReturnType<Metadata["getMap"]>;

/** The call of a method over gRPC, from its head to the end of its answer. */
export class GrpcCall extends PlatformCall {
  /** Of large answers, until the client has taken them. */
  held: HeldBytes | undefined;
  readonly #headers: Headers;
  readonly #host: string;

  constructor(
    headers: Headers,
    details: {
      readonly tenantId: string;
      readonly remoteAddress: string;
      readonly host: string;
      readonly now: number;
    },
  ) {
    super(details);
    this.#headers = headers;
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
    const value = this.#headers[name];
    if (typeof value === "string") return value;
    // HTTP/2 has a name of its own for it.
    return name === "host" ? this.#host : undefined;
  }
}

export function decodeRequest(input: DescMessage, bytes: Uint8Array): ProtoMessage {
  try {
    return fromBinary(input, bytes);
  } catch {
    throw new RequestError(statusCodes.internal, `the request is no ${input.typeName}`);
  }
}
