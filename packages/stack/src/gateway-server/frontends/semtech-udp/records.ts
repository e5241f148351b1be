import type { TransmissionResult } from "../../../domain/downlink.ts";
import { transmissionResults } from "../../transmission-results.ts";
import type { DropReason } from "./packet.ts";
import { dropReasons } from "./packet.ts";
import type { Rxpk } from "./rxpk.ts";

/*
 * What the worker tells the main thread, packed into one ArrayBuffer for each millisecond or two: numbers as doubles, one
 * after the other, bytes padded to a multiple of eight. An object graph would be cloned by the structured clone algorithm at
 * several microseconds for each uplink; this is one copy of some 200 bytes.
 *
 * Batch: count of doubles used, then records. Record: kind, length in doubles, slot, received at, then as its kind has it.
 * A slot is the worker's number for a gateway; numbers are not used again.
 */
export const recordKinds = {
  /** A new slot, or a new address of one: EUI as two halves, length of the address, address. */
  gateway: 1,
  uplink: 2,
  /** Length of the text, GatewayStatus as JSON. */
  status: 3,
  /** Protocol version. */
  pullData: 4,
  /** Protocol version, token, result. */
  txAck: 5,
  /** The gateway was silent for so long that its slot was given up. */
  gone: 6,
  /** Something of this gateway was dropped: reason. Not one for each, but one in a while. */
  drop: 7,
} as const;

const recordHead = 4;
const uplinkFields = 10;
const signalFields = 7;

export const batchBytes = 65_536;
const batchHead = 1;

/** Doubles that the longest text may take; longer ones are cut. */
const maxTextBytes = 8192;

/** Fills one batch. */
export class BatchWriter {
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;
  #position = batchHead;

  constructor(buffer: ArrayBuffer) {
    this.#doubles = new Float64Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  get isEmpty(): boolean {
    return this.#position === batchHead;
  }

  /** Whether any record still fits. */
  get hasRoom(): boolean {
    return this.#position + recordHead + 4 + maxTextBytes / 8 <= this.#doubles.length;
  }

  /** Ends the batch; the writer must not be used again. */
  finish(): ArrayBuffer {
    this.#doubles[0] = this.#position;
    return this.#doubles.buffer as ArrayBuffer;
  }

  gateway(slot: number, receivedAt: number, eui: { high: number; low: number }, address: string): void {
    const start = this.#begin(recordKinds.gateway, slot, receivedAt);
    this.#put(eui.high);
    this.#put(eui.low);
    this.#text(address);
    this.#end(start);
  }

  uplink(slot: number, receivedAt: number, rxpk: Rxpk): void {
    const start = this.#begin(recordKinds.uplink, slot, receivedAt);
    const doubles = this.#doubles;
    let position = this.#position;
    doubles[position++] = rxpk.timestamp;
    doubles[position++] = rxpk.frequency;
    doubles[position++] = rxpk.modulation;
    doubles[position++] = rxpk.rate;
    doubles[position++] = rxpk.bandwidth;
    doubles[position++] = rxpk.codingRate;
    doubles[position++] = rxpk.time;
    doubles[position++] = rxpk.gpsTime;
    doubles[position++] = rxpk.signalCount;
    doubles[position++] = rxpk.payloadLength;
    for (let index = 0; index < rxpk.signalCount; index++) {
      const signal = rxpk.signals[index]!;
      doubles[position++] = signal.antenna;
      doubles[position++] = signal.channel;
      doubles[position++] = signal.rssi;
      doubles[position++] = signal.signalRssi;
      doubles[position++] = signal.snr;
      doubles[position++] = signal.frequencyOffset;
      doubles[position++] = signal.fineTimestampNs;
    }
    const { payload, payloadLength } = rxpk;
    const bytes = this.#bytes;
    for (let index = 0, at = position * 8; index < payloadLength; index++) bytes[at++] = payload[index]!;
    this.#position = position + ((payloadLength + 7) >> 3);
    this.#end(start);
  }

  status(slot: number, receivedAt: number, json: string): void {
    const start = this.#begin(recordKinds.status, slot, receivedAt);
    this.#text(json);
    this.#end(start);
  }

  pullData(slot: number, receivedAt: number, version: number): void {
    const start = this.#begin(recordKinds.pullData, slot, receivedAt);
    this.#put(version);
    this.#end(start);
  }

  txAck(
    slot: number,
    receivedAt: number,
    ack: { version: number; token: number; result: TransmissionResult },
  ): void {
    const start = this.#begin(recordKinds.txAck, slot, receivedAt);
    this.#put(ack.version);
    this.#put(ack.token);
    this.#put(transmissionResults.indexOf(ack.result));
    this.#end(start);
  }

  gone(slot: number, at: number): void {
    this.#end(this.#begin(recordKinds.gone, slot, at));
  }

  drop(slot: number, at: number, reason: DropReason): void {
    const start = this.#begin(recordKinds.drop, slot, at);
    this.#put(dropReasons.indexOf(reason));
    this.#end(start);
  }

  #begin(kind: number, slot: number, receivedAt: number): number {
    const start = this.#position;
    this.#doubles[start] = kind;
    this.#doubles[start + 2] = slot;
    this.#doubles[start + 3] = receivedAt;
    this.#position = start + recordHead;
    return start;
  }

  #put(value: number): void {
    this.#doubles[this.#position++] = value;
  }

  #text(text: string): void {
    const at = (this.#position + 1) * 8;
    const { written } = new TextEncoder().encodeInto(text, this.#bytes.subarray(at, at + maxTextBytes));
    this.#doubles[this.#position] = written;
    this.#position += 1 + ((written + 7) >> 3);
  }

  #end(start: number): void {
    this.#doubles[start + 1] = this.#position - start;
  }
}

/** A view of one batch and of the record that `next` stands on; fields are numbered from 0. */
export class BatchReader {
  readonly #doubles: Float64Array;
  readonly #buffer: ArrayBuffer;
  readonly #end: number;
  #copy: Uint8Array | undefined;
  #record = batchHead;
  #following = batchHead;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#doubles = new Float64Array(buffer);
    this.#end = this.#doubles[0]!;
  }

  next(): boolean {
    if (this.#following >= this.#end) return false;
    this.#record = this.#following;
    this.#following += this.#doubles[this.#record + 1]!;
    return true;
  }

  get kind(): number {
    return this.#doubles[this.#record]!;
  }

  get slot(): number {
    return this.#doubles[this.#record + 2]!;
  }

  get receivedAt(): number {
    return this.#doubles[this.#record + 3]!;
  }

  field(index: number): number {
    return this.#doubles[this.#record + recordHead + index]!;
  }

  /** Of an uplink: field of the antenna's signal. */
  signal(antenna: number, index: number): number {
    return this.#doubles[this.#record + recordHead + uplinkFields + signalFields * antenna + index]!;
  }

  /**
   * Of an uplink: a view of a copy, because the batch goes back to the worker. One copy for all payloads of a batch: an
   * ArrayBuffer for each would cost the garbage collector more than all the rest of a frame.
   */
  payload(): Uint8Array {
    const signals = this.field(8);
    const start = (this.#record + recordHead + uplinkFields + signalFields * signals) * 8;
    this.#copy ??= new Uint8Array(this.#buffer.slice(0, this.#end * 8));
    return this.#copy.subarray(start, start + this.field(9));
  }

  text(index: number): string {
    const start = (this.#record + recordHead + index + 1) * 8;
    return new TextDecoder().decode(new Uint8Array(this.#buffer, start, this.field(index)));
  }
}
