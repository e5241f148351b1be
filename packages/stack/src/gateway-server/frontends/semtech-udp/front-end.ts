import { Worker } from "node:worker_threads";
import { type EUI64, parseEUI64 } from "@skylark/lorawan";
import type { Clock } from "../../../clock/clock.ts";
import { ConfigurationError } from "../../../config/load.ts";
import type { ListenAddress } from "../../../config/option.ts";
import { gatewayKey } from "../../../domain/identifiers.ts";
import type { Logger } from "../../../log/log.ts";
import type { Connections } from "../../connections.ts";
import type { GatewayServerCounters } from "../../counters.ts";
import type { FrontEnd } from "../frontend.ts";
import { ConnectTurns } from "./connect-turns.ts";
import { dropReasons } from "./packet.ts";
import { counterCount, type ReceiverLimits, receiverCounters } from "./receiver.ts";
import { BatchReader, recordKinds } from "./records.ts";
import { RefusalLog } from "./refusal-log.ts";
import { SlotState, type SlotSurroundings } from "./slot.ts";
import type { WorkerData, WorkerMessage } from "./worker.ts";

export interface SemtechUdpOptions {
  readonly address: ListenAddress;
  readonly limits: ReceiverLimits;
  readonly downlinkPathExpiryMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connections: Connections;
  readonly counters: GatewayServerCounters;
}

const restartDelayMs = 500;

/** Gateways that speak the Semtech UDP protocol: a worker receives and sends, this side makes connections of it. */
export class SemtechUdpFrontEnd implements FrontEnd {
  readonly protocol = "udp";
  readonly #options: SemtechUdpOptions;
  readonly #counters = new Float64Array(new SharedArrayBuffer(counterCount * 8));
  readonly #slots = new Map<number, SlotState>();
  readonly #turns = new ConnectTurns();
  readonly #refusals: RefusalLog;
  #worker: Worker | undefined;
  #port = 0;
  #closing = false;

  constructor(options: SemtechUdpOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.clock, options.logger);
    options.connections.onGatewayChanged((ids) => {
      for (const slot of this.#slots.values()) {
        if (ids.eui === slot.eui || slot.isOf(gatewayKey(ids))) slot.retry();
      }
    });
  }

  async listen(): Promise<number> {
    this.#port = await this.#start(this.#options.address.port);
    return this.#port;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close");
    await ended;
  }

  counters(): Readonly<Record<string, number>> {
    const names = [...receiverCounters, ...dropReasons.map((reason) => `dropped_${reason}`)];
    return Object.fromEntries(names.map((name, index) => [name, this.#counters[index]!]));
  }

  #start(port: number): Promise<number> {
    const { address, limits, logger } = this.#options;
    const workerData: WorkerData = {
      host: address.host,
      port,
      limits,
      counters: this.#counters.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#worker = worker;
    const surroundings: SlotSurroundings = {
      ...this.#options,
      turns: this.#turns,
      refusals: this.#refusals,
      post: (message) => worker.postMessage(message, [message.buffer]),
      mark: (mark) => worker.postMessage(mark),
    };
    return new Promise((resolve, reject) => {
      worker.on("message", (message: ArrayBuffer | WorkerMessage) => {
        if (message instanceof ArrayBuffer) this.#handleBatch(worker, surroundings, message);
        else if (message.kind === "listening") resolve(message.port);
        else reject(listenError(address, message));
      });
      worker.on("error", (error) => {
        logger.error("the thread that receives from gateways failed", { error });
        reject(error);
      });
      worker.once("exit", () => this.#handleExit(worker));
    });
  }

  /** The thread failed: another one takes its port, and gateways find it with their next datagram. */
  #handleExit(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    if (this.#closing || this.#port === 0) return;
    for (const slot of this.#slots.keys()) this.#giveUp(slot);
    this.#options.clock.after(restartDelayMs, () => {
      if (this.#closing) return;
      this.#start(this.#port).catch((error: unknown) =>
        this.#options.logger.error("gateways cannot be received from again", { error }),
      );
    });
  }

  #handleBatch(worker: Worker, surroundings: SlotSurroundings, batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    while (reader.next()) {
      try {
        this.#handleRecord(surroundings, reader);
      } catch (error) {
        this.#options.logger.error("failed to take what a gateway sent", { error });
      }
    }
    worker.postMessage(batch, [batch]);
  }

  #handleRecord(surroundings: SlotSurroundings, reader: BatchReader): void {
    if (reader.kind === recordKinds.gateway) {
      this.#handleGateway(surroundings, reader);
      return;
    }
    const slot = this.#slots.get(reader.slot);
    if (slot === undefined) return;
    switch (reader.kind) {
      case recordKinds.uplink:
        slot.handleUplink(reader);
        return;
      case recordKinds.pullData:
        slot.handlePullData(reader);
        return;
      case recordKinds.txAck:
        slot.handleTxAck(reader);
        return;
      case recordKinds.status:
        slot.handleStatus(reader);
        return;
      case recordKinds.drop:
        slot.handleDrop(dropReasons[reader.field(0)]!);
        return;
      case recordKinds.gone:
        this.#giveUp(reader.slot);
        return;
    }
  }

  #giveUp(slot: number): void {
    this.#slots.get(slot)?.giveUp();
    this.#slots.delete(slot);
  }

  #handleGateway(surroundings: SlotSurroundings, reader: BatchReader): void {
    const address = reader.text(2).replace(/^::ffff:/, "");
    const known = this.#slots.get(reader.slot);
    if (known !== undefined) {
      known.remoteAddress = address;
      return;
    }
    const eui = formatEui(reader.field(0), reader.field(1));
    const slot = new SlotState(reader.slot, eui, address, surroundings);
    this.#slots.set(reader.slot, slot);
  }
}

function formatEui(high: number, low: number): EUI64 {
  const half = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return parseEUI64(half(high) + half(low));
}

function listenError({ host, port }: ListenAddress, failed: { code: string; message: string }): Error {
  const reason =
    failed.code === "EADDRINUSE"
      ? "the port is already taken; stop what listens there, or choose another"
      : failed.message;
  return new ConfigurationError(`gs.udp.listen: cannot listen on ${host ?? ""}:${port} (UDP): ${reason}`);
}
