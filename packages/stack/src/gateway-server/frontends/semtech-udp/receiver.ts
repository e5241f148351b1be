import { decodeTxAck, PushDataDecoder } from "./codec.ts";
import { type GatewayEntry, GatewayTable, type Path } from "./gateway-table.ts";
import { checkHeader, type DropReason, dropReasons, packetTypes } from "./packet.ts";
import { BatchWriter, batchBytes } from "./records.ts";
import { dropRepeats } from "./repeated-rxpk.ts";
import type { SlotMark } from "./slot-message.ts";

export interface ReceiverLimits {
  /** Datagrams per second that one gateway may send, and how many at once. */
  readonly datagramsPerSecond: number;
  readonly burst: number;
  /** How long an address must be silent before another one may speak for the gateway. */
  readonly addressChangeBlockMs: number;
  readonly connectionExpiryMs: number;
  readonly maxGateways: number;
  /** Gateways per second that may take the place of others once the table is full: each is looked up. */
  readonly evictionsPerSecond: number;
  /** Batches that may be on their way to the main thread. */
  readonly maxBatches: number;
  /** Uplinks of one gateway that may be. */
  readonly maxQueuedPerGateway: number;
}

/** Counters after those of `dropReasons`, in the memory that both threads see. */
export const receiverCounters = ["datagrams", "uplinks", "acknowledgments", "pull_responses"] as const;
export const counterCount = receiverCounters.length + dropReasons.length;

const counterIndex = Object.fromEntries(
  [...receiverCounters, ...dropReasons].map((name, index) => [name, index]),
) as Readonly<Record<(typeof receiverCounters)[number] | DropReason, number>>;

export interface ReceiverOptions {
  readonly limits: ReceiverLimits;
  /** Written by this thread only. */
  readonly counters: Float64Array;
  readonly now: () => number;
  /** Sends bytes `start` to `start + length`; they stay as they are until sent. */
  readonly send: (bytes: Uint8Array, length: number, to: { port: number; address: string }) => void;
  /** Hands a batch to the main thread, which gives the buffer back by `recycle`. */
  readonly post: (batch: ArrayBuffer) => void;
  /** Calls `flush` within a millisecond or two. */
  readonly scheduleFlush: () => void;
}

const dropReportIntervalMs = 10_000;

/** With so many batches on their way only full ones follow: a short one takes as much memory as a full one. */
const eagerBatches = 4;

