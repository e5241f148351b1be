import { type AESKey, aesKey, devAddr, expandKey, type KeySchedule } from "@skylark/lorawan";
import type { Clock } from "../clock/clock.ts";
import type { KeyVault } from "../component/key-vault.ts";
import { type CacheEntry, LoadingCache } from "../component/loading-cache.ts";
import {
  type ApplicationIdentifiers,
  applicationKey,
  type EndDeviceIdentifiers,
  endDeviceKey,
  parseEndDeviceKey,
} from "../domain/identifiers.ts";
import { type SqlRow, type SqlValue, type StagedChange, type Store, statement } from "../store/store.ts";
import type { ApplicationDevice, ApplicationSession, DeviceSettings, KeySchedules } from "./end-device.ts";

const selectDevice = statement(
  `SELECT settings, session, pending_session, created_at, updated_at FROM as_devices
   WHERE tenant_id = ? AND application_id = ? AND device_id = ?`,
);
const upsertDevice = statement(
  `INSERT INTO as_devices (tenant_id, application_id, device_id, settings, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (tenant_id, application_id, device_id)
   DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at`,
);
const insertDevice = statement(
  `INSERT INTO as_devices (tenant_id, application_id, device_id, settings, session, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?, ?)`,
);
const where = `WHERE tenant_id = ? AND application_id = ? AND device_id = ?`;
const updateSession = statement(`UPDATE as_devices SET session = ?, updated_at = ? ${where}`);
const updatePendingSession = statement(`UPDATE as_devices SET pending_session = ?, updated_at = ? ${where}`);
const deleteDevice = statement(`DELETE FROM as_devices ${where}`);
const deleteDevices = statement(`DELETE FROM as_devices WHERE tenant_id = ? AND application_id = ?`);

/** What changes of a device; what is left out stays. `null` takes a session away. */
export interface DeviceChange {
  readonly settings?: DeviceSettings;
  readonly session?: ApplicationSession | null;
  readonly pendingSession?: ApplicationSession | null;
}

export interface DeviceRegistryContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly keyVault: KeyVault;
}

/** The end devices of the Application Server: rows in the store, the ones in use in memory. */
export class DeviceRegistry {
  readonly #context: DeviceRegistryContext;
  readonly #cache: LoadingCache<CacheEntry<ApplicationDevice>>;
  readonly #schedules: KeySchedules = new WeakMap();

