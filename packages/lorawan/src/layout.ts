import { LoRaWANError } from "./error.ts";

/** What a layout may need to know to turn bits into values. */
export interface LayoutOptions {
  /** Hz for each step of a frequency: 100, and 200 in the 2.4 GHz band. */
  readonly freqMultiplier: number;
}

/** Some bits of a packed structure and what they mean. */
export interface Field<T> {
  readonly bits: number;
  decode(reader: BitReader, options: LayoutOptions): T;
  encode(writer: BitWriter, value: T, options: LayoutOptions): void;
}

interface BitReader {
  readonly bytes: Uint8Array;
  position: number;
}

interface BitWriter {
  readonly bytes: Uint8Array;
  position: number;
}

// At most 32 bits, lowest first, through byte borders. Multiplication keeps 32 bits unsigned.
function readBits(reader: BitReader, bits: number): number {
  let value = 0;
  for (let done = 0; done < bits; ) {
    const { position } = reader;
    const shift = position & 7;
    const take = Math.min(8 - shift, bits - done);
    value += ((reader.bytes[position >>> 3]! >>> shift) & (2 ** take - 1)) * 2 ** done;
    done += take;
    reader.position += take;
  }
  return value;
}

function writeBits(writer: BitWriter, bits: number, value: number): void {
  for (let done = 0; done < bits; ) {
    const { position } = writer;
    const shift = position & 7;
    const take = Math.min(8 - shift, bits - done);
    const part = Math.floor(value / 2 ** done) & (2 ** take - 1);
    writer.bytes[position >>> 3]! |= part << shift;
    done += take;
    writer.position += take;
  }
}

function requireRange(value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new LoRaWANError("invalid_value", `value ${value} does not fit between ${min} and ${max}`);
  }
}

/** An unsigned number of at most 32 bits. */
export function uint<T extends number = number>(bits: number): Field<T> {
  return {
    bits,
    decode: (reader) => readBits(reader, bits) as T,
    encode: (writer, value) => {
      requireRange(value, 0, 2 ** bits - 1);
      writeBits(writer, bits, value);
    },
  };
}

/** A number in two's complement. */
export function int(bits: number): Field<number> {
  const half = 2 ** (bits - 1);
  return {
    bits,
    decode: (reader) => {
      const value = readBits(reader, bits);
      return value >= half ? value - 2 * half : value;
    },
    encode: (writer, value) => {
      requireRange(value, -half, half - 1);
      writeBits(writer, bits, value < 0 ? value + 2 * half : value);
    },
  };
}

/** A number that travels as its distance from `origin`, upwards or with `sign` -1 downwards. */
export function offsetUint(bits: number, origin: number, sign: 1 | -1 = 1): Field<number> {
  return {
    bits,
    decode: (reader) => origin + sign * readBits(reader, bits),
    encode: (writer, value) => {
      const distance = sign * (value - origin);
      requireRange(distance, 0, 2 ** bits - 1);
      writeBits(writer, bits, distance);
    },
  };
}

/** One bit as true or false. */
export const flag: Field<boolean> = {
  bits: 1,
  decode: (reader) => readBits(reader, 1) === 1,
  encode: (writer, value) => writeBits(writer, 1, value ? 1 : 0),
};

/** Several bits as true or false, the lowest first. */
export function flags(bits: number): Field<readonly boolean[]> {
  return {
    bits,
    decode: (reader) => Array.from({ length: bits }, () => readBits(reader, 1) === 1),
    encode: (writer, value) => {
      if (value.length !== bits) throw new LoRaWANError("invalid_value", `expected ${bits} flags`);
      for (const on of value) writeBits(writer, 1, on ? 1 : 0);
    },
  };
}

/** A frequency in Hz as 24 bits of steps. */
export const frequency: Field<number> = {
  bits: 24,
  decode: (reader, { freqMultiplier }) => readBits(reader, 24) * freqMultiplier,
  encode: (writer, value, { freqMultiplier }) => {
    const steps = value / freqMultiplier;
    requireRange(steps, 0, 0xffffff);
    writeBits(writer, 24, steps);
  },
};

/** Whole bytes as they are. */
export function byteString(length: number): Field<Uint8Array> {
  return {
    bits: 8 * length,
    decode: (reader) => Uint8Array.from({ length }, () => readBits(reader, 8)),
    encode: (writer, value) => {
      if (value.length !== length) throw new LoRaWANError("invalid_value", `expected ${length} bytes`);
      for (const byte of value) writeBits(writer, 8, byte);
    },
  };
}

/** Reserved bits: written as 0, ignored when read (TS001-1.0.4 §1.1). */
export function rfu(bits: number): Field<never> {
  return {
    bits,
    decode: (reader) => {
      reader.position += bits;
      return undefined as never;
    },
    encode: (writer) => {
      writer.position += bits;
    },
  };
}

type Fields = {
  readonly [name: string]:
    | Field<never>
    | Field<number>
    | Field<boolean>
    | Field<readonly boolean[]>
    | Field<Uint8Array>;
};

/** The value that a layout describes. */
export type LayoutValue<F> = {
  readonly [K in keyof F as F[K] extends Field<infer T>
    ? [T] extends [never]
      ? never
      : K
    : never]: F[K] extends Field<infer T> ? T : never;
};

/** A packed structure of whole bytes. */
export interface Layout<T> {
  readonly length: number;
  /** Reads from an offset; the caller has checked that enough bytes are there. */
  decode(bytes: Uint8Array, offset: number, options: LayoutOptions): T;
  /** Writes at an offset into bytes that are 0. */
  encode(value: T, bytes: Uint8Array, offset: number, options: LayoutOptions): void;
}

/** States a packed structure: fields in wire order, lowest bit first, reserved bits spelled out. */
export function layout<const F extends Fields>(fields: F): Layout<LayoutValue<F>> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const bits = entries.reduce((sum, [, field]) => sum + field.bits, 0);
  if (bits % 8 !== 0) throw new Error(`layout has ${bits} bits`);
  return {
    length: bits / 8,
    decode(bytes, offset, options) {
      const reader = { bytes, position: 8 * offset };
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) {
        const read = field.decode(reader, options);
        if (read !== undefined) value[name] = read;
      }
      return value as LayoutValue<F>;
    },
    encode(value, bytes, offset, options) {
      const writer = { bytes, position: 8 * offset };
      const values = value as Readonly<Record<string, unknown>>;
      for (const [name, field] of entries) field.encode(writer, values[name], options);
    },
  };
}
