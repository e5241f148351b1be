export type {
  DescEnum,
  DescExtension,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
  JsonObject,
  JsonValue,
  Message as ProtoMessage,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
export {
  clone,
  equals,
  getOption,
  isMessage,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
export type { Any, Duration, Empty, FieldMask, Timestamp } from "@bufbuild/protobuf/wkt";
export {
  anyPack,
  anyUnpack,
  DurationSchema,
  durationFromMs,
  durationMs,
  EmptySchema,
  FieldMaskSchema,
  FileDescriptorProtoSchema,
  TimestampSchema,
  timestampFromMs,
  timestampMs,
} from "@bufbuild/protobuf/wkt";
export {
  allowedFieldMaskPaths,
  forbiddenFieldMaskPaths,
  methodByName,
  nonZeroPath,
} from "./field-mask/allowed-paths.ts";
export { assign, parseFieldMask, pick } from "./field-mask/field-mask.ts";
export { StatusSchema } from "./gen/google/rpc/status_pb.ts";
export {
  file_grpc_health_v1_health,
  Health,
  HealthCheckResponse_ServingStatus,
} from "./gen/grpc/health/v1/health_pb.ts";
export {
  file_grpc_reflection_v1_reflection,
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  type ServerReflectionResponseSchema,
} from "./gen/grpc/reflection/v1/reflection_pb.ts";
export {
  file_grpc_reflection_v1alpha_reflection,
  ServerReflection as ServerReflectionAlpha,
} from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
export { credentials_required, server_sent_events } from "./gen/skylark/api/options_pb.ts";
export type { HttpBinding, PathSegment } from "./http-bindings.ts";
export { httpBindings } from "./http-bindings.ts";
export { enumName } from "./json/enum-codec.ts";
export { fromJSON, toJSON, toJSONText } from "./json/json.ts";
export { JSONDecodeError } from "./json/json-decode-error.ts";
export type { TextField } from "./json/text-field.ts";
export { textField } from "./json/text-field.ts";
export { create, fromBinary } from "./message/create.ts";
export { describeAPI } from "./openapi.ts";
export { messageByTypeUrl, registry, schemaFiles } from "./registry.ts";
export * from "./rights.ts";
export * from "./schema.ts";
export type { StatusCode } from "./status-codes.ts";
export { httpStatus, statusCodes } from "./status-codes.ts";
export * as v2 from "./v2.ts";
export type { Violation } from "./validation/validate.ts";
export { validate } from "./validation/validate.ts";
