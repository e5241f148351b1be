import type { DescEnum, JsonValue } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { aliases, enum_form } from "../gen/skylark/api/options_pb.ts";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import type { ValueCodec } from "./value-codec.ts";

const codecs = new WeakMap<DescEnum, ValueCodec>();

/** An enum by name, or by number where the schema says so; reads both, names without their prefix, and aliases. */
export function enumCodec(desc: DescEnum): ValueCodec {
  let codec = codecs.get(desc);
  if (codec === undefined) {
    codec = compile(desc);
    codecs.set(desc, codec);
  }
  return codec;
}

/** The name that JSON shows for a value. */
export function enumName(desc: DescEnum, value: number): string {
  return desc.value[value]?.name ?? String(value);
}

function compile(desc: DescEnum): ValueCodec {
  const numeric = getOption(desc, enum_form).number;
  const zero = desc.values[0]?.number ?? 0;
  const numbers = numbersByName(desc);
  const names = canonicalNames(desc);
  const nameOf = (value: unknown): string => names.get(value as number) ?? String(value);
  return {
    isZero: (value) => value === zero,
    toValue: numeric ? (value) => value as number : nameOf,
    read: (json) => readEnum(desc, numbers, json),
  };
}

function readEnum(desc: DescEnum, numbers: ReadonlyMap<string, number>, json: JsonValue): number {
  if (typeof json === "string") {
    const known = numbers.get(json);
    if (known !== undefined) return known;
    if (/^-?[0-9]{1,10}$/.test(json)) return checkNumber(Number(json));
    throw new JSONDecodeError(`${JSON.stringify(json.slice(0, 60))} is no value of ${desc.name}`);
  }
  if (typeof json === "number") return checkNumber(json);
  throw new JSONDecodeError(`expected a name of ${desc.name}, got ${kindOf(json)}`);
}

function checkNumber(value: number): number {
  if ((value | 0) !== value) throw new JSONDecodeError(`${value} is no 32-bit whole number`);
  return value + 0;
}

/** Where several names share a number, the first one is shown. */
function canonicalNames(desc: DescEnum): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { number, name } of desc.values) if (!names.has(number)) names.set(number, name);
  return names;
}

function numbersByName(desc: DescEnum): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const add = (name: string, value: number) => {
    if (!numbers.has(name)) numbers.set(name, value);
  };
  for (const { name, number } of desc.values) add(name, number);
  const { prefix } = getOption(desc, enum_form);
  for (const value of desc.values) {
    if (prefix !== "" && value.name.startsWith(`${prefix}_`)) {
      add(value.name.slice(prefix.length + 1), value.number);
    }
    for (const alias of getOption(value, aliases)) add(alias, value.number);
  }
  return numbers;
}
