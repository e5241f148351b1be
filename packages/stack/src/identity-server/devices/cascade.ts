import type { EndDevice } from "@skylark/api";
import {
  brokenConstraint,
  type StagedResult,
  transactAll,
  untilCurrent,
} from "../../store/staged-transaction.ts";
import type { Store } from "../../store/store.ts";
import type { DeviceServers } from "../peers.ts";
import type { DeviceKey } from "../storage/end-device-store.ts";
import { type DeviceServerName, deviceServerNames, stageAll } from "./device-servers.ts";
import type { EndDevices } from "./end-devices.ts";
import type { GivenFields, ServerFields } from "./given-fields.ts";
import { wholeDevice } from "./whole-device.ts";

/** A registration for all servers at once. */
export interface CascadedChange {
  readonly key: DeviceKey;
  /** What this server takes of it. */
  readonly own: EndDevice;
  readonly given: EndDevice;
  readonly fields: GivenFields;
}

/** Registers and changes devices on all servers in one transaction: what one of them refuses leaves nothing behind. */
export interface Cascade {
  create(change: CascadedChange): Promise<EndDevice>;
  update(change: CascadedChange): Promise<EndDevice>;
  find(key: DeviceKey): Promise<FoundParts>;
}

/** The parts of a device where there are any. */
export type FoundParts = { readonly [N in DeviceServerName | "identityServer"]?: EndDevice | undefined };

interface Parts {
  readonly store: Store;
  readonly devices: EndDevices;
  readonly deviceServers: () => DeviceServers;
}

export function createCascade({ store, devices, deviceServers }: Parts): Cascade {
  const commit = async (
    stages: readonly (() => Promise<StagedResult<EndDevice>>)[],
    names: readonly DeviceServerName[],
  ): Promise<EndDevice> => {
    const staged = await stageAll(stages);
    await transactAll(store, staged);
    const [own, ...others] = staged.map(({ result }) => result);
    const parts = Object.fromEntries(names.map((name, index) => [name, others[index]]));
    return wholeDevice({ identityServer: own!, ...parts });
  };

  const create = async ({ key, own, given, fields }: CascadedChange, isNew: boolean): Promise<EndDevice> => {
    const names = serversOfNewDevice(fields);
    const servers = deviceServers();
    const stages = names.map(
      (name) => () => servers[name].stageSet(key, given, fields.others[name].paths, { isNew }),
    );
    return commit([() => devices.stageCreation(key, own), ...stages], names);
  };

  const update = async ({ key, own, given, fields }: CascadedChange): Promise<EndDevice> => {
    const stored = await devices.read(key);
    const identified = { ...given, ids: { ...stored.ids!, ...givenEuis(given) } };
    const servers = deviceServers();
    const names = await serversOfChange(servers, key, fields);
    const stages = names.map(
      (name) => () => servers[name].stageSet(key, identified, fields.others[name].paths, { isNew: false }),
    );
    return commit([() => devices.stageUpdate(key, own, fields.identityServer), ...stages], names);
  };

  return {
    async create(change) {
      try {
        return await untilCurrent(() => create(change, true));
      } catch (error) {
        // Something is left of such a device on another server: take it over instead of failing for good.
        if (brokenConstraint(error) === undefined) throw error;
        return untilCurrent(() => create(change, false));
      }
    },
    async update(change) {
      try {
        return await untilCurrent(() => update(change));
      } catch (error) {
        // What the other servers say of a device that was deleted meanwhile is beside the point.
        await devices.read(change.key);
        throw error;
      }
    },
    async find(key) {
      const servers = deviceServers();
      const [identityServer, ...others] = await Promise.all([
        devices.find(key),
        ...deviceServerNames.map((name) => servers[name].find(key)),
      ]);
      return {
        identityServer,
        ...Object.fromEntries(deviceServerNames.map((name, index) => [name, others[index]])),
      };
    },
  };
}

function givenEuis({ ids }: EndDevice): Partial<NonNullable<EndDevice["ids"]>> {
  return {
    ...((ids?.devEui.length ?? 0) > 0 ? { devEui: ids!.devEui } : {}),
    ...((ids?.joinEui.length ?? 0) > 0 ? { joinEui: ids!.joinEui } : {}),
  };
}

/** A device of the network sends to an application, so the Application Server gets what the Network Server gets. */
function serversOfNewDevice({ others }: GivenFields): readonly DeviceServerName[] {
  return deviceServerNames.filter(
    (name) => others[name].concerned || (name === "applicationServer" && others.networkServer.concerned),
  );
}

/** Those concerned, those with a copy of a field that changes, and the Application Server where it is missing. */
async function serversOfChange(
  servers: DeviceServers,
  key: DeviceKey,
  { others }: GivenFields,
): Promise<readonly DeviceServerName[]> {
  const takesPart = async (name: DeviceServerName): Promise<boolean> => {
    const { concerned, paths }: ServerFields = others[name];
    if (concerned) return true;
    const isDue = name === "applicationServer" && others.networkServer.concerned;
    if (!isDue && paths.length === 0) return false;
    const exists = (await servers[name].find(key)) !== undefined;
    return exists ? paths.length > 0 : isDue;
  };
  const taken = await Promise.all(deviceServerNames.map(takesPart));
  return deviceServerNames.filter((_, index) => taken[index]);
}
