import type { ReceivedCommand } from "./device-mac.ts";
import type { WindowName } from "./receive-windows.ts";

/** A downlink that the device accepted. */
export interface DeviceDownlink {
  readonly window: WindowName;
  readonly fCnt: number;
  readonly fPort: number | undefined;
  /** Decrypted; empty on FPort 0. */
  readonly payload: Uint8Array;
  readonly confirmed: boolean;
  readonly ack: boolean;
  readonly fPending: boolean;
  readonly commands: readonly ReceivedCommand[];
  readonly gatewayEui: string;
}

/** Something that the network must not do. */
export interface Violation {
  readonly kind:
    | "no_window"
    | "time"
    | "frequency"
    | "data_rate"
    | "polarity"
    | "after_rx1"
    | "too_long"
    | "mic"
    | "malformed"
    | "replay"
    | "join_nonce"
    | "mac_command";
  readonly detail: string;
}

export interface Uplink {
  readonly fPort?: number;
  readonly payload?: Uint8Array;
  readonly confirmed?: boolean;
  /** How often it is sent at most: for confirmed uplinks until acknowledged (default 8), else NbTrans. */
  readonly transmissions?: number;
  /** MAC commands that the device begins itself, such as LinkCheckReq `[2]` or DeviceTimeReq `[13]`. */
  readonly commands?: Uint8Array;
}

export interface UplinkResult {
  readonly fCnt: number;
  readonly transmissions: number;
  readonly acknowledged: boolean;
  readonly downlink: DeviceDownlink | undefined;
}
