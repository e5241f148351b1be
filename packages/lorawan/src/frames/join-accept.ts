import { readUint16, readUint24, readUint32, writeUint24, writeUint32 } from "../bytes.ts";
import { LoRaWANError } from "../error.ts";
import type { DevAddr } from "../ids/dev-addr.ts";
import type { NetID } from "../ids/net-id.ts";

/** How the device shall receive downlinks. */
export interface DLSettings {
  /** The network speaks LoRaWAN 1.1; devices of 1.0.x know this bit as reserved. */
  readonly optNeg: boolean;
  readonly rx1DROffset: number;
  readonly rx2DR: number;
}

/** Channels that a join-accept gives to the device. */
export type CFList =
  /** Up to five frequencies in Hz for the channels after the default ones; 0 leaves a channel out. */
  | { readonly type: "frequencies"; readonly frequencies: readonly number[] }
  /** Which channels of the band's fixed list are on, in order. */
  | { readonly type: "channelMasks"; readonly channelMasks: readonly boolean[] };

/** The content of a join-accept, decrypted. */
export interface JoinAccept {
  readonly joinNonce: number;
  readonly netId: NetID;
  readonly devAddr: DevAddr;
  readonly dlSettings: DLSettings;
  /** The delay of RX1 in seconds as it travels: 0 means 1. */
  readonly rxDelay: number;
  readonly cfList?: CFList;
}

const frequencyStep = 100;
const cfListAt = 12;

function requireRange(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new LoRaWANError("invalid_value", `${what} of a join-accept lies between 0 and ${max}`);
  }
}

/** Encodes MHDR and content without the MIC: what the MIC covers. */
export function encodeJoinAccept(accept: JoinAccept): Uint8Array {
  const out = new Uint8Array(accept.cfList === undefined ? 13 : 29);
  const { optNeg, rx1DROffset, rx2DR } = accept.dlSettings;
  requireRange("JoinNonce", accept.joinNonce, 0xffffff);
  requireRange("RX1DROffset", rx1DROffset, 7);
  requireRange("RX2DataRate", rx2DR, 15);
  requireRange("RxDelay", accept.rxDelay, 15);
  out[0] = 0x20;
  writeUint24(out, 1, accept.joinNonce);
  writeUint24(out, 4, accept.netId);
  writeUint32(out, 7, accept.devAddr);
  out[11] = (optNeg ? 0x80 : 0) | (rx1DROffset << 4) | rx2DR;
  out[12] = accept.rxDelay;
  if (accept.cfList !== undefined) writeCFList(accept.cfList, out, 13);
  return out;
}

/** Decodes the decrypted content of a join-accept: without MHDR, with or without its MIC. */
export function decodeJoinAccept(content: Uint8Array): JoinAccept {
  const { length } = content;
  if (length !== 12 && length !== 16 && length !== 28 && length !== 32) {
    const code = length < 12 ? "too_short" : "too_long";
    throw new LoRaWANError(code, `join-accept content of ${length} bytes`);
  }
  const settings = content[10]!;
  const accept = {
    joinNonce: readUint24(content, 0),
    netId: readUint24(content, 3) as NetID,
    devAddr: readUint32(content, 6) as DevAddr,
    dlSettings: {
      optNeg: (settings & 0x80) !== 0,
      rx1DROffset: (settings >>> 4) & 7,
      rx2DR: settings & 0x0f,
    },
    rxDelay: content[11]! & 0x0f,
  };
  return length < 28 ? accept : { ...accept, cfList: decodeCFList(content, cfListAt) };
}

/** Encodes a CFList as it ends a join-accept: 16 bytes. */
export function encodeCFList(list: CFList): Uint8Array {
  const out = new Uint8Array(16);
  writeCFList(list, out, 0);
  return out;
}

// TS001-1.0.4 §6.2.6 and RP002-1.0.4 §2: 15 bytes of content and the CFListType.
function writeCFList(list: CFList, out: Uint8Array, offset: number): void {
  if (list.type === "frequencies") {
    if (list.frequencies.length > 5)
      throw new LoRaWANError("invalid_value", "a CFList has at most 5 frequencies");
    for (const [i, frequency] of list.frequencies.entries()) {
      const steps = Math.round(frequency / frequencyStep);
      if (steps < 0 || steps > 0xffffff)
        throw new LoRaWANError("invalid_value", "frequency of a CFList out of range");
      writeUint24(out, offset + 3 * i, steps);
    }
    return;
  }
  if (list.channelMasks.length > 96)
    throw new LoRaWANError("invalid_value", "a CFList has at most 96 channels");
  for (const [channel, on] of list.channelMasks.entries()) {
    if (on) out[offset + (channel >>> 3)]! |= 1 << (channel & 7);
  }
  out[offset + 15] = 1;
}

function decodeCFList(bytes: Uint8Array, offset: number): CFList {
  const type = bytes[offset + 15]!;
  if (type === 0) {
    const frequencies = [0, 3, 6, 9, 12].map((at) => readUint24(bytes, offset + at) * frequencyStep);
    return { type: "frequencies", frequencies };
  }
  if (type === 1) {
    const channelMasks = Array.from(
      { length: 96 },
      (_, channel) => (readUint16(bytes, offset + 2 * (channel >>> 4)) & (1 << (channel & 15))) !== 0,
    );
    return { type: "channelMasks", channelMasks };
  }
  throw new LoRaWANError("unsupported_cf_list", `CFList of unknown type ${type}`);
}
