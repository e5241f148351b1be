import { createSocket, type Socket } from "node:dgram";
import type { Air, AirGateway, DownlinkTransmission, SignalQuality, UplinkTransmission } from "./air.ts";
import { type Clock, type Timer, wait } from "./clock.ts";
import { Concentrator, type TxError } from "./concentrator.ts";
import { type Random, randomInteger, seededRandom } from "./random.ts";
import {
  encodeGatewayHeader,
  formatReceivedPacket,
  packetTypes,
  parseTxPacket,
  type SemtechVersion,
  type TxPacket,
} from "./semtech-udp.ts";
import { timeOnAirMs } from "./time-on-air.ts";

export interface GatewayOptions {
  /** 16 hexadecimal digits. */
  readonly eui: string;
  readonly server: { readonly host: string; readonly port: number };
  readonly air: Air;
  readonly version?: SemtechVersion;
  /** Where the concentrator counter starts; near 2^32 it soon wraps. */
  readonly startCount?: number;
  /** A gateway with GPS reports time and position. */
  readonly gps?: { readonly latitude: number; readonly longitude: number; readonly altitude: number };
  readonly keepAliveMs?: number;
  readonly statusMs?: number;
  /** Frames that arrive within this time share a PUSH_DATA, as a forwarder polls its radio every 10 ms. */
  readonly fetchMs?: number;
  /** The way to the server: every datagram is late by `delayMs`, and lost with a probability. */
  readonly link?: { readonly delayMs?: number; readonly loss?: number };
  /** Hz; a downlink outside is refused as TX_FREQ. */
  readonly transmitRange?: readonly [number, number];
  readonly random?: Random;
  /** Called for every PULL_RESP, accepted or not. */
  readonly onDownlink?: (downlink: GatewayDownlink) => void;
}

/** A PULL_RESP and what became of it. */
export interface GatewayDownlink {
  readonly packet: TxPacket;
  readonly payload: Uint8Array;
  /** Why it was not transmitted. */
  readonly error?: TxError;
  /** How long before the start of the transmission it arrived; absent when it was refused or due at once. */
  readonly slackMs?: number;
}

export interface GatewayStats {
  framesHeard: number;
  pushDataSent: number;
  pushAckReceived: number;
  pullDataSent: number;
  pullAckReceived: number;
  pullRespReceived: number;
  malformedPullResp: number;
  transmitted: number;
  txErrors: Record<string, number>;
  datagramsLost: number;
}

const gpsEpochMs = Date.UTC(1980, 0, 6);
const leapSecondsMs = 18_000;

/** The counter as a forwarder's `tmms`: milliseconds of GPS time. */
export function gpsMilliseconds(unixMs: number): number {
  return Math.round(unixMs) - gpsEpochMs + leapSecondsMs;
}

/** A packet forwarder with its concentrator, speaking the Semtech UDP protocol over two sockets as real ones do. */
export class SimulatedGateway implements AirGateway {
  readonly eui: string;
  readonly stats: GatewayStats = {
    framesHeard: 0,
    pushDataSent: 0,
    pushAckReceived: 0,
    pullDataSent: 0,
    pullAckReceived: 0,
    pullRespReceived: 0,
    malformedPullResp: 0,
    transmitted: 0,
    txErrors: {},
    datagramsLost: 0,
  };
  readonly #options: GatewayOptions;
  readonly #air: Air;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #euiBytes: Uint8Array;
  readonly #version: SemtechVersion;
  readonly #concentrator: Concentrator;
  readonly #timers = new Map<string, Timer>();
  #upstream: Socket | undefined;
  #downstream: Socket | undefined;
  #waiting: string[] = [];
  #onPullAck: (() => void)[] = [];

