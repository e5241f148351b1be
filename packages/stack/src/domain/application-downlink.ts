import type { Priority } from "./downlink.ts";
import type { EndDeviceIdentifiers } from "./identifiers.ts";

/** What the Network Server tells the Application Server when it may send in a session. */
export interface DownlinkOpportunity {
  readonly ids: EndDeviceIdentifiers;
  readonly sessionKeyId: Uint8Array;
  /** Lowest frame counter that the session may still use. */
  readonly minFCnt: number;
  /** Bytes of FRMPayload that fit in the receive window once MAC commands are placed. */
  readonly maxPayloadLength: number;
  /** The same without MAC commands: what fits then waits for a later window instead of failing. Absent: as above. */
  readonly maxPayloadLengthAlone?: number;
  readonly receiveClass: "A";
}

/** An application's downlink, encrypted and ready to be framed. */
export interface EncryptedDownlink {
  /** Names the queue item in `TransmissionReport`. */
  readonly queueId: number;
  readonly fPort: number;
  readonly fCnt: number;
  readonly frmPayload: Uint8Array;
  readonly confirmed: boolean;
  readonly priority: Priority;
  readonly correlationIds: readonly string[];
  /** More is queued behind it: sets FPending. */
  readonly more: boolean;
}
