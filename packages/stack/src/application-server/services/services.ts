import { AsEndDeviceBatchRegistry } from "@skylark/api";
import { endDeviceBatchRegistry } from "../../rpc/end-device-registries.ts";
import type { ServiceImplementation } from "../../rpc/service.ts";
import { applicationService } from "./application-service.ts";
import { endDeviceService } from "./end-device-service.ts";
import { linkService } from "./link-service.ts";
import type { ServiceContext } from "./service-context.ts";

/** The Application Server's part of the API. */
export function applicationServices(context: ServiceContext): readonly ServiceImplementation[] {
  const { registeredDevices } = context;
  return [
    linkService(context),
    applicationService(context),
    endDeviceService(registeredDevices, context.deviceKnown),
    endDeviceBatchRegistry(AsEndDeviceBatchRegistry, registeredDevices),
  ];
}
