import {
  create,
  type EndDevice,
  EndDeviceBatchRegistry,
  EndDeviceRegistry,
  EndDeviceSchema,
  pick,
  Right,
  type timestampFromMs,
  timestampMs,
} from "@skylark/api";
import { whenKnown } from "../../component/when-known.ts";
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import {
  allOf,
  application,
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import type { RightsResolver } from "../access/rights-resolver.ts";
import { endDeviceNotFound } from "../errors.ts";
import { pathsToRead, pathsToWrite } from "../registries/field-masks.ts";
import type { Cascade } from "./cascade.ts";
import type { EndDevices } from "./end-devices.ts";
import { type GivenFields, givenFields, otherServersPaths } from "./given-fields.ts";
import { withoutKeys } from "./whole-device.ts";

/** What this server keeps of a device; the rest belongs to the Network, Application and Join Server. */
const keptPaths = [
  "ids.device_id",
  "ids.application_ids",
  "ids.dev_eui",
  "ids.join_eui",
  "activated_at",
  "application_server_address",
  "attributes",
  "claim_authentication_code",
  "description",
  "join_server_address",
  "last_seen_at",
  "locations",
  "lora_alliance_profile_ids",
  "name",
  "network_server_address",
  "picture",
  "serial_number",
  "service_profile_id",
  "version_ids",
];

/**
 * `true`: a registration is for all servers, and a deletion also of what only others have left of a device; `false`: a
 * deletion is of this server's entry alone.
 */
const cascadeHeader = "x-skylark-cascade";

type HeaderReader = Pick<CallContext, "header">;

function cascades(context: HeaderReader): boolean {
  return context.header(cascadeHeader) !== "false";
}

function registersEverywhere(context: HeaderReader): boolean {
  return context.header(cascadeHeader) === "true";
}

type Methods = ServiceMethods<typeof EndDeviceRegistry>;

export interface EndDeviceRegistryParts {
  readonly devices: EndDevices;
  readonly cascade: Cascade;
  readonly rights: RightsResolver;
}

type Parts = EndDeviceRegistryParts;

export function endDeviceRegistry(parts: EndDeviceRegistryParts): ServiceImplementation {
  return implement(EndDeviceRegistry, {
    create: createMethod(parts),
    get: getMethod(parts),
    getIdentifiersForEUIs: getIdentifiersForEUIsMethod(parts),
    list: listMethod(parts),
    update: updateMethod(parts),
    batchUpdateLastSeen: batchUpdateLastSeenMethod(parts),
    delete: deleteMethod(parts),
  });
}

const createMethod = ({ devices, cascade, rights }: Parts): Methods["create"] => ({
  requires: ({ endDevice }) =>
    application(endDevice?.ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ endDevice }, context) {
    const given = endDevice ?? create(EndDeviceSchema);
    const key = keyOf(context, endDevice);
    const own = pick(EndDeviceSchema, given, keptPaths);
    if (!registersEverywhere(context)) return devices.create(key, own);
    const fields = givenFields(given);
    await prepareCascade(rights, context, { key, fields });
    return shownTo(rights, context, await cascade.create({ key, own, given, fields }));
  },
});

const getMethod = ({ devices }: Parts): Methods["get"] => ({
  requires: ({ endDeviceIds }) =>
    application(endDeviceIds?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
  handle({ endDeviceIds, fieldMask }, context) {
    const device = devices.readKnown({
      tenantId: context.tenantId,
      applicationId: endDeviceIds?.applicationIds?.applicationId ?? "",
      deviceId: endDeviceIds?.deviceId ?? "",
    });
    return whenKnown(device, (known) => pick(EndDeviceSchema, known, pathsToRead(fieldMask?.paths)));
  },
});

const getIdentifiersForEUIsMethod = ({ devices }: Parts): Methods["getIdentifiersForEUIs"] => ({
  requires: () => authenticated,
  async handle({ joinEui, devEui }, context) {
    const found = await devices.findByEuis(euiOfBytes(joinEui), euiOfBytes(devEui));
    if (found?.tenantId !== context.tenantId) {
      throw endDeviceNotFound({ device_id: "", application_id: "" });
    }
    const { ids } = await devices.read(found);
    return ids ?? {};
  },
});

const listMethod = ({ devices }: Parts): Methods["list"] => ({
  requires: ({ applicationIds }) =>
    applicationIds === undefined
      ? { kind: "universal", rights: [Right.APPLICATION_DEVICES_READ] }
      : application(applicationIds.applicationId, Right.APPLICATION_DEVICES_READ),
  async handle({ applicationIds, fieldMask, filters, ...page }, context) {
    const paths = pathsToRead(fieldMask?.paths);
    const { items, total } = await devices.list({
      tenantId: context.tenantId,
      applicationId: applicationIds?.applicationId,
      updatedSince: updatedSinceOf(filters),
      page,
    });
    context.setTotalCount(total);
    return { endDevices: items.map((device) => pick(EndDeviceSchema, device, paths)) };
  },
});

const updateMethod = ({ devices, cascade, rights }: Parts): Methods["update"] => ({
  alsoMasked: (context) => (registersEverywhere(context) ? otherServersPaths : undefined),
  requires: ({ endDevice }) =>
    application(endDevice?.ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ endDevice, fieldMask }, context) {
    const source = endDevice ?? create(EndDeviceSchema);
    const key = keyOf(context, endDevice);
    if (registersEverywhere(context)) {
      const named = fieldMask?.paths ?? [];
      const fields = named.length === 0 ? givenFields(source) : givenFields(source, named);
      await prepareCascade(rights, context, { key, fields });
      return shownTo(rights, context, await cascade.update({ key, own: source, given: source, fields }));
    }
    const paths = pathsToWrite(fieldMask?.paths);
    const device = await devices.update(key, source, paths);
    return pick(EndDeviceSchema, device, pathsToRead(paths));
  },
});

