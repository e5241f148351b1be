import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { type DescMethod, fromBinary, type MessageShape, type ProtoMessage, toBinary } from "@skylark/api";

/** One channel that asks one thing after the other. */
export class GrpcConnection {
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(address: string, apiKey: string, metadata: Readonly<Record<string, string>> = {}) {
    // Channels with equal options share one connection; a number of its own keeps each apart.
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    this.#metadata = new Metadata();
    this.#metadata.set("authorization", `Bearer ${apiKey}`);
    for (const [name, value] of Object.entries(metadata)) this.#metadata.set(name, value);
  }

  call<M extends DescMethod>(
    method: M,
    request: MessageShape<M["input"]>,
  ): Promise<MessageShape<M["output"]>> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: ProtoMessage) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M["output"]>,
        request,
        this.#metadata,
        (error, answer) => {
          if (answer === undefined) reject(error ?? new Error("no answer"));
          else resolve(answer);
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
