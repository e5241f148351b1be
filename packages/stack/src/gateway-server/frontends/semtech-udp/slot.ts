import { type DataRate, type EUI64, parseDatr } from "@skylark/lorawan";
import type { At, Clock } from "../../../clock/clock.ts";
import { gatewayKey } from "../../../domain/identifiers.ts";
import { defineErrors, SkylarkError } from "../../../errors/errors.ts";
import type { Logger } from "../../../log/log.ts";
import type { GatewayConnection } from "../../connection.ts";
import type { Connections } from "../../connections.ts";
import type { GatewayServerCounters } from "../../counters.ts";
import type { GatewayStatus } from "../../gateway-status.ts";
import type { FrameSignal, GatewayFrame, GatewayLink, Transmission } from "../../link.ts";
import { transmissionResults } from "../../transmission-results.ts";
import { encodePullResp } from "./codec.ts";
import type { ConnectTurns } from "./connect-turns.ts";
import type { DropReason } from "./packet.ts";
import type { BatchReader } from "./records.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { codingRateText, modulations } from "./rxpk.ts";
import { type SlotMark, slotBytes } from "./slot-message.ts";

const errors = defineErrors("pkg/gatewayserver/io/udp");
const downlinkPathExpired = errors.aborted("downlink_path_expired", "downlink path expired");
const rateExceeded = errors.resourceExhausted("rate_exceeded", "gateway traffic exceeded allowed rate");
const alreadyConnected = errors.failedPrecondition("already_connected", "gateway is already connected");
const datagramRefused = errors.invalidArgument("datagram", "datagram or frame dropped: `{reason}`");

/** Frames kept while the gateway's registration is looked up. */
const maxPending = 64;

/** A gateway that was refused may try again after this. */
const refusedMs = 5 * 60_000;
const failedMs = 5_000;

/** What the slots of a worker share. */
export interface SlotSurroundings {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: GatewayServerCounters;
  readonly downlinkPathExpiryMs: number;
  readonly turns: ConnectTurns;
  readonly refusals: RefusalLog;
  readonly post: (message: Uint8Array<ArrayBuffer>) => void;
  readonly mark: (mark: SlotMark) => void;
}

type Action = (connection: GatewayConnection) => void;

/** One gateway as the main thread's side of the front end knows it: the link, and the connection over it. */
export class SlotState implements GatewayLink {
  readonly protocol = "udp";
  readonly isAuthenticated = false;
  readonly eui: EUI64;
  remoteAddress: string;
  readonly #slot: number;
  readonly #around: SlotSurroundings;
  #connection: GatewayConnection | undefined;
  #retryAt: At = Number.NEGATIVE_INFINITY;
  /** What came since it waits to be connected. */
  #pending: Action[] | undefined;
  #pulledAt: At = Number.NEGATIVE_INFINITY;
  #version = 2;
  #hasAcknowledged = false;

  constructor(slot: number, eui: EUI64, remoteAddress: string, surroundings: SlotSurroundings) {
    this.#slot = slot;
    this.#around = surroundings;
    this.eui = eui;
    this.remoteAddress = remoteAddress;
  }

  /** Version 1 has no acknowledgment of downlinks, and its forwarders keep one frame at a time. */
  get queuesTransmissions(): boolean {
    return this.#version > 1 || this.#hasAcknowledged;
  }

