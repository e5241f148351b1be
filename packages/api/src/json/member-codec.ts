import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { dev_addr_prefixes, hex } from "../gen/skylark/api/options_pb.ts";
import { devAddrPrefixCodec, hexCodec } from "./bytes-codec.ts";
import { listCodec, mapCodec } from "./collection-codec.ts";
import { enumCodec } from "./enum-codec.ts";
import { scalarCodec } from "./scalar-codec.ts";
import type { ValueCodec } from "./value-codec.ts";
import type { Properties } from "./well-known-codec.ts";
import { plainStructCodec } from "./well-known-codec.ts";

/** How to find one field in a message, and its value's codec. */
export interface MemberCodec {
  /** As the schema spells it, which is what JSON shows. */
  readonly name: string;
  /** The lower camel case that input may use. */
  readonly jsonName: string;
  readonly codec: ValueCodec;
  readonly readsNull: boolean;
  /** The property of a message that holds it; of a member of a oneof, what the oneof's `case` says. */
  readonly property: string;
  /** The property of the oneof that it is a member of. */
  readonly oneof: string | undefined;
  readonly desc: DescField;
  /** Undefined when unset. */
  get(message: Properties): unknown;
  set(message: Properties, value: unknown): void;
}

type CodecOf = (desc: DescMessage) => ValueCodec;

/** The fields of a message in the schema's order, those of oneofs beside the others. */
export function memberCodecs(desc: DescMessage, codecOf: CodecOf): readonly MemberCodec[] {
  return desc.fields.map((field) => {
    const codec = fieldCodec(field, codecOf);
    return {
      name: field.name,
      jsonName: field.jsonName,
      readsNull: field.message?.typeName === "google.protobuf.Value",
      property: field.localName,
      oneof: field.oneof?.localName,
      desc: field,
      ...(field.oneof === undefined
        ? { codec, ...plainAccess(field) }
        : // A member of a oneof is set even when it is zero.
          { codec: { ...codec, isZero: () => false }, ...oneofAccess(field, field.oneof.localName) }),
    };
  });
}

function plainAccess({ localName }: DescField): Pick<MemberCodec, "get" | "set"> {
  return {
    get: (message) => message[localName],
    set(message, value) {
      message[localName] = value;
    },
  };
}

function oneofAccess({ localName }: DescField, oneof: string): Pick<MemberCodec, "get" | "set"> {
  return {
    get(message) {
      const chosen = message[oneof] as { readonly case?: string; readonly value?: unknown };
      return chosen.case === localName ? chosen.value : undefined;
    },
    set(message, value) {
      message[oneof] = { case: localName, value };
    },
  };
}

function fieldCodec(field: DescField, codecOf: CodecOf): ValueCodec {
  switch (field.fieldKind) {
    case "scalar":
      return bytesOrScalar(field, field.scalar);
    case "enum":
      return enumCodec(field.enum);
    case "message":
      return singularMessage(field, codecOf);
    case "list":
      return listCodec(itemCodec(field, codecOf));
    case "map":
      return mapCodec(field.mapKey, itemCodec(field, codecOf));
  }
}

function bytesOrScalar(field: DescField, scalar: ScalarType): ValueCodec {
  if (scalar !== ScalarType.BYTES) return scalarCodec(scalar);
  if (getOption(field, dev_addr_prefixes)) return devAddrPrefixCodec;
  const length = getOption(field, hex);
  return length === 0 ? scalarCodec(scalar) : hexCodec(length);
}

function singularMessage(field: DescField & { fieldKind: "message" }, codecOf: CodecOf): ValueCodec {
  // protobuf-es keeps Google's wrappers as bare values where they are fields, but not in oneofs, lists and maps.
  if (isWrapperDesc(field.message) && field.oneof === undefined) {
    return bareValueOf(codecOf(field.message), field.message);
  }
  return isPlainStruct(field) ? plainStructCodec : lazily(field.message, codecOf);
}

/** The codec of a wrapper message, for its bare value. */
function bareValueOf(codec: ValueCodec, wrapper: DescMessage): ValueCodec {
  const $typeName = wrapper.typeName;
  return {
    isZero: () => false,
    toValue: (value) => codec.toValue({ $typeName, value }),
    read: (json, depth) => (codec.read(json, depth) as { readonly value: unknown }).value,
  };
}

function itemCodec(field: DescField & { fieldKind: "list" | "map" }, codecOf: CodecOf): ValueCodec {
  if (field.message !== undefined) {
    return isPlainStruct(field) ? plainStructCodec : lazily(field.message, codecOf);
  }
  return field.enum === undefined ? bytesOrScalar(field, field.scalar) : enumCodec(field.enum);
}

function isPlainStruct(field: DescField): boolean {
  return (
    field.message?.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value"
  );
}

/** Message types contain each other in circles, so a codec is looked up when it is first needed. */
function lazily(desc: DescMessage, codecOf: CodecOf): ValueCodec {
  let known: ValueCodec | undefined;
  const codec = (): ValueCodec => {
    known ??= codecOf(desc);
    return known;
  };
  return {
    isZero: () => false,
    toValue: (value) => codec().toValue(value),
    read: (json, depth) => codec().read(json, depth),
  };
}
