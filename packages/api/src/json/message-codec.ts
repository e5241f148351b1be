import type { DescMessage, JsonObject, JsonValue, Message } from "@bufbuild/protobuf";
import { create, getOption } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { bare } from "../gen/skylark/api/options_pb.ts";
import { emptyMessages } from "../message/empty-message.ts";
import { anyCodec } from "./any-codec.ts";
import type { Place, Reader } from "./compiled-reader.ts";
import { compileReader, loopingReader } from "./compiled-reader.ts";
import type { Writer } from "./compiled-writer.ts";
import { compileWriter, loopingWriter } from "./compiled-writer.ts";
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
    read(json, depth) {
      const message = create(desc) as Properties;
      message[property] = inner().read(json, depth);
      return message;
    },
  };
}

/** Google's wrappers may also come as `{"value": x}`, which is how other JSON libraries read them. */
function wrapped(codec: ValueCodec): ValueCodec {
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
  let compiled: readonly MemberCodec[] | undefined;
  const members = (): readonly MemberCodec[] => {
    compiled ??= memberCodecs(desc, messageCodec);
    return compiled;
  };
  let writer: Writer | undefined;
  const write = (value: unknown): JsonObject => {
    writer ??= compileWriter(members()) ?? loopingWriter(members());
    return writer(value as Properties);
  };
  let reader: Reader | undefined;
  let empty: (() => Message) | undefined;
  return {
    isZero: never,
    toValue: write,
    read(json, depth) {
      reader ??= compileReader(members()) ?? loopingReader(members());
      empty ??= emptyMessages(desc);
      return readObject(desc, { reader, empty }, json, depth);
    },
  };
}

interface CompiledReader {
  readonly reader: Reader;
  readonly empty: () => Message;
}

function readObject(
  desc: DescMessage,
  { reader, empty }: CompiledReader,
  json: JsonValue,
  depth: number,
): Message {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new JSONDecodeError(`expected an object, got ${kindOf(json)}`);
  }
  if (depth > maxDepth) throw new JSONDecodeError(`nested deeper than ${maxDepth} levels`);
  const message = empty();
  const place: Place = { name: "" };
  try {
    reader(json, message as Properties, depth, place);
  } catch (error) {
    throw error instanceof JSONDecodeError ? error.within(schemaName(desc, place.name)) : error;
  }
  return message;
}

/** As the schema spells it, whichever way the input did. */
function schemaName(desc: DescMessage, name: string): string {
  return desc.fields.find((field) => field.name === name || field.jsonName === name)?.name ?? name;
}