  constructor(options: GatewayOptions) {
    this.eui = options.eui.toUpperCase();
    this.#options = options;
    this.#air = options.air;
    this.#clock = options.air.clock;
    this.#euiBytes = Buffer.from(options.eui, "hex");
    if (this.#euiBytes.length !== 8) throw new TypeError(`no gateway EUI: ${options.eui}`);
    this.#random = options.random ?? seededRandom(this.#euiBytes.reduce((sum, byte) => sum * 31 + byte, 7));
    this.#version = options.version ?? 2;
    const startCount = options.startCount ?? randomInteger(this.#random, 2 ** 32);
    this.#concentrator = new Concentrator(this.#clock, startCount);
  }

  /** Opens the sockets and resolves when the server has answered the first PULL_DATA. */
  async start(timeoutMs = 5000): Promise<void> {
    this.#upstream = await this.#open((message) => this.#handleUpstream(message));
    this.#downstream = await this.#open((message) => this.#handleDownstream(message));
    this.#air.attachGateway(this);
    this.#keepAlive();
    if (this.#options.statusMs !== undefined) this.#reportStatus(this.#options.statusMs);
    for (let waitedMs = 0; this.stats.pullAckReceived === 0; waitedMs += 500) {
      if (waitedMs >= timeoutMs) {
        await this.stop();
        throw new Error(`gateway ${this.eui}: no PULL_ACK from the server within ${timeoutMs} ms`);
      }
      if (waitedMs > 0) this.#pull();
      const answered = new Promise<void>((resolve) => this.#onPullAck.push(resolve));
      await Promise.race([answered, wait(this.#clock, 500)]);
    }
  }

  async stop(): Promise<void> {
    this.#air.detachGateway(this);
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    const sockets = [this.#upstream, this.#downstream];
    this.#upstream = undefined;
    this.#downstream = undefined;
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket?.close(resolve) ?? resolve())),
    );
  }

  hear(transmission: UplinkTransmission, quality: SignalQuality): void {
    this.stats.framesHeard++;
    const gps = this.#options.gps === undefined ? {} : { gps: this.#gpsTime(transmission.endAt) };
    this.#waiting.push(
      formatReceivedPacket(transmission, quality, {
        tmst: this.#concentrator.countAt(transmission.endAt),
        channel: Math.round(transmission.frequency / 200_000) % 8,
        ...gps,
      }),
    );
    const { fetchMs } = this.#options;
    if (fetchMs === undefined) this.#forward();
    else if (this.#waiting.length === 1) this.#later("fetch", fetchMs, () => this.#forward());
  }

  /** Sends a PUSH_DATA with the given body, well-formed or not. */
  push(body: string | Uint8Array): void {
    this.stats.pushDataSent++;
    this.#send(this.#upstream, packetTypes.pushData, Buffer.from(body));
  }

  /** Sends bytes as they are, as from the upstream socket. */
  sendRaw(datagram: Uint8Array): void {
    this.#upstream?.send(datagram);
  }

  /** Sends a status report now, as `statusMs` does regularly. */
  reportStatus(): void {
    const { gps } = this.#options;
    const stat = {
      time: new Date(this.#clock.now())
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z/, " GMT"),
      ...(gps === undefined ? {} : { lati: gps.latitude, long: gps.longitude, alti: gps.altitude }),
      rxnb: this.stats.framesHeard,
      rxok: this.stats.framesHeard,
      rxfw: this.stats.framesHeard,
      ackr: this.stats.pushDataSent === 0 ? 0 : (100 * this.stats.pushAckReceived) / this.stats.pushDataSent,
      dwnb: this.stats.pullRespReceived,
      txnb: this.stats.transmitted,
    };
    this.push(JSON.stringify({ stat }));
  }

  #forward(): void {
    const packets = this.#waiting;
    this.#waiting = [];
    if (packets.length > 0) this.push(`{"rxpk":[${packets.join(",")}]}`);
  }

  #gpsTime(instantMs: number): { readonly time: string; readonly tmms: number } {
    const unixMs = Math.round(this.#clock.now() - (this.#clock.monotonicMs() - instantMs));
    return { time: new Date(unixMs).toISOString(), tmms: gpsMilliseconds(unixMs) };
  }

  async #open(handle: (message: Buffer) => void): Promise<Socket> {
    const socket = createSocket("udp4");
    // A server that restarts answers with ICMP errors for a while; a forwarder carries on.
    socket.on("error", () => {});
    socket.on("message", (message) => this.#overLink(() => handle(message)));
    const { host, port } = this.#options.server;
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    return socket;
  }

  #send(socket: Socket | undefined, type: number, body: Uint8Array, token?: number): void {
    const header = encodeGatewayHeader(
      this.#version,
      token ?? randomInteger(this.#random, 0x10000),
      type,
      this.#euiBytes,
    );
    const datagram = Buffer.concat([header, body]);
    this.#overLink(() => {
      if (socket === this.#upstream || socket === this.#downstream) socket?.send(datagram);
    });
  }

  #overLink(deliver: () => void): void {
    const { delayMs = 0, loss = 0 } = this.#options.link ?? {};
    if (loss > 0 && this.#random() < loss) this.stats.datagramsLost++;
    else if (delayMs > 0) this.#clock.after(delayMs, deliver);
    else deliver();
  }

  #later(name: string, delayMs: number, callback: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#clock.after(delayMs, callback));
  }

  #pull(): void {
    this.stats.pullDataSent++;
    this.#send(this.#downstream, packetTypes.pullData, Buffer.alloc(0));
  }

  #keepAlive(): void {
    this.#pull();
    this.#later("keepAlive", this.#options.keepAliveMs ?? 5000, () => this.#keepAlive());
  }

