import { encryptState, type KeySchedule, readWord, subkeyOffset, writeWord } from "./aes.ts";

/**
 * Runs CMAC (RFC 4493) on from `state` and leaves the tag there.
 * The state holds a first block when `started`, which is how the B0 and B1 blocks of LoRaWAN come in without a copy.
 */
export function cmacState(
  schedule: KeySchedule,
  state: Int32Array,
  started: boolean,
  message: Uint8Array,
): void {
  const length = message.length;
  if (started && length > 0) encryptState(schedule, state);
  let offset = 0;
  for (; offset + 16 < length; offset += 16) {
    state[0]! ^= readWord(message, offset);
    state[1]! ^= readWord(message, offset + 4);
    state[2]! ^= readWord(message, offset + 8);
    state[3]! ^= readWord(message, offset + 12);
    encryptState(schedule, state);
  }
  // A whole last block takes K1, a padded one K2; a started message without more bytes is whole.
  let subkey = subkeyOffset;
  if (!(started && length === 0)) {
    if (length - offset === 16) {
      state[0]! ^= readWord(message, offset);
      state[1]! ^= readWord(message, offset + 4);
      state[2]! ^= readWord(message, offset + 8);
      state[3]! ^= readWord(message, offset + 12);
    } else {
      subkey += 4;
      absorbPadded(state, message, offset);
    }
  }
  state[0]! ^= schedule[subkey]!;
  state[1]! ^= schedule[subkey + 1]!;
  state[2]! ^= schedule[subkey + 2]!;
  state[3]! ^= schedule[subkey + 3]!;
  encryptState(schedule, state);
}

function absorbPadded(state: Int32Array, message: Uint8Array, from: number): void {
  let position = 0;
  for (let i = from; i < message.length; i++, position++) {
    state[position >>> 2]! ^= message[i]! << (24 - 8 * (position & 3));
  }
  state[position >>> 2]! ^= 0x80 << (24 - 8 * (position & 3));
}

const tagState = new Int32Array(4);

/** The whole 16-byte AES-CMAC of a message. */
export function cmac(schedule: KeySchedule, message: Uint8Array): Uint8Array {
  tagState.fill(0);
  cmacState(schedule, tagState, false, message);
  const tag = new Uint8Array(16);
  for (let i = 0; i < 4; i++) writeWord(tag, 4 * i, tagState[i]!);
  return tag;
}

/** The first four bytes of the AES-CMAC of a message, as an unsigned number in wire order. */
export function cmacPrefix(schedule: KeySchedule, message: Uint8Array): number {
  tagState.fill(0);
  cmacState(schedule, tagState, false, message);
  return tagState[0]! >>> 0;
}
