import type { Brand } from "../brand.ts";
import { readUint32, writeUint32 } from "../bytes.ts";
import { LoRaWANError } from "../error.ts";

/** The 32-bit address of an end device within a session, as an unsigned number. */
export type DevAddr = Brand<number, "DevAddr">;

/** Takes an unsigned 32-bit number as a DevAddr. */
export function devAddr(value: number): DevAddr {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new LoRaWANError("invalid_identifier", "expected a DevAddr of 32 bits");
  }
  return value as DevAddr;
}

/** Parses 8 hexadecimal digits of either case. */
export function parseDevAddr(text: string): DevAddr {
  if (!/^[0-9A-Fa-f]{8}$/.test(text)) {
    throw new LoRaWANError("invalid_identifier", "expected a DevAddr of 8 hexadecimal digits");
  }
  return Number.parseInt(text, 16) as DevAddr;
}

/** Formats as 8 upper-case hexadecimal digits. */
export function formatDevAddr(address: DevAddr): string {
  return address.toString(16).padStart(8, "0").toUpperCase();
}

/** Decodes the little-endian form used in frames. */
export function decodeDevAddr(bytes: Uint8Array, offset = 0): DevAddr {
  if (offset < 0 || bytes.length < offset + 4) {
    throw new LoRaWANError("too_short", "expected 4 bytes of DevAddr");
  }
  return readUint32(bytes, offset) as DevAddr;
}

/** Writes the little-endian form used in frames. */
export function encodeDevAddr(address: DevAddr, out: Uint8Array, offset = 0): void {
  writeUint32(out, offset, address);
}
