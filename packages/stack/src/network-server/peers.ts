import type { AESKey } from "@skylark/lorawan";
import type { DownlinkOpportunity, EncryptedDownlink } from "../domain/application-downlink.ts";
import type { AcceptedJoin, ApplicationUplink, VerifiedUplink } from "../domain/application-uplink.ts";
import type { Reservation, TransmissionReport, TransmissionRequest } from "../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { JoinRequest } from "../domain/join-request.ts";
import type { StagedChange } from "../store/store.ts";

/** What the Network Server needs of the Gateway Server. */
export interface GatewayServer {
  /** Holds a place in the schedule of the first gateway that can send; throws with every path's reason when none can. */
  reserve(request: TransmissionRequest): Reservation;
  /** How long before a transmission the best of these paths must have it, milliseconds; for deciding as late as possible. */
  leadTimeMs(request: Pick<TransmissionRequest, "paths">): number;
}

export interface JoinAnswer {
  /** The encrypted join-accept PHYPayload. */
  readonly rawPayload: Uint8Array;
  readonly sessionKeyId: Uint8Array;
  /** With LoRaWAN 1.0.x all three are the NwkSKey. */
  readonly fNwkSIntKey: AESKey;
  readonly sNwkSIntKey: AESKey;
  readonly nwkSEncKey: AESKey;
  readonly appSKey: AESKey;
  /** Makes the nonces durable; commit it before the join-accept leaves. */
  readonly change: StagedChange;
}

export interface JoinServer {
  /** Throws a named error on unknown device, bad MIC or used DevNonce. */
  handleJoin(request: JoinRequest): Promise<JoinAnswer>;
}

/** The head of an application's queue for a device. */
export interface NextDownlink {
  /** Absent when nothing can be sent in this window. */
  readonly downlink?: EncryptedDownlink;
  /** Takes it, and what was dropped before it, off the queue. Present whenever `downlink` is. */
  readonly change?: StagedChange;
}

/** Whether the network serves the tenant's devices, from memory; absent without tenancy. */
export type TenantServed = (tenantId: string) => boolean;

/** What the Network Server needs of the Application Server. Changes it stages are committed with the session's own. */
export interface ApplicationServer {
  /** Starts decryption and decoding, while the de-duplication window is still open. Never rejects for a bad formatter. */
  decodeUplink(uplink: VerifiedUplink): Promise<unknown>;
  /** `decoded` is what `decodeUplink` gave for the same frame. */
  stageUplink(uplink: ApplicationUplink, decoded: unknown): StagedChange;
  /** A device sent an uplink again that was handed over before. */
  repeatUplink(uplink: ApplicationUplink): void;
  stageJoinAccept(join: AcceptedJoin): Promise<StagedChange>;
  /** Cheap when nothing is queued: called before each receive window. */
  hasDownlink(ids: EndDeviceIdentifiers): boolean | Promise<boolean>;
  nextDownlink(opportunity: DownlinkOpportunity): Promise<NextDownlink>;
  /** The gateway's answer to a downlink taken with `nextDownlink`: downlink_sent or downlink_failed. */
  stageTransmissionResult(
    ids: EndDeviceIdentifiers,
    downlink: EncryptedDownlink,
    report: TransmissionReport,
  ): Promise<StagedChange>;
  /** The device's answer, in its next uplink, to a confirmed downlink: downlink_ack or downlink_nack (and a retry). */
  stageAcknowledgment(
    ids: EndDeviceIdentifiers,
    downlink: { readonly sessionKeyId: Uint8Array; readonly fCnt: number },
    acknowledged: boolean,
  ): Promise<StagedChange>;
}
