import { create, type EndDevice, EndDeviceSchema, Js, JsEndDeviceRegistry, pick, Right } from "@skylark/api";
import { parseHex } from "@skylark/lorawan";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
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

/** Whether the Identity Server has an entry for the device. */
export type DeviceKnown = (ids: EndDeviceIdentifiers) => boolean | Promise<boolean>;

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
        return shown(await devices.get(idsOf(endDeviceIds, context)), fieldMask?.paths ?? []);
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }) =>
        withKeys(endDevice?.ids?.applicationIds?.applicationId, fieldMask?.paths ?? [], {
          plain: Right.APPLICATION_DEVICES_WRITE,
          keys: Right.APPLICATION_DEVICES_WRITE_KEYS,
        }),
      async handle({ endDevice, fieldMask }, context) {
        const ids = idsOf(endDevice?.ids, context);
        const paths = fieldMask?.paths ?? [];
        const device = await devices.set(ids, endDevice ?? create(EndDeviceSchema), paths);
        if (!(await deviceKnown(ids))) {
          context.warn("the Identity Server does not know this end device; create it there as well");
        }
        return shown(device, paths);
      },
    },
    delete: {
      requires: ({ applicationIds }) =>
        application(applicationIds?.applicationId, Right.APPLICATION_DEVICES_WRITE),
      async handle(request, context) {
        await devices.delete(idsOf(request, context));
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

interface GivenIdentifiers {
  readonly deviceId: string;
  readonly applicationIds?: { readonly applicationId: string } | undefined;
}

function idsOf(given: GivenIdentifiers | undefined, { tenantId }: CallContext): EndDeviceIdentifiers {
  return {
    tenantId,
    applicationId: given?.applicationIds?.applicationId ?? "",
    deviceId: given?.deviceId ?? "",
  };
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

/** Identifiers and times are in every answer. */
function shown(device: EndDevice, paths: readonly string[]): EndDevice {
  return pick(EndDeviceSchema, device, ["ids", "created_at", "updated_at", ...paths]);
}