  constructor(context: DeviceRegistryContext, cacheSize: number) {
    this.#context = context;
    this.#cache = new LoadingCache(cacheSize, async (key) => ({
      value: await this.#read(parseEndDeviceKey(key)),
    }));
  }

  cached(key: string): CacheEntry<ApplicationDevice> | undefined {
    return this.#cache.peek(key);
  }

  async load(ids: EndDeviceIdentifiers): Promise<ApplicationDevice | undefined> {
    return (await this.#cache.get(endDeviceKey(ids)))?.value;
  }

  async #read(ids: EndDeviceIdentifiers): Promise<ApplicationDevice | undefined> {
    const { tenantId, applicationId, deviceId } = ids;
    const [row] = await this.#context.store.query(selectDevice, tenantId, applicationId, deviceId);
    return row === undefined ? undefined : deviceOf(ids, row);
  }

  sealSession(session: Omit<ApplicationSession, "sealedAppSKey">, appSKey: Uint8Array): ApplicationSession {
    return { ...session, sealedAppSKey: this.#context.keyVault.seal(appSKey) };
  }

  openAppSKey(session: ApplicationSession): AESKey {
    return aesKey(this.#context.keyVault.open(session.sealedAppSKey));
  }

  scheduleOf(session: ApplicationSession): KeySchedule {
    const known = this.#schedules.get(session);
    if (known !== undefined) return known;
    const schedule = expandKey(this.openAppSKey(session));
    this.#schedules.set(session, schedule);
    return schedule;
  }

  /** Changes columns apart from one another, so that changes of different origin commute. */
  stage(ids: EndDeviceIdentifiers, change: DeviceChange): StagedChange {
    const key = [ids.tenantId, ids.applicationId, ids.deviceId] as const;
    const now = this.#context.clock.now();
    const at = Math.floor(now);
    return {
      write: (writer) => {
        const { settings, session, pendingSession } = change;
        if (settings !== undefined) writer.run(upsertDevice, ...key, JSON.stringify(settings), at, at);
        if (session !== undefined) writer.run(updateSession, sessionText(session), at, ...key);
        if (pendingSession !== undefined) {
          writer.run(updatePendingSession, sessionText(pendingSession), at, ...key);
        }
      },
      committed: () =>
        this.#cache.update(endDeviceKey(ids), (entry) => {
          entry.value = applyChange(entry.value, ids, change, at);
        }),
    };
  }

  /** Breaks a constraint when there is such a device: only in `transact`. */
  stageCreation(ids: EndDeviceIdentifiers, change: DeviceChange): StagedChange {
    const key = [ids.tenantId, ids.applicationId, ids.deviceId] as const;
    const at = Math.floor(this.#context.clock.now());
    const session = sessionText(change.session ?? null);
    return {
      write: (writer) => writer.run(insertDevice, ...key, JSON.stringify(change.settings), session, at, at),
      // Also what is remembered of there being no such device.
      committed: () => this.#cache.invalidate(endDeviceKey(ids)),
    };
  }

  /** What a change leads to, before it is made. */
  preview(
    device: ApplicationDevice | undefined,
    ids: EndDeviceIdentifiers,
    change: DeviceChange,
  ): ApplicationDevice | undefined {
    return applyChange(device, ids, change, Math.floor(this.#context.clock.now()));
  }

  stageDelete(ids: EndDeviceIdentifiers): StagedChange {
    return {
      write: (writer) => writer.run(deleteDevice, ids.tenantId, ids.applicationId, ids.deviceId),
      committed: () => this.#cache.invalidate(endDeviceKey(ids)),
    };
  }

  stageDeleteAll(ids: ApplicationIdentifiers): StagedChange {
    const prefix = `${applicationKey(ids)}/`;
    return {
      write: (writer) => writer.run(deleteDevices, ids.tenantId, ids.applicationId),
      committed: () => this.#cache.invalidateWhere((key) => key.startsWith(prefix)),
    };
  }
}

function applyChange(
  device: ApplicationDevice | undefined,
  ids: EndDeviceIdentifiers,
  change: DeviceChange,
  at: number,
): ApplicationDevice | undefined {
  const settings = change.settings ?? device?.settings;
  if (settings === undefined) return undefined;
  const session = change.session === undefined ? device?.session : change.session;
  const pending = change.pendingSession === undefined ? device?.pendingSession : change.pendingSession;
  return {
    ids: deviceIds(ids, settings),
    settings,
    ...(session != null && { session }),
    ...(pending != null && { pendingSession: pending }),
    createdAt: device?.createdAt ?? at,
    updatedAt: at,
  };
}

function deviceIds(ids: EndDeviceIdentifiers, settings: DeviceSettings): EndDeviceIdentifiers {
  return {
    tenantId: ids.tenantId,
    applicationId: ids.applicationId,
    deviceId: ids.deviceId,
    ...(settings.devEui !== undefined && { devEui: settings.devEui }),
    ...(settings.joinEui !== undefined && { joinEui: settings.joinEui }),
  };
}

function deviceOf(ids: EndDeviceIdentifiers, row: SqlRow): ApplicationDevice {
  const settings = JSON.parse(String(row.settings)) as DeviceSettings;
  const session = parseSession(row.session);
  const pendingSession = parseSession(row.pending_session);
  return {
    ids: deviceIds(ids, settings),
    settings,
    ...(session !== undefined && { session }),
    ...(pendingSession !== undefined && { pendingSession }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

interface StoredSession {
  readonly devAddr: number;
  readonly sessionKeyId: string;
  readonly appSKey: string;
  readonly lastAFCntDown: number;
}

function sessionText(session: ApplicationSession | null): string | null {
  if (session === null) return null;
  const stored: StoredSession = {
    devAddr: session.devAddr,
    sessionKeyId: Buffer.from(session.sessionKeyId).toString("base64"),
    appSKey: Buffer.from(session.sealedAppSKey).toString("base64"),
    lastAFCntDown: session.lastAFCntDown,
  };
  return JSON.stringify(stored);
}

function parseSession(text: SqlValue | undefined): ApplicationSession | undefined {
  if (typeof text !== "string") return undefined;
  const stored = JSON.parse(text) as StoredSession;
  return {
    devAddr: devAddr(stored.devAddr),
    sessionKeyId: Buffer.from(stored.sessionKeyId, "base64"),
    sealedAppSKey: Buffer.from(stored.appSKey, "base64"),
    lastAFCntDown: stored.lastAFCntDown,
  };
}
