import {
  type EndDevice,
  EndDeviceSchema,
  fromBinary,
  timestampFromMs,
  timestampMs,
  toBinary,
} from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { SqlRow, SqlValue, Store, Writer } from "../../store/store.ts";
import {
  bytesOf,
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  optionalNumber,
  orderClause,
  type Page,
  textOf,
  totalOf,
} from "./rows.ts";
import { addSearchEntry, removeSearchEntry, type SearchKey, updateSearchEntry } from "./search-entries.ts";
import { countCreated, countPurged } from "./tenant-totals.ts";

export type DeviceKey = Pick<EndDeviceIdentifiers, "tenantId" | "applicationId" | "deviceId">;

export interface StoredEndDevice {
  readonly device: EndDevice;
  readonly version: number;
}

export interface EndDeviceStore {
  get(key: DeviceKey): Promise<StoredEndDevice | undefined>;
  list(application: ApplicationIdentifiers, updatedSince: At, page: Page): Promise<Listed<EndDevice>>;
  /** All devices of a tenant, for an admin. */
  listAll(tenantId: string, updatedSince: At, page: Page): Promise<Listed<EndDevice>>;
  count(application: ApplicationIdentifiers): Promise<number>;
  findByEuis(joinEui: EUI64, devEui: EUI64): Promise<DeviceKey | undefined>;
  insert(writer: Writer, key: DeviceKey, device: EndDevice, at: At): void;
  /** Fails as `stale` when someone else changed it since. */
  update(writer: Writer, key: DeviceKey, change: StoredEndDevice & { readonly at: At }): void;
  delete(writer: Writer, key: DeviceKey): void;
  /** Notes activity without touching what users set; of a device that is gone nothing is noted. */
  noteSeen(writer: Writer, key: DeviceKey, at: At): void;
  noteActivated(writer: Writer, key: DeviceKey, at: At): void;
  /** The transaction fails as `stale` unless the application exists and is not deleted. */
  holdApplication(writer: Writer, application: ApplicationIdentifiers): void;
  /** The transaction fails as `stale` when the application has devices. */
  expectNoDevices(writer: Writer, application: ApplicationIdentifiers): void;
}

