import { connect, type Socket } from "node:net";

/** A PUBLISH as it lies in the receive buffer: valid only during the call. */
export type PublishHandler = (
  buffer: Buffer,
  topicStart: number,
  topicEnd: number,
  payloadEnd: number,
) => void;

function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(header: number, ...contents: readonly Buffer[]): Buffer {
  const length: number[] = [];
  let rest = contents.reduce((sum, { length: size }) => sum + size, 0);
  do {
    const more = rest > 127 ? 128 : 0;
    length.push((rest & 127) | more);
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...length]), ...contents]);
}

/**
 * An MQTT 3.1.1 client for QoS 0 that costs next to nothing per message: the load generator shares the machine with
 * the server, and what it burns the server cannot use.
 */
export class MqttConnection {
  onPublish: PublishHandler = () => {};
  readonly #socket: Socket;
  readonly #keepAlive: NodeJS.Timeout;
  #rest: Buffer = Buffer.alloc(0);
  #onControl: ((type: number, body: Buffer) => void) | undefined;
  #failed: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => {
      this.#failed = error;
    });
    socket.on("close", () => {
      this.#failed ??= new Error("the MQTT server closed the connection");
    });
    this.#keepAlive = setInterval(() => socket.write(Buffer.from([0xc0, 0])), 20_000);
    this.#keepAlive.unref();
  }

  static async open(port: number, user: string, password: string): Promise<MqttConnection> {
    const socket = connect({ host: "127.0.0.1", port });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const connection = new MqttConnection(socket);
    const header = Buffer.concat([field("MQTT"), Buffer.from([4, 0xc2, 0, 60])]);
    const answer = connection.#next(2);
    socket.write(packet(0x10, header, field(`bench-${process.pid}-${port}`), field(user), field(password)));
    const code = (await answer)[1];
    if (code !== 0) throw new Error(`MQTT login refused with code ${code}`);
    return connection;
  }

  /** Why the connection is gone, if it is. */
  get failure(): Error | undefined {
    return this.#failed;
  }

  async subscribe(topic: string): Promise<void> {
    const answer = this.#next(9);
    this.#socket.write(packet(0x82, Buffer.from([0, 1]), field(topic), Buffer.from([0])));
    if (((await answer)[2] ?? 0x80) & 0x80) throw new Error(`MQTT subscription to ${topic} refused`);
  }

  publish(topic: string, payload: string): void {
    this.#socket.write(packet(0x30, field(topic), Buffer.from(payload)));
  }

  close(): void {
    clearInterval(this.#keepAlive);
    this.#socket.end(Buffer.from([0xe0, 0]));
  }

  #next(expected: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.#failed ?? new Error("no answer from the MQTT server")),
        10_000,
      );
      this.#onControl = (type, body) => {
        if (type !== expected) return;
        clearTimeout(timer);
        resolve(body);
      };
    });
  }

  #read(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= buffer.length) {
      let length = 0;
      let shift = 0;
      let body = at + 1;
      for (; body < buffer.length; shift += 7) {
        const byte = buffer[body++]!;
        length |= (byte & 127) << shift;
        if (byte < 128) break;
        if (body === buffer.length) length = Number.POSITIVE_INFINITY;
      }
      const end = body + length;
      if (end > buffer.length) break;
      const type = buffer[at]! >>> 4;
      if (type === 3) {
        const topicStart = body + 2;
        this.onPublish(buffer, topicStart, topicStart + ((buffer[body]! << 8) | buffer[body + 1]!), end);
      } else this.#onControl?.(type, Buffer.from(buffer.subarray(body, end)));
      at = end;
    }
    this.#rest = at === buffer.length ? Buffer.alloc(0) : buffer.subarray(at);
  }
}
