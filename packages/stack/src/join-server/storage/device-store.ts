import type { AESKey, EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { Writer } from "../../store/store.ts";

/** What a device has been used with so far. */
export interface Nonces {
  /** 0 before the first join-accept. */
  readonly lastJoinNonce: number;
  /** -1 before the first; of devices that count up. */
  readonly lastDevNonce: number;
  /** The most recent ones, oldest first; of devices that draw them at random. */
  readonly usedDevNonces: readonly number[];
}

export const freshNonces: Nonces = { lastJoinNonce: 0, lastDevNonce: -1, usedDevNonces: [] };

export interface JoinDevice {
  readonly ids: EndDeviceIdentifiers & { readonly joinEui: EUI64; readonly devEui: EUI64 };
  readonly appKey?: AESKey;
  readonly nwkKey?: AESKey;
  readonly resetsJoinNonces: boolean;
  readonly nonces: Nonces;
  /** As the registry encoded it, without keys and nonces. */
  readonly registration: Uint8Array;
  readonly createdAt: At;
  readonly updatedAt: At;
}

/** Reads devices; a read sees every write issued before it. */
export interface JoinDeviceReader {
  findByEuis(euis: { readonly joinEui: EUI64; readonly devEui: EUI64 }): Promise<JoinDevice | undefined>;
  findByIds(ids: EndDeviceIdentifiers): Promise<JoinDevice | undefined>;
}

export interface JoinDeviceWriter {
  /** Breaks a constraint when the ids or EUIs are taken: only in `transact`. */
  create(writer: Writer, device: JoinDevice): void;
  /** All but the nonces. The transaction fails as `stale` unless the row is still that of `before`. */
  update(writer: Writer, device: JoinDevice, before: At): void;
  setNonces(writer: Writer, ids: EndDeviceIdentifiers, nonces: Nonces): void;
  remove(writer: Writer, ids: EndDeviceIdentifiers): void;
  removeApplication(writer: Writer, ids: { readonly tenantId: string; readonly applicationId: string }): void;
}
