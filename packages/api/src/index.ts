export type {
  DescEnum,
  DescField,
  DescMessage,
  DescMethod,
  DescService,
  JsonObject,
  JsonValue,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
export { clone, create, equals, fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
export type { Any, Duration, Empty, FieldMask, Timestamp } from "@bufbuild/protobuf/wkt";
export {
  anyPack,
  anyUnpack,
  DurationSchema,
  durationFromMs,
  durationMs,
  EmptySchema,
  FieldMaskSchema,
  TimestampSchema,
  timestampFromMs,
  timestampMs,
} from "@bufbuild/protobuf/wkt";
export { parseFieldMask } from "./field-mask/field-mask.ts";
export { enumName } from "./json/enum-codec.ts";
export { fromJSON, toJSON, toJSONText } from "./json/json.ts";
export { JSONDecodeError } from "./json/json-decode-error.ts";
export { messageByTypeUrl, registry, schemaFiles } from "./registry.ts";
export * from "./schema.ts";
