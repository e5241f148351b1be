import { assign, type EndDevice, EndDeviceSchema, timestampFromMs } from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { type EndDeviceIdentifiers, endDeviceKey, parseEndDeviceKey } from "../../domain/identifiers.ts";
import type { Location } from "../../domain/uplink.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { EventDefinition } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import type { Writer } from "../../store/store.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { endDeviceNotFound, euiTaken, idTaken } from "../errors.ts";
import { changedFields, endDeviceEvents } from "../events.ts";
import { brokenConstraint, readEntity, untilCurrent } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { Listed, Page } from "../storage/rows.ts";
import { createDeviceActivityLog, type DeviceActivity, type DeviceActivityLog } from "./device-activity.ts";
import { locationMessage, profileOf } from "./device-profile.ts";
import { checkServerAddresses } from "./server-addresses.ts";

const errors = defineErrors("pkg/identityserver");
const endDeviceEuisTaken = errors.alreadyExists(
  "end_device_euis_taken",
  "an end device with JoinEUI `{join_eui}` and DevEUI `{dev_eui}` is already registered as `{device_id}` in application `{application_id}`",
);

type DeviceKey = Pick<EndDeviceIdentifiers, "tenantId" | "applicationId" | "deviceId">;

export interface EndDeviceListing {
  readonly tenantId: string;
  /** Absent: all of the tenant. */
  readonly applicationId: string | undefined;
  readonly updatedSince: At;
  readonly page: Page;
}

/** This server's part of the devices: their registry, and what it tells the Application Server of them. */
export interface EndDevices {
  create(key: DeviceKey, device: EndDevice): Promise<EndDevice>;
  find(key: DeviceKey): Promise<EndDevice | undefined>;
  read(key: DeviceKey): Promise<EndDevice>;
  findByEuis(joinEui: EUI64 | undefined, devEui: EUI64 | undefined): Promise<DeviceKey | undefined>;
  list(listing: EndDeviceListing): Promise<Listed<EndDevice>>;
  /** Takes the named fields of `source`. */
  update(key: DeviceKey, source: EndDevice, paths: readonly string[]): Promise<EndDevice>;
  /** All or none; with `cascade` the other servers forget them too. */
  delete(keys: readonly DeviceKey[], cascade: boolean): Promise<void>;
  profile(ids: EndDeviceIdentifiers): EndDeviceProfile | Promise<EndDeviceProfile>;
  readonly activity: DeviceActivityLog;
}

export interface EndDevicesOptions {
  /** Called before this server's own entry goes, so that a failure leaves something to delete again. */
  readonly onDeviceDeleted: (ids: EndDeviceIdentifiers) => Promise<void>;
  readonly log: Logger;
}

/** Reads, changes and writes; again when someone else changed the device meanwhile. */
type UpdateDevice = (key: DeviceKey, change: (stored: EndDevice) => Promise<EndDevice>) => Promise<EndDevice>;

type Transact = (key: DeviceKey, device: EndDevice, write: (writer: Writer) => void) => Promise<void>;

const cachedProfiles = 200_000;

export function createEndDevices(registries: Registries, options: EndDevicesOptions): EndDevices {
  const { endDevices, clock } = registries;
  const profiles = createProfileCache(registries);
  const find = async (key: DeviceKey) => (await endDevices.get(key))?.device;
  const read = async (key: DeviceKey) => {
    const device = await find(key);
    if (device === undefined) throw notFound(key);
    return device;
  };
  const changed = (key: DeviceKey) => profiles.invalidate(endDeviceKey(key));
  const publish = (definition: EventDefinition, key: DeviceKey, changed?: readonly string[]) =>
    registries.events.publish(definition, { kind: "device", ids: key }, changedFields(changed));

  const { transact, update } = createDeviceWriter(registries, changed);

  return {
    find,
    async create(key, requested) {
      checkIdAllowed(key.deviceId);
      const device = await insertDevice(registries, transact, key, requested);
      publish(endDeviceEvents.create, key);
      return device;
    },
    read,
    async findByEuis(joinEui, devEui) {
      if (joinEui === undefined || devEui === undefined) return undefined;
      return endDevices.findByEuis(joinEui, devEui);
    },
    list: ({ tenantId, applicationId, updatedSince, page }) =>
      applicationId === undefined
        ? endDevices.listAll(tenantId, updatedSince, page)
        : endDevices.list({ tenantId, applicationId }, updatedSince, page),
    async update(key, source, paths) {
      const device = await update(key, async (stored) => {
        const next = assign(EndDeviceSchema, stored, source, paths);
        await checkServerAddresses(registries, key, next);
        return next;
      });
      publish(endDeviceEvents.update, key, paths);
      return device;
    },
    async delete(keys, cascade) {
      await untilCurrent(async () => {
        const devices = await Promise.all(keys.map(read));
        const ids = keys.map((key, index) => identifiersOf(key, devices[index]!));
        if (cascade) for (const each of ids) await options.onDeviceDeleted(each);
        await deleteDevices(registries, keys).finally(() => keys.forEach(changed));
      });
      for (const key of keys) publish(endDeviceEvents.delete, key);
    },
    profile: (ids) => loadedProfile(profiles.get(endDeviceKey(ids))),
    activity: createDeviceActivityLog(clock, (activities) =>
      writeActivities(registries, activities, update, (error) =>
        options.log.warn("device activity was not written", { error, devices: activities.length }),
      ),
    ),
  };
}

