import type { Brand } from "../brand.ts";
import { LoRaWANError } from "../error.ts";
import { hexPair } from "../hex.ts";

/** A 64-bit identifier (DevEUI, JoinEUI, gateway EUI) as 16 upper-case hexadecimal digits. */
export type EUI64 = Brand<string, "EUI64">;

/** Parses 16 hexadecimal digits of either case. */
export function parseEUI64(text: string): EUI64 {
  if (!/^[0-9A-Fa-f]{16}$/.test(text)) {
    throw new LoRaWANError("invalid_identifier", "expected an EUI of 16 hexadecimal digits");
  }
  return text.toUpperCase() as EUI64;
}

/** Decodes the little-endian form used in frames. */
export function decodeEUI64(bytes: Uint8Array, offset = 0): EUI64 {
  if (offset < 0 || bytes.length < offset + 8) {
    throw new LoRaWANError("too_short", "expected 8 bytes of EUI");
  }
  let text = "";
  for (let i = offset + 7; i >= offset; i--) text += hexPair(bytes[i]!);
  return text as EUI64;
}

/** Writes the little-endian form used in frames. */
export function encodeEUI64(eui: EUI64, out: Uint8Array, offset = 0): void {
  for (let i = 0; i < 8; i++) {
    out[offset + 7 - i] = Number.parseInt(eui.slice(2 * i, 2 * i + 2), 16);
  }
}
