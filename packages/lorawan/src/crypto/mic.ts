import { writeUint16 } from "../bytes.ts";
import type { DevAddr } from "../ids/dev-addr.ts";
import { type EUI64, encodeEUI64 } from "../ids/eui64.ts";
import type { KeySchedule } from "./aes.ts";
import { cmacPrefix, cmacState } from "./cmac.ts";

/**
 * A message integrity code: the four bytes at the end of a frame read in wire order as an unsigned number.
 * A number so that verifying is one comparison of machine words: `frame.mic === legacyDataMIC(…)`.
 */
export type MIC = number;

/** Which way a frame travels: from end device to network, or back. */
export type Direction = "uplink" | "downlink";

/** What the MIC of every data frame covers; `message` is MHDR | FHDR | FPort | FRMPayload, without the MIC. */
export interface DataFrameToSign {
  readonly direction: Direction;
  readonly devAddr: DevAddr;
  /** The full 32-bit counter. */
  readonly fCnt: number;
  readonly message: Uint8Array;
}

const state = new Int32Array(4);

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

// TS001-1.0.4 §4.4 and LoRaWAN 1.1 §4.4: B0 and B1 differ in bytes 1 to 4 only, given here as words 0 and 1.
function dataMIC(
  schedule: KeySchedule,
  head0: number,
  head1: number,
  frame: Omit<DataFrameToSign, "direction">,
): number {
  const address = swapBytes(frame.devAddr);
  const counter = swapBytes(frame.fCnt);
  state[0] = head0;
  state[1] = head1 | (address >>> 16);
  state[2] = (address << 16) | (counter >>> 16);
  state[3] = (counter << 16) | (frame.message.length & 0xff);
  cmacState(schedule, state, true, frame.message);
  return state[0]! >>> 0;
}

const head = 0x49 << 24;

function confirmedHead(confFCnt: number): number {
  return head | ((confFCnt & 0xff) << 16) | (confFCnt & 0xff00);
}

/** The MIC of a data frame of LoRaWAN 1.0.x, with NwkSKey. */
export function legacyDataMIC(schedule: KeySchedule, frame: DataFrameToSign): MIC {
  return dataMIC(schedule, head, frame.direction === "uplink" ? 0 : 1 << 16, frame);
}

/** What the MIC of a LoRaWAN 1.1 uplink covers. */
export interface Uplink11ToSign extends Omit<DataFrameToSign, "direction"> {
  readonly fNwkSIntKey: KeySchedule;
  readonly sNwkSIntKey: KeySchedule;
  /** The counter of the confirmed downlink that this uplink acknowledges, else 0. */
  readonly confFCnt: number;
  /** The data rate index of the transmission. */
  readonly txDr: number;
  /** The index of the channel of the transmission. */
  readonly txCh: number;
}

/** The MIC of a LoRaWAN 1.1 uplink: half by the serving, half by the forwarding network's key. */
export function uplinkMIC11(uplink: Uplink11ToSign): MIC {
  const serving = dataMIC(
    uplink.sNwkSIntKey,
    confirmedHead(uplink.confFCnt) | (uplink.txDr & 0xff),
    (uplink.txCh & 0xff) << 24,
    uplink,
  );
  const forwarding = dataMIC(uplink.fNwkSIntKey, head, 0, uplink);
  return ((serving & 0xffff0000) | (forwarding >>> 16)) >>> 0;
}

/** What the MIC of a LoRaWAN 1.1 downlink covers. */
export interface Downlink11ToSign extends Omit<DataFrameToSign, "direction"> {
  readonly sNwkSIntKey: KeySchedule;
  /** The counter of the confirmed uplink that this downlink acknowledges, else 0. */
  readonly confFCnt: number;
}

/** The MIC of a LoRaWAN 1.1 downlink. */
export function downlinkMIC11(downlink: Downlink11ToSign): MIC {
  return dataMIC(downlink.sNwkSIntKey, confirmedHead(downlink.confFCnt), 1 << 16, downlink);
}

/** The MIC of a join-request over MHDR | JoinEUI | DevEUI | DevNonce, with AppKey (1.0.x) or NwkKey (1.1). */
export function joinRequestMIC(schedule: KeySchedule, message: Uint8Array): MIC {
  return cmacPrefix(schedule, message);
}

/** The MIC of a rejoin-request without its MIC: types 0 and 2 with SNwkSIntKey, type 1 with JSIntKey. */
export function rejoinRequestMIC(schedule: KeySchedule, message: Uint8Array): MIC {
  return cmacPrefix(schedule, message);
}

/** The request that a join-accept answers: 0xFF for a join-request, else the type of the rejoin-request. */
export type JoinReqType = 0xff | 0 | 1 | 2;

/** What the MIC of a join-accept covers. */
export interface JoinAcceptToSign {
  /** MHDR | JoinNonce | NetID | DevAddr | DLSettings | RxDelay | CFList, not encrypted. */
  readonly message: Uint8Array;
  /** Present exactly when OptNeg is set (LoRaWAN 1.1); `devNonce` is the RJcount when a rejoin-request is answered. */
  readonly optNeg?: { readonly joinReqType: JoinReqType; readonly joinEui: EUI64; readonly devNonce: number };
}

/** The MIC of a join-accept: with AppKey (1.0.x), NwkKey (1.1 device on a 1.0 network) or JSIntKey (1.1). */
export function joinAcceptMIC(schedule: KeySchedule, { message, optNeg }: JoinAcceptToSign): MIC {
  if (optNeg === undefined) return cmacPrefix(schedule, message);
  const signed = new Uint8Array(11 + message.length);
  signed[0] = optNeg.joinReqType;
  encodeEUI64(optNeg.joinEui, signed, 1);
  writeUint16(signed, 9, optNeg.devNonce);
  signed.set(message, 11);
  return cmacPrefix(schedule, signed);
}
