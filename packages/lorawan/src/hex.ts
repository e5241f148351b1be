import { LoRaWANError } from "./error.ts";

const upperPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0").toUpperCase(),
);

/** Formats bytes as upper-case hexadecimal digits. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += upperPairs[bytes[i]!]!;
  return text;
}

/** Parses hexadecimal digits of either case, two for each byte. */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(text)) {
    throw new LoRaWANError("invalid_value", "expected an even number of hexadecimal digits");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The two upper-case digits of one byte. */
export function hexPair(byte: number): string {
  return upperPairs[byte & 0xff]!;
}
