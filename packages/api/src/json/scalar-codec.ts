import type { JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { base64Codec } from "./bytes-codec.ts";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import type { ValueCodec } from "./value-codec.ts";

const stringCodec: ValueCodec = {
  isZero: (value) => value === "",
  toValue: (value) => value as string,
  read(json) {
    if (typeof json !== "string") throw new JSONDecodeError(`expected a string, got ${kindOf(json)}`);
    return json.isWellFormed() ? json : json.toWellFormed();
  },
};

const boolCodec: ValueCodec = {
  isZero: (value) => value === false,
  toValue: (value) => value as boolean,
  read(json) {
    if (typeof json !== "boolean") throw new JSONDecodeError(`expected true or false, got ${kindOf(json)}`);
    return json;
  },
};

function integerCodec(min: number, max: number): ValueCodec {
  return {
    isZero: (value) => value === 0,
    toValue: (value) => value as number,
    read(json) {
      const number = typeof json === "string" && decimal.test(json) ? Number(json) : json;
      if (typeof number !== "number" || !Number.isInteger(number)) {
        throw new JSONDecodeError(`expected a whole number, got ${describe(json)}`);
      }
      if (number < min || number > max) {
        throw new JSONDecodeError(`${number} is not between ${min} and ${max}`);
      }
      return number + 0;
    },
  };
}

const decimal = /^-?[0-9]+$/;

function bigintCodec(min: bigint, max: bigint): ValueCodec {
  return {
    isZero: (value) => value === 0n,
    toValue: formatBigint,
    read(json) {
      const number = parseBigint(json);
      if (number < min || number > max) {
        throw new JSONDecodeError(`${number} is not between ${min} and ${max}`);
      }
      return number;
    },
  };
}

/** Most are small, and small numbers are text sooner. */
function formatBigint(value: unknown): string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? String(number) : String(value);
}

function parseBigint(json: JsonValue): bigint {
  if (typeof json === "string" && json.length <= 20 && decimal.test(json)) return BigInt(json);
  if (typeof json === "number" && Number.isInteger(json)) {
    // JSON.parse rounds what a double cannot hold: refuse rather than store another number than was sent.
    if (!Number.isSafeInteger(json)) {
      throw new JSONDecodeError("number is too large to be exact; send it as a string");
    }
    return BigInt(json);
  }
  throw new JSONDecodeError(`expected a whole number or a string of digits, got ${describe(json)}`);
}

const notFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

function floatCodec(single: boolean): ValueCodec {
  const shorten = single ? shortestSingle : (value: number) => value;
  return {
    isZero: (value) => value === 0,
    toValue: (value) => (Number.isFinite(value) ? shorten(value as number) : String(value)),
    read(json) {
      const number = parseFloating(json);
      if (single && Number.isFinite(number) && !Number.isFinite(Math.fround(number))) {
        throw new JSONDecodeError(`${number} is too large`);
      }
      return number;
    },
  };
}

function parseFloating(json: JsonValue): number {
  if (typeof json === "number") return json;
  if (typeof json === "string" && json.trim() !== "") {
    const number = Object.hasOwn(notFinite, json) ? notFinite[json] : Number(json);
    if (number !== undefined && (Object.hasOwn(notFinite, json) || Number.isFinite(number))) return number;
  }
  throw new JSONDecodeError(`expected a number, got ${describe(json)}`);
}

/** The fewest digits that name a single-precision number: 9.2, not 9.199999809265137. */
export function shortestSingle(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  // What six digits name exactly has no shorter name.
  if (Math.abs(value) >= 1e-3 && Number.isInteger(value * 1000) && Math.abs(value) < 1000) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function describe(json: JsonValue): string {
  if (typeof json === "number") return String(json);
  return typeof json === "string" && json.length <= 40 ? JSON.stringify(json) : kindOf(json);
}

const int32 = integerCodec(-0x8000_0000, 0x7fff_ffff);
const uint32 = integerCodec(0, 0xffff_ffff);
const int64 = bigintCodec(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = bigintCodec(0n, 2n ** 64n - 1n);

const codecs: Readonly<Record<ScalarType, ValueCodec>> = {
  [ScalarType.DOUBLE]: floatCodec(false),
  [ScalarType.FLOAT]: floatCodec(true),
  [ScalarType.INT64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.INT32]: int32,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.BOOL]: boolCodec,
  [ScalarType.STRING]: stringCodec,
  [ScalarType.BYTES]: base64Codec,
  [ScalarType.UINT32]: uint32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.SINT32]: int32,
  [ScalarType.SINT64]: int64,
};

export function scalarCodec(type: ScalarType): ValueCodec {
  return codecs[type];
}
