import { Buffer } from "node:buffer";

/*
 * As much of the Distinguished Encoding Rules of ASN.1 as an X.509 certificate needs.
 */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value with its tag and length. */
export type Der = Buffer;

export function encodeTagged(tag: number, content: Uint8Array): Der {
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function encodeSequence(...items: readonly Der[]): Der {
  return encodeTagged(tags.sequence, Buffer.concat(items));
}

export function encodeSet(...items: readonly Der[]): Der {
  return encodeTagged(tags.set, Buffer.concat(items));
}

export function encodeBoolean(value: boolean): Der {
  return encodeTagged(tags.boolean, Buffer.from([value ? 0xff : 0]));
}

/** A number that is not negative, from its bytes, the most significant first. */
export function encodeInteger(magnitude: Uint8Array): Der {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const significant = start < 0 ? Buffer.of(0) : Buffer.from(magnitude.subarray(start));
  // A set first bit would mean a negative number.
  const isPositive = significant[0]! < 0x80;
  return encodeTagged(tags.integer, isPositive ? significant : Buffer.concat([Buffer.of(0), significant]));
}

/** Of whole bytes. */
export function encodeBitString(bytes: Uint8Array, unusedBits = 0): Der {
  return encodeTagged(tags.bitString, Buffer.concat([Buffer.of(unusedBits), bytes]));
}

export function encodeOctetString(bytes: Uint8Array): Der {
  return encodeTagged(tags.octetString, bytes);
}

export function encodeUtf8String(text: string): Der {
  return encodeTagged(tags.utf8String, Buffer.from(text, "utf8"));
}

/** From its dotted form, e.g. `1.2.840.10045.2.1`. */
export function encodeObjectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encodeTagged(
    tags.objectIdentifier,
    Buffer.from([first * 40 + second, ...rest.flatMap(encodeSubidentifier)]),
  );
}

/** Seven bits a byte; all but the last have the first bit set. */
function encodeSubidentifier(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest % 128) | 0x80);
  }
  return bytes;
}

/** To the second. Years before 2050 have two digits, as X.509 wants it. */
export function encodeTime(at: Date): Der {
  const digits = `${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
  return at.getUTCFullYear() < 2050
    ? encodeTagged(tags.utcTime, Buffer.from(digits.slice(2), "latin1"))
    : encodeTagged(tags.generalizedTime, Buffer.from(digits, "latin1"));
}
