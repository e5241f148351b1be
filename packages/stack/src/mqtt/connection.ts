import type { Socket } from "node:net";
import type { Timer } from "../clock/clock.ts";
import { AcknowledgementQueue } from "./acknowledgement-queue.ts";
import { type Client, Refusal, type StoredSession } from "./backend.ts";
import { connectSteps, type Handshake } from "./connect-steps.ts";
import { maxConnectLength, ownMemoryBytes, pauseBytes } from "./limits.ts";
import type { MqttServer } from "./mqtt-server.ts";
import {
  type ClientPacket,
  type ConnectPacket,
  PacketDecoder,
  UnsupportedProtocol,
} from "./packet-decoding.ts";
import { connectReturnCodes, encodeConnack } from "./packet-encoding.ts";
import { MalformedPacket, PacketFramer } from "./packet-framing.ts";
import { handlePacket } from "./packet-handlers.ts";
import { type PacketSink, Session } from "./session.ts";

/** MQTT 3.1.1 §3.1.2.10: with keep-alive off a dead peer is still found some day. */
const idleLimitMs = 3_600_000;
const connectByte = 0x10;
/** A refused or finished client gets so long to read what was sent. */
const farewellMs = 2000;

/** One client from its first byte to its last. */
export class Connection implements PacketSink {
  readonly server: MqttServer;
  readonly remoteAddress: string;
  readonly acknowledgements: AcknowledgementQueue;
  /** QoS 2 messages that the client has not released. */
  readonly receivedIds = new Set<number>();
  session: Session | undefined;
  client: Client | undefined;
  readonly #socket: Socket;
  readonly #framer = new PacketFramer(maxConnectLength);
  readonly #decoder = new PacketDecoder();
  readonly #ended = Promise.withResolvers<void>();
  #will: ConnectPacket["will"];
  #connecting: Promise<void> | undefined;
  #timer: Timer;
  #idleLimitMs: number;
  #lastPacketAtMs: number;
  #processing = false;
  #corked = false;
  #ending = false;
  #isStranger = true;

