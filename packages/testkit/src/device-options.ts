import type { AESKey, DevAddr, EUI64 } from "@skylark/lorawan";
import type { Air } from "./air.ts";
import type { LoRaWANVersion } from "./device-mac.ts";
import type { FactorySettings } from "./device-parameters.ts";
import type { DeviceRegionName } from "./device-region.ts";
import type { DeviceSessionKeys } from "./device-session.ts";
import type { DeviceDownlink } from "./device-traffic.ts";
import type { Random } from "./random.ts";

/** Over-the-air activation; a 1.0.x device has only the AppKey. */
export interface OTAASettings {
  readonly joinEui: EUI64;
  readonly appKey: AESKey;
  readonly nwkKey?: AESKey;
  /** The DevNonce of the next join-request, for versions that count it (1.0.4 and 1.1). */
  readonly nextDevNonce?: number;
}

/** Activation by personalization. */
export interface ABPSettings {
  readonly devAddr: DevAddr;
  readonly keys: DeviceSessionKeys;
  readonly fCntUp?: number;
}

export interface DeviceOptions {
  readonly air: Air;
  readonly devEui: EUI64;
  readonly version: LoRaWANVersion;
  readonly activation: { readonly otaa: OTAASettings } | { readonly abp: ABPSettings };
  readonly region?: DeviceRegionName;
  readonly factory?: FactorySettings;
  readonly adr?: boolean;
  /** Counter of the first uplink after a join; LoRaMac-node begins with 1. */
  readonly firstFCnt?: 0 | 1;
  /** 0 external power, 1 to 254 a level, 255 unknown. */
  readonly battery?: number;
  /** dB; what a DevStatusAns reports. */
  readonly downlinkSnr?: number;
  readonly random?: Random;
  /** Keeps `downlinks` and `commands` from growing in long simulations. */
  readonly forgetDownlinks?: boolean;
  readonly onDownlink?: (downlink: DeviceDownlink) => void;
}
