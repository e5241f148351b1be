import { noBytes } from "../bytes.ts";
import type { DevAddr } from "../ids/dev-addr.ts";
import { encryptState, type KeySchedule } from "./aes.ts";
import type { Direction } from "./mic.ts";

const state = new Int32Array(4);

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

interface Keystream {
  readonly frameType: number;
  readonly direction: number;
  readonly devAddr: DevAddr;
  readonly fCnt: number;
}

// TS001-1.0.4 §4.3.3: the payload is XORed with the encrypted blocks A_1, A_2, …
function applyKeystream(schedule: KeySchedule, stream: Keystream, payload: Uint8Array): Uint8Array {
  const length = payload.length;
  if (length === 0) return noBytes;
  const out = new Uint8Array(length);
  const address = swapBytes(stream.devAddr);
  const counter = swapBytes(stream.fCnt);
  const word0 = 0x01000000;
  const word1 = (stream.frameType << 24) | (stream.direction << 16) | (address >>> 16);
  const word2 = (address << 16) | (counter >>> 16);
  for (let offset = 0, block = 1; offset < length; offset += 16, block++) {
    state[0] = word0;
    state[1] = word1;
    state[2] = word2;
    state[3] = (counter << 16) | (block & 0xff);
    encryptState(schedule, state);
    const end = Math.min(offset + 16, length);
    for (let i = offset; i < end; i++) {
      out[i] = payload[i]! ^ (state[(i >>> 2) & 3]! >>> (24 - 8 * (i & 3)));
    }
  }
  return out;
}

/** An FRMPayload with what its key stream depends on. */
export interface FRMPayloadToCrypt {
  readonly direction: Direction;
  readonly devAddr: DevAddr;
  /** The full 32-bit counter. */
  readonly fCnt: number;
  readonly payload: Uint8Array;
}

/** Encrypts or decrypts an FRMPayload (the operation is its own inverse) into new bytes. */
export function cryptFRMPayload(schedule: KeySchedule, frame: FRMPayloadToCrypt): Uint8Array {
  const { devAddr, fCnt, payload } = frame;
  const direction = frame.direction === "uplink" ? 0 : 1;
  return applyKeystream(schedule, { frameType: 0, direction, devAddr, fCnt }, payload);
}

/** The counter of LoRaWAN 1.1 that a frame carries; a downlink with FPort above 0 counts in AFCntDown. */
export type FCntKind = "fCntUp" | "nFCntDown" | "aFCntDown";

/** FOpts of LoRaWAN 1.1 with what their key stream depends on. */
export interface FOptsToCrypt {
  readonly counter: FCntKind;
  readonly devAddr: DevAddr;
  /** The full 32-bit counter. */
  readonly fCnt: number;
  readonly fOpts: Uint8Array;
}

/** Encrypts or decrypts FOpts with NwkSEncKey (LoRaWAN 1.1) into new bytes. */
export function cryptFOpts(
  schedule: KeySchedule,
  { counter, devAddr, fCnt, fOpts }: FOptsToCrypt,
): Uint8Array {
  // "FOpts Encryption, Usage of FCntDwn" erratum on LoRaWAN 1.1: byte 4 of the block tells AFCntDown apart, so that
  // equal values of the two downlink counters never share a key stream.
  const frameType = counter === "aFCntDown" ? 2 : 1;
  const direction = counter === "fCntUp" ? 0 : 1;
  return applyKeystream(schedule, { frameType, direction, devAddr, fCnt }, fOpts);
}
