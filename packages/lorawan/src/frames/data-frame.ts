import { noBytes, readUint16, readUint32, writeUint16, writeUint32 } from "../bytes.ts";
import type { MIC } from "../crypto/mic.ts";
import { LoRaWANError } from "../error.ts";
import type { DevAddr } from "../ids/dev-addr.ts";
import { readMIC } from "./envelope.ts";

/** Frame control of an uplink. */
export interface UplinkFCtrl {
  readonly adr: boolean;
  readonly adrAckReq: boolean;
  readonly ack: boolean;
  /** The device's receive windows are those of class B. */
  readonly classB: boolean;
}

/** Frame control of a downlink. */
export interface DownlinkFCtrl {
  readonly adr: boolean;
  readonly ack: boolean;
  /** More is waiting for the device. */
  readonly fPending: boolean;
}

interface DataFrameFields {
  readonly major: 0;
  readonly devAddr: DevAddr;
  /** The low 16 bits of the counter. */
  readonly fCnt: number;
  /** MAC commands, encrypted by LoRaWAN 1.1: a view of the frame. */
  readonly fOpts: Uint8Array;
  readonly fPort?: number;
  /** Encrypted, empty when absent: a view of the frame. */
  readonly frmPayload: Uint8Array;
  readonly mic: MIC;
}

/** A data frame from an end device. */
export interface DataUplink extends DataFrameFields {
  readonly mType: "unconfirmedUp" | "confirmedUp";
  readonly fCtrl: UplinkFCtrl;
}

/** A data frame to an end device. */
export interface DataDownlink extends DataFrameFields {
  readonly mType: "unconfirmedDown" | "confirmedDown";
  readonly fCtrl: DownlinkFCtrl;
}

/** What a data frame is built from; its counter may be given in full, 16 bits of it travel. */
export type UnsignedDataFrame = (
  | Pick<DataUplink, "mType" | "fCtrl" | "devAddr" | "fCnt">
  | Pick<DataDownlink, "mType" | "fCtrl" | "devAddr" | "fCnt">
) & { readonly fOpts?: Uint8Array; readonly fPort?: number; readonly frmPayload?: Uint8Array };

// MHDR 1, DevAddr 4, FCtrl 1, FCnt 2; the MIC ends the frame.
const fOptsAt = 8;
const micLength = 4;

function payloadStart(bytes: Uint8Array): number {
  if (bytes.length < fOptsAt + micLength) {
    throw new LoRaWANError("too_short", `data frame of ${bytes.length} bytes, expected at least 12`);
  }
  const start = fOptsAt + (bytes[5]! & 0x0f);
  if (start + micLength > bytes.length) {
    throw new LoRaWANError("too_short", "data frame ends within its FOpts");
  }
  return start;
}

/** Decodes an uplink whose MHDR has been read. */
export function decodeDataUplink(bytes: Uint8Array, mType: DataUplink["mType"]): DataUplink {
  const start = payloadStart(bytes);
  const control = bytes[5]!;
  const fCtrl = {
    adr: (control & 0x80) !== 0,
    adrAckReq: (control & 0x40) !== 0,
    ack: (control & 0x20) !== 0,
    classB: (control & 0x10) !== 0,
  };
  const devAddr = readUint32(bytes, 1) as DevAddr;
  const fCnt = readUint16(bytes, 6);
  const fOpts = start === fOptsAt ? noBytes : bytes.subarray(fOptsAt, start);
  const end = bytes.length - micLength;
  const mic = readMIC(bytes);
  if (start === end) return { mType, major: 0, devAddr, fCtrl, fCnt, fOpts, frmPayload: noBytes, mic };
  const fPort = bytes[start]!;
  const frmPayload = start + 1 === end ? noBytes : bytes.subarray(start + 1, end);
  return { mType, major: 0, devAddr, fCtrl, fCnt, fOpts, fPort, frmPayload, mic };
}

/** Decodes a downlink whose MHDR has been read. */
export function decodeDataDownlink(bytes: Uint8Array, mType: DataDownlink["mType"]): DataDownlink {
  const start = payloadStart(bytes);
  const control = bytes[5]!;
  const end = bytes.length - micLength;
  const frame = {
    mType,
    major: 0 as const,
    devAddr: readUint32(bytes, 1) as DevAddr,
    fCtrl: {
      adr: (control & 0x80) !== 0,
      ack: (control & 0x20) !== 0,
      fPending: (control & 0x10) !== 0,
    },
    fCnt: readUint16(bytes, 6),
    fOpts: start === fOptsAt ? noBytes : bytes.subarray(fOptsAt, start),
    mic: readMIC(bytes),
  };
  if (start === end) return { ...frame, frmPayload: noBytes };
  return { ...frame, fPort: bytes[start]!, frmPayload: bytes.subarray(start + 1, end) };
}

function controlBits(frame: UnsignedDataFrame): number {
  const { fCtrl } = frame;
  const shared = (fCtrl.adr ? 0x80 : 0) | (fCtrl.ack ? 0x20 : 0);
  if ("fPending" in fCtrl) return shared | (fCtrl.fPending ? 0x10 : 0);
  return shared | (fCtrl.adrAckReq ? 0x40 : 0) | (fCtrl.classB ? 0x10 : 0);
}

const headers = {
  unconfirmedUp: 0x40,
  unconfirmedDown: 0x60,
  confirmedUp: 0x80,
  confirmedDown: 0xa0,
} as const;

/** Encodes a data frame without its MIC: what the MIC covers. FOpts and FRMPayload go in as they are, encrypted or not. */
export function encodeDataFrame(frame: UnsignedDataFrame): Uint8Array {
  const fOpts = frame.fOpts ?? noBytes;
  const frmPayload = frame.frmPayload ?? noBytes;
  if (fOpts.length > 15) throw new LoRaWANError("too_long", `FOpts of ${fOpts.length} bytes, at most 15 fit`);
  if (frame.fPort === undefined && frmPayload.length > 0) {
    throw new LoRaWANError("invalid_value", "an FRMPayload needs an FPort");
  }
  if (frame.fPort !== undefined && !(frame.fPort >= 0 && frame.fPort <= 255)) {
    throw new LoRaWANError("invalid_value", "an FPort lies between 0 and 255");
  }
  const start = fOptsAt + fOpts.length;
  const length = start + (frame.fPort === undefined ? 0 : 1 + frmPayload.length);
  if (length + micLength > 255)
    throw new LoRaWANError("too_long", `data frame of ${length + micLength} bytes, at most 255 fit`);
  const out = new Uint8Array(length);
  out[0] = headers[frame.mType];
  writeUint32(out, 1, frame.devAddr);
  out[5] = controlBits(frame) | fOpts.length;
  writeUint16(out, 6, frame.fCnt);
  out.set(fOpts, fOptsAt);
  if (frame.fPort !== undefined) {
    out[start] = frame.fPort;
    out.set(frmPayload, start + 1);
  }
  return out;
}
