import { writeUint16, writeUint24 } from "../bytes.ts";
import { type EUI64, encodeEUI64 } from "../ids/eui64.ts";
import type { NetID } from "../ids/net-id.ts";
import { aesEncryptBlock, expandKey, type KeySchedule } from "./aes.ts";
import type { AESKey } from "./aes-key.ts";

function derive(schedule: KeySchedule, purpose: number, block: Uint8Array): AESKey {
  block[0] = purpose;
  return aesEncryptBlock(schedule, block) as AESKey;
}

/** What the session keys of LoRaWAN 1.0.x follow from. */
export interface SessionKeyMaterial10 {
  /** AppKey; NwkKey for a 1.1 device that joined a 1.0 network. */
  readonly appKey: AESKey;
  readonly joinNonce: number;
  readonly netId: NetID;
  readonly devNonce: number;
}

/** Session keys of LoRaWAN 1.0.x; the NwkSKey goes by its 1.1 name. */
export interface SessionKeys10 {
  readonly fNwkSIntKey: AESKey;
  readonly appSKey: AESKey;
}

/** Derives session keys as LoRaWAN 1.0.x does (TS001-1.0.4 §6.2.6). */
export function deriveSessionKeys10({
  appKey,
  joinNonce,
  netId,
  devNonce,
}: SessionKeyMaterial10): SessionKeys10 {
  const schedule = expandKey(appKey);
  const block = new Uint8Array(16);
  writeUint24(block, 1, joinNonce);
  writeUint24(block, 4, netId);
  writeUint16(block, 7, devNonce);
  return { fNwkSIntKey: derive(schedule, 0x01, block), appSKey: derive(schedule, 0x02, block) };
}

/** What the session keys of LoRaWAN 1.1 follow from. */
export interface SessionKeyMaterial11 {
  readonly nwkKey: AESKey;
  readonly appKey: AESKey;
  readonly joinNonce: number;
  readonly joinEui: EUI64;
  readonly devNonce: number;
}

/** Session keys of LoRaWAN 1.1. */
export interface SessionKeys11 {
  readonly fNwkSIntKey: AESKey;
  readonly sNwkSIntKey: AESKey;
  readonly nwkSEncKey: AESKey;
  readonly appSKey: AESKey;
}

/** Derives session keys as LoRaWAN 1.1 does when OptNeg is set (LoRaWAN 1.1 §6.2.5). */
export function deriveSessionKeys11(material: SessionKeyMaterial11): SessionKeys11 {
  const network = expandKey(material.nwkKey);
  const block = new Uint8Array(16);
  writeUint24(block, 1, material.joinNonce);
  encodeEUI64(material.joinEui, block, 4);
  writeUint16(block, 12, material.devNonce);
  return {
    fNwkSIntKey: derive(network, 0x01, block),
    appSKey: derive(expandKey(material.appKey), 0x02, block),
    sNwkSIntKey: derive(network, 0x03, block),
    nwkSEncKey: derive(network, 0x04, block),
  };
}

/** The lifetime keys of a LoRaWAN 1.1 device at its Join Server. */
export interface JSKeys {
  readonly jsIntKey: AESKey;
  readonly jsEncKey: AESKey;
}

/** Derives JSIntKey and JSEncKey (LoRaWAN 1.1 §6.1.1.3). */
export function deriveJSKeys({
  nwkKey,
  devEui,
}: {
  readonly nwkKey: AESKey;
  readonly devEui: EUI64;
}): JSKeys {
  const schedule = expandKey(nwkKey);
  const block = new Uint8Array(16);
  encodeEUI64(devEui, block, 1);
  return { jsEncKey: derive(schedule, 0x05, block), jsIntKey: derive(schedule, 0x06, block) };
}
