import {
  decodeJoinAccept,
  decryptJoinAccept,
  deriveJSKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  type EUI64,
  expandKey,
  type JoinAccept,
  joinAcceptMIC,
  LoRaWANError,
} from "@skylark/lorawan";
import type { OTAASettings } from "./device-options.ts";
import type { DeviceSessionKeys } from "./device-session.ts";

/** What a join-accept is opened with. */
export interface PendingJoin {
  readonly otaa: OTAASettings;
  readonly devEui: EUI64;
  /** The device speaks LoRaWAN 1.1; whether the network does, the join-accept tells. */
  readonly is11: boolean;
  readonly devNonce: number;
}

/** A verified join-accept with the session keys that follow from it. */
export interface OpenedJoinAccept {
  readonly accept: JoinAccept;
  readonly is11: boolean;
  readonly keys: DeviceSessionKeys;
}

/** Decrypts and verifies a join-accept; undefined when it is for another device. */
export function openJoinAccept(join: PendingJoin, encrypted: Uint8Array): OpenedJoinAccept | undefined {
  const { otaa, devEui, devNonce } = join;
  const { joinEui, appKey } = otaa;
  const rootKey = join.is11 ? (otaa.nwkKey ?? appKey) : appKey;
  const plain = decryptJoinAccept(expandKey(rootKey), encrypted);
  let accept: JoinAccept;
  try {
    accept = decodeJoinAccept(plain);
  } catch (error) {
    // Another device's answer decrypts to noise.
    if (error instanceof LoRaWANError) return undefined;
    throw error;
  }
  const is11 = join.is11 && accept.dlSettings.optNeg;
  const message = Uint8Array.of(0x20, ...plain.subarray(0, plain.length - 4));
  const mic = is11
    ? joinAcceptMIC(expandKey(deriveJSKeys({ nwkKey: rootKey, devEui }).jsIntKey), {
        message,
        optNeg: { joinReqType: 0xff, joinEui, devNonce },
      })
    : joinAcceptMIC(expandKey(rootKey), { message });
  if (mic !== new DataView(plain.buffer, plain.byteOffset).getUint32(plain.length - 4)) return undefined;
  const { joinNonce, netId } = accept;
  const keys = is11
    ? deriveSessionKeys11({ nwkKey: rootKey, appKey, joinNonce, joinEui, devNonce })
    : deriveSessionKeys10({ appKey: rootKey, joinNonce, netId, devNonce });
  return { accept, is11, keys };
}
