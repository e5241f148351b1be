import {
  appendMIC,
  cryptFRMPayload,
  type DevAddr,
  devAddr,
  encodeDataFrame,
  expandKey,
  type KeySchedule,
  legacyDataMIC,
  parseAESKey,
} from "@skylark/lorawan";
import { type DeviceIdentity, encodeGatewayHeader, packetTypes } from "@skylark/testkit";

/** A device with its expanded keys: frames are built by the hundred thousand. */
export interface FrameSource {
  readonly deviceId: string;
  readonly devAddr: DevAddr;
  readonly fNwkSIntKey: KeySchedule;
  readonly appSKey: KeySchedule;
}

export function frameSource(identity: DeviceIdentity): FrameSource {
  return {
    deviceId: identity.deviceId,
    devAddr: devAddr(Number.parseInt(identity.devAddr, 16)),
    fNwkSIntKey: expandKey(parseAESKey(identity.fNwkSIntKey)),
    appSKey: expandKey(parseAESKey(identity.appSKey)),
  };
}

/** A reading as a small sensor sends it; the sequence number makes every payload of a run different. */
export interface Reading {
  readonly temperature: number;
  readonly humidity: number;
  readonly battery: number;
  readonly sequence: number;
}

export function readingOf(sequence: number): Reading {
  return {
    temperature: (((sequence * 7) % 8000) - 4000) / 100,
    humidity: (sequence % 200) / 2,
    battery: 2000 + (sequence % 1600),
    sequence,
  };
}

export function encodeReading({ temperature, humidity, battery, sequence }: Reading): Uint8Array {
  const raw = Math.round(temperature * 100);
  return Uint8Array.of(
    (raw >> 8) & 0xff,
    raw & 0xff,
    humidity * 2,
    battery >> 8,
    battery & 0xff,
    sequence >>> 24,
    (sequence >>> 16) & 0xff,
    (sequence >>> 8) & 0xff,
    sequence & 0xff,
    0,
    0x5a,
  );
}

/** The decoder of such a sensor, of the length and style that manufacturers publish. */
export const uplinkFormatter = `function decodeUplink(input) {
  var bytes = input.bytes;
  var warnings = [];
  if (input.fPort !== 1) return { errors: ["unknown port " + input.fPort] };
  if (bytes.length !== 11) return { errors: ["expected 11 bytes, got " + bytes.length] };
  var temperature = (bytes[0] << 8) | bytes[1];
  if (temperature > 0x7fff) temperature -= 0x10000;
  var battery = (bytes[3] << 8) | bytes[4];
  var sequence = ((bytes[5] << 24) | (bytes[6] << 16) | (bytes[7] << 8) | bytes[8]) >>> 0;
  var flags = (bytes[9] << 8) | bytes[10];
  return {
    data: {
      temperature: temperature / 100,
      humidity: bytes[2] / 2,
      battery: battery,
      sequence: sequence,
      alarm: (flags & 0x100) !== 0,
    },
    warnings: warnings,
  };
}`;

/** The base64 of a payload that the API must show, without building the frame. */
export function expectedPayload(sequence: number): string {
  return Buffer.from(encodeReading(readingOf(sequence))).toString("base64");
}

/** The PHYPayload of one uplink. */
export function uplinkFrame(
  source: FrameSource,
  fCnt: number,
  fPort: number,
  payload: Uint8Array,
): Uint8Array {
  const { devAddr: address } = source;
  const message = encodeDataFrame({
    mType: "unconfirmedUp",
    devAddr: address,
    fCtrl: { adr: false, adrAckReq: false, ack: false, classB: false },
    fCnt,
    fPort,
    frmPayload: cryptFRMPayload(source.appSKey, { direction: "uplink", devAddr: address, fCnt, payload }),
  });
  return appendMIC(
    message,
    legacyDataMIC(source.fNwkSIntKey, { direction: "uplink", devAddr: address, fCnt, message }),
  );
}

const frequencies = [
  "868.100000",
  "868.300000",
  "868.500000",
  "867.100000",
  "867.300000",
  "867.500000",
  "867.700000",
  "867.900000",
];

/** Until it has joined, a device has no more than the band's default channels. */
const joinChannels = 3;

/** A PUSH_DATA with one frame, all but the value of `tmst` as it goes out. */
export function pushData(eui: Buffer, token: number, frame: Uint8Array, quality: number): Buffer {
  const data = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString("base64");
  const isJoinRequest = frame[0] === 0;
  const channel = token % (isJoinRequest ? joinChannels : frequencies.length);
  const body =
    `{"rxpk":[{"tmst":1000000000,"chan":${channel},"rfch":0,"freq":${frequencies[channel]},"stat":1,` +
    `"modu":"LORA","datr":"SF7BW125","codr":"4/5","rssi":${-60 - quality},"lsnr":${9 - quality}.5,"foff":-312,"mid":8,` +
    `"size":${frame.length},"data":"${data}"}]}`;
  return Buffer.concat([encodeGatewayHeader(2, token, packetTypes.pushData, eui), Buffer.from(body)]);
}
