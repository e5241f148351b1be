import type { AESKey, EUI64 } from "@skylark/lorawan";
import type { KeyVault } from "../../component/key-vault.ts";
import { type SqlRow, type SqlValue, type Store, statement } from "../../store/store.ts";
import type { JoinDevice, JoinDeviceReader, JoinDeviceWriter } from "./device-store.ts";

const columns = `tenant_id, application_id, device_id, join_eui, dev_eui, app_key, nwk_key, registration,
  resets_join_nonces, last_join_nonce, last_dev_nonce, used_dev_nonces, created_at, updated_at`;
const byIds = "tenant_id = ? AND application_id = ? AND device_id = ?";

const selectByEuis = statement(`SELECT ${columns} FROM js_devices WHERE join_eui = ? AND dev_eui = ?`);
const selectByIds = statement(`SELECT ${columns} FROM js_devices WHERE ${byIds}`);
const insertDevice = statement(
  `INSERT INTO js_devices (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const updateDevice = statement(
  `UPDATE js_devices SET app_key = ?, nwk_key = ?, registration = ?, resets_join_nonces = ?,
   updated_at = ? WHERE ${byIds} AND updated_at = ?`,
);
const updateNonces = statement(
  `UPDATE js_devices SET last_join_nonce = ?, last_dev_nonce = ?, used_dev_nonces = ? WHERE ${byIds}`,
);
const deleteDevice = statement(`DELETE FROM js_devices WHERE ${byIds}`);
const deleteApplication = statement("DELETE FROM js_devices WHERE tenant_id = ? AND application_id = ?");

export function createJoinDeviceReader(store: Pick<Store, "query">, vault: KeyVault): JoinDeviceReader {
  const first = (rows: readonly SqlRow[]) => (rows[0] === undefined ? undefined : readDevice(rows[0], vault));
  return {
    findByEuis: async ({ joinEui, devEui }) => first(await store.query(selectByEuis, joinEui, devEui)),
    findByIds: async (ids) =>
      first(await store.query(selectByIds, ids.tenantId, ids.applicationId, ids.deviceId)),
  };
}

function readDevice(row: SqlRow, vault: KeyVault): JoinDevice {
  const key = (value: SqlValue | undefined) => vault.open(value as Uint8Array) as AESKey;
  return {
    ids: {
      tenantId: row.tenant_id as string,
      applicationId: row.application_id as string,
      deviceId: row.device_id as string,
      joinEui: row.join_eui as EUI64,
      devEui: row.dev_eui as EUI64,
    },
    ...(row.app_key === null ? {} : { appKey: key(row.app_key) }),
    ...(row.nwk_key === null ? {} : { nwkKey: key(row.nwk_key) }),
    resetsJoinNonces: row.resets_join_nonces === 1,
    nonces: {
      lastJoinNonce: row.last_join_nonce as number,
      lastDevNonce: row.last_dev_nonce as number,
      usedDevNonces: JSON.parse(row.used_dev_nonces as string) as number[],
    },
    registration: row.registration as Uint8Array,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
  };
}

export function createJoinDeviceWriter(vault: KeyVault): JoinDeviceWriter {
  const sealed = (key: AESKey | undefined) => (key === undefined ? null : vault.seal(key));
  return {
    create(writer, device) {
      const { ids, nonces } = device;
      writer.run(
        insertDevice,
        ids.tenantId,
        ids.applicationId,
        ids.deviceId,
        ids.joinEui,
        ids.devEui,
        sealed(device.appKey),
        sealed(device.nwkKey),
        device.registration,
        device.resetsJoinNonces ? 1 : 0,
        nonces.lastJoinNonce,
        nonces.lastDevNonce,
        JSON.stringify(nonces.usedDevNonces),
        device.createdAt,
        device.updatedAt,
      );
    },
    update(writer, device, before) {
      const { ids } = device;
      writer.runExpectingRow(
        updateDevice,
        sealed(device.appKey),
        sealed(device.nwkKey),
        device.registration,
        device.resetsJoinNonces ? 1 : 0,
        device.updatedAt,
        ids.tenantId,
        ids.applicationId,
        ids.deviceId,
        before,
      );
    },
    setNonces(writer, ids, nonces) {
      writer.run(
        updateNonces,
        nonces.lastJoinNonce,
        nonces.lastDevNonce,
        JSON.stringify(nonces.usedDevNonces),
        ids.tenantId,
        ids.applicationId,
        ids.deviceId,
      );
    },
    remove(writer, { tenantId, applicationId, deviceId }) {
      writer.run(deleteDevice, tenantId, applicationId, deviceId);
    },
    removeApplication(writer, { tenantId, applicationId }) {
      writer.run(deleteApplication, tenantId, applicationId);
    },
  };
}
