export type { Application, ApplicationClientOptions, PayloadFunctions } from "./application-client.ts";
export { ApplicationClient } from "./application-client.ts";
export type { ApplicationManagerClient } from "./application-manager.ts";
export type { Device, DeviceInput, LorawanDevice } from "./device.ts";
export type { Announcement, DiscoveryOptions } from "./discovery-client.ts";
export { DiscoveryClient } from "./discovery-client.ts";
export type { DownlinkPayload, TextEncoding } from "./downlink-payload.ts";
export type { HandlerClientOptions } from "./handler-client.ts";
export { HandlerClient } from "./handler-client.ts";
export type {
  CloseCallback,
  ConnectCallback,
  DownlinkCallback,
  MQTTClientOptions,
  RawMessage,
  Schedule,
  SendOptions,
  UplinkCallback,
  UplinkRawCallback,
} from "./mqtt-client.ts";
export { MQTTClient } from "./mqtt-client.ts";
export type { MQTTConnection, MQTTConnectionOptions, OpenMQTTConnection } from "./mqtt-connection.ts";
export type { TTNErrorOptions } from "./ttn-error.ts";
export { TTNConnectionError, TTNError } from "./ttn-error.ts";
export type { GatewayMetadata, UplinkMessage, UplinkMetadata } from "./uplink-message.ts";
