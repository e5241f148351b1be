import type { DataRate } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { EndDeviceIdentifiers } from "./identifiers.ts";
import type { Reception } from "./uplink.ts";

/** A data uplink whose session and MIC are verified, its application payload still encrypted. */
export interface VerifiedUplink {
  /** One frozen object per session, so that what is derived from it can be kept with it. Has `devAddr`. */
  readonly ids: EndDeviceIdentifiers;
  readonly sessionKeyId: Uint8Array;
  /** Absent when the frame has none; 0 carries MAC commands only. */
  readonly fPort?: number;
  /** 32 bits. */
  readonly fCnt: number;
  /** Encrypted with the AppSKey; empty when fPort is absent or 0. */
  readonly frmPayload: Uint8Array;
  readonly confirmed: boolean;
  readonly receivedAt: At;
}

/** The same with what all gateways said of it, after the de-duplication window. */
export interface ApplicationUplink extends VerifiedUplink {
  readonly frequency: number;
  readonly dataRate: DataRate;
  /** Microseconds. */
  readonly consumedAirtimeUs: number;
  readonly receptions: readonly Reception[];
  readonly correlationIds: readonly string[];
  /** 0 to 1, where it could be computed. */
  readonly packetErrorRate?: number;
  readonly lastBatteryPercentage?: { readonly value: number; readonly fCnt: number; readonly receivedAt: At };
}

/** A session that the Join Server made and the device has not used yet. */
export interface AcceptedJoin {
  /** How the join-request came in. */
  readonly reception: Pick<ApplicationUplink, "frequency" | "dataRate" | "receptions">;
  /** With the new `devAddr`. */
  readonly ids: EndDeviceIdentifiers;
  readonly sessionKeyId: Uint8Array;
  readonly appSKey: Uint8Array;
  readonly receivedAt: At;
  readonly correlationIds: readonly string[];
}
