import type { Brand } from "../brand.ts";
import type { AESKey } from "./aes-key.ts";

/**
 * An expanded AES-128 key with its two CMAC subkeys: 44 + 4 + 4 words.
 * Expanding costs several times a MIC, so sessions keep their schedules.
 */
export type KeySchedule = Brand<Int32Array, "KeySchedule">;

/** The word at which the CMAC subkey K1 begins; K2 follows it. */
export const subkeyOffset = 44;

const sbox = new Uint8Array(256);
const inverseSbox = new Uint8Array(256);
const encryptTable0 = new Int32Array(256);
const encryptTable1 = new Int32Array(256);
const encryptTable2 = new Int32Array(256);
const encryptTable3 = new Int32Array(256);
const inverseMixTable0 = new Int32Array(256);
const inverseMixTable1 = new Int32Array(256);
const inverseMixTable2 = new Int32Array(256);
const inverseMixTable3 = new Int32Array(256);

function double(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let power = a, rest = b; rest !== 0; power = double(power), rest >>>= 1) {
    if (rest & 1) product ^= power;
  }
  return product;
}

// FIPS-197 §5.1.1 and §5.1.3: tables that join SubBytes and MixColumns (or only InvMixColumns) for one byte.
function fillTables(): void {
  let power = 1;
  let inverse = 1;
  do {
    // Walks the field by the generator 3, and its inverse 0xf6 alongside, so that power * inverse is always 1.
    power = power ^ double(power);
    inverse = multiply(inverse, 0xf6);
    const rotated = inverse ^ (inverse << 1) ^ (inverse << 2) ^ (inverse << 3) ^ (inverse << 4);
    sbox[power] = (rotated ^ (rotated >>> 8) ^ 0x63) & 0xff;
  } while (power !== 1);
  sbox[0] = 0x63;
  for (let byte = 0; byte < 256; byte++) {
    const s = sbox[byte]!;
    inverseSbox[s] = byte;
    const mixed = (double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s);
    encryptTable0[byte] = mixed;
    encryptTable1[byte] = (mixed >>> 8) | (mixed << 24);
    encryptTable2[byte] = (mixed >>> 16) | (mixed << 16);
    encryptTable3[byte] = (mixed >>> 24) | (mixed << 8);
    const unmixed =
      (multiply(byte, 14) << 24) | (multiply(byte, 9) << 16) | (multiply(byte, 13) << 8) | multiply(byte, 11);
    inverseMixTable0[byte] = unmixed;
    inverseMixTable1[byte] = (unmixed >>> 8) | (unmixed << 24);
    inverseMixTable2[byte] = (unmixed >>> 16) | (unmixed << 16);
    inverseMixTable3[byte] = (unmixed >>> 24) | (unmixed << 8);
  }
}
fillTables();

function substituteWord(word: number): number {
  return (
    (sbox[word >>> 24]! << 24) |
    (sbox[(word >>> 16) & 0xff]! << 16) |
    (sbox[(word >>> 8) & 0xff]! << 8) |
    sbox[word & 0xff]!
  );
}

const scheduleLength = 52;
const schedulesPerSlab = 32;
let slab = new Int32Array(scheduleLength * schedulesPerSlab);
let slabUsed = 0;

/** Schedules are kept by the hundred thousand: some share a buffer, since each buffer costs the garbage collector. */
function takeSchedule(): KeySchedule {
  if (slabUsed === slab.length) {
    slab = new Int32Array(slab.length);
    slabUsed = 0;
  }
  const schedule = slab.subarray(slabUsed, slabUsed + scheduleLength);
  slabUsed += scheduleLength;
  return schedule as KeySchedule;
}

/** Expands a key for encryption, decryption and CMAC. */
export function expandKey(key: AESKey): KeySchedule {
  const schedule = takeSchedule();
  for (let i = 0; i < 4; i++) schedule[i] = readWord(key, 4 * i);
  let roundConstant = 1;
  for (let i = 4; i < 44; i++) {
    let word = schedule[i - 1]!;
    if (i % 4 === 0) {
      word = substituteWord((word << 8) | (word >>> 24)) ^ (roundConstant << 24);
      roundConstant = double(roundConstant);
    }
    schedule[i] = schedule[i - 4]! ^ word;
  }
  // RFC 4493 §2.3: K1 and K2 are AES(0) doubled once and twice.
  const state = new Int32Array(4);
  encryptState(schedule, state);
  doubleInto(schedule, subkeyOffset, state, 0);
  doubleInto(schedule, subkeyOffset + 4, schedule, subkeyOffset);
  return schedule;
}

function doubleInto(out: Int32Array, outOffset: number, from: Int32Array, offset: number): void {
  const carry = from[offset]! < 0 ? 0x87 : 0;
  for (let i = 0; i < 3; i++) {
    out[outOffset + i] = (from[offset + i]! << 1) | (from[offset + i + 1]! >>> 31);
  }
  out[outOffset + 3] = (from[offset + 3]! << 1) ^ carry;
}

/** Reads a big-endian word, as AES numbers them. */
export function readWord(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}

