export * from "./air.ts";
export * from "./assertions.ts";
export * from "./clock.ts";
export { Concentrator, type TxError } from "./concentrator.ts";
export { startDemo } from "./demo.ts";
export type { LoRaWANVersion, ReceivedCommand } from "./device-mac.ts";
export type * from "./device-options.ts";
export type { DeviceParameters, FactorySettings } from "./device-parameters.ts";
export {
  type DeviceChannel,
  type DeviceRegion,
  type DeviceRegionName,
  deviceRegions,
} from "./device-region.ts";
export { DeviceSession, type DeviceSessionKeys, type UplinkContent } from "./device-session.ts";
export type * from "./device-traffic.ts";
export * from "./network.ts";
export * from "./random.ts";
export type { WindowName } from "./receive-windows.ts";
export * from "./registration.ts";
export { encodeGatewayHeader, packetTypes, type SemtechVersion, type TxPacket } from "./semtech-udp.ts";
export * from "./simulated-device.ts";
export * from "./simulated-gateway.ts";
export { type RadioDataRate, timeOnAirMs } from "./time-on-air.ts";
export * from "./v3-client.ts";
