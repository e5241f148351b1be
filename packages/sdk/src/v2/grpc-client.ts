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

  constructor(address: string, channelCredentials: ChannelCredentials) {
    this.#client = new Client(address, channelCredentials);
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

/** Credentials of a channel: plain text, TLS with a given certificate, or TLS with those that the system trusts. */
export function channelCredentials(
  insecure: boolean,
  certificate: string | Uint8Array | undefined,
): ChannelCredentials {
  if (insecure) return credentials.createInsecure();
  const hasCertificate = certificate !== undefined && certificate.length > 0;
  return hasCertificate ? credentials.createSsl(Buffer.from(certificate as string)) : credentials.createSsl();
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
