import type { DevAddr, EUI64, MACVersion, NetID } from "@skylark/lorawan";
import type { EndDeviceIdentifiers } from "./identifiers.ts";

/** What the Network Server asks the Join Server. */
export interface JoinRequest {
  readonly ids: EndDeviceIdentifiers & { readonly joinEui: EUI64; readonly devEui: EUI64 };
  /** The whole join-request PHYPayload, MIC included. */
  readonly rawPayload: Uint8Array;
  readonly macVersion: MACVersion;
  readonly netId: NetID;
  /** The address that the new session gets. */
  readonly devAddr: DevAddr;
  readonly rx1DROffset: number;
  readonly rx2DataRateIndex: number;
  /** Seconds, 1 to 15. */
  readonly rxDelay: number;
  /** 16 bytes as they go on air. */
  readonly cfList?: Uint8Array;
  readonly correlationIds: readonly string[];
}