const ofDevice = "WHERE tenant_id = ? AND application_id = ? AND device_id = ?";
const ofApplication = "WHERE tenant_id = ? AND application_id = ?";
const shown = "data, last_seen_at, activated_at";
const read = knownStatement(`SELECT ${shown}, version FROM end_devices ${ofDevice}`);
const countDevices = knownStatement(`SELECT COUNT(*) AS total FROM end_devices ${ofApplication}`);
const byEuis = knownStatement(
  "SELECT tenant_id, application_id, device_id FROM end_devices WHERE join_eui = ? AND dev_eui = ?",
);
const columns = "join_eui, dev_eui, description, last_seen_at, activated_at, name, updated_at, version, data";
const insert = knownStatement(
  `INSERT INTO end_devices (tenant_id, application_id, device_id, ${columns}, created_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const update = knownStatement(
  `UPDATE end_devices SET ${columns
    .split(", ")
    .map((column) => `${column} = ?`)
    .join(", ")} ${ofDevice} AND version = ?`,
);
const remove = knownStatement(`DELETE FROM end_devices ${ofDevice}`);
const noteSeen = knownStatement(
  `UPDATE end_devices SET last_seen_at = ? ${ofDevice} AND (last_seen_at IS NULL OR last_seen_at < ?)`,
);
const noteActivated = knownStatement(`UPDATE end_devices SET activated_at = ? ${ofDevice}`);
// Touching the row makes a transaction that creates a device and one that deletes its application take turns.
const holdApplication = knownStatement(
  `UPDATE applications SET version = version ${ofApplication} AND deleted_at IS NULL`,
);
const expectNoDevices = knownStatement(
  `UPDATE applications SET version = version ${ofApplication}
   AND NOT EXISTS (SELECT 1 FROM end_devices ${ofApplication})`,
);
const orders = {
  device_id: "device_id",
  join_eui: "join_eui",
  dev_eui: "dev_eui",
  name: "name",
  description: "description",
  created_at: "created_at",
  last_seen_at: "last_seen_at",
};

export function createEndDeviceStore(store: Pick<Store, "query">): EndDeviceStore {
  const list = (scope: string, values: readonly SqlValue[], page: Page) => {
    const from = `end_devices WHERE ${scope} AND updated_at > ?`;
    const order = orderClause(orders, page.order, "device_id");
    return listPage(store, { columns: shown, from, values, order, page }, deviceOf);
  };

  return {
    async get(key) {
      const [row] = await store.query(read, ...keyParameters(key));
      return row === undefined ? undefined : { device: deviceOf(row), version: numberOf(row, "version") };
    },
    list: ({ tenantId, applicationId }, updatedSince, page) =>
      list("tenant_id = ? AND application_id = ?", [tenantId, applicationId, updatedSince], page),
    listAll: (tenantId, updatedSince, page) => list("tenant_id = ?", [tenantId, updatedSince], page),
    async count({ tenantId, applicationId }) {
      return totalOf(await store.query(countDevices, tenantId, applicationId));
    },
    async findByEuis(joinEui, devEui) {
      const [row] = await store.query(byEuis, joinEui, devEui);
      if (row === undefined) return undefined;
      return {
        tenantId: textOf(row, "tenant_id"),
        applicationId: textOf(row, "application_id"),
        deviceId: textOf(row, "device_id"),
      };
    },
    insert(writer, key, device, at) {
      writer.run(insert, ...keyParameters(key), ...columnValues(device, 1, at), at);
      addSearchEntry(writer, searchKey(key), device);
      countCreated(writer, searchKey(key));
    },
    update(writer, key, { device, version, at }) {
      writer.runExpectingRow(
        update,
        ...columnValues(device, version + 1, at),
        ...keyParameters(key),
        version,
      );
      updateSearchEntry(writer, searchKey(key), device, undefined);
    },
    delete(writer, key) {
      writer.runExpectingRow(remove, ...keyParameters(key));
      countPurged(writer, searchKey(key));
      removeSearchEntry(writer, searchKey(key));
    },
    noteSeen: (writer, key, at) => writer.run(noteSeen, at, ...keyParameters(key), at),
    noteActivated: (writer, key, at) => writer.run(noteActivated, at, ...keyParameters(key)),
    holdApplication: (writer, { tenantId, applicationId }) =>
      writer.runExpectingRow(holdApplication, tenantId, applicationId),
    expectNoDevices: (writer, { tenantId, applicationId }) =>
      writer.runExpectingRow(expectNoDevices, tenantId, applicationId, tenantId, applicationId),
  };
}

/** Activity lies in columns alone, so that noting it neither reads nor rewrites the device. */
function deviceOf(row: SqlRow): EndDevice {
  const device = fromBinary(EndDeviceSchema, bytesOf(row, "data"));
  const lastSeenAt = optionalNumber(row, "last_seen_at");
  const activatedAt = optionalNumber(row, "activated_at");
  if (lastSeenAt !== undefined) device.lastSeenAt = timestampFromMs(lastSeenAt);
  if (activatedAt !== undefined) device.activatedAt = timestampFromMs(activatedAt);
  return device;
}

function withoutActivity(device: EndDevice): EndDevice {
  const { lastSeenAt: _, activatedAt: __, ...rest } = device;
  return rest;
}

function searchKey({ tenantId, applicationId, deviceId }: DeviceKey): SearchKey {
  return { tenantId, type: "device", applicationId, id: deviceId };
}

function keyParameters({ tenantId, applicationId, deviceId }: DeviceKey): readonly [string, string, string] {
  return [tenantId, applicationId, deviceId];
}

/** In the order of `columns`. */
function columnValues(device: EndDevice, version: number, at: At): readonly SqlValue[] {
  const { lastSeenAt, activatedAt } = device;
  return [
    euiOfBytes(device.ids?.joinEui) ?? null,
    euiOfBytes(device.ids?.devEui) ?? null,
    device.description,
    lastSeenAt === undefined ? null : timestampMs(lastSeenAt),
    activatedAt === undefined ? null : timestampMs(activatedAt),
    device.name,
    at,
    version,
    toBinary(EndDeviceSchema, withoutActivity(device)),
  ];
}