  constructor(server: MqttServer, socket: Socket, remoteAddress: string) {
    this.server = server;
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.acknowledgements = new AcknowledgementQueue((packet) => this.send(packet));
    this.#idleLimitMs = server.limits.connectTimeoutMs;
    this.#lastPacketAtMs = server.clock.monotonicMs();
    this.#timer = this.#watchIdle(this.#idleLimitMs);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("error", (error) => this.#finish(error.message));
    socket.on("close", () => this.#finish("connection lost"));
  }

  /** Resolves when nothing of the connection is left. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get pendingLimit(): number {
    return this.server.pendingLimit;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  /** All packets of a tick leave in one system call. */
  send(packet: Buffer): void {
    if (this.#ending) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    const isSlow = this.#socket.writableLength > ownMemoryBytes;
    this.#socket.write(isSlow ? Buffer.from(packet) : packet);
    if (isSlow && this.#socket.writableLength > pauseBytes) this.server.slow.add(this);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };

  adopt(client: Client): void {
    this.client = client;
    client.onRevoked(() => this.end("rights revoked"));
  }

  /** [MQTT-3.2.0-1]: CONNACK is the first packet; then come the messages that were missed. */
  async begin(client: Client, stored: StoredSession | undefined): Promise<void> {
    const session = new Session(this.server, client, stored, this);
    this.session = session;
    for (const packetId of stored?.receivedIds ?? []) this.receivedIds.add(packetId);
    await session.begin();
    if (this.#ending) return;
    this.#framer.maxPacketLength = this.server.limits.maxPacketLength;
    this.server.counters.connections++;
    this.send(encodeConnack(connectReturnCodes.accepted, stored?.state !== undefined));
    session.start();
  }

  /** Ends the connection; the will is sent unless the client took its leave. */
  end(reason: string): void {
    this.#finish(reason);
  }

  /** DISCONNECT: [MQTT-3.14.4-3]. */
  leave(): void {
    this.#will = undefined;
    this.#finish("client disconnected");
  }

  handleConnect(packet: ConnectPacket): void {
    // [MQTT-3.1.0-2]: a second CONNECT is a violation.
    if (this.#connecting !== undefined) throw new MalformedPacket("second CONNECT");
    // [MQTT-3.1.2-24]: one and a half times the keep-alive.
    this.#idleLimitMs = packet.keepAliveSeconds === 0 ? idleLimitMs : packet.keepAliveSeconds * 1500;
    this.#connecting = this.#connect(packet).catch((error: unknown) => {
      this.server.log.warn("an MQTT connection failed", { error });
      this.#refuse(new Refusal(connectReturnCodes.serverUnavailable));
    });
  }

  async #connect(packet: ConnectPacket): Promise<void> {
    const { clientId, cleanSession, username, password } = packet;
    const { remoteAddress } = this;
    const request = { clientId, cleanSession, username, password, remoteAddress };
    const handshake: Handshake = { packet, connection: this, request, client: undefined, stored: undefined };
    for (const step of connectSteps) {
      const refusal = await step.run(handshake);
      if (this.#ending) return;
      if (refusal !== undefined) return this.#refuse(refusal);
    }
    this.#endConnecting();
    this.#will = packet.will;
    this.#restartIdleTimer();
    this.process();
  }

  #endConnecting(): void {
    if (this.#isStranger) this.server.addresses.endConnecting(this.remoteAddress);
    this.#isStranger = false;
  }

  #refuse({ code }: Refusal): void {
    this.server.counters.refused++;
    this.server.addresses.countRefusal(this.remoteAddress);
    this.send(encodeConnack(code, false));
    this.#finish(`refused with code ${code}`);
  }

  #receive(chunk: Buffer): void {
    if (this.#ending) return;
    this.#framer.push(chunk);
    this.process();
  }

  /** Handles the packets that are here, as far as the client may go on. */
  process(): void {
    if (this.#processing) return;
    this.#processing = true;
    try {
      this.#checkBeginning();
      while (!this.#ending && this.#mayGoOn()) {
        const frame = this.#framer.next();
        if (frame === undefined) break;
        this.#lastPacketAtMs = this.server.clock.monotonicMs();
        this.#handle(this.#decoder.decode(frame));
      }
    } catch (error) {
      this.#handleViolation(error);
    } finally {
      this.#processing = false;
    }
    if (this.#ending) return;
    if (this.#mayGoOn()) this.#socket.resume();
    else this.#socket.pause();
  }

  /** [MQTT-3.1.0-1]: what does not begin with CONNECT is no MQTT client, and is not waited for. */
  #checkBeginning(): void {
    const first = this.#framer.firstByte;
    if (this.#connecting === undefined && first !== undefined && first !== connectByte) {
      throw new MalformedPacket("the first packet is no CONNECT");
    }
  }

  #handle(packet: ClientPacket): void {
    if (packet.kind === "connect") this.handleConnect(packet);
    else if (this.session === undefined) throw new MalformedPacket(`${packet.kind} before CONNECT`);
    else handlePacket(packet, this, this.session);
  }

  /** Not while it is being authenticated, has many messages under way, or does not read what it is sent. */
  #mayGoOn(): boolean {
    if (this.#connecting !== undefined && this.session === undefined) return false;
    return (
      this.acknowledgements.length < this.server.limits.maxConcurrentPublishes &&
      this.pendingBytes <= pauseBytes
    );
  }

  #handleViolation(error: unknown): void {
    if (error instanceof UnsupportedProtocol) {
      // [MQTT-3.1.2-2]
      this.#refuse(new Refusal(connectReturnCodes.unacceptableProtocolVersion));
      return;
    }
    const violation = error instanceof MalformedPacket;
    if (violation) this.server.counters.malformed++;
    else this.server.log.error("an MQTT packet could not be handled", { error });
    this.#finish(violation ? `protocol violation: ${error.message}` : "internal error");
  }

  #drained(): void {
    this.server.slow.delete(this);
    this.session?.resume();
    this.process();
  }

  #restartIdleTimer(): void {
    this.#timer.cancel();
    this.#timer = this.#watchIdle(this.#idleLimitMs);
  }

  #watchIdle(delayMs: number): Timer {
    return this.server.clock.after(delayMs, () => {
      const idleMs = this.server.clock.monotonicMs() - this.#lastPacketAtMs;
      if (idleMs >= this.#idleLimitMs) this.#finish("keep-alive expired");
      else this.#timer = this.#watchIdle(this.#idleLimitMs - idleMs);
    });
  }

  #finish(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#timer.cancel();
    this.#endConnecting();
    this.#close();
    this.#tearDown(reason)
      .catch((error: unknown) => this.server.log.warn("an MQTT session could not be saved", { error }))
      .finally(() => {
        this.server.release(this);
        this.#ended.resolve();
      });
  }

  #close(): void {
    this.#uncork();
    this.#socket.end();
    // A peer that takes nothing any more does not hold the socket.
    const farewell = this.server.clock.after(farewellMs, () => this.#socket.destroy());
    this.#socket.once("close", () => farewell.cancel());
    this.#socket.resume();
  }

  async #tearDown(reason: string): Promise<void> {
    await this.#connecting;
    const will = this.#will;
    // [MQTT-3.1.2-8]
    if (will !== undefined) await this.client?.publish(will).catch(() => {});
    try {
      await this.session?.end();
    } finally {
      this.client?.closed(reason);
    }
  }
}
