import { assign, type EndDevice, EndDeviceSchema, timestampFromMs } from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import { whenKnown } from "../../component/when-known.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { type EndDeviceIdentifiers, endDeviceKey, parseEndDeviceKey } from "../../domain/identifiers.ts";
import type { Location } from "../../domain/uplink.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { EventDefinition } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import {
  type StagedResult,
  type StagedTransaction,
  transactAll,
  untilCurrent,
} from "../../store/staged-transaction.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { endDeviceNotFound, euiTaken, idTaken } from "../errors.ts";
import { changedFields, endDeviceEvents } from "../events.ts";
import type { DeviceServers } from "../peers.ts";
import type { Pictures } from "../pictures/pictures.ts";
import { readKnown } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { EndDeviceStore } from "../storage/end-device-store.ts";
import type { Listed, Page } from "../storage/rows.ts";
import { tenantLimitError } from "../storage/tenant-totals.ts";
import { createDeviceActivityLog, type DeviceActivity, type DeviceActivityLog } from "./device-activity.ts";
import { locationMessage, profileOf } from "./device-profile.ts";
import { deviceServerNames, stageAll } from "./device-servers.ts";
import { checkServerAddresses } from "./server-addresses.ts";

const errors = defineErrors("pkg/identityserver");
const endDeviceEuisTaken = errors.alreadyExists(
  "end_device_euis_taken",
  "an end device with JoinEUI `{join_eui}` and DevEUI `{dev_eui}` is already registered as `{device_id}` in application `{application_id}`",
);

export type DeviceKey = Pick<EndDeviceIdentifiers, "tenantId" | "applicationId" | "deviceId">;

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
  /** For a transaction together with other servers; publishes when it is committed. */
  stageCreation(key: DeviceKey, device: EndDevice): Promise<StagedResult<EndDevice>>;
  stageUpdate(key: DeviceKey, source: EndDevice, paths: readonly string[]): Promise<StagedResult<EndDevice>>;
  find(key: DeviceKey): Promise<EndDevice | undefined>;
  read(key: DeviceKey): Promise<EndDevice>;
  /** As `read`, from memory where it can be, to be shown. */
  readKnown(key: DeviceKey): EndDevice | Promise<EndDevice>;
  findByEuis(joinEui: EUI64 | undefined, devEui: EUI64 | undefined): Promise<DeviceKey | undefined>;
  list(listing: EndDeviceListing): Promise<Listed<EndDevice>>;
  /** Takes the named fields of `source`. */
  update(key: DeviceKey, source: EndDevice, paths: readonly string[]): Promise<EndDevice>;
  /** All or none; with `cascade` from the other servers too, in the same transaction. */
  delete(keys: readonly DeviceKey[], cascade: boolean): Promise<void>;
  /** From the other servers alone, of devices that this server does not have. */
  deleteElsewhere(key: DeviceKey): Promise<void>;
  profile(ids: EndDeviceIdentifiers): EndDeviceProfile | Promise<EndDeviceProfile>;
  readonly activity: DeviceActivityLog;
}

export interface EndDevicesOptions {
  /** Called when they are needed: they are made after this server. */
  readonly deviceServers: () => DeviceServers;
  readonly log: Logger;
  readonly pictures: Pictures;
}

const cachedProfiles = 200_000;
const mostKnown = 20_000;

