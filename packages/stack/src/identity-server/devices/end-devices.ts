import type { EndDevice } from "@skylark/api";
import type { EUI64 } from "@skylark/lorawan";
import type { At } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import { whenKnown } from "../../component/when-known.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import { type EndDeviceIdentifiers, endDeviceKey, parseEndDeviceKey } from "../../domain/identifiers.ts";
import type { Location } from "../../domain/uplink.ts";
import type { EventDefinition } from "../../events/events.ts";
import type { Logger } from "../../log/log.ts";
import { type DeletionKind, publishDeletion } from "../../rpc/end-device-registries.ts";
import { type StagedResult, transactAll, transactOne, untilCurrent } from "../../store/staged-transaction.ts";
import { changedFields, endDeviceEvents } from "../events.ts";
import type { DeviceServers } from "../peers.ts";
import type { Pictures } from "../pictures/pictures.ts";
import type { Registries } from "../registries/registries.ts";
import type { DeviceKey } from "../storage/end-device-store.ts";
import type { Listed, Page } from "../storage/rows.ts";
import { createDeviceActivityLog, type DeviceActivity, type DeviceActivityLog } from "./device-activity.ts";
import { locationMessage, profileOf } from "./device-profile.ts";
import { deviceServerNames, stageAll } from "./device-servers.ts";
import { createDeviceWriter, notFound, shownDevice } from "./device-writer.ts";

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
  /** With `cascade` from the other servers too, in the same transaction. */
  delete(key: DeviceKey, cascade: boolean): Promise<void>;
  /** In one transaction; of devices that are not there, nothing is said. */
  deleteAll(keys: readonly DeviceKey[], cascade: boolean): Promise<void>;
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

const deletions = { single: endDeviceEvents.delete, batch: endDeviceEvents.batchDelete };
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

  /** Gives those that there were. */
  const remove = (keys: readonly DeviceKey[], cascade: boolean, kind: DeletionKind) =>
    untilCurrent(async () => {
      const inOrder = [...keys].sort((a, b) => (endDeviceKey(a) < endDeviceKey(b) ? -1 : 1));
      const stored = await Promise.all(inOrder.map((key) => endDevices.get(key)));
      const there = inOrder.flatMap((key, index) => {
        const device = stored[index]?.device;
        return device === undefined ? [] : [{ ids: identifiersOf(key, device), device }];
      });
      const ids = there.map((each) => each.ids);
      const others = cascade ? await stageAll(deletionsElsewhere(options.deviceServers(), ids, kind)) : [];
      const own = there.map((each) => writer.stageDeletion(each.ids, each.device));
      // Before the deletions are released: whoever hears of one can still look up what is remembered of the device.
      const told = {
        write: () => {},
        committed: () => publishDeletion(registries.events, deletions, kind, ids),
      };
      await transactAll(registries.store, [told, ...own, ...others]);
      return ids;
    });

  return {
    find,
    create: (key, requested) => transactOne(registries.store, () => stageCreation(key, requested)),
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
    update: (key, source, paths) => transactOne(registries.store, () => stageUpdate(key, source, paths)),
    async delete(key, cascade) {
      const deleted = await remove([key], cascade, "single");
      if (deleted.length === 0) throw notFound(key);
    },
    async deleteAll(keys, cascade) {
      await remove(keys, cascade, "batch");
    },
    async deleteElsewhere(key) {
      const deletions = deletionsElsewhere(options.deviceServers(), [key], "single");
      await transactAll(registries.store, await stageAll(deletions));
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

function deletionsElsewhere(
  servers: DeviceServers,
  ids: readonly EndDeviceIdentifiers[],
  kind: DeletionKind,
) {
  return deviceServerNames.map((name) => () => servers[name].stageDelete(ids, kind));
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
    await transactOne(registries.store, () =>
      stageActivity(ids, (stored) => withLocations(stored, locations)),
    );
  }
}

function withLocations(device: EndDevice, locations: ReadonlyMap<string, Location>): EndDevice {
  const messages = [...locations].map(([service, location]) => [service, locationMessage(location)] as const);
  return { ...device, locations: { ...device.locations, ...Object.fromEntries(messages) } };
}

function identifiersOf(key: DeviceKey, device: EndDevice): EndDeviceIdentifiers {
  const devEui = euiOfBytes(device.ids?.devEui);
  const joinEui = euiOfBytes(device.ids?.joinEui);
  return {
    ...key,
    ...(devEui === undefined ? {} : { devEui }),
    ...(joinEui === undefined ? {} : { joinEui }),
  };
}
