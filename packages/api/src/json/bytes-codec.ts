import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import type { ValueCodec } from "./value-codec.ts";

const isEmpty = (value: unknown): boolean => (value as Uint8Array).length === 0;

/** Bytes as padded base64; reads the standard and the URL alphabet, padded or not. */
export const base64Codec: ValueCodec = {
  isZero: isEmpty,
  toValue: (value) => (value as Uint8Array).toBase64(),
  toText: (value) => `"${(value as Uint8Array).toBase64()}"`,
  read(json) {
    if (typeof json !== "string") throw new JSONDecodeError(`expected base64, got ${kindOf(json)}`);
    return decodeBase64(json);
  },
};

/** Bytes of a fixed length as upper-case hex; reads hex of either case, or base64 of that length. */
export function hexCodec(length: number): ValueCodec {
  const hexLength = length * 2;
  const base64Length = Math.ceil((length * 4) / 3);
  return {
    isZero: isEmpty,
    toValue: (value) => (value as Uint8Array).toHex().toUpperCase(),
    toText: (value) => `"${(value as Uint8Array).toHex().toUpperCase()}"`,
    read(json) {
      if (typeof json !== "string") throw new JSONDecodeError(`expected hex, got ${kindOf(json)}`);
      const text = json.replace(/=+$/, "");
      if (text.length === 0) return new Uint8Array(0);
      if (text.length === hexLength) return decodeHex(text);
      if (text.length === base64Length) return decodeBase64(text);
      throw new JSONDecodeError(
        `invalid length: expected ${hexLength} hexadecimal characters, got ${text.length} characters`,
      );
    },
  };
}

/** A DevAddr prefix (four bytes of address, one of length) as `26000000/7`. */
export const devAddrPrefixCodec: ValueCodec = {
  isZero: isEmpty,
  toValue: formatPrefix,
  toText: (value) => `"${formatPrefix(value)}"`,
  read(json) {
    const match = typeof json === "string" ? /^([0-9a-fA-F]{8})\/([0-9]{1,2})$/.exec(json) : null;
    const bits = Number(match?.[2]);
    if (match === null || bits > 32) {
      throw new JSONDecodeError("expected a DevAddr prefix such as 26000000/7");
    }
    const bytes = new Uint8Array(5);
    bytes.set(Uint8Array.fromHex(match[1] ?? ""));
    bytes[4] = bits;
    return bytes;
  },
};

function formatPrefix(value: unknown): string {
  const bytes = value as Uint8Array;
  return `${bytes.subarray(0, 4).toHex().toUpperCase()}/${bytes[4] ?? 0}`;
}

function decodeHex(text: string): Uint8Array {
  try {
    return Uint8Array.fromHex(text);
  } catch {
    throw new JSONDecodeError("invalid hexadecimal character");
  }
}

function decodeBase64(text: string): Uint8Array {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  try {
    // The decoder skips white space, which is no part of the alphabet.
    if (/\s/.test(standard)) throw new SyntaxError("white space");
    return Uint8Array.fromBase64(standard);
  } catch {
    throw new JSONDecodeError("invalid base64");
  }
}
