import type { DevAddr, EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { Writer } from "../../store/store.ts";
import type {
  Counters,
  DeviceSettings,
  DeviceState,
  DeviceStatus,
  MACState,
  SessionState,
} from "../device.ts";

export interface StoredDevice {
  readonly deviceNo: number;
  readonly ids: EndDeviceIdentifiers;
  readonly settings: DeviceSettings;
  readonly state: DeviceState;
}

/** A device with what only its registry reads. */
export interface RegisteredDevice extends StoredDevice {
  /** As the registry encoded it. */
  readonly registration: Uint8Array;
  readonly createdAt: At;
  readonly updatedAt: At;
}

export type SessionSlot = "current" | "pending";

/** Reads devices; a read sees every write issued before it. */
export interface DeviceReader {
  findByDevAddrs(devAddrs: readonly DevAddr[]): Promise<readonly StoredDevice[]>;
  findByIds(ids: EndDeviceIdentifiers): Promise<StoredDevice | undefined>;
  findByEuis(euis: { readonly joinEui: EUI64; readonly devEui: EUI64 }): Promise<StoredDevice | undefined>;
  /** Rejoin-requests of types 0 and 2 name no JoinEUI. */
  findByDevEui(devEui: EUI64): Promise<StoredDevice | undefined>;
  findRegistered(ids: EndDeviceIdentifiers): Promise<RegisteredDevice | undefined>;
  listApplication(tenantId: string, applicationId: string): Promise<readonly EndDeviceIdentifiers[]>;
  /** The greatest device number in use, 0 without devices. */
  lastDeviceNo(): Promise<number>;
}

/** Adds changes of a device to a transaction. */
export interface DeviceWriter {
  /** Breaks a constraint when the ids or EUIs are taken: only in `transact`. */
  create(writer: Writer, device: RegisteredDevice): void;
  updateRegistration(writer: Writer, device: RegisteredDevice): void;
  remove(writer: Writer, deviceNo: number): void;
  /** Writes the whole session, keys sealed. The current session's counters are written with it. */
  putSession(
    writer: Writer,
    device: { readonly deviceNo: number; readonly ids: EndDeviceIdentifiers },
    slot: SessionSlot,
    state: SessionState,
  ): void;
  removeSession(writer: Writer, deviceNo: number, slot: SessionSlot): void;
  /** The one row that each uplink and downlink writes. */
  moveCounters(writer: Writer, deviceNo: number, counters: Counters): void;
  setMACState(writer: Writer, deviceNo: number, slot: SessionSlot, mac: MACState): void;
  setStatus(writer: Writer, deviceNo: number, status: DeviceStatus): void;
}
