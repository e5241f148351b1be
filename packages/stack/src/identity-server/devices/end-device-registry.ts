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
import { euiOfBytes } from "../../domain/identifier-bytes.ts";
import {
  application,
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { endDeviceNotFound } from "../errors.ts";
import { pathsToRead, pathsToWrite } from "../registries/field-masks.ts";
import type { EndDevices } from "./end-devices.ts";

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

/** A request with this header set to `false` deletes this server's entry alone. */
const cascadeHeader = "x-skylark-cascade";

export function cascades(context: Pick<CallContext, "header">): boolean {
  return context.header(cascadeHeader) !== "false";
}

type Methods = ServiceMethods<typeof EndDeviceRegistry>;

interface Parts {
  readonly devices: EndDevices;
}

export function endDeviceRegistry(devices: EndDevices): ServiceImplementation {
  const parts = { devices };
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

const createMethod = ({ devices }: Parts): Methods["create"] => ({
  requires: ({ endDevice }) =>
    application(endDevice?.ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ endDevice }, context) {
    const requested = pick(EndDeviceSchema, endDevice ?? create(EndDeviceSchema), keptPaths);
    return devices.create(keyOf(context, endDevice), requested);
  },
});

const getMethod = ({ devices }: Parts): Methods["get"] => ({
  requires: ({ endDeviceIds }) =>
    application(endDeviceIds?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
  async handle({ endDeviceIds, fieldMask }, context) {
    const device = await devices.read({
      tenantId: context.tenantId,
      applicationId: endDeviceIds?.applicationIds?.applicationId ?? "",
      deviceId: endDeviceIds?.deviceId ?? "",
    });
    return pick(EndDeviceSchema, device, pathsToRead(fieldMask?.paths));
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

const updateMethod = ({ devices }: Parts): Methods["update"] => ({
  requires: ({ endDevice }) =>
    application(endDevice?.ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ endDevice, fieldMask }, context) {
    const source = endDevice ?? create(EndDeviceSchema);
    const paths = pathsToWrite(fieldMask?.paths);
    const device = await devices.update(keyOf(context, endDevice), source, paths);
    return pick(EndDeviceSchema, device, pathsToRead(paths));
  },
});

const batchUpdateLastSeenMethod = ({ devices }: Parts): Methods["batchUpdateLastSeen"] => ({
  requires: ({ updates }) => ({
    kind: "allOf",
    requirements: updates.map(({ ids }) =>
      application(ids?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
    ),
  }),
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

const deleteMethod = ({ devices }: Parts): Methods["delete"] => ({
  requires: ({ applicationIds }) =>
    application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
  async handle({ applicationIds, deviceId }, context) {
    const applicationId = applicationIds?.applicationId ?? "";
    const key = { tenantId: context.tenantId, applicationId, deviceId };
    await devices.delete([key], cascades(context));
    return {};
  },
});

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
        await devices.delete(keys, cascades(context));
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
