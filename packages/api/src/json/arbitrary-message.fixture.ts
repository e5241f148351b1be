import type { DescField, DescMessage, JsonValue, Message } from "@bufbuild/protobuf";
import { create, fromJson, getOption, ScalarType } from "@bufbuild/protobuf";
import { anyPack, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { dev_addr_prefixes, hex } from "../gen/skylark/api/options_pb.ts";
import { EndDeviceIdentifiersSchema } from "../schema.ts";
import { shortestSingle } from "./scalar-codec.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const bytes = (length?: number) =>
  fc.uint8Array(length === undefined ? { maxLength: 20 } : { minLength: length, maxLength: length });
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const json = fc
  .jsonValue({ maxDepth: 2, depthSize: "small" })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const plainObject = fc.dictionary(
  text.filter((key) => key !== "__proto__"),
  json,
  { maxKeys: 3, noNullPrototype: true },
);
const hasProtoKey = (value: unknown): boolean => JSON.stringify(value)?.includes("__proto__") ?? false;

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.DOUBLE]: number,
  [ScalarType.FLOAT]: fc
    .float({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Object.is(value, -0))
    .map(shortestSingle),
  [ScalarType.INT64]: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.UINT64]: fc.bigInt(0n, 2n ** 64n - 1n),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.FIXED64]: fc.bigInt(0n, 2n ** 64n - 1n),
  [ScalarType.FIXED32]: fc.nat(0xffff_ffff),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes(),
  [ScalarType.UINT32]: fc.nat(0xffff_ffff),
  [ScalarType.SFIXED32]: fc.integer(),
  [ScalarType.SFIXED64]: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.SINT32]: fc.integer(),
  [ScalarType.SINT64]: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
};

/** Any message of a type, nested at most `depth` deep. */
export function arbitraryMessage(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return fc
        .record({
          seconds: fc.bigInt(-62_135_596_800n, 253_402_300_799n),
          nanos: fc.oneof(
            fc.constant(0),
            fc.nat(999).map((ms) => ms * 1_000_000),
            fc.nat(999_999_999),
          ),
        })
        .map((init) => create(desc, init));
    case "google.protobuf.Duration":
      return fc
        .record({ seconds: fc.bigInt(0n, 10_000_000n), nanos: fc.nat(999_999_999), negative: fc.boolean() })
        .map(({ seconds, nanos, negative }) =>
          create(
            desc,
            negative ? { seconds: -seconds, nanos: nanos === 0 ? 0 : -nanos } : { seconds, nanos },
          ),
        );
    case "google.protobuf.FieldMask":
      return fc.array(fc.constantFrom("ids", "name", "session.keys")).map((paths) => create(desc, { paths }));
    case "google.protobuf.Struct":
      return plainObject.map((value) => fromJson(desc, value));
    case "google.protobuf.Value":
      return json.map((value) => fromJson(desc, value));
    case "google.protobuf.ListValue":
      return fc.array(json, { maxLength: 3 }).map((value) => fromJson(desc, value));
    case "google.protobuf.Any":
      return fc
        .record({ deviceId: text, devEui: bytes(8) })
        .map((init) => anyPack(EndDeviceIdentifiersSchema, create(EndDeviceIdentifiersSchema, init)));
  }
  return fields(desc, depth).map((init) => create(desc, init));
}

function fields(desc: DescMessage, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of desc.members) {
    if (member.kind === "oneof") {
      const cases = member.fields
        .filter((field) => depth > 0 || field.message === undefined)
        .map((field) => single(field, depth).map((value) => ({ case: field.localName, value })));
      members[member.localName] = fc.oneof(fc.constant({ case: undefined }), ...cases);
    } else if (depth > 0 || member.message === undefined) {
      members[member.localName] = fieldValue(member, depth);
    }
  }
  // Most fields of most messages are unset.
  return fc.record(members, { requiredKeys: [] });
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === "list") return fc.array(single(field, depth), { maxLength: 3 });
  if (field.fieldKind !== "map") return single(field, depth);
  const key = scalars[field.mapKey].map(String).filter((name) => name !== "__proto__");
  return fc.dictionary(key, single(field, depth), { maxKeys: 3 });
}

function single(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined)
    return fc.constantFrom(...field.enum.values.map(({ number: value }) => value));
  if (field.message !== undefined) return nested(field, field.message, depth);
  if (getOption(field, dev_addr_prefixes)) {
    return fc.tuple(bytes(4), fc.nat(32)).map(([address, length]) => Uint8Array.of(...address, length));
  }
  const length = getOption(field, hex);
  if (length !== 0) return fc.oneof(bytes(length), fc.constant(new Uint8Array(0)));
  return scalars[field.scalar ?? ScalarType.STRING];
}

function nested(field: DescField, desc: DescMessage, depth: number): fc.Arbitrary<unknown> {
  if (desc.typeName === "google.protobuf.Struct") return plainObject.filter((value) => !hasProtoKey(value));
  if (isWrapperDesc(desc)) {
    const value = scalars[desc.fields[0].scalar];
    return field.fieldKind === "message" && field.oneof === undefined
      ? value
      : value.map((each) => create(desc, { value: each } as never));
  }
  return arbitraryMessage(desc, depth - 1);
}
