import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import {
  create,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { TTNError } from "./ttn-error.ts";

export interface GrpcCallOptions {
  readonly timeoutMs: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Calls unary methods, each with a deadline. */
export class GrpcClient {
  readonly #client: Client;

  constructor(address: GrpcAddress) {
    const [trusted, options] = channel(address);
    // A connection of its own ends with `close`; one that is shared stays for a while.
    this.#client = new Client(address.address, trusted, { ...options, "grpc.use_local_subchannel_pool": 1 });
  }

  call<Method extends DescMethodUnary>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
    { timeoutMs, metadata = {} }: GrpcCallOptions,
  ): Promise<MessageShape<Method["output"]>> {
    const headers = new Metadata();
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: Uint8Array) => Buffer.from(message),
        (bytes) => fromBinary<Method["output"]>(method.output, bytes),
        toBinary(method.input, create(method.input, request)),
        headers,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** How a server is reached. */
export interface GrpcAddress {
  /** `host:port`. */
  readonly address: string;
  readonly insecure: boolean;
  /** To trust, as PEM, instead of those that the system trusts. */
  readonly certificate: string | Uint8Array | undefined;
}

function channel({ address, insecure, certificate }: GrpcAddress): [ChannelCredentials, ClientOptions] {
  if (insecure) return [credentials.createInsecure(), {}];
  const trusted =
    certificate === undefined || certificate.length === 0 ? null : Buffer.from(certificate as string);
  const host = address.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0) return [credentials.createSsl(trusted), {}];
  // TLS has no names for addresses, and Node refuses them: the certificate is held against the address all the same.
  const verification = {
    checkServerIdentity: (_: string, shown: PeerCertificate) => checkServerIdentity(host, shown),
  };
  return [
    credentials.createSsl(trusted, null, null, verification),
    { "grpc.ssl_target_name_override": "localhost" },
  ];
}

/** In the words of V2's SDKs: `Error while getting the application: NOT_FOUND`. */
export async function explained<Answer>(doing: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TTNError || !(error instanceof Error) || !("code" in error)) throw error;
    const { code, details } = error as ServiceError;
    const name = status[code] ?? String(code);
    throw new TTNError(`${doing}: ${name}`, { code: name, details, cause: error });
  }
}
