import { Js, JsEndDeviceRegistry, Right } from "@skylark/api";
import { parseHex } from "@skylark/lorawan";
import { defineErrors } from "../errors/errors.ts";
import { type DeviceKnown, endDeviceMethods } from "../rpc/end-device-registries.ts";
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
    ...endDeviceMethods({
      devices,
      deviceKnown,
      readRequirement,
      touchesKeysOnWrite,
      warnOfRead: warnOfClaimCode,
      warnOfWrite: warnOfClaimCode,
    }),
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
function touchesKeys(paths: readonly string[]): boolean {
  return paths.some(
    (path) => path === "root_keys" || (path.startsWith("root_keys.") && path !== "root_keys.root_key_id"),
  );
}

/** Writing also the identifier of a root key takes the right to write keys. */
function touchesKeysOnWrite(paths: readonly string[]): boolean {
  return touchesKeys(paths) || paths.includes("root_keys.root_key_id");
}

function readRequirement(applicationId: string | undefined, paths: readonly string[]): Requirement {
  return touchesKeys(paths)
    ? application(applicationId, Right.APPLICATION_DEVICES_READ, Right.APPLICATION_DEVICES_READ_KEYS)
    : application(applicationId, Right.APPLICATION_DEVICES_READ);
}

function warnOfClaimCode(paths: readonly string[], context: CallContext): void {
  if (!paths.some((path) => path.startsWith("claim_authentication_code"))) return;
  context.warn(
    "the claim authentication code belongs to the Identity Server; the Join Server keeps it as well",
  );
}