/** Writes a big-endian word, as AES numbers them. */
export function writeWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 24;
  bytes[offset + 1] = word >>> 16;
  bytes[offset + 2] = word >>> 8;
  bytes[offset + 3] = word;
}

/** Encrypts one block given as four words, in place. */
export function encryptState(k: KeySchedule, state: Int32Array): void {
  let a = state[0]! ^ k[0]!;
  let b = state[1]! ^ k[1]!;
  let c = state[2]! ^ k[2]!;
  let d = state[3]! ^ k[3]!;
  for (let i = 4; i < 40; i += 4) {
    const a1 =
      encryptTable0[a >>> 24]! ^
      encryptTable1[(b >>> 16) & 0xff]! ^
      encryptTable2[(c >>> 8) & 0xff]! ^
      encryptTable3[d & 0xff]! ^
      k[i]!;
    const b1 =
      encryptTable0[b >>> 24]! ^
      encryptTable1[(c >>> 16) & 0xff]! ^
      encryptTable2[(d >>> 8) & 0xff]! ^
      encryptTable3[a & 0xff]! ^
      k[i + 1]!;
    const c1 =
      encryptTable0[c >>> 24]! ^
      encryptTable1[(d >>> 16) & 0xff]! ^
      encryptTable2[(a >>> 8) & 0xff]! ^
      encryptTable3[b & 0xff]! ^
      k[i + 2]!;
    d =
      encryptTable0[d >>> 24]! ^
      encryptTable1[(a >>> 16) & 0xff]! ^
      encryptTable2[(b >>> 8) & 0xff]! ^
      encryptTable3[c & 0xff]! ^
      k[i + 3]!;
    a = a1;
    b = b1;
    c = c1;
  }
  state[0] = lastRound(a, b, c, d) ^ k[40]!;
  state[1] = lastRound(b, c, d, a) ^ k[41]!;
  state[2] = lastRound(c, d, a, b) ^ k[42]!;
  state[3] = lastRound(d, a, b, c) ^ k[43]!;
}

function lastRound(a: number, b: number, c: number, d: number): number {
  return (
    (sbox[a >>> 24]! << 24) |
    (sbox[(b >>> 16) & 0xff]! << 16) |
    (sbox[(c >>> 8) & 0xff]! << 8) |
    sbox[d & 0xff]!
  );
}

function inverseSubstitute(a: number, b: number, c: number, d: number): number {
  return (
    (inverseSbox[a >>> 24]! << 24) |
    (inverseSbox[(b >>> 16) & 0xff]! << 16) |
    (inverseSbox[(c >>> 8) & 0xff]! << 8) |
    inverseSbox[d & 0xff]!
  );
}

function inverseMix(word: number): number {
  return (
    inverseMixTable0[word >>> 24]! ^
    inverseMixTable1[(word >>> 16) & 0xff]! ^
    inverseMixTable2[(word >>> 8) & 0xff]! ^
    inverseMixTable3[word & 0xff]!
  );
}

/** Decrypts one block given as four words, in place; from the encryption schedule, so none other is kept. */
function decryptState(k: KeySchedule, state: Int32Array): void {
  let a = state[0]! ^ k[40]!;
  let b = state[1]! ^ k[41]!;
  let c = state[2]! ^ k[42]!;
  let d = state[3]! ^ k[43]!;
  for (let i = 36; i > 0; i -= 4) {
    const a1 = inverseMix(inverseSubstitute(a, d, c, b) ^ k[i]!);
    const b1 = inverseMix(inverseSubstitute(b, a, d, c) ^ k[i + 1]!);
    const c1 = inverseMix(inverseSubstitute(c, b, a, d) ^ k[i + 2]!);
    d = inverseMix(inverseSubstitute(d, c, b, a) ^ k[i + 3]!);
    a = a1;
    b = b1;
    c = c1;
  }
  state[0] = inverseSubstitute(a, d, c, b) ^ k[0]!;
  state[1] = inverseSubstitute(b, a, d, c) ^ k[1]!;
  state[2] = inverseSubstitute(c, b, a, d) ^ k[2]!;
  state[3] = inverseSubstitute(d, c, b, a) ^ k[3]!;
}

const blockState = new Int32Array(4);

function loadBlock(bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < 4; i++) blockState[i] = readWord(bytes, offset + 4 * i);
}

function storeBlock(bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < 4; i++) writeWord(bytes, offset + 4 * i, blockState[i]!);
}

/** Encrypts the 16 bytes at an offset into `out`, which may be the same array. */
export function aesEncryptBlock(
  schedule: KeySchedule,
  input: Uint8Array,
  out: Uint8Array = new Uint8Array(16),
  offset = 0,
): Uint8Array {
  loadBlock(input, offset);
  encryptState(schedule, blockState);
  storeBlock(out, offset);
  return out;
}

/** Decrypts the 16 bytes at an offset into `out`, which may be the same array. */
export function aesDecryptBlock(
  schedule: KeySchedule,
  input: Uint8Array,
  out: Uint8Array = new Uint8Array(16),
  offset = 0,
): Uint8Array {
  loadBlock(input, offset);
  decryptState(schedule, blockState);
  storeBlock(out, offset);
  return out;
}
