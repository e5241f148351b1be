// The messages of V2's gRPC services. Named by their files, so that the published package takes along these and not the
// whole schema of V3.
export {
  type Announcement as AnnouncementMessage,
  Discovery,
  type Metadata as AnnouncementMetadata,
} from "../../../api/src/gen/discovery/discovery_pb.ts";
export {
  type Application as ApplicationMessage,
  ApplicationManager,
  ApplicationSchema,
  type Device as DeviceMessage,
  DeviceSchema,
} from "../../../api/src/gen/handler/handler_pb.ts";
export {
  type Device as LorawanMessage,
  DeviceSchema as LorawanSchema,
} from "../../../api/src/gen/lorawan/device_pb.ts";