/** Receives datagrams, acknowledges and reads them, and packs them into batches. Knows no socket and no thread. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #decoder = new PushDataDecoder();
  readonly #gateways = new GatewayTable();
  readonly #free: ArrayBuffer[] = [];
  #buffers = 0;
  #batch: BatchWriter | undefined;
  #batchGateways: GatewayEntry[] = [];
  /** Gateways of the uplinks in each batch on its way, in the order of sending, which is that of coming back. */
  readonly #posted: GatewayEntry[][] = [];
  #flushScheduled = false;
  #isFlushDue = false;
  #evictions = 0;
  #evictionsSince = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  handleDatagram(bytes: Uint8Array, port: number, address: string): void {
    this.#count("datagrams");
    const malformed = checkHeader(bytes);
    if (malformed !== undefined) {
      this.#drop(malformed);
      return;
    }
    const now = this.#options.now();
    const gateway = this.#findGateway(bytes, now);
    if (gateway === undefined) {
      this.#drop("too_many_gateways");
      return;
    }
    const type = bytes[3];
    const path = type === packetTypes.pushData ? gateway.up : gateway.down;
    const refused = this.#checkPath(path, address, now, type) ?? this.#takeToken(gateway, now);
    if (refused !== undefined || !this.#makeRoom()) {
      this.#drop(refused ?? "queue_full", gateway, now);
      return;
    }
    path.address = address;
    path.seenAt = now;
    this.#gateways.touch(gateway);
    const { announcedAddress } = gateway;
    if (announcedAddress === "" || (path === gateway.up && announcedAddress !== address)) {
      gateway.announcedAddress = address;
      this.#writer().gateway(gateway.slot, now, { high: gateway.euiHigh, low: gateway.euiLow }, address);
    }
    if (type === packetTypes.pushData) this.#handlePushData(gateway, bytes, port, now);
    else if (type === packetTypes.pullData) this.#handlePullData(gateway, bytes, port, now);
    else this.#handleTxAck(gateway, bytes, now);
  }

  /** Sends PULL_RESP where the gateway last asked from; false when it has not, or is gone. */
  sendPullResp(slot: number, pullResp: Uint8Array): boolean {
    const down = this.#gateways.findBySlot(slot)?.down;
    if (down === undefined || down.port === 0) return false;
    this.#count("pull_responses");
    this.#options.send(pullResp, pullResp.length, down);
    return true;
  }

  /** Hands over what is there, unless the main thread has enough to do: then it waits, and gets fuller batches. */
  flush(): void {
    this.#flushScheduled = false;
    this.#isFlushDue = this.#posted.length >= eagerBatches;
    if (!this.#isFlushDue) this.#post();
  }

  /** Hands over what is there in any case: nothing follows. */
  finish(): void {
    this.#post();
  }

  #post(): void {
    if (this.#batch === undefined || this.#batch.isEmpty) return;
    const batch = this.#batch.finish();
    this.#posted.push(this.#batchGateways);
    this.#batch = undefined;
    this.#batchGateways = [];
    this.#options.post(batch);
  }

  /** The main thread is through with the oldest batch. */
  recycle(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
    for (const gateway of this.#posted.shift() ?? []) gateway.queued--;
    if (this.#isFlushDue) this.flush();
  }

  /** Gives up gateways that were silent for long. */
  sweep(): void {
    const now = this.#options.now();
    for (const gateway of this.#gateways.silentSince(now - this.#options.limits.connectionExpiryMs)) {
      if (!this.#giveUp(gateway, now)) return;
    }
  }

  /** What the main thread says of the gateway of a slot. */
  mark({ slot, isRegistered }: SlotMark): void {
    this.#gateways.mark(slot, isRegistered);
  }

  /** False when the main thread is too far behind to be told. */
  #giveUp(gateway: GatewayEntry, now: number): boolean {
    if (gateway.announcedAddress !== "") {
      if (!this.#makeRoom()) return false;
      this.#writer().gone(gateway.slot, now);
    }
    this.#gateways.remove(gateway);
    return true;
  }

  #findGateway(bytes: Uint8Array, now: number): GatewayEntry | undefined {
    const high = (bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!;
    const low = (bytes[8]! << 24) | (bytes[9]! << 16) | (bytes[10]! << 8) | bytes[11]!;
    const known = this.#gateways.find(high, low);
    if (known !== undefined) return known;
    const { limits } = this.#options;
    if (this.#gateways.size >= limits.maxGateways && !this.#evict(now)) return undefined;
    return this.#gateways.add(high, low, limits.burst, now);
  }

  #evict(now: number): boolean {
    const elapsedMs = now - this.#evictionsSince;
    if (elapsedMs >= 1000 || elapsedMs < 0) {
      this.#evictions = 0;
      this.#evictionsSince = now;
    }
    if (this.#evictions >= this.#options.limits.evictionsPerSecond) return false;
    const silent = this.#gateways.longestSilent();
    if (silent === undefined || !this.#giveUp(silent, now)) return false;
    this.#evictions++;
    return true;
  }

  /** A stranger cannot speak for a gateway while it speaks itself: another address has to wait until this one is silent. */
  #checkPath(path: Path, address: string, now: number, type: number | undefined): DropReason | undefined {
    if (path.address === address) return undefined;
    if (type === packetTypes.txAck) return "address_change";
    return now - path.seenAt < this.#options.limits.addressChangeBlockMs ? "address_change" : undefined;
  }

  #takeToken(gateway: GatewayEntry, now: number): DropReason | undefined {
    const { datagramsPerSecond, burst } = this.#options.limits;
    const elapsedMs = now - gateway.refilledAt;
    if (elapsedMs > 0) {
      gateway.tokens = Math.min(burst, gateway.tokens + (elapsedMs * datagramsPerSecond) / 1000);
      gateway.refilledAt = now;
    } else if (elapsedMs < 0) gateway.refilledAt = now;
    if (gateway.tokens < 1) return "flood";
    gateway.tokens--;
    return undefined;
  }

  #handlePushData(gateway: GatewayEntry, bytes: Uint8Array, port: number, now: number): void {
    gateway.up.port = port;
    this.#acknowledge(bytes, packetTypes.pushAck, gateway.up);
    const data = this.#decoder.decode(bytes);
    if (typeof data === "string") {
      this.#drop(data, gateway, now);
      return;
    }
    for (const reason of data.dropped) this.#drop(reason, gateway, now);
    for (let repeats = dropRepeats(data); repeats > 0; repeats--) this.#drop("repeated");
    for (let index = 0; index < data.count; index++) {
      const rxpk = data.rxpks[index]!;
      if (rxpk.crcStatus !== 1) this.#drop("crc");
      else if (gateway.queued >= this.#options.limits.maxQueuedPerGateway)
        this.#drop("gateway_queue_full", gateway, now);
      else if (this.#makeRoom()) {
        gateway.queued++;
        this.#batchGateways.push(gateway);
        this.#writer().uplink(gateway.slot, now, rxpk);
        this.#count("uplinks");
      } else this.#drop("queue_full", gateway, now);
    }
    if (data.status !== undefined && this.#makeRoom())
      this.#writer().status(gateway.slot, now, JSON.stringify(data.status));
  }

  #handlePullData(gateway: GatewayEntry, bytes: Uint8Array, port: number, now: number): void {
    const version = bytes[0]!;
    gateway.down.port = port;
    this.#acknowledge(bytes, packetTypes.pullAck, gateway.down);
    this.#writer().pullData(gateway.slot, now, version);
  }

  #handleTxAck(gateway: GatewayEntry, bytes: Uint8Array, now: number): void {
    const result = decodeTxAck(bytes);
    if (result === "json") {
      this.#drop("json", gateway, now);
      return;
    }
    const token = (bytes[1]! << 8) | bytes[2]!;
    this.#writer().txAck(gateway.slot, now, { version: bytes[0]!, token, result });
  }

  /** The acknowledgment is the start of the datagram with another identifier: it is sent from the same memory. */
  #acknowledge(bytes: Uint8Array, type: number, to: Path): void {
    bytes[3] = type;
    this.#options.send(bytes, 4, to);
    this.#count("acknowledgments");
  }

  /** Makes sure that a record fits into the current batch; false when the main thread is too far behind. */
  #makeRoom(): boolean {
    if (this.#batch?.hasRoom) return true;
    this.#post();
    let buffer = this.#free.pop();
    if (buffer === undefined && this.#buffers < this.#options.limits.maxBatches) {
      this.#buffers++;
      buffer = new ArrayBuffer(batchBytes);
    }
    if (buffer === undefined) return false;
    this.#batch = new BatchWriter(buffer);
    return true;
  }

  /** After `makeRoom`. */
  #writer(): BatchWriter {
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      this.#options.scheduleFlush();
    }
    return this.#batch!;
  }

  #drop(reason: DropReason, gateway?: GatewayEntry, now = 0): void {
    this.#options.counters[counterIndex[reason]]!++;
    if (gateway === undefined || now - gateway.dropReportedAt < dropReportIntervalMs) return;
    // Before the first accepted datagram the main thread knows nothing of the slot.
    if (gateway.announcedAddress === "" || !this.#makeRoom()) return;
    gateway.dropReportedAt = now;
    this.#writer().drop(gateway.slot, now, reason);
  }

  #count(name: (typeof receiverCounters)[number]): void {
    this.#options.counters[counterIndex[name]]!++;
  }
}
