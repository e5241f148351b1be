import {
  aesKey,
  appendMIC,
  cryptFOpts,
  type DataDownlink,
  type DevAddr,
  decodePHYPayload,
  type EUI64,
  encodeDataFrame,
  encodeJoinRequest,
  expandKey,
  type KeySchedule,
  legacyDataMIC,
  uplinkMIC11,
  withoutMIC,
} from "@skylark/lorawan";

export interface DeviceKeys {
  readonly f: KeySchedule;
  readonly s: KeySchedule;
  readonly e: KeySchedule;
}

export function keysOf(fills: readonly [number, number, number]): DeviceKeys {
  const [f, s, e] = fills.map((fill) => expandKey(aesKey(new Uint8Array(16).fill(fill))));
  return { f: f!, s: s!, e: e! };
}

export interface UplinkContent {
  readonly fCnt: number;
  readonly fPort?: number;
  readonly payload?: Uint8Array;
  readonly fOpts?: Uint8Array;
  readonly confirmed?: boolean;
  readonly ack?: boolean;
  readonly adrAckReq?: boolean;
  /** LoRaWAN 1.1 signs these with the frame. */
  readonly v11?: { readonly txDr: number; readonly txCh: number; readonly confFCnt?: number };
}

/** An uplink as a device with these session keys would send it; the payload is not encrypted. */
export function uplinkFrame(devAddr: DevAddr, keys: DeviceKeys, content: UplinkContent): Uint8Array {
  const { fCnt, v11 } = content;
  const fOpts = content.fOpts ?? new Uint8Array(0);
  const message = encodeDataFrame({
    mType: content.confirmed ? "confirmedUp" : "unconfirmedUp",
    devAddr,
    fCnt: fCnt & 0xffff,
    fCtrl: { adr: false, adrAckReq: content.adrAckReq ?? false, ack: content.ack ?? false, classB: false },
    fOpts: v11 === undefined ? fOpts : cryptFOpts(keys.e, { counter: "fCntUp", devAddr, fCnt, fOpts }),
    ...(content.fPort === undefined ? {} : { fPort: content.fPort }),
    ...(content.payload === undefined ? {} : { frmPayload: content.payload }),
  });
  const mic =
    v11 === undefined
      ? legacyDataMIC(keys.f, { direction: "uplink", devAddr, fCnt, message })
      : uplinkMIC11({
          fNwkSIntKey: keys.f,
          sNwkSIntKey: keys.s,
          devAddr,
          fCnt,
          message,
          txDr: v11.txDr,
          txCh: v11.txCh,
          confFCnt: v11.confFCnt ?? 0,
        });
  return appendMIC(message, mic);
}

/** A downlink as the device of LoRaWAN 1.0.x accepts it; throws when its MIC is wrong. */
export function readDownlink(keys: DeviceKeys, phyPayload: Uint8Array, fCnt: number): DataDownlink {
  const frame = decodePHYPayload(phyPayload);
  if (frame.mType !== "unconfirmedDown" && frame.mType !== "confirmedDown") throw new Error(frame.mType);
  const message = withoutMIC(phyPayload);
  const mic = legacyDataMIC(keys.f, { direction: "downlink", devAddr: frame.devAddr, fCnt, message });
  if (mic !== frame.mic) throw new Error("the device would not accept this downlink");
  return frame;
}

export function joinRequestFrame(
  euis: { readonly joinEui: EUI64; readonly devEui: EUI64 },
  devNonce: number,
): Uint8Array {
  return appendMIC(encodeJoinRequest({ mType: "joinRequest", ...euis, devNonce }), 0);
}
