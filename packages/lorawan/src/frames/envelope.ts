import { readWord, writeWord } from "../crypto/aes.ts";
import type { MIC } from "../crypto/mic.ts";
import { LoRaWANError } from "../error.ts";

/** The kind of a frame, from the three most significant bits of its MHDR. */
export type MType =
  | "joinRequest"
  | "joinAccept"
  | "unconfirmedUp"
  | "unconfirmedDown"
  | "confirmedUp"
  | "confirmedDown"
  | "rejoinRequest"
  | "proprietary";

/** Every kind of frame at the index of its MType. */
export const frameTypes: readonly MType[] = [
  "joinRequest",
  "joinAccept",
  "unconfirmedUp",
  "unconfirmedDown",
  "confirmedUp",
  "confirmedDown",
  "rejoinRequest",
  "proprietary",
];

export function requireLength(kind: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  const code = bytes.length < length ? "too_short" : "too_long";
  throw new LoRaWANError(code, `${kind} of ${bytes.length} bytes, expected ${length}`);
}

/** The last four bytes of a frame. */
export function readMIC(bytes: Uint8Array): MIC {
  return readWord(bytes, bytes.length - 4) >>> 0;
}

/** The frame without its last four bytes: what its MIC covers, as a view. */
export function withoutMIC(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.max(0, bytes.length - 4));
}

/** A new array of the message followed by its MIC. */
export function appendMIC(message: Uint8Array, mic: MIC): Uint8Array {
  const out = new Uint8Array(message.length + 4);
  out.set(message);
  writeWord(out, message.length, mic);
  return out;
}

/** The four bytes of a MIC in wire order. */
export function encodeMIC(mic: MIC): Uint8Array {
  const out = new Uint8Array(4);
  writeWord(out, 0, mic);
  return out;
}
