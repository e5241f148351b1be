/** The API of The Things Network V2, in a namespace of its own: its messages share names with those of V3. */
export * from "./gen/api/api_pb.ts";
export * from "./gen/discovery/discovery_pb.ts";
export * from "./gen/handler/handler_pb.ts";
export * from "./gen/lorawan/device_address_pb.ts";
export type { Device as LorawanDevice } from "./gen/lorawan/device_pb.ts";
export { DeviceSchema as LorawanDeviceSchema, file_lorawan_device } from "./gen/lorawan/device_pb.ts";