export function createEndDevices(registries: Registries, options: EndDevicesOptions): EndDevices {
  const { endDevices, clock } = registries;
  const profiles = createProfileCache(registries);
  const shown = (device: EndDevice) => shownDevice(options.pictures, device);
  const find = async (key: DeviceKey) => {
    const stored = await endDevices.get(key);
    return stored && shown(stored.device);
  };
  const read = async (key: DeviceKey) => {
    const device = await find(key);
    if (device === undefined) throw notFound(key);
    return device;
  };
  const known = new LoadingCache<EndDevice>(mostKnown, (key) => find(parseEndDeviceKey(key)));
  const changed = (key: DeviceKey) => {
    profiles.invalidate(endDeviceKey(key));
    known.invalidate(endDeviceKey(key));
  };
  const publish = (definition: EventDefinition, key: DeviceKey, changed?: readonly string[]) =>
    registries.events.publish(definition, { kind: "device", ids: key }, changedFields(changed));

  const writer = createDeviceWriter(registries, { changed, publish, pictures: options.pictures });
  const { stageCreation, stageUpdate } = writer;

  return {
    find,
    create: (key, requested) => commitOne(registries, () => stageCreation(key, requested)),
    stageCreation,
    stageUpdate,
    read,
    readKnown: (key) =>
      whenKnown(known.get(endDeviceKey(key)), (device) => {
        if (device === undefined) throw notFound(key);
        return device;
      }),
    async findByEuis(joinEui, devEui) {
      if (joinEui === undefined || devEui === undefined) return undefined;
      return endDevices.findByEuis(joinEui, devEui);
    },
    async list({ tenantId, applicationId, updatedSince, page }) {
      const { items, total } =
        applicationId === undefined
          ? await endDevices.listAll(tenantId, updatedSince, page)
          : await endDevices.list({ tenantId, applicationId }, updatedSince, page);
      return { items: items.map(shown), total };
    },
    update: (key, source, paths) => commitOne(registries, () => stageUpdate(key, source, paths)),
    async delete(keys, cascade) {
      const inOrder = [...keys].sort((a, b) => (endDeviceKey(a) < endDeviceKey(b) ? -1 : 1));
      await untilCurrent(async () => {
        const devices = await Promise.all(inOrder.map((key) => readStored(endDevices, key)));
        const ids = inOrder.map((key, index) => identifiersOf(key, devices[index]!));
        const others = cascade ? await stageAll(deletionsElsewhere(options.deviceServers(), ids)) : [];
        await transactAll(registries.store, [
          ...inOrder.map((key, index) => writer.stageDeletion(key, devices[index]!)),
          ...others,
        ]);
      });
    },
    async deleteElsewhere(key) {
      await transactAll(registries.store, await stageAll(deletionsElsewhere(options.deviceServers(), [key])));
    },
    profile: (ids) => loadedProfile(profiles.get(endDeviceKey(ids))),
    activity: createDeviceActivityLog(clock, async (activities) => {
      await writeActivities(registries, activities, writer.stageActivity, (error) =>
        options.log.warn("device activity was not written", { error, devices: activities.length }),
      );
      for (const { ids } of activities) known.invalidate(endDeviceKey(ids));
    }),
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

/** In the order of the devices, so that two callers never wait for each other. */
function deletionsElsewhere(servers: DeviceServers, ids: readonly EndDeviceIdentifiers[]) {
  return ids.flatMap((each) => deviceServerNames.map((name) => () => servers[name].stageDelete(each)));
}

function commitOne<T>({ store }: Registries, stage: () => Promise<StagedResult<T>>): Promise<T> {
  return untilCurrent(async () => {
    const staged = await stage();
    await transactAll(store, [staged]);
    return staged.result;
  });
}

interface Changes {
  /** After each change, whatever came of it: what is cached may be outdated. */
  readonly changed: (key: DeviceKey) => void;
  readonly publish: (definition: EventDefinition, key: DeviceKey, changed?: readonly string[]) => void;
  readonly pictures: Pictures;
}

/** Prepares changes of single devices, explaining what they may break. */
function createDeviceWriter(registries: Registries, { changed, publish, pictures }: Changes) {
  const { endDevices, clock } = registries;
  const ends = (key: DeviceKey, device: EndDevice) => ({
    release: () => changed(key),
    async explain(constraint: string) {
      if (!constraint.startsWith("end_devices.")) return tenantLimitError(constraint, "device");
      return constraint.includes("eui") ? explainEuis(registries, key, device) : idTaken();
    },
  });
  const stageChange = async (
    key: DeviceKey,
    change: (stored: EndDevice) => EndDevice | Promise<EndDevice>,
    committed: () => void,
  ): Promise<StagedResult<EndDevice>> => {
    const stored = await endDevices.get(key);
    if (stored === undefined) throw notFound(key);
    const at = clock.now();
    const device = { ...(await change(stored.device)), updatedAt: timestampFromMs(at) };
    return {
      result: shownDevice(pictures, device),
      write(writer) {
        endDevices.update(writer, key, { device, version: stored.version, at });
        // No change brings a new one; the whole device, as clients read it, may be sent again.
        if (device.picture === undefined) pictures.delete(writer, key.tenantId, stored.device.picture);
      },
      committed,
      ...ends(key, device),
    };
  };

  return {
    async stageCreation(key: DeviceKey, requested: EndDevice): Promise<StagedResult<EndDevice>> {
      checkIdAllowed(key.deviceId);
      checkServerAddresses(await readApplication(registries, key), requested);
      const at = clock.now();
      const stamp = timestampFromMs(at);
      const picture = pictures.prepare(pictureOwner(registries, key), requested.picture, undefined);
      const device = withPicture({ ...requested, createdAt: stamp, updatedAt: stamp }, picture.picture);
      return {
        result: shownDevice(pictures, device),
        write(writer) {
          // Stale when the application is gone meanwhile; the next attempt says so.
          endDevices.holdApplication(writer, key);
          endDevices.insert(writer, key, device, at);
          picture.write(writer);
        },
        committed: () => publish(endDeviceEvents.create, key),
        ...ends(key, device),
      };
    },
    stageUpdate: (key: DeviceKey, source: EndDevice, paths: readonly string[]) =>
      stageChange(
        key,
        async (stored) => {
          const assigned = assign(EndDeviceSchema, stored, source, paths);
          const next = withPicture(
            assigned,
            source.picture === undefined ? assigned.picture : stored.picture,
          );
          checkServerAddresses(await readApplication(registries, key), next);
          return next;
        },
        () => publish(endDeviceEvents.update, key, paths),
      ),
    /** Changes that nobody asked for and that are no event. */
    stageActivity: (key: DeviceKey, change: (stored: EndDevice) => EndDevice) =>
      stageChange(key, change, () => {}),
    stageDeletion: (key: DeviceKey, device: EndDevice): StagedTransaction => ({
      write(writer) {
        endDevices.delete(writer, key);
        pictures.delete(writer, key.tenantId, device.picture);
      },
      committed: () => publish(endDeviceEvents.delete, key),
      release: () => changed(key),
    }),
  };
}

async function readApplication({ applications }: Registries, { tenantId, applicationId }: DeviceKey) {
  return (await readKnown(applications, { tenantId, type: "application", id: applicationId })).message;
}

/** Part of the address under which a picture is found. */
function pictureOwner({ formatUid }: Registries, { tenantId, applicationId, deviceId }: DeviceKey) {
  return { tenantId, uid: formatUid({ tenantId, id: `${applicationId}.${deviceId}` }) };
}

function withPicture(device: EndDevice, picture: EndDevice["picture"]): EndDevice {
  const { picture: _, ...rest } = device;
  return picture === undefined ? rest : { ...rest, picture };
}

/** With whole addresses. */
export function shownDevice(pictures: Pick<Pictures, "shown">, device: EndDevice): EndDevice {
  return device.picture === undefined ? device : { ...device, picture: pictures.shown(device.picture) };
}

type StageActivity = ReturnType<typeof createDeviceWriter>["stageActivity"];

/** What cannot be written of one device keeps back nothing of the others. Times go into their columns in one write; locations, which are rare, into the device itself. */
async function writeActivities(
  registries: Registries,
  activities: readonly DeviceActivity[],
  stageActivity: StageActivity,
  failed: (error: unknown) => void,
): Promise<void> {
  const { store, endDevices } = registries;
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
    await commitOne(registries, () => stageActivity(ids, (stored) => withLocations(stored, locations)));
  }
}

function withLocations(device: EndDevice, locations: ReadonlyMap<string, Location>): EndDevice {
  const messages = [...locations].map(([service, location]) => [service, locationMessage(location)] as const);
  return { ...device, locations: { ...device.locations, ...Object.fromEntries(messages) } };
}

function notFound(key: DeviceKey) {
  return endDeviceNotFound({ device_id: key.deviceId, application_id: key.applicationId });
}

/** As it is stored, where `read` gives it as it is shown. */
async function readStored(endDevices: Pick<EndDeviceStore, "get">, key: DeviceKey): Promise<EndDevice> {
  const stored = await endDevices.get(key);
  if (stored === undefined) throw notFound(key);
  return stored.device;
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

async function explainEuis(
  { endDevices }: Registries,
  key: DeviceKey,
  device: EndDevice,
): Promise<SkylarkError> {
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