  requireDownlinkPath(): void {
    if (this.#around.clock.now() - this.#pulledAt >= this.#around.downlinkPathExpiryMs)
      throw downlinkPathExpired();
  }

  send(transmission: Transmission): void {
    const pullResp = encodePullResp(this.#version, transmission.id, transmission);
    const message = new Uint8Array(slotBytes + pullResp.length);
    new DataView(message.buffer).setUint32(0, this.#slot);
    message.set(pullResp, slotBytes);
    this.#around.post(message);
  }

  close(): void {
    if (this.#connection?.isRegistered) this.#around.mark({ slot: this.#slot, isRegistered: false });
    this.#connection = undefined;
  }

  /** The worker gave the slot up: what waits is dropped. */
  giveUp(): void {
    this.#around.turns.leave(this);
    this.#takePending();
  }

  isOf(key: string): boolean {
    return this.#connection !== undefined && gatewayKey(this.#connection.ids) === key;
  }

  /** The registration changed: what was refused may be accepted now. */
  retry(): void {
    this.#retryAt = Number.NEGATIVE_INFINITY;
  }

  handleUplink(reader: BatchReader): void {
    const connection = this.#connection;
    if (connection !== undefined) {
      connection.handleFrame(readFrame(reader));
      return;
    }
    const frame = readFrame(reader);
    this.#whenConnected((connected) => connected.handleFrame(frame));
  }

  handlePullData(reader: BatchReader): void {
    const { receivedAt } = reader;
    this.#pulledAt = receivedAt;
    this.#version = reader.field(0);
    this.#whenConnected((connection) => connection.handleSign(receivedAt));
  }

  handleTxAck(reader: BatchReader): void {
    const { receivedAt } = reader;
    this.#hasAcknowledged = true;
    // The original counts a TX_ACK as a sign of the downlink path.
    this.#pulledAt = Math.max(this.#pulledAt, receivedAt);
    this.#connection?.handleTransmissionResult(
      reader.field(1),
      transmissionResults[reader.field(2)] ?? "UNKNOWN_ERROR",
      receivedAt,
    );
  }

  handleStatus(reader: BatchReader): void {
    const { receivedAt } = reader;
    const status = { ...(JSON.parse(reader.text(0)) as GatewayStatus), ip: [this.remoteAddress] };
    this.#whenConnected((connection) => connection.handleStatus(status, receivedAt));
  }

  handleDrop(reason: DropReason): void {
    const error =
      reason === "flood"
        ? rateExceeded()
        : reason === "address_change"
          ? alreadyConnected()
          : datagramRefused({ reason });
    this.#around.logger.debug("dropped what a gateway sent", { gateway_eui: this.eui, reason });
    this.#whenConnected((connection) => connection.handleDrop(error));
  }

  /** When it is its turn. */
  async connect(): Promise<void> {
    const { connections, clock, refusals, mark } = this.#around;
    try {
      const connection = await connections.connect(this.eui, this);
      this.#connection = connection;
      if (connection.isRegistered) mark({ slot: this.#slot, isRegistered: true });
      for (const action of this.#takePending()) action(connection);
    } catch (error) {
      this.#takePending();
      this.#retryAt = clock.now() + (error instanceof SkylarkError ? refusedMs : failedMs);
      refusals.refused(this.eui, error);
    }
  }

  #whenConnected(action: Action): void {
    if (this.#connection !== undefined) {
      action(this.#connection);
      return;
    }
    const { clock, counters, turns } = this.#around;
    if (this.#pending === undefined) {
      if (clock.now() < this.#retryAt) {
        counters.messagesRefused++;
        return;
      }
      this.#pending = [];
      turns.wait(this);
    }
    if (this.#pending.length < maxPending && turns.hold()) this.#pending.push(action);
    else counters.messagesRefused++;
  }

  #takePending(): readonly Action[] {
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    this.#around.turns.release(pending.length);
    return pending;
  }
}

/** Data rates by their numbers, as the gateways of a network use some ten of them. */
const dataRates = new Map<number, DataRate>();
const maxDataRates = 512;

function readDataRate(modulation: number, rate: number, bandwidth: number, codingRate: number): DataRate {
  if (modulation === modulations.fsk) return parseDatr(rate);
  // Widths are below 10 MHz, rates below 100, coding rates below 200.
  const key = ((bandwidth * 100 + rate) * 200 + codingRate) * 4 + modulation;
  const known = dataRates.get(key);
  if (known !== undefined) return known;
  const width = bandwidth / 1000;
  const dataRate = parseDatr(
    modulation === modulations.lora ? `SF${rate}BW${width}` : `M${rate}CW${width}`,
    codingRateText(codingRate),
  );
  if (dataRates.size < maxDataRates) dataRates.set(key, dataRate);
  return dataRate;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readFrame(reader: BatchReader): GatewayFrame {
  const frame: Mutable<GatewayFrame> = {
    rawPayload: reader.payload(),
    frequency: reader.field(1),
    dataRate: readDataRate(reader.field(2), reader.field(3), reader.field(4), reader.field(5)),
    timestamp: reader.field(0),
    receivedAt: reader.receivedAt,
    signals: readSignals(reader),
  };
  const time = reader.field(6);
  const gpsTime = reader.field(7);
  if (!Number.isNaN(gpsTime)) {
    frame.gpsTime = gpsTime;
    frame.time = gpsTime;
  } else if (!Number.isNaN(time)) frame.time = time;
  return frame;
}

function readSignals(reader: BatchReader): GatewayFrame["signals"] {
  const first = readSignal(reader, 0);
  const count = reader.field(8);
  if (count === 1) return [first];
  const others = Array.from({ length: count - 1 }, (_, index) => readSignal(reader, index + 1));
  return [first, ...others];
}

function readSignal(reader: BatchReader, index: number): FrameSignal {
  const signal: Mutable<FrameSignal> = {
    antennaIndex: reader.signal(index, 0),
    channelIndex: reader.signal(index, 1),
    rssi: reader.signal(index, 2),
  };
  const signalRssi = reader.signal(index, 3);
  const snr = reader.signal(index, 4);
  const frequencyOffset = reader.signal(index, 5);
  const fineTimestampNs = reader.signal(index, 6);
  if (!Number.isNaN(signalRssi)) signal.signalRssi = signalRssi;
  if (!Number.isNaN(snr)) signal.snr = snr;
  if (!Number.isNaN(frequencyOffset)) signal.frequencyOffset = frequencyOffset;
  if (!Number.isNaN(fineTimestampNs)) signal.fineTimestampNs = fineTimestampNs;
  return signal;
}
