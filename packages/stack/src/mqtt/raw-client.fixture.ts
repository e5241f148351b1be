import { connect, type Socket } from "node:net";
import { PacketFramer } from "./packet-framing.ts";

/** Sends bytes as they are, and gives back the server's packets one by one. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly #framer = new PacketFramer(10_000_000);
  readonly #packets: Buffer[] = [];
  #wake: () => void = () => {};
  #isClosed = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk: Buffer) => {
      this.#framer.push(chunk);
      for (let packet = this.#framer.next(); packet !== undefined; packet = this.#framer.next()) {
        this.#packets.push(packet);
      }
      this.#wake();
    });
    this.socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  send(...bytes: readonly (number | string | Uint8Array)[]): void {
    this.socket.write(packetOf(...bytes));
  }

  /** The next packet; undefined once the server has closed the connection. */
  async receive(): Promise<Buffer | undefined> {
    while (this.#packets.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#packets.shift();
  }

  /** Packets that came so far, without waiting. */
  get waiting(): number {
    return this.#packets.length;
  }

  async connect(clientId: string, options: ConnectOptions = {}): Promise<Buffer | undefined> {
    this.socket.write(connectPacket(clientId, options));
    return await this.receive();
  }
}

export interface ConnectOptions {
  readonly clean?: boolean;
  readonly keepAlive?: number;
  readonly password?: string;
  readonly will?: { readonly topic: string; readonly payload: string };
}

/** Text with its length in front. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A packet: its first byte, then its body, whose length is put between. Strings get their length in front. */
export function packetOf(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  const [first = 0, ...rest] = parts;
  const body = Buffer.concat(
    rest.map((part) =>
      typeof part === "number"
        ? Buffer.from([part])
        : typeof part === "string"
          ? text(part)
          : Buffer.from(part),
    ),
  );
  const length: number[] = [];
  let remaining = body.length;
  do {
    length.push(remaining > 127 ? (remaining & 0x7f) | 0x80 : remaining);
    remaining >>= 7;
  } while (remaining > 0);
  return Buffer.concat([Buffer.from([Number(first), ...length]), body]);
}

export function connectPacket(
  clientId: string,
  { clean = true, keepAlive = 60, password, will }: ConnectOptions = {},
): Buffer {
  const flags = (clean ? 2 : 0) | (password === undefined ? 0 : 0xc0) | (will === undefined ? 0 : 0x04);
  const credentials = password === undefined ? [] : ["app1", password];
  const lastWill = will === undefined ? [] : [will.topic, will.payload];
  return packetOf(
    0x10,
    "MQTT",
    4,
    flags,
    keepAlive >> 8,
    keepAlive & 0xff,
    clientId,
    ...lastWill,
    ...credentials,
  );
}

export function publishOf(topic: string, payload: string, { qos = 0, id = 0, dup = false } = {}): Buffer {
  const packetId = qos > 0 ? [id >> 8, id & 255] : [];
  return packetOf(0x30 | (dup ? 8 : 0) | (qos << 1), topic, ...packetId, Buffer.from(payload));
}
