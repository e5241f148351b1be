import {
  appendMIC,
  cryptFOpts,
  cryptFRMPayload,
  downlinkMIC11,
  encodeDataFrame,
  encryptsFOpts,
  legacyDataMIC,
  usesLegacyMIC,
} from "@skylark/lorawan";
import type { MACState, Session } from "../device.ts";

/** A data downlink with its content decided. */
export interface DataDownlinkContent {
  readonly confirmed: boolean;
  readonly ack: boolean;
  readonly fPending: boolean;
  /** 32 bits; AFCntDown for application data of LoRaWAN 1.1, else NFCntDown. */
  readonly fCnt: number;
  /** Encoded MAC commands, not encrypted: in FOpts, or as the payload of FPort 0 when longer than 15 bytes. */
  readonly macCommands: Uint8Array;
  /** Encrypted by the Application Server. */
  readonly application?: { readonly fPort: number; readonly frmPayload: Uint8Array };
  /** Counter of the confirmed uplink that is acknowledged. */
  readonly ackedFCntUp: number;
}

export const maxFOptsLength = 15;

/** Builds, encrypts and signs a data downlink. */
export function buildDataDownlink(
  session: Session,
  mac: Pick<MACState, "macVersion">,
  content: DataDownlinkContent,
): Uint8Array {
  const { fCnt, application, macCommands } = content;
  const { devAddr } = session;
  const inPayload = macCommands.length > maxFOptsLength;
  const fCtrl = { adr: false, ack: content.ack, fPending: content.fPending };
  const message = encodeDataFrame({
    mType: content.confirmed ? "confirmedDown" : "unconfirmedDown",
    fCtrl,
    devAddr,
    fCnt: fCnt & 0xffff,
    ...(inPayload
      ? {
          fPort: 0,
          frmPayload: cryptFRMPayload(session.nwkSEncKey, {
            direction: "downlink",
            devAddr,
            fCnt,
            payload: macCommands,
          }),
        }
      : { ...application, fOpts: fOptsOf(session, mac, content) }),
  });
  const signed = { devAddr, fCnt, message };
  const mic = usesLegacyMIC(mac.macVersion)
    ? legacyDataMIC(session.fNwkSIntKey, { ...signed, direction: "downlink" })
    : downlinkMIC11({
        ...signed,
        sNwkSIntKey: session.sNwkSIntKey,
        confFCnt: content.ack ? content.ackedFCntUp & 0xffff : 0,
      });
  return appendMIC(message, mic);
}

function fOptsOf(
  session: Session,
  { macVersion }: Pick<MACState, "macVersion">,
  { macCommands, fCnt, application }: DataDownlinkContent,
): Uint8Array {
  if (!encryptsFOpts(macVersion) || macCommands.length === 0) return macCommands;
  return cryptFOpts(session.nwkSEncKey, {
    counter: application === undefined ? "nFCntDown" : "aFCntDown",
    devAddr: session.devAddr,
    fCnt,
    fOpts: macCommands,
  });
}