  #reportStatus(everyMs: number): void {
    this.reportStatus();
    this.#later("status", everyMs, () => this.#reportStatus(everyMs));
  }

  #handleUpstream(message: Buffer): void {
    if (message.length === 4 && message[3] === packetTypes.pushAck) this.stats.pushAckReceived++;
  }

  #handleDownstream(message: Buffer): void {
    if (message.length < 4) return;
    if (message[3] === packetTypes.pullAck) {
      this.stats.pullAckReceived++;
      for (const resolve of this.#onPullAck.splice(0)) resolve();
    } else if (message[3] === packetTypes.pullResp) this.#handlePullResp(message);
  }

  #handlePullResp(message: Buffer): void {
    this.stats.pullRespReceived++;
    const packet = parseTxPacket(message.toString("utf8", 4));
    if (packet === undefined) {
      this.stats.malformedPullResp++;
      return;
    }
    const payload = new Uint8Array(Buffer.from(packet.data, "base64"));
    const startAt = payload.length === packet.size ? this.#schedule(packet, payload) : undefined;
    if (startAt === undefined) {
      this.stats.malformedPullResp++;
      return;
    }
    const error = typeof startAt === "string" ? startAt : undefined;
    if (error !== undefined) this.stats.txErrors[error] = (this.stats.txErrors[error] ?? 0) + 1;
    this.#acknowledge(message.readUInt16BE(1), error);
    const slackMs =
      typeof startAt === "string" || packet.imme === true ? undefined : startAt - this.#clock.monotonicMs();
    this.#options.onDownlink?.({
      packet,
      payload,
      ...(error === undefined ? {} : { error }),
      ...(slackMs === undefined ? {} : { slackMs }),
    });
  }

  /** Version 1 has no TX_ACK; version 2 sends it without a body when all is well. */
  #acknowledge(token: number, error: TxError | undefined): void {
    if (this.#version === 1) return;
    const body = error === undefined ? "" : JSON.stringify({ txpk_ack: { error } });
    this.#send(this.#downstream, packetTypes.txAck, Buffer.from(body), token);
  }

  #schedule(packet: TxPacket, payload: Uint8Array): number | TxError | undefined {
    const frequency = Math.round(packet.freq * 1e6);
    const [lowest, highest] = this.#options.transmitRange ?? [100e6, 1000e6];
    if (frequency < lowest || frequency > highest) return "TX_FREQ";
    const now = this.#clock.monotonicMs();
    const startAt = this.#startOf(packet, now);
    if (typeof startAt !== "number") return startAt;
    const endAt = startAt + timeOnAirMs(packet.datr, payload.length, packet.ncrc !== true);
    const taken = this.#concentrator.reserve(startAt, endAt);
    if (taken !== undefined) return taken;
    const transmission: DownlinkTransmission = {
      payload,
      frequency,
      dataRate: packet.datr,
      startAt,
      endAt,
      gatewayEui: this.eui,
      invertedPolarity: packet.ipol === true,
      power: packet.powe ?? 14,
    };
    this.#clock.after(startAt - now, () => {
      this.stats.transmitted++;
      this.#air.transmitDownlink(this, transmission);
    });
    return startAt;
  }

  #startOf(packet: TxPacket, now: number): number | TxError | undefined {
    if (packet.imme === true) return now;
    if (packet.tmst !== undefined) return this.#concentrator.instantOf(packet.tmst);
    if (packet.tmms === undefined) return undefined;
    if (this.#options.gps === undefined) return "GPS_UNLOCKED";
    const aheadMs = packet.tmms - gpsMilliseconds(this.#clock.now());
    return this.#concentrator.instantOf(this.#concentrator.countAt(now + aheadMs));
  }
}
