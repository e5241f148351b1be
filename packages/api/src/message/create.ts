import type {
  DescField,
  DescMessage,
  DescOneof,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create as createSlowly, isMessage, mergeFromBinary, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { emptyMessage } from "./empty-message.ts";

/*
 * Messages made by the library get their fields one by one, whereupon the engine takes a wide one for a dictionary:
 * every copy and every field of it is then several times as dear. These begin with all their fields.
 */

/** A new message with these fields, as the library's function of this name makes it. */
export function create<Desc extends DescMessage>(
  schema: Desc,
  init?: MessageInitShape<Desc>,
): MessageShape<Desc> {
  if (init === undefined) return emptyMessage(schema) as MessageShape<Desc>;
  return createFrom(schema, init as Properties) as MessageShape<Desc>;
}

/** Reads a message, as the library's function of this name does. */
export function fromBinary<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  return mergeFromBinary(schema, emptyMessage(schema) as MessageShape<Desc>, bytes);
}

type Properties = Record<string, unknown>;
type Convert = (value: unknown) => unknown;

function createFrom(desc: DescMessage, init: Properties): Message {
  if (isMessage(init, desc)) return init;
  const converters = convertersOf(desc);
  if (converters === undefined) return createSlowly(desc, init);
  const message = emptyMessage(desc) as Message & Properties;
  for (const name of Object.keys(init)) {
    const value = init[name];
    if (value === undefined || value === null) continue;
    const convert = converters.get(name);
    if (convert !== undefined) message[name] = convert(value);
  }
  return message;
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, Convert> | "slow">();

/** Undefined for messages whose fields know whether they were set: they keep their defaults elsewhere. */
function convertersOf(desc: DescMessage): ReadonlyMap<string, Convert> | undefined {
  let converters = known.get(desc);
  if (converters === undefined) {
    const isPlain = Object.getPrototypeOf(emptyMessage(desc)) === Object.prototype;
    converters = isPlain
      ? new Map(desc.members.map((member) => [member.localName, memberConverter(member)]))
      : "slow";
    known.set(desc, converters);
  }
  return converters === "slow" ? undefined : converters;
}

const asIs: Convert = (value) => value;

function memberConverter(member: DescField | DescOneof): Convert {
  if (member.kind === "oneof") return oneofConverter(member);
  const { fieldKind } = member;
  if (fieldKind !== "list" && fieldKind !== "map") return fieldConverter(member);
  const convert = fieldConverter(member);
  if (convert === asIs) return asIs;
  if (fieldKind === "list")
    return (value) => (Array.isArray(value) ? value.map((each) => convert(each)) : value);
  return (value) =>
    Object.fromEntries(Object.entries(value as Properties).map(([key, each]) => [key, convert(each)]));
}

function oneofConverter(oneof: DescOneof): Convert {
  const converters = new Map(oneof.fields.map((field) => [field.localName, fieldConverter(field)]));
  return (value) => {
    const chosen = value as { readonly case?: string; readonly value?: unknown };
    const convert = chosen.case === undefined ? undefined : converters.get(chosen.case);
    return convert === undefined ? { case: undefined } : { case: chosen.case, value: convert(chosen.value) };
  };
}

/** Of one value, also of those of a list or a map. */
function fieldConverter(field: DescField): Convert {
  if (field.scalar === ScalarType.BYTES) return bytesOf;
  if (field.message === undefined) return asIs;
  const { message } = field;
  const isSingle = field.fieldKind === "message";
  // A wrapper's value stands for the wrapper, and a JSON object for Google's struct.
  if (isSingle && field.oneof === undefined && isWrapperDesc(message)) {
    return message.fields[0].scalar === ScalarType.BYTES ? bytesOf : asIs;
  }
  const isStruct = message.typeName === "google.protobuf.Struct";
  if (isStruct && field.parent.typeName !== "google.protobuf.Value") return asIs;
  return (value) => (isObject(value) ? createFrom(message, value) : value);
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bytesOf(value: unknown): unknown {
  return Array.isArray(value) ? new Uint8Array(value) : value;
}
