import type { ApplicationIdentifiers } from "../../domain/identifiers.ts";
import type { DeviceKnown } from "../../rpc/end-device-registries.ts";
import type { DownlinkContext, DownlinkRequests } from "../downlink/downlink-requests.ts";
import type { RegisteredDevices } from "./registered-devices.ts";

/** Where applications find the MQTT server. */
export interface MqttAddresses {
  readonly publicAddress?: string;
  readonly publicTlsAddress?: string;
}

export interface ServiceContext extends DownlinkContext {
  readonly requests: DownlinkRequests;
  readonly registeredDevices: RegisteredDevices;
  /** Where it says no, whoever registers the device here is warned. */
  readonly deviceKnown: DeviceKnown;
  readonly mqttAddresses: MqttAddresses | undefined;
  readonly formatApplicationUid: (ids: ApplicationIdentifiers) => string;
}
