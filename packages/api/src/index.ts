export type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
export { clone, create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
export { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
export * from "./schema.ts";