function createProfileCache({ endDevices }: Registries): LoadingCache<EndDeviceProfile> {
  return new LoadingCache(cachedProfiles, async (key) => {
    // A device that only other servers know has an empty profile, kept until it is created here.
    return profileOf((await endDevices.get(parseEndDeviceKey(key)))?.device);
  });
}

function loadedProfile(
  profile: EndDeviceProfile | Promise<EndDeviceProfile | undefined>,
): EndDeviceProfile | Promise<EndDeviceProfile> {
  return profile instanceof Promise ? profile.then((loaded) => loaded ?? profileOf(undefined)) : profile;
}

function deleteDevices({ store, endDevices }: Registries, keys: readonly DeviceKey[]): Promise<void> {
  return store.transact((writer) => {
    for (const key of keys) endDevices.delete(writer, key);
  });
}

/** Writes of single devices; `changed` is called after each, whatever came of it. */
function createDeviceWriter(registries: Registries, changed: (key: DeviceKey) => void) {
  const { endDevices, store, clock } = registries;

  /** Commits a change of one device, explaining what it broke. */
  const transact: Transact = async (key, device, write) => {
    try {
      await store.transact(write);
    } catch (error) {
      const constraint = brokenConstraint(error);
      if (constraint === undefined) throw error;
      throw constraint.includes("eui") ? await explainEuis(registries, key, device) : idTaken();
    } finally {
      changed(key);
    }
  };

  const update: UpdateDevice = (key, change) =>
    untilCurrent(async () => {
      const stored = await endDevices.get(key);
      if (stored === undefined) throw notFound(key);
      const at = clock.now();
      const device = { ...(await change(stored.device)), updatedAt: timestampFromMs(at) };
      await transact(key, device, (writer) =>
        endDevices.update(writer, key, { device, version: stored.version, at }),
      );
      return device;
    });

  return { transact, update };
}

async function insertDevice(
  registries: Registries,
  transact: Transact,
  key: DeviceKey,
  requested: EndDevice,
): Promise<EndDevice> {
  const { endDevices, clock } = registries;
  const application = { tenantId: key.tenantId, type: "application", id: key.applicationId } as const;
  await readEntity(registries.applications, application);
  await checkServerAddresses(registries, key, requested);
  const at = clock.now();
  const stamp = timestampFromMs(at);
  const device = { ...requested, createdAt: stamp, updatedAt: stamp };
  await untilCurrent(() =>
    transact(key, device, (writer) => {
      endDevices.holdApplication(writer, key);
      endDevices.insert(writer, key, device, at);
    }).catch(async (error: unknown) => {
      // The application went meanwhile: say so rather than that something was stale.
      await readEntity(registries.applications, application);
      throw error;
    }),
  );
  return device;
}

/** What cannot be written of one device keeps back nothing of the others. Times go into their columns in one write; locations, which are rare, into the device itself. */
async function writeActivities(
  { store, endDevices }: Registries,
  activities: readonly DeviceActivity[],
  update: UpdateDevice,
  failed: (error: unknown) => void,
): Promise<void> {
  await store
    .write((writer) => {
      for (const { ids, seenAt, activatedAt } of activities) {
        if (seenAt !== undefined) endDevices.noteSeen(writer, ids, seenAt);
        if (activatedAt !== undefined) endDevices.noteActivated(writer, ids, activatedAt);
      }
    })
    .catch(failed);
  for (const { ids, locations } of activities) {
    if (locations === undefined) continue;
    await writeLocations(ids, locations).catch(failed);
  }

  async function writeLocations(ids: DeviceKey, locations: ReadonlyMap<string, Location>): Promise<void> {
    if ((await endDevices.get(ids)) === undefined) return;
    await update(ids, async (stored) => withLocations(stored, locations));
  }
}

function withLocations(device: EndDevice, locations: ReadonlyMap<string, Location>): EndDevice {
  const messages = [...locations].map(([service, location]) => [service, locationMessage(location)] as const);
  return { ...device, locations: { ...device.locations, ...Object.fromEntries(messages) } };
}

function notFound(key: DeviceKey) {
  return endDeviceNotFound({ device_id: key.deviceId, application_id: key.applicationId });
}

function identifiersOf(key: DeviceKey, device: EndDevice): EndDeviceIdentifiers {
  const devEui = euiOfBytes(device?.ids?.devEui);
  const joinEui = euiOfBytes(device?.ids?.joinEui);
  return {
    ...key,
    ...(devEui === undefined ? {} : { devEui }),
    ...(joinEui === undefined ? {} : { joinEui }),
  };
}

async function explainEuis({ endDevices }: Registries, key: DeviceKey, device: EndDevice) {
  const joinEui = euiOfBytes(device.ids?.joinEui);
  const devEui = euiOfBytes(device.ids?.devEui);
  const holder =
    joinEui === undefined || devEui === undefined ? undefined : await endDevices.findByEuis(joinEui, devEui);
  // What another tenant has registered is nobody's business.
  if (holder?.tenantId !== key.tenantId) return euiTaken();
  return endDeviceEuisTaken({
    join_eui: joinEui ?? "",
    dev_eui: devEui ?? "",
    device_id: holder.deviceId,
    application_id: holder.applicationId,
  });
}
