import { LoRaWANError } from "../error.ts";
import { aesDecryptBlock, aesEncryptBlock, type KeySchedule } from "./aes.ts";

const initialValue = 0xa6;

// RFC 3394 §2.2: the step counter is XORed into the low bytes of A; keys of at most 32 bytes need its last byte only.
function requireKeyData(bytes: Uint8Array, minLength: number, maxLength: number): void {
  if (bytes.length % 8 !== 0 || bytes.length < minLength || bytes.length > maxLength) {
    throw new LoRaWANError("invalid_key", "key data to wrap has 16 to 32 bytes, a multiple of 8");
  }
}

/** Wraps key data with a key encryption key (RFC 3394). */
export function wrapKey(kek: KeySchedule, key: Uint8Array): Uint8Array {
  requireKeyData(key, 16, 32);
  const n = key.length / 8;
  const out = new Uint8Array(key.length + 8);
  out.set(key, 8);
  const block = new Uint8Array(16).fill(initialValue, 0, 8);
  for (let step = 1; step <= 6 * n; step++) {
    const at = 8 * (((step - 1) % n) + 1);
    block.set(out.subarray(at, at + 8), 8);
    aesEncryptBlock(kek, block, block);
    out.set(block.subarray(8), at);
    block[7]! ^= step;
  }
  out.set(block.subarray(0, 8));
  return out;
}

/** Unwraps key data and checks its integrity (RFC 3394). */
export function unwrapKey(kek: KeySchedule, wrapped: Uint8Array): Uint8Array {
  requireKeyData(wrapped, 24, 40);
  const n = wrapped.length / 8 - 1;
  const out = wrapped.slice(8);
  const block = new Uint8Array(16);
  block.set(wrapped.subarray(0, 8));
  for (let step = 6 * n; step >= 1; step--) {
    const at = 8 * ((step - 1) % n);
    block[7]! ^= step;
    block.set(out.subarray(at, at + 8), 8);
    aesDecryptBlock(kek, block, block);
    out.set(block.subarray(8), at);
  }
  let difference = 0;
  for (let i = 0; i < 8; i++) difference |= block[i]! ^ initialValue;
  if (difference !== 0)
    throw new LoRaWANError("integrity_check_failed", "the wrapped key does not fit this key encryption key");
  return out;
}
