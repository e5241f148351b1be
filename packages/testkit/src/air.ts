import type { Clock } from "./clock.ts";
import type { RadioDataRate } from "./time-on-air.ts";

/** A frame on its way from a device; instants are of the simulation's monotonic clock. */
export interface UplinkTransmission {
  readonly payload: Uint8Array;
  /** Hz. */
  readonly frequency: number;
  readonly dataRate: RadioDataRate;
  readonly startAt: number;
  readonly endAt: number;
}

/** A frame on its way from a gateway. */
export interface DownlinkTransmission extends UplinkTransmission {
  readonly gatewayEui: string;
  /** Downlinks travel with inverted polarity, so that gateways do not hear each other. */
  readonly invertedPolarity: boolean;
  /** dBm. */
  readonly power: number;
}

/** How well one antenna hears one device. */
export interface SignalQuality {
  /** dBm. */
  readonly rssi: number;
  /** dB. */
  readonly snr: number;
}

/** What the air needs of a gateway. */
export interface AirGateway {
  readonly eui: string;
  hear(transmission: UplinkTransmission, quality: SignalQuality): void;
}

/** What the air needs of a device. */
export interface AirDevice {
  readonly devEui: string;
  /** Called when the transmission starts; `sole` tells that no other device on the air has its address. */
  hear(transmission: DownlinkTransmission, sole: boolean): void;
}

/** Undefined where the gateway is out of the device's reach. */
export type Reach = (device: AirDevice, gateway: AirGateway) => SignalQuality | undefined;

const goodQuality: SignalQuality = { rssi: -60, snr: 9.5 };

/** The medium between simulated devices and gateways; collisions on it are not simulated. */
export class Air {
  readonly clock: Clock;
  /** May be replaced while the simulation runs: a device that moves, an antenna that breaks. */
  reach: Reach;
  readonly #gateways = new Map<string, AirGateway>();
  readonly #byAddress = new Map<number, Set<AirDevice>>();
  readonly #joining = new Set<AirDevice>();

  constructor(options: { readonly clock: Clock; readonly reach?: Reach }) {
    this.clock = options.clock;
    this.reach = options.reach ?? (() => goodQuality);
  }

  attachGateway(gateway: AirGateway): void {
    this.#gateways.set(gateway.eui, gateway);
  }

  detachGateway(gateway: AirGateway): void {
    this.#gateways.delete(gateway.eui);
  }

  /** Tells which downlinks concern a device: only these are handed to it, so that thousands can share the air. */
  tune(
    device: AirDevice,
    to: { readonly from?: number | undefined; readonly address?: number | undefined },
  ): void {
    if (to.from !== undefined) {
      const sharing = this.#byAddress.get(to.from);
      sharing?.delete(device);
      if (sharing?.size === 0) this.#byAddress.delete(to.from);
    }
    if (to.address === undefined) return;
    const sharing = this.#byAddress.get(to.address);
    if (sharing === undefined) this.#byAddress.set(to.address, new Set([device]));
    else sharing.add(device);
  }

  awaitJoinAccept(device: AirDevice, awaits: boolean): void {
    if (awaits) this.#joining.add(device);
    else this.#joining.delete(device);
  }

  transmitUplink(device: AirDevice, transmission: UplinkTransmission): void {
    this.clock.after(transmission.endAt - this.clock.monotonicMs(), () => {
      for (const gateway of this.#gateways.values()) {
        const quality = this.reach(device, gateway);
        if (quality !== undefined) gateway.hear(transmission, quality);
      }
    });
  }

  /** To be called when the transmission starts. */
  transmitDownlink(gateway: AirGateway, transmission: DownlinkTransmission): void {
    const { payload } = transmission;
    const isJoinAccept = payload[0]! >>> 5 === 1;
    const listeners = isJoinAccept ? this.#joining : this.#byAddress.get(addressOf(payload));
    if (listeners === undefined) return;
    for (const device of [...listeners]) {
      if (this.reach(device, gateway) !== undefined) device.hear(transmission, listeners.size === 1);
    }
  }
}

function addressOf(payload: Uint8Array): number {
  return ((payload[4]! << 24) | (payload[3]! << 16) | (payload[2]! << 8) | payload[1]!) >>> 0;
}
