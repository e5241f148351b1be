import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { DeviceSettings, DeviceState } from "./device.ts";
import type { OpenWindow } from "./downlink/open-window.ts";
import type { StoredDevice } from "./storage/device-store.ts";
import type { Copies } from "./uplink/copies.ts";
import { FrameLoss } from "./uplink/frame-loss.ts";
import { UsualGateways } from "./uplink/usual-gateways.ts";

/** A device in memory. There is at most one of it, and what it does happens one after another. */
export class DeviceEntry {
  readonly deviceNo: number;
  readonly ids: EndDeviceIdentifiers;
  readonly usualGateways = new UsualGateways();
  readonly frameLoss = new FrameLoss();
  settings: DeviceSettings;
  /** As committed; replaced, never changed in place. */
  state: DeviceState;
  /** The receive windows of the last uplink, while they can still be met. */
  window: OpenWindow | undefined;
  /** The frame that came in last, while it waits for copies. */
  waiting: Copies | undefined;
  isDeleted = false;
  /** Who keeps it in memory: cached addresses and work under way. */
  holders = 0;
  #isBusy = false;
  #waiting: (() => void)[] | undefined;

  constructor(device: StoredDevice) {
    this.deviceNo = device.deviceNo;
    this.ids = device.ids;
    this.settings = device.settings;
    this.state = device.state;
  }

  /** Runs a task after all earlier ones of this device have ended, at once when there are none. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      await new Promise<void>((resolve) => {
        if (this.#waiting === undefined) this.#waiting = [resolve];
        else this.#waiting.push(resolve);
      });
    }
    this.#isBusy = true;
    try {
      return await task();
    } finally {
      const next = this.#waiting?.shift();
      if (next === undefined) this.#isBusy = false;
      // Still busy: what comes in before the next task has begun queues up behind it.
      else next();
    }
  }
}
