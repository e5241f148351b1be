import {
  AsEndDeviceBatchRegistry,
  AsEndDeviceRegistry,
  create,
  type EndDeviceIdentifiers as EndDeviceIdentifiersMessage,
  EndDeviceSchema,
  Right,
} from "@skylark/api";
import {
  batchDeletion,
  requestedDevice,
  shownDevice,
  warnUnlessKnown,
} from "../../rpc/end-device-requests.ts";
import { application, implement, type Requirement, type ServiceImplementation } from "../../rpc/service.ts";
import { deviceNotFound } from "../downlink/downlink-requests.ts";
import type { RegisteredDevices } from "./registered-devices.ts";
import type { ServiceContext } from "./services.ts";

/** Whether a mask path holds a key, is part of one, or has one below it. */
function touchesKeys(path: string): boolean {
  const [session, keys, key] = path.split(".");
  if (session !== "session" && session !== "pending_session") return false;
  if (keys === undefined) return true;
  return keys === "keys" && (key === undefined || key === "app_s_key");
}

/** Writing also the identifier of a session key takes the right to write keys. */
export function touchesKeysOnWrite(paths: readonly string[]): boolean {
  return paths.some((path) => touchesKeys(path) || path === "session.keys.session_key_id");
}

function writeRequirement(applicationId: string | undefined, paths: readonly string[]): Requirement {
  return touchesKeysOnWrite(paths)
    ? application(applicationId, Right.APPLICATION_DEVICES_WRITE, Right.APPLICATION_DEVICES_WRITE_KEYS)
    : application(applicationId, Right.APPLICATION_DEVICES_WRITE);
}

function requirement(
  ids: EndDeviceIdentifiersMessage | undefined,
  paths: readonly string[],
  [right, keysRight]: readonly [Right, Right],
): Requirement {
  const rights = paths.some(touchesKeys) ? [right, keysRight] : [right];
  return application(ids?.applicationIds?.applicationId, ...rights);
}

export function endDeviceService(
  context: ServiceContext,
  registered: RegisteredDevices,
): ServiceImplementation {
  return implement(AsEndDeviceRegistry, {
    get: {
      requires: ({ endDeviceIds, fieldMask }) =>
        requirement(endDeviceIds, fieldMask?.paths ?? [], [
          Right.APPLICATION_DEVICES_READ,
          Right.APPLICATION_DEVICES_READ_KEYS,
        ]),
      async handle({ endDeviceIds, fieldMask }, { tenantId }) {
        const ids = requestedDevice(tenantId, endDeviceIds);
        const device = await registered.find(ids);
        if (device === undefined) throw deviceNotFound({ device_uid: context.formatDeviceUid(ids) });
        return shownDevice(device, fieldMask?.paths);
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }) =>
        writeRequirement(endDevice?.ids?.applicationIds?.applicationId, fieldMask?.paths ?? []),
      async handle({ endDevice, fieldMask }, call) {
        const source = endDevice ?? create(EndDeviceSchema);
        const ids = requestedDevice(call.tenantId, source.ids);
        const paths = fieldMask?.paths ?? [];
        const device = await registered.set(ids, source, paths);
        await warnUnlessKnown(ids, context.deviceKnown, call);
        return shownDevice(device, paths);
      },
    },
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle(message, { tenantId }) {
        const ids = requestedDevice(tenantId, message);
        if (!(await registered.delete(ids))) {
          throw deviceNotFound({ device_uid: context.formatDeviceUid(ids) });
        }
        return {};
      },
    },
  });
}

export function endDeviceBatchService(registered: RegisteredDevices): ServiceImplementation {
  return implement(AsEndDeviceBatchRegistry, {
    delete: batchDeletion((ids, deviceIds) => registered.deleteBatch(ids, deviceIds)),
  });
}
