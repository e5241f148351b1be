import {
  create,
  EndDeviceSchema,
  Js,
  JsEndDeviceBatchRegistry,
  JsEndDeviceRegistry,
  Right,
} from "@skylark/api";
import { parseHex } from "@skylark/lorawan";
import { defineErrors } from "../errors/errors.ts";
import {
  batchDeletion,
  type DeviceKnown,
  requestedDevice,
  shownDevice,
  warnUnlessKnown,
} from "../rpc/end-device-requests.ts";
import {
  application,
  authenticated,
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "../rpc/service.ts";
import type { JoinServerOptions } from "./config.ts";
import type { RegisteredDevices } from "./registered-devices.ts";

const provisionerNotFound = defineErrors("pkg/joinserver").notFound(
  "provisioner_not_found",
  "there is no provisioner `{id}`",
);

export function jsEndDeviceRegistry(
  devices: RegisteredDevices,
  deviceKnown: DeviceKnown,
): ServiceImplementation {
  return implement(JsEndDeviceRegistry, {
    get: {
      requires: ({ endDeviceIds, fieldMask }) =>
        touchesKeys(fieldMask?.paths ?? [])
          ? application(
              endDeviceIds?.applicationIds?.applicationId,
              Right.APPLICATION_DEVICES_READ,
              Right.APPLICATION_DEVICES_READ_KEYS,
            )
          : application(endDeviceIds?.applicationIds?.applicationId, Right.APPLICATION_DEVICES_READ),
      async handle({ endDeviceIds, fieldMask }, context) {
        warnOfClaimCode(fieldMask?.paths ?? [], context);
        return shownDevice(
          await devices.get(requestedDevice(context.tenantId, endDeviceIds)),
          fieldMask?.paths,
        );
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }) =>
        writeRequirement(endDevice?.ids?.applicationIds?.applicationId, fieldMask?.paths ?? []),
      async handle({ endDevice, fieldMask }, context) {
        const ids = requestedDevice(context.tenantId, endDevice?.ids);
        const paths = fieldMask?.paths ?? [];
        warnOfClaimCode(paths, context);
        const device = await devices.set(ids, endDevice ?? create(EndDeviceSchema), paths);
        await warnUnlessKnown(ids, deviceKnown, context);
        return shownDevice(device, paths);
      },
    },
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle(request, context) {
        await devices.delete(requestedDevice(context.tenantId, request));
        return {};
      },
    },
    // Deprecated, and without provisioners: what The Things Stack answers since they moved to device templates.
    provision: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE_KEYS),
      // biome-ignore lint/correctness/useYield: no device is ever provisioned
      async *handle({ provisionerId }) {
        throw provisionerNotFound({ id: provisionerId });
      },
    },
  });
}

export function jsEndDeviceBatchRegistry(devices: RegisteredDevices): ServiceImplementation {
  return implement(JsEndDeviceBatchRegistry, {
    delete: batchDeletion((application, deviceIds) => devices.deleteBatch(application, deviceIds)),
  });
}

export function jsService(options: JoinServerOptions): ServiceImplementation {
  return implement(Js, {
    getJoinEUIPrefixes: {
      requires: () => authenticated,
      handle: () => ({
        prefixes: options["js.join-eui-prefixes"].map(({ joinEui, length }) => ({
          joinEui: parseHex(joinEui),
          length,
        })),
      }),
    },
    getDefaultJoinEUI: {
      requires: () => authenticated,
      handle: () => ({ joinEui: parseHex(options["js.default-join-eui"]) }),
    },
  });
}

/** Whether a mask covers a root key: by naming it, something above it, or its envelope. */
export function touchesKeys(paths: readonly string[]): boolean {
  return paths.some(
    (path) => path === "root_keys" || (path.startsWith("root_keys.") && path !== "root_keys.root_key_id"),
  );
}

/** Writing also the identifier of a root key takes the right to write keys. */
export function touchesKeysOnWrite(paths: readonly string[]): boolean {
  return touchesKeys(paths) || paths.includes("root_keys.root_key_id");
}

function writeRequirement(applicationId: string | undefined, paths: readonly string[]): Requirement {
  return touchesKeysOnWrite(paths)
    ? application(applicationId, Right.APPLICATION_DEVICES_WRITE, Right.APPLICATION_DEVICES_WRITE_KEYS)
    : application(applicationId, Right.APPLICATION_DEVICES_WRITE);
}

function warnOfClaimCode(paths: readonly string[], context: CallContext): void {
  if (!paths.some((path) => path.startsWith("claim_authentication_code"))) return;
  context.warn(
    "the claim authentication code belongs to the Identity Server; the Join Server keeps it as well",
  );
}
