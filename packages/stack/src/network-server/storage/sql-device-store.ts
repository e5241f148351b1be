import { type AESKey, type DevAddr, type EUI64, expandKey, type KeySchedule } from "@skylark/lorawan";
import type { KeyVault } from "../../component/key-vault.ts";
import type { EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import { type SqlRow, type Store, statement, type Writer } from "../../store/store.ts";
import type {
  Counters,
  DeviceSettings,
  DeviceState,
  DeviceStatus,
  Session,
  SessionState,
} from "../device.ts";
import { freshCounters } from "../device.ts";
import type {
  DeviceReader,
  DeviceWriter,
  RegisteredDevice,
  SessionSlot,
  StoredDevice,
} from "./device-store.ts";
import { internParsed } from "./intern.ts";
import { formatMACState, parseMACState } from "./mac-state-text.ts";

const batchSize = 64;

const columns = `d.device_no, d.tenant_id, d.application_id, d.device_id, d.dev_eui, d.join_eui, d.settings, d.status,
  c.f_cnt_up, c.last_uplink_at, c.last_frame, c.transmissions, c.next_n_f_cnt_down, c.next_a_f_cnt_down,
  s.slot, s.dev_addr, s.session_key_id, s.keys, s.mac, s.started_at`;
const tables = `ns_devices d LEFT JOIN ns_counters c ON c.device_no = d.device_no
  LEFT JOIN ns_sessions s ON s.device_no = d.device_no`;
const byIds = "d.tenant_id = ? AND d.application_id = ? AND d.device_id = ?";
const placeholders = Array.from({ length: batchSize }, () => "?").join(", ");

const selectByDevAddrs = statement(
  `SELECT ${columns} FROM ${tables}
   WHERE d.device_no IN (SELECT device_no FROM ns_sessions WHERE dev_addr IN (${placeholders}))`,
);
const selectByIds = statement(`SELECT ${columns} FROM ${tables} WHERE ${byIds}`);
const selectByEuis = statement(`SELECT ${columns} FROM ${tables} WHERE d.join_eui = ? AND d.dev_eui = ?`);
const selectByDevEui = statement(`SELECT ${columns} FROM ${tables} WHERE d.dev_eui = ?`);
const selectRegistered = statement(
  `SELECT ${columns}, d.registration, d.created_at, d.updated_at FROM ${tables} WHERE ${byIds}`,
);
const selectApplication = statement(
  "SELECT tenant_id, application_id, device_id FROM ns_devices WHERE tenant_id = ? AND application_id = ?",
);
const selectLast = statement("SELECT MAX(device_no) AS last FROM ns_devices");

export function createDeviceReader(store: Pick<Store, "query">, vault: KeyVault): DeviceReader {
  const one = async (rows: Promise<SqlRow[]>) => storedDevices(await rows, vault)[0];
  return {
    async findByDevAddrs(devAddrs) {
      const found: StoredDevice[] = [];
      for (let from = 0; from < devAddrs.length; from += batchSize) {
        const batch = devAddrs.slice(from, from + batchSize);
        const parameters = Array.from({ length: batchSize }, (_, index) => batch[index] ?? batch[0]!);
        found.push(...storedDevices(await store.query(selectByDevAddrs, ...parameters), vault));
      }
      return found;
    },
    findByIds: (ids) => one(store.query(selectByIds, ids.tenantId, ids.applicationId, ids.deviceId)),
    findByEuis: ({ joinEui, devEui }) => one(store.query(selectByEuis, joinEui, devEui)),
    findByDevEui: (devEui) => one(store.query(selectByDevEui, devEui)),
    async findRegistered(ids) {
      const rows = await store.query(selectRegistered, ids.tenantId, ids.applicationId, ids.deviceId);
      const device = storedDevices(rows, vault)[0];
      const row = rows[0];
      if (device === undefined || row === undefined) return undefined;
      return {
        ...device,
        registration: row.registration as Uint8Array,
        createdAt: row.created_at as number,
        updatedAt: row.updated_at as number,
      };
    },
    async listApplication(tenantId, applicationId) {
      const rows = await store.query(selectApplication, tenantId, applicationId);
      return rows.map((row) => ({
        tenantId: row.tenant_id as string,
        applicationId: row.application_id as string,
        deviceId: row.device_id as string,
      }));
    },
    async lastDeviceNo() {
      const [row] = await store.query(selectLast);
      return (row?.last as number | null | undefined) ?? 0;
    },
  };
}

const parseSettings = internParsed<DeviceSettings>(1024);

/** A device has a row for each of its sessions, or one without a session. */
function storedDevices(rows: readonly SqlRow[], vault: KeyVault): StoredDevice[] {
  const devices = new Map<number, StoredDevice>();
  for (const row of rows) {
    const deviceNo = row.device_no as number;
    const known = devices.get(deviceNo) ?? {
      deviceNo,
      ids: readIds(row),
      settings: parseSettings(row.settings as string),
      state: row.status === null ? {} : { status: JSON.parse(row.status as string) as DeviceStatus },
    };
    devices.set(deviceNo, row.slot === null ? known : withSession(known, row, vault));
  }
  return [...devices.values()];
}

function withSession(device: StoredDevice, row: SqlRow, vault: KeyVault): StoredDevice {
  const isCurrent = row.slot === slotNumbers.current;
  const sessionState: SessionState = {
    session: readSession(device.ids, row, vault),
    counters: isCurrent && row.f_cnt_up !== null ? readCounters(row) : freshCounters,
    mac: parseMACState(row.mac as string),
  };
  const state: DeviceState = isCurrent
    ? { ...device.state, current: sessionState }
    : { ...device.state, pending: sessionState };
  return { ...device, state };
}

function readIds(row: SqlRow): EndDeviceIdentifiers {
  return Object.freeze({
    tenantId: row.tenant_id as string,
    applicationId: row.application_id as string,
    deviceId: row.device_id as string,
    ...(row.dev_eui === null ? {} : { devEui: row.dev_eui as EUI64 }),
    ...(row.join_eui === null ? {} : { joinEui: row.join_eui as EUI64 }),
  });
}

function readCounters(row: SqlRow): Counters {
  return {
    fCntUp: row.f_cnt_up as number,
    lastUplinkAt: row.last_uplink_at as number,
    lastFrame: row.last_frame as number,
    transmissions: row.transmissions as number,
    nextNFCntDown: row.next_n_f_cnt_down as number,
    nextAFCntDown: row.next_a_f_cnt_down as number,
  };
}

function readSession(ids: EndDeviceIdentifiers, row: SqlRow, vault: KeyVault): Session {
  const devAddr = row.dev_addr as DevAddr;
  const keys = vault.open(row.keys as Uint8Array);
  const schedule = (index: number): KeySchedule =>
    expandKey(keys.slice(16 * index, 16 * index + 16) as AESKey);
  const fNwkSIntKey = schedule(0);
  const separate = keys.length > 16;
  return Object.freeze({
    ids: Object.freeze({ ...ids, devAddr }),
    devAddr,
    sessionKeyId: row.session_key_id as Uint8Array,
    startedAt: row.started_at as number,
    fNwkSIntKey,
    sNwkSIntKey: separate ? schedule(1) : fNwkSIntKey,
    nwkSEncKey: separate ? schedule(2) : fNwkSIntKey,
  });
}

const slotNumbers: Readonly<Record<SessionSlot, number>> = { current: 0, pending: 1 };

const insertDevice = statement(
  `INSERT INTO ns_devices (device_no, tenant_id, application_id, device_id, dev_eui, join_eui, settings,
   registration, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const updateDevice = statement(
  "UPDATE ns_devices SET settings = ?, registration = ?, status = ?, updated_at = ? WHERE device_no = ?",
);
const updateStatus = statement("UPDATE ns_devices SET status = ? WHERE device_no = ?");
const deleteDevice = statement("DELETE FROM ns_devices WHERE device_no = ?");
const deleteSessions = statement("DELETE FROM ns_sessions WHERE device_no = ?");
const deleteCounters = statement("DELETE FROM ns_counters WHERE device_no = ?");
const upsertSession = statement(
  `INSERT INTO ns_sessions (device_no, slot, tenant_id, dev_addr, session_key_id, keys, mac, started_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (device_no, slot) DO UPDATE SET dev_addr = excluded.dev_addr,
   session_key_id = excluded.session_key_id, keys = excluded.keys, mac = excluded.mac,
   started_at = excluded.started_at`,
);
const deleteSession = statement("DELETE FROM ns_sessions WHERE device_no = ? AND slot = ?");
const updateMAC = statement("UPDATE ns_sessions SET mac = ? WHERE device_no = ? AND slot = ?");
const upsertCounters = statement(
  `INSERT INTO ns_counters (device_no, tenant_id, f_cnt_up, last_uplink_at, last_frame, transmissions,
   next_n_f_cnt_down, next_a_f_cnt_down) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (device_no) DO UPDATE SET f_cnt_up = excluded.f_cnt_up,
   last_uplink_at = excluded.last_uplink_at, last_frame = excluded.last_frame,
   transmissions = excluded.transmissions, next_n_f_cnt_down = excluded.next_n_f_cnt_down,
   next_a_f_cnt_down = excluded.next_a_f_cnt_down`,
);
// An update and not an upsert: a frame that was on its way while its device was deleted leaves no row behind.
const updateCounters = statement(
  `UPDATE ns_counters SET f_cnt_up = ?, last_uplink_at = ?, last_frame = ?, transmissions = ?,
   next_n_f_cnt_down = ?, next_a_f_cnt_down = ? WHERE device_no = ?`,
);

export function createDeviceWriter(vault: KeyVault): DeviceWriter {
  return {
    create: insertRow,
    updateRegistration(writer, device) {
      const { settings, registration, state, updatedAt, deviceNo } = device;
      const status = statusText(state.status);
      writer.run(updateDevice, JSON.stringify(settings), registration, status, updatedAt, deviceNo);
    },
    remove(writer, deviceNo) {
      for (const each of [deleteDevice, deleteSessions, deleteCounters]) writer.run(each, deviceNo);
    },
    putSession(writer, { deviceNo, ids }, slot, { session, counters, mac }) {
      writer.run(
        upsertSession,
        deviceNo,
        slotNumbers[slot],
        ids.tenantId,
        session.devAddr,
        session.sessionKeyId,
        vault.seal(sessionKeys(session)),
        formatMACState(mac),
        session.startedAt,
      );
      if (slot === "current") writer.run(upsertCounters, deviceNo, ids.tenantId, ...counterValues(counters));
    },
    removeSession(writer, deviceNo, slot) {
      writer.run(deleteSession, deviceNo, slotNumbers[slot]);
      if (slot === "current") writer.run(deleteCounters, deviceNo);
    },
    moveCounters,
    setMACState(writer, deviceNo, slot, mac) {
      writer.run(updateMAC, formatMACState(mac), deviceNo, slotNumbers[slot]);
    },
    setStatus(writer, deviceNo, status) {
      writer.run(updateStatus, statusText(status), deviceNo);
    },
  };
}

function insertRow(writer: Writer, device: RegisteredDevice): void {
  const { ids } = device;
  writer.run(
    insertDevice,
    device.deviceNo,
    ids.tenantId,
    ids.applicationId,
    ids.deviceId,
    ids.devEui ?? null,
    ids.joinEui ?? null,
    JSON.stringify(device.settings),
    device.registration,
    statusText(device.state.status),
    device.createdAt,
    device.updatedAt,
  );
}

// Each uplink comes here, so the values are not put into an array first.
function moveCounters(writer: Writer, deviceNo: number, counters: Counters): void {
  writer.run(
    updateCounters,
    counters.fCntUp,
    counters.lastUplinkAt,
    counters.lastFrame,
    counters.transmissions,
    counters.nextNFCntDown,
    counters.nextAFCntDown,
    deviceNo,
  );
}

function counterValues(counters: Counters): readonly number[] {
  return [
    counters.fCntUp,
    counters.lastUplinkAt,
    counters.lastFrame,
    counters.transmissions,
    counters.nextNFCntDown,
    counters.nextAFCntDown,
  ];
}

function statusText(status: DeviceStatus | undefined): string | null {
  return status === undefined ? null : JSON.stringify(status);
}

/** The first words of a key schedule are the key itself, so the key need not be kept beside it. */
export function keyOfSchedule(schedule: KeySchedule): AESKey {
  const key = new Uint8Array(16);
  const view = new DataView(key.buffer);
  for (let word = 0; word < 4; word++) view.setInt32(4 * word, schedule[word]!);
  return key as AESKey;
}

/** One key where all three are the same, as with LoRaWAN 1.0.x. */
function sessionKeys({ fNwkSIntKey, sNwkSIntKey, nwkSEncKey }: Session): Uint8Array {
  if (sNwkSIntKey === fNwkSIntKey && nwkSEncKey === fNwkSIntKey) return keyOfSchedule(fNwkSIntKey);
  const keys = new Uint8Array(48);
  for (const [index, schedule] of [fNwkSIntKey, sNwkSIntKey, nwkSEncKey].entries()) {
    keys.set(keyOfSchedule(schedule), 16 * index);
  }
  return keys;
}
