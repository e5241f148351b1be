import type { DescMessage, JsonObject, JsonValue, Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Duration, FieldMask, ListValue, Struct, Timestamp, Value } from "@bufbuild/protobuf/wkt";
import {
  DurationSchema,
  FieldMaskSchema,
  ListValueSchema,
  StructSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { parseFieldMask } from "../field-mask/field-mask.ts";
import { JSONDecodeError, kindOf } from "./json-decode-error.ts";
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from "./time.ts";
import type { ValueCodec } from "./value-codec.ts";
import { maxDepth } from "./value-codec.ts";

const never = (): boolean => false;

const timestampCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => formatTimestamp(value as Timestamp),
  read(json) {
    if (typeof json !== "string") throw new JSONDecodeError(`expected an RFC 3339 time, got ${kindOf(json)}`);
    return create(TimestampSchema, parseTimestamp(json));
  },
};

const durationCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => formatDuration(value as Duration),
  read(json) {
    if (typeof json !== "string") {
      throw new JSONDecodeError(`expected a duration such as "5s", got ${kindOf(json)}`);
    }
    return create(DurationSchema, parseDuration(json));
  },
};

const fieldMaskCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => ({ paths: [...(value as FieldMask).paths] }),
  read: (json) => create(FieldMaskSchema, { paths: readPaths(json) }),
};

function readPaths(json: JsonValue): string[] {
  if (typeof json === "string") return parseFieldMask(json);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new JSONDecodeError(`expected {"paths": […]} or a comma-separated list, got ${kindOf(json)}`);
  }
  const paths = json.paths ?? [];
  if (typeof paths === "string") return parseFieldMask(paths);
  if (!Array.isArray(paths)) throw new JSONDecodeError(`expected a list, got ${kindOf(paths)}`, "paths");
  return paths.map((path, index) => {
    if (typeof path === "string") return path;
    throw new JSONDecodeError(`expected a string, got ${kindOf(path)}`, `paths[${index}]`);
  });
}

/** A Struct that is a field: protobuf-es keeps it as a plain object. */
export const plainStructCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => value as JsonObject,
  read(json, depth) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new JSONDecodeError(`expected an object, got ${kindOf(json)}`);
    }
    checkDepth(json, depth);
    return json;
  },
};

function checkDepth(json: JsonValue, depth: number): void {
  if (depth > maxDepth) throw new JSONDecodeError(`nested deeper than ${maxDepth} levels`);
  if (typeof json !== "object" || json === null) return;
  for (const child of Array.isArray(json) ? json : Object.values(json)) checkDepth(child, depth + 1);
}

function fromStruct(struct: Struct): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of Object.entries(struct.fields)) setOwn(object, name, fromValue(value));
  return object;
}

function fromValue({ kind }: Value): JsonValue {
  switch (kind.case) {
    case "structValue":
      return fromStruct(kind.value);
    case "listValue":
      return kind.value.values.map(fromValue);
    case "boolValue":
    case "numberValue":
    case "stringValue":
      return kind.value;
    default:
      return null;
  }
}

function toStruct(json: JsonObject): Struct {
  const struct = create(StructSchema);
  for (const [name, value] of Object.entries(json)) setOwn(struct.fields, name, toProtoValue(value));
  return struct;
}

function toProtoValue(json: JsonValue): Value {
  if (json === null) return create(ValueSchema, { kind: { case: "nullValue", value: 0 } });
  switch (typeof json) {
    case "boolean":
      return create(ValueSchema, { kind: { case: "boolValue", value: json } });
    case "number":
      return create(ValueSchema, { kind: { case: "numberValue", value: json } });
    case "string":
      return create(ValueSchema, { kind: { case: "stringValue", value: json } });
  }
  return Array.isArray(json)
    ? create(ValueSchema, {
        kind: { case: "listValue", value: create(ListValueSchema, { values: json.map(toProtoValue) }) },
      })
    : create(ValueSchema, { kind: { case: "structValue", value: toStruct(json) } });
}

const structCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => fromStruct(value as Struct),
  read: (json, depth) => toStruct(plainStructCodec.read(json, depth) as JsonObject),
};

const valueCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => fromValue(value as Value),
  read(json, depth) {
    checkDepth(json, depth);
    return toProtoValue(json);
  },
};

const listValueCodec: ValueCodec = {
  isZero: never,
  toValue: (value) => (value as ListValue).values.map(fromValue),
  read(json, depth) {
    if (!Array.isArray(json)) throw new JSONDecodeError(`expected a list, got ${kindOf(json)}`);
    checkDepth(json, depth);
    return create(ListValueSchema, { values: json.map(toProtoValue) });
  },
};

const codecs: ReadonlyMap<string, ValueCodec> = new Map([
  ["google.protobuf.Timestamp", timestampCodec],
  ["google.protobuf.Duration", durationCodec],
  ["google.protobuf.FieldMask", fieldMaskCodec],
  ["google.protobuf.Struct", structCodec],
  ["google.protobuf.Value", valueCodec],
  ["google.protobuf.ListValue", listValueCodec],
]);

/** The codec of a message type whose JSON is not an object of its fields; `Any` and wrappers are elsewhere. */
export function wellKnownCodec(desc: DescMessage): ValueCodec | undefined {
  return codecs.get(desc.typeName);
}

/** The property of a message by its name in the descriptor. */
export type Properties = Message & Record<string, unknown>;

/** A plain assignment to `__proto__` would set the prototype. */
export function setOwn(target: object, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    (target as Record<string, unknown>)[name] = value;
  }
}
