/** A backend in memory, and a client that speaks raw packets: for tests of the protocol. */
import { connect, type Socket } from "node:net";
import { systemClock } from "../clock/clock.ts";
import { silentLogger } from "../log/log.ts";
import { type Backend, type Client, Refusal, type SessionState, type StoredSession } from "./backend.ts";
import { defaultLimits, type MqttLimits } from "./limits.ts";
import { MqttServer } from "./mqtt-server.ts";
import { OutgoingMessage } from "./outgoing-message.ts";
import type { PublishedMessage } from "./packet-decoding.ts";
import { PacketFramer } from "./packet-framing.ts";

export interface MemoryBackend extends Backend {
  readonly published: (PublishedMessage & { readonly packetId: number | undefined })[];
  /** Sessions by client identifier. */
  readonly stored: Map<string, SessionState>;
  readonly closed: string[];
  send(topic: string, payload?: string): OutgoingMessage;
  /** Messages older than this are gone. */
  forgetBefore(position: number): void;
  mayRead: boolean;
  /** Awaited by each publish. */
  publishing: Promise<void>;
}

/** Accepts every password but `wrong`; refuses filters that begin with `secret`. */
export function memoryBackend(): MemoryBackend {
  const messages: OutgoingMessage[] = [];
  const listeners = new Set<(message: OutgoingMessage) => void>();
  const received = new Map<string, Set<number>>();
  let oldest = 0;
  let position = 0;

  const backend: MemoryBackend = {
    published: [],
    stored: new Map(),
    closed: [],
    mayRead: true,
    publishing: Promise.resolve(),
    send(topic, payload = "") {
      const message = new OutgoingMessage(++position, topic, Buffer.from(payload));
      messages.push(message);
      for (const listener of listeners) listener(message);
      return message;
    },
    forgetBefore(first) {
      oldest = first;
    },
    async authenticate({ clientId, password }) {
      if (password !== undefined && Buffer.from(password).toString() === "wrong") return new Refusal(5);
      return client(clientId);
    },
  };

  const client = (clientId: string): Client => ({
    sessionKey: clientId,
    source: {
      lastPosition: () => position,
      subscribe(listener) {
        listeners.add(listener);
        return { close: () => listeners.delete(listener) };
      },
      async read(after, limit) {
        return messages
          .filter((message) => message.position > after && message.position >= oldest)
          .slice(0, limit);
      },
    },
    get mayRead() {
      return backend.mayRead;
    },
    rewriteFilter: (filter) => (filter.startsWith("secret") ? undefined : filter),
    async openSession(cleanSession) {
      if (cleanSession) {
        backend.stored.delete(clientId);
        received.delete(clientId);
        return undefined;
      }
      const ids = received.get(clientId) ?? new Set();
      received.set(clientId, ids);
      const session: StoredSession = {
        state: backend.stored.get(clientId),
        receivedIds: [...ids],
        async save(state) {
          backend.stored.set(clientId, structuredClone(state));
        },
      };
      return session;
    },
    async publish({ topic, payload, qos }, packetId) {
      await backend.publishing;
      backend.published.push({ topic, payload, qos, packetId });
      if (packetId !== undefined) received.get(clientId)?.add(packetId);
    },
    async release(packetId) {
      received.get(clientId)?.delete(packetId);
    },
    onRevoked: () => {},
    closed: (reason) => backend.closed.push(reason),
  });

  return backend;
}

export async function startServer(
  backend: Backend,
  limits: Partial<MqttLimits> = {},
): Promise<{ readonly server: MqttServer; readonly port: number }> {
  const server = new MqttServer({
    backend,
    clock: systemClock,
    log: silentLogger,
    limits: { ...defaultLimits, ...limits },
  });
  return { server, port: await server.listen({ host: "127.0.0.1", port: 0 }) };
}

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
export function text(value: string): Buffer {
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