const batchUpdateLastSeenMethod = ({ devices }: Parts): Methods["batchUpdateLastSeen"] => ({
  requires({ updates }) {
    const ids = new Set(updates.map((update) => update.ids?.applicationIds?.applicationId));
    if (ids.size === 0) return authenticated;
    return allOf(...[...ids].map((id) => application(id, Right.APPLICATION_DEVICES_WRITE)));
  },
  async handle({ updates }, context) {
    for (const { ids, lastSeenAt } of updates) {
      if (lastSeenAt === undefined) continue;
      const applicationId = ids?.applicationIds?.applicationId ?? "";
      const key = { tenantId: context.tenantId, applicationId, deviceId: ids?.deviceId ?? "" };
      devices.activity.seen(key, timestampMs(lastSeenAt));
    }
    return {};
  },
});

const deleteMethod = ({ devices, cascade }: Parts): Methods["delete"] => ({
  requires: ({ applicationIds }) =>
    application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ applicationIds, deviceId }, context) {
    const applicationId = applicationIds?.applicationId ?? "";
    const key = { tenantId: context.tenantId, applicationId, deviceId };
    if (registersEverywhere(context) && (await isOnlyElsewhere(cascade, key))) {
      await devices.deleteElsewhere(key);
      return {};
    }
    await devices.delete(key, cascades(context));
    return {};
  },
});

type Key = ReturnType<typeof keyOf>;

async function isOnlyElsewhere(cascade: Cascade, key: Key): Promise<boolean> {
  const { identityServer, ...others } = await cascade.find(key);
  return identityServer === undefined && Object.values(others).some((part) => part !== undefined);
}

/** Keys take a right of their own; what nobody takes is said. */
async function prepareCascade(
  rights: RightsResolver,
  context: CallContext,
  { key, fields }: { readonly key: Key; readonly fields: GivenFields },
): Promise<void> {
  if (fields.touchesKeys) {
    const entity = { tenantId: key.tenantId, type: "application", id: key.applicationId } as const;
    await rights.require(knownCaller(context.caller), entity, [Right.APPLICATION_DEVICES_WRITE_KEYS]);
  }
  if (fields.unknown.length > 0) {
    context.warn(`no server takes these fields of an end device: ${fields.unknown.join(", ")}`);
  }
}

async function shownTo(rights: RightsResolver, context: CallContext, device: EndDevice): Promise<EndDevice> {
  const id = device.ids?.applicationIds?.applicationId ?? "";
  const entity = { tenantId: context.tenantId, type: "application", id } as const;
  const held = await rights.rightsOn(knownCaller(context.caller), entity);
  return held.has(Right.APPLICATION_DEVICES_READ_KEYS) ? device : withoutKeys(device);
}

/** Of devices that are not there, nothing is said. */
export function endDeviceBatchRegistry(devices: EndDevices): ServiceImplementation {
  const keysOf = (context: CallContext, applicationId: string, deviceIds: readonly string[]) =>
    [...new Set(deviceIds)].map((deviceId) => ({ tenantId: context.tenantId, applicationId, deviceId }));
  return implement(EndDeviceBatchRegistry, {
    get: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
      async handle({ applicationIds, deviceIds, fieldMask }, context) {
        const keys = keysOf(context, applicationIds?.applicationId ?? "", deviceIds);
        const paths = pathsToRead(fieldMask?.paths);
        const found = await Promise.all(keys.map((key) => devices.find(key)));
        return {
          endDevices: found
            .filter((device) => device !== undefined)
            .map((device) => pick(EndDeviceSchema, device, paths)),
        };
      },
    },
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle({ applicationIds, deviceIds }, context) {
        const keys = keysOf(context, applicationIds?.applicationId ?? "", deviceIds);
        await devices.deleteAll(keys, cascades(context));
        return {};
      },
    },
  });
}

function keyOf(context: CallContext, device: EndDevice | undefined) {
  return {
    tenantId: context.tenantId,
    applicationId: device?.ids?.applicationIds?.applicationId ?? "",
    deviceId: device?.ids?.deviceId ?? "",
  };
}

type UpdatedSinceFilter = { readonly field: { readonly case: string | undefined; readonly value?: unknown } };

/** The newest of the filters; 0 when there is none. */
export function updatedSinceOf(filters: readonly UpdatedSinceFilter[]): number {
  const times = filters.map(({ field }) =>
    field.case === "updatedSince" ? timestampMs(field.value as ReturnType<typeof timestampFromMs>) : 0,
  );
  return Math.max(0, ...times);
}
