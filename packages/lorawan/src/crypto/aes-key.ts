import type { Brand } from "../brand.ts";
import { LoRaWANError } from "../error.ts";
import { parseHex } from "../hex.ts";

/** A 128-bit key. It has no text form on purpose: use `formatHex` where a key may be shown. */
export type AESKey = Brand<Uint8Array, "AESKey">;

/** Takes 16 bytes as a key. */
export function aesKey(bytes: Uint8Array): AESKey {
  if (bytes.length !== 16) throw new LoRaWANError("invalid_key", "expected a key of 16 bytes");
  return bytes as AESKey;
}

/** Parses 32 hexadecimal digits of either case. */
export function parseAESKey(text: string): AESKey {
  // The text is left out of the message: errors are logged, keys are not.
  if (!/^[0-9A-Fa-f]{32}$/.test(text)) {
    throw new LoRaWANError("invalid_key", "expected a key of 32 hexadecimal digits");
  }
  return parseHex(text) as AESKey;
}
