import type { DescMessage, JsonObject, JsonValue, Message } from "@bufbuild/protobuf";
import { create, getOption } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { bare } from "../gen/skylark/api/options_pb.ts";
import { anyCodec } from "./any-codec.ts";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import type { MemberCodec } from "./member-codec.ts";
import { memberCodecs } from "./member-codec.ts";
import { scalarCodec } from "./scalar-codec.ts";
import type { ValueCodec } from "./value-codec.ts";
import { maxDepth } from "./value-codec.ts";
import type { Properties } from "./well-known-codec.ts";
import { wellKnownCodec } from "./well-known-codec.ts";

const codecs = new WeakMap<DescMessage, ValueCodec>();

/** The codec of a message type, compiled at first use. */
export function messageCodec(desc: DescMessage): ValueCodec {
  let codec = codecs.get(desc);
  if (codec === undefined) {
    codec = wellKnownCodec(desc) ?? composedCodec(desc);
    codecs.set(desc, codec);
  }
  return codec;
}

function composedCodec(desc: DescMessage): ValueCodec {
  if (desc.typeName === "google.protobuf.Any") return anyCodec(messageCodec);
  if (isWrapperDesc(desc)) return bareCodec(desc, () => wrapped(scalarCodec(desc.fields[0].scalar)));
  if (getOption(desc, bare)) return bareCodec(desc, () => memberCodecs(desc, messageCodec)[0]?.codec);
  return objectCodec(desc);
}

const never = (): boolean => false;

/** A message that JSON shows as the value of its one field, also when that is zero. */
function bareCodec(desc: DescMessage, field: () => ValueCodec | undefined): ValueCodec {
  const property = desc.fields[0]?.localName ?? "value";
  let known: ValueCodec | undefined;
  const inner = (): ValueCodec => {
    known ??= field();
    if (known === undefined) throw new TypeError(`${desc.typeName} has no field to be bare`);
    return known;
  };
  return {
    isZero: never,
    toValue: (value) => inner().toValue((value as Properties)[property]),
    toText: (value) => inner().toText((value as Properties)[property]),
    read(json, depth) {
      const message = create(desc) as Properties;
      message[property] = inner().read(json, depth);
      return message;
    },
  };
}

/** Google's wrappers may also come as `{"value": x}`, which is how other JSON libraries read them. */
export function wrapped(codec: ValueCodec): ValueCodec {
  return {
    ...codec,
    isZero: never,
    read(json, depth) {
      const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
      return codec.read(isObject && json.value !== undefined ? json.value : json, depth);
    },
  };
}

function objectCodec(desc: DescMessage): ValueCodec {
  let members: readonly MemberCodec[] | undefined;
  let byName: ReadonlyMap<string, MemberCodec> | undefined;
  const compiled = (): readonly MemberCodec[] => {
    members ??= memberCodecs(desc, messageCodec);
    return members;
  };
  return {
    isZero: never,
    toValue: (value) => objectValue(compiled(), value as Properties),
    toText: (value) => objectText(compiled(), value as Properties),
    read(json, depth) {
      byName ??= namesOf(compiled());
      return readObject(desc, byName, json, depth);
    },
  };
}

function objectText(members: readonly MemberCodec[], message: Properties): string {
  let text = "";
  for (const member of members) {
    const value = member.get(message);
    if (value === undefined || member.codec.isZero(value)) continue;
    text += text === "" ? member.key : `,${member.key}`;
    text += member.codec.toText(value);
  }
  return `{${text}}`;
}

function objectValue(members: readonly MemberCodec[], message: Properties): JsonObject {
  const object: JsonObject = {};
  for (const member of members) {
    const value = member.get(message);
    if (value === undefined || member.codec.isZero(value)) continue;
    object[member.name] = member.codec.toValue(value);
  }
  return object;
}

function namesOf(members: readonly MemberCodec[]): ReadonlyMap<string, MemberCodec> {
  const byName = new Map<string, MemberCodec>();
  for (const member of members) byName.set(member.name, member).set(member.jsonName, member);
  return byName;
}

function readObject(
  desc: DescMessage,
  members: ReadonlyMap<string, MemberCodec>,
  json: JsonValue,
  depth: number,
): Message {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new JSONDecodeError(`expected an object, got ${kindOf(json)}`);
  }
  if (depth > maxDepth) throw new JSONDecodeError(`nested deeper than ${maxDepth} levels`);
  const message = create(desc) as Properties;
  let name = "";
  try {
    for (name in json) {
      const member = members.get(name);
      const value = json[name];
      // A null is a field that was not sent, except where null is a value of its own.
      if (member === undefined || value === undefined || (value === null && !member.readsNull)) continue;
      member.set(message, member.codec.read(value, depth + 1));
    }
  } catch (error) {
    throw error instanceof JSONDecodeError ? error.within(members.get(name)?.name ?? name) : error;
  }
  return message;
}
