import { readUint16, readUint24, writeUint16, writeUint24 } from "../bytes.ts";
import type { MIC } from "../crypto/mic.ts";
import { LoRaWANError } from "../error.ts";
import { decodeEUI64, type EUI64, encodeEUI64 } from "../ids/eui64.ts";
import type { NetID } from "../ids/net-id.ts";
import {
  type DataDownlink,
  type DataUplink,
  decodeDataDownlink,
  decodeDataUplink,
  encodeDataFrame,
} from "./data-frame.ts";
import { appendMIC, frameTypes, type MType, readMIC, requireLength } from "./envelope.ts";

/** A join-request. */
export interface JoinRequest {
  readonly mType: "joinRequest";
  readonly major: 0;
  readonly joinEui: EUI64;
  readonly devEui: EUI64;
  readonly devNonce: number;
  readonly mic: MIC;
}

/** A join-accept as it travels: payload and MIC are encrypted together. */
export interface JoinAcceptFrame {
  readonly mType: "joinAccept";
  readonly major: 0;
  /** 16 bytes, or 32 with a CFList: a view of the frame. */
  readonly encrypted: Uint8Array;
}

/** A rejoin-request of LoRaWAN 1.1; types 0 and 2 name the network, type 1 the Join Server. */
export type RejoinRequest = {
  readonly mType: "rejoinRequest";
  readonly major: 0;
  readonly devEui: EUI64;
  /** RJcount0 of types 0 and 2, RJcount1 of type 1. */
  readonly rejoinCnt: number;
  readonly mic: MIC;
} & (
  | { readonly rejoinType: 0 | 2; readonly netId: NetID }
  | { readonly rejoinType: 1; readonly joinEui: EUI64 }
);

/** A frame in somebody's own format: whatever follows the MHDR, a view of the frame. */
export interface ProprietaryFrame {
  readonly mType: "proprietary";
  readonly major: number;
  readonly payload: Uint8Array;
}

/** A radio frame, told apart by `mType`. */
export type PHYPayload =
  | JoinRequest
  | JoinAcceptFrame
  | DataUplink
  | DataDownlink
  | RejoinRequest
  | ProprietaryFrame;

/** Decodes a radio frame; byte fields are views of `bytes`, nothing is verified or decrypted. */
export function decodePHYPayload(bytes: Uint8Array): PHYPayload {
  const length = bytes.length;
  if (length === 0) throw new LoRaWANError("too_short", "a frame has at least one byte");
  if (length > 255) throw new LoRaWANError("too_long", "a frame has at most 255 bytes");
  const header = bytes[0]!;
  const mType: MType = frameTypes[header >>> 5]!;
  if (mType === "proprietary") {
    return { mType, major: header & 3, payload: bytes.subarray(1) };
  }
  // TS001-1.0.4 §4.2.2: only major version 0, LoRaWAN R1, is defined. The three RFU bits are ignored.
  if ((header & 3) !== 0)
    throw new LoRaWANError("unsupported_major", `major version ${header & 3} is not LoRaWAN R1`);
  switch (mType) {
    case "unconfirmedUp":
    case "confirmedUp":
      return decodeDataUplink(bytes, mType);
    case "unconfirmedDown":
    case "confirmedDown":
      return decodeDataDownlink(bytes, mType);
    case "joinRequest":
      return decodeJoinRequest(bytes);
    case "joinAccept":
      return decodeJoinAcceptFrame(bytes);
    case "rejoinRequest":
      return decodeRejoinRequest(bytes);
  }
}

function decodeJoinRequest(bytes: Uint8Array): JoinRequest {
  requireLength("join-request", bytes, 23);
  return {
    mType: "joinRequest",
    major: 0,
    joinEui: decodeEUI64(bytes, 1),
    devEui: decodeEUI64(bytes, 9),
    devNonce: readUint16(bytes, 17),
    mic: readMIC(bytes),
  };
}

function decodeJoinAcceptFrame(bytes: Uint8Array): JoinAcceptFrame {
  requireLength("join-accept", bytes, bytes.length <= 17 ? 17 : 33);
  return { mType: "joinAccept", major: 0, encrypted: bytes.subarray(1) };
}

function decodeRejoinRequest(bytes: Uint8Array): RejoinRequest {
  const rejoinType = bytes[1];
  if (rejoinType === 0 || rejoinType === 2) {
    requireLength("rejoin-request", bytes, 19);
    return {
      mType: "rejoinRequest",
      major: 0,
      rejoinType,
      netId: readUint24(bytes, 2) as NetID,
      devEui: decodeEUI64(bytes, 5),
      rejoinCnt: readUint16(bytes, 13),
      mic: readMIC(bytes),
    };
  }
  requireLength("rejoin-request", bytes, 24);
  if (rejoinType !== 1)
    throw new LoRaWANError("invalid_value", `rejoin-request of unknown type ${rejoinType}`);
  return {
    mType: "rejoinRequest",
    major: 0,
    rejoinType,
    joinEui: decodeEUI64(bytes, 2),
    devEui: decodeEUI64(bytes, 10),
    rejoinCnt: readUint16(bytes, 18),
    mic: readMIC(bytes),
  };
}

/** A frame of one kind before it is signed. */
export type Unsigned<Frame> = Frame extends unknown ? Omit<Frame, "mic" | "major"> : never;

/** Encodes a join-request without its MIC: what the MIC covers. */
export function encodeJoinRequest(request: Unsigned<JoinRequest>): Uint8Array {
  const out = new Uint8Array(19);
  encodeEUI64(request.joinEui, out, 1);
  encodeEUI64(request.devEui, out, 9);
  writeUint16(out, 17, request.devNonce);
  return out;
}

/** Encodes a rejoin-request without its MIC: what the MIC covers. */
export function encodeRejoinRequest(request: Unsigned<RejoinRequest>): Uint8Array {
  const out = new Uint8Array(request.rejoinType === 1 ? 20 : 15);
  out[0] = 0xc0;
  out[1] = request.rejoinType;
  let offset = 2;
  if (request.rejoinType === 1) {
    encodeEUI64(request.joinEui, out, offset);
    offset += 8;
  } else {
    writeUint24(out, offset, request.netId);
    offset += 3;
  }
  encodeEUI64(request.devEui, out, offset);
  writeUint16(out, offset + 8, request.rejoinCnt);
  return out;
}

function withHeader(header: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 + payload.length);
  out[0] = header;
  out.set(payload, 1);
  return out;
}

/** Encodes a join-accept around its encrypted payload and MIC. */
export function encodeJoinAcceptFrame(encrypted: Uint8Array): Uint8Array {
  if (encrypted.length !== 16 && encrypted.length !== 32) {
    throw new LoRaWANError("invalid_value", "a join-accept carries 16 or 32 encrypted bytes");
  }
  return withHeader(0x20, encrypted);
}

/** Encodes a whole frame, MIC included. */
export function encodePHYPayload(frame: PHYPayload): Uint8Array {
  switch (frame.mType) {
    case "joinRequest":
      return appendMIC(encodeJoinRequest(frame), frame.mic);
    case "rejoinRequest":
      return appendMIC(encodeRejoinRequest(frame), frame.mic);
    case "joinAccept":
      return encodeJoinAcceptFrame(frame.encrypted);
    case "proprietary":
      return withHeader(0xe0 | (frame.major & 3), frame.payload);
    default:
      return appendMIC(encodeDataFrame(frame), frame.mic);
  }
}
