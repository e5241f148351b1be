import { create, EndDeviceSchema, Js, JsEndDeviceRegistry, Right } from "@skylark/api";
import { parseHex } from "@skylark/lorawan";
import {
  type DeviceKnown,
  requestedDevice,
  shownDevice,
  warnUnlessKnown,
} from "../rpc/end-device-requests.ts";
import {
  application,
  authenticated,
  implement,
  type Requirement,
  type ServiceImplementation,
} from "../rpc/service.ts";
import type { JoinServerOptions } from "./config.ts";
import type { RegisteredDevices } from "./registered-devices.ts";

export function jsEndDeviceRegistry(
  devices: RegisteredDevices,
  deviceKnown: DeviceKnown,
): ServiceImplementation {
  return implement(JsEndDeviceRegistry, {
    get: {
      requires: ({ endDeviceIds, fieldMask }) =>
        withKeys(endDeviceIds?.applicationIds?.applicationId, fieldMask?.paths ?? [], {
          plain: Right.APPLICATION_DEVICES_READ,
          keys: Right.APPLICATION_DEVICES_READ_KEYS,
        }),
      async handle({ endDeviceIds, fieldMask }, context) {
        return shownDevice(
          await devices.get(requestedDevice(context.tenantId, endDeviceIds)),
          fieldMask?.paths,
        );
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }) =>
        withKeys(endDevice?.ids?.applicationIds?.applicationId, fieldMask?.paths ?? [], {
          plain: Right.APPLICATION_DEVICES_WRITE,
          keys: Right.APPLICATION_DEVICES_WRITE_KEYS,
        }),
      async handle({ endDevice, fieldMask }, context) {
        const ids = requestedDevice(context.tenantId, endDevice?.ids);
        const paths = fieldMask?.paths ?? [];
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
    provision: { later: "secure elements: no provisioner is known yet" },
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

function withKeys(
  applicationId: string | undefined,
  paths: readonly string[],
  rights: { readonly plain: Right; readonly keys: Right },
): Requirement {
  return touchesKeys(paths)
    ? application(applicationId, rights.plain, rights.keys)
    : application(applicationId, rights.plain);
}
