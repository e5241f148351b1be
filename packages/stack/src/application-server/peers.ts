import type { DevAddr } from "@skylark/lorawan";
import type { At } from "../clock/clock.ts";
import type { EndDeviceProfile } from "../domain/end-device-profile.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { Location } from "../domain/uplink.ts";

/** What the Application Server needs of the Network Server. */
export interface NetworkServer {
  /** Something was queued: use the receive window of the last uplink if it can still be met. */
  downlinkQueued(ids: EndDeviceIdentifiers): void;
  /** The session that a downlink would go to, with the lowest counter it may use; undefined before activation. */
  downlinkSession(ids: EndDeviceIdentifiers): Promise<DownlinkSession | undefined>;
}

export interface DownlinkSession {
  readonly devAddr: DevAddr;
  readonly sessionKeyId: Uint8Array;
  readonly minFCnt: number;
  /** 1.1 counts application downlinks apart from the network's. */
  readonly separateApplicationCounter: boolean;
}

/** What the Application Server needs of the Identity Server. */
export interface IdentityServer {
  /** From a cache with exact invalidation; synchronous once loaded. */
  deviceProfile(ids: EndDeviceIdentifiers): EndDeviceProfile | Promise<EndDeviceProfile>;
  /** Written behind, in batches: it is not part of accepting the uplink. */
  deviceSeen(ids: EndDeviceIdentifiers, at: At): void;
  deviceActivated(ids: EndDeviceIdentifiers, at: At): void;
  deviceLocated(ids: EndDeviceIdentifiers, service: string, location: Location): void;
  /** Of an application that does not exist, none. */
  applicationAttributes(ids: ApplicationIdentifiers): Promise<Readonly<Record<string, string>>>;
  /** What a password (API key) gives on an application; throws a named error when it gives none. */
  authenticateApplication(
    ids: ApplicationIdentifiers,
    apiKey: string,
    remoteAddress: string,
  ): Promise<ApplicationAccess>;
}

/** What a password gives on an application. */
export interface ApplicationAccess {
  readonly rights: ReadonlySet<string>;
  /** Calls back soon, and then whenever that may have changed; again later when the recheck fails. Returns what ends it. */
  watch(recheck: () => Promise<void>): () => void;
}
