export type { Applications, Gateways, Ownership, SkylarkClient } from "./client.ts";
export { createClient } from "./client.ts";
export type { DeviceSearchOptions, EndDevices, GetDeviceOptions } from "./end-devices.ts";
export type { EventOptions } from "./event-stream.ts";
export type { Method, StreamMethod } from "./method.ts";
export type { ItemOf, List, PageRequest } from "./paging.ts";
export type {
  Account,
  APIKeyRegistry,
  CollaboratorRegistry,
  EntityListOptions,
  FieldOptions,
  ListOptions,
  Registry,
  SearchOptions,
} from "./registries.ts";
export * from "./services.ts";
export type { ErrorCode, SkylarkErrorDetails } from "./skylark-error.ts";
export { SkylarkError } from "./skylark-error.ts";
export type {
  DownlinkMessage,
  Downlinks,
  EventSubject,
  SimulatedUplink,
  TrafficOptions,
  Uplink,
} from "./traffic.ts";
export { decodeBase64, encodeBase64 } from "./traffic.ts";
export type { CallOptions, ClientOptions, Credential } from "./transport.ts";
export type * from "./types.ts";
