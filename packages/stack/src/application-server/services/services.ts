import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../../domain/identifiers.ts";
import type { ServiceImplementation } from "../../rpc/service.ts";
import type { DownlinkContext, DownlinkRequests } from "../downlink/downlink-requests.ts";
import { applicationService } from "./application-service.ts";
import { endDeviceService } from "./end-device-service.ts";
import { linkService } from "./link-service.ts";

/** Where applications find the MQTT server. */
export interface MqttAddresses {
  readonly publicAddress?: string;
  readonly publicTlsAddress?: string;
}

export interface ServiceOptions extends DownlinkContext {
  readonly requests: DownlinkRequests;
  readonly deleteDevice: (ids: EndDeviceIdentifiers) => Promise<void>;
  readonly mqttAddresses: MqttAddresses | undefined;
  readonly formatApplicationUid: (ids: ApplicationIdentifiers) => string;
}

export interface ServiceContext extends ServiceOptions {
  /** As errors name a device. */
  readonly formatDeviceUid: (ids: EndDeviceIdentifiers) => string;
}

/** The Application Server's part of the API. */
export function applicationServices(options: ServiceOptions): readonly ServiceImplementation[] {
  const context: ServiceContext = {
    ...options,
    formatDeviceUid: (ids) => `${options.formatApplicationUid(ids)}.${ids.deviceId}`,
  };
  return [linkService(context), applicationService(context), endDeviceService(context)];
}
