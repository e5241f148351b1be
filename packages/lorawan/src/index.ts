export * from "./bands/channel-mask.ts";
export * from "./bands/index.ts";
export { aesDecryptBlock, aesEncryptBlock, expandKey, type KeySchedule } from "./crypto/aes.ts";
export * from "./crypto/aes-key.ts";
export { cmac } from "./crypto/cmac.ts";
export * from "./crypto/join-accept.ts";
export * from "./crypto/key-derivation.ts";
export * from "./crypto/key-wrap.ts";
export * from "./crypto/mic.ts";
export * from "./crypto/payload.ts";
export * from "./data-rate.ts";
export * from "./error.ts";
export {
  type DataDownlink,
  type DataUplink,
  type DownlinkFCtrl,
  encodeDataFrame,
  type UnsignedDataFrame,
  type UplinkFCtrl,
} from "./frames/data-frame.ts";
export { appendMIC, encodeMIC, type MType, withoutMIC } from "./frames/envelope.ts";
export * from "./frames/join-accept.ts";
export * from "./frames/phy-payload.ts";
export * from "./frequency-plans/index.ts";
export { formatHex, parseHex } from "./hex.ts";
export * from "./ids/dev-addr.ts";
export * from "./ids/dev-addr-prefix.ts";
export * from "./ids/eui64.ts";
export * from "./ids/net-id.ts";
export * from "./mac-commands/index.ts";
export * from "./mac-version.ts";
export * from "./time-on-air.ts";
export * from "./versions.ts";
