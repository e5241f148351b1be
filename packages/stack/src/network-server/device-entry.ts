import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { DeviceSettings, DeviceState } from "./device.ts";
import type { OpenWindow } from "./downlink/open-window.ts";
import type { StoredDevice } from "./storage/device-store.ts";
import { UsualGateways } from "./uplink/usual-gateways.ts";

/** A device in memory. There is at most one of it, and what it does happens one after another. */
export class DeviceEntry {
  readonly deviceNo: number;
  readonly ids: EndDeviceIdentifiers;
  readonly usualGateways = new UsualGateways();
  settings: DeviceSettings;
  /** As committed; replaced, never changed in place. */
  state: DeviceState;
  /** The receive windows of the last uplink, while they can still be met. */
  window: OpenWindow | undefined;
  isDeleted = false;
  /** Who keeps it in memory: cached addresses and work under way. */
  holders = 0;
  #last: Promise<unknown> | undefined;

  constructor(device: StoredDevice) {
    this.deviceNo = device.deviceNo;
    this.ids = device.ids;
    this.settings = device.settings;
    this.state = device.state;
  }

  /** Runs a task after all earlier ones of this device have ended, at once when there are none. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last === undefined ? task() : this.#last.then(task, task);
    this.#last = result;
    const ended = () => {
      if (this.#last === result) this.#last = undefined;
    };
    result.then(ended, ended);
    return result;
  }
}
