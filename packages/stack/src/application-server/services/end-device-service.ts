import { AsEndDeviceRegistry, Right } from "@skylark/api";
import { type DeviceKnown, endDeviceMethods } from "../../rpc/end-device-registries.ts";
import { application, implement, type Requirement, type ServiceImplementation } from "../../rpc/service.ts";
import type { RegisteredDevices } from "./registered-devices.ts";

/** Whether a mask path holds a key, is part of one, or has one below it. */
function touchesKeys(path: string): boolean {
  const [session, keys, key] = path.split(".");
  if (session !== "session" && session !== "pending_session") return false;
  if (keys === undefined) return true;
  return keys === "keys" && (key === undefined || key === "app_s_key");
}

/** Writing also the identifier of a session key takes the right to write keys. */
function touchesKeysOnWrite(paths: readonly string[]): boolean {
  return paths.some((path) => touchesKeys(path) || path === "session.keys.session_key_id");
}

function readRequirement(applicationId: string | undefined, paths: readonly string[]): Requirement {
  return paths.some(touchesKeys)
    ? application(applicationId, Right.APPLICATION_DEVICES_READ, Right.APPLICATION_DEVICES_READ_KEYS)
    : application(applicationId, Right.APPLICATION_DEVICES_READ);
}

export function endDeviceService(
  devices: RegisteredDevices,
  deviceKnown: DeviceKnown,
): ServiceImplementation {
  return implement(
    AsEndDeviceRegistry,
    endDeviceMethods({ devices, deviceKnown, readRequirement, touchesKeysOnWrite }),
  );
}
