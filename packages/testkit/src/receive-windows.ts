import type { DownlinkTransmission } from "./air.ts";
import type { Clock, Timer } from "./clock.ts";
import type { DeviceDownlink } from "./device-traffic.ts";
import type { RadioDataRate } from "./time-on-air.ts";

export type WindowName = "rx1" | "rx2";

/** When and how a device listens. */
export interface ReceiveWindow {
  /** Start of the window on the simulation's clock. */
  readonly at: number;
  readonly frequency: number;
  readonly dataRate: RadioDataRate;
}

/** Why a transmission hit no window. */
export interface WindowMiss {
  readonly kind: "time" | "frequency" | "data_rate" | "polarity" | "after_rx1";
  readonly detail: string;
}

// A device listens for the preamble around the nominal start; a network must be exact to 20 µs (TS001-1.0.4 §3.3.3),
// what is left allows for rounding of the counter.
const toleranceMs = 0.5;

// How long after the start of RX2 the simulation waits for a transmission that a busy event loop reports late.
const graceMs = 150;

/** The two receive windows after one class A uplink. */
export class ReceiveWindows {
  /** Resolves at the end of the reception, or without one when both windows have passed. */
  readonly closed: Promise<DeviceDownlink | undefined>;
  readonly #clock: Clock;
  readonly #windows: Readonly<Record<WindowName, ReceiveWindow>>;
  readonly #timer: Timer;
  #close: (downlink: DeviceDownlink | undefined) => void = () => {};
  #received = false;

  constructor(clock: Clock, windows: Readonly<Record<WindowName, ReceiveWindow>>) {
    this.#clock = clock;
    this.#windows = windows;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    this.#timer = clock.after(windows.rx2.at + graceMs - clock.monotonicMs(), () => this.#close(undefined));
  }

  /** Which window the transmission hits, exactly in time, frequency and data rate. */
  match(transmission: DownlinkTransmission): WindowName | WindowMiss {
    const { rx1, rx2 } = this.#windows;
    const offset1 = transmission.startAt - rx1.at;
    const offset2 = transmission.startAt - rx2.at;
    const name =
      Math.abs(offset1) <= toleranceMs ? "rx1" : Math.abs(offset2) <= toleranceMs ? "rx2" : undefined;
    if (name === undefined) {
      const detail = `${offset1.toFixed(3)} ms from the start of RX1, ${offset2.toFixed(3)} ms from RX2`;
      return { kind: "time", detail };
    }
    if (this.#received) return { kind: "after_rx1", detail: "a second downlink after one uplink" };
    const window = this.#windows[name];
    if (transmission.frequency !== window.frequency) {
      return {
        kind: "frequency",
        detail: `${transmission.frequency} Hz, ${name} is on ${window.frequency} Hz`,
      };
    }
    if (transmission.dataRate !== window.dataRate) {
      return {
        kind: "data_rate",
        detail: `${transmission.dataRate}, ${name} listens for ${window.dataRate}`,
      };
    }
    if (!transmission.invertedPolarity) return { kind: "polarity", detail: "not inverted" };
    return name;
  }

  /** Ends the listening when the transmission ends. */
  receive(endAt: number, downlink: DeviceDownlink | undefined): void {
    this.#received = true;
    this.#timer.cancel();
    this.#clock.after(endAt - this.#clock.monotonicMs(), () => this.#close(downlink));
  }
}
