import type { EndDevice } from "@skylark/api";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { DeletionKind } from "../rpc/end-device-registries.ts";
import type { StagedResult, StagedTransaction } from "../store/staged-transaction.ts";

/** Another server that keeps a part of each end device, as the Identity Server needs it. */
export interface DeviceServer {
  /** The whole part of the device, keys included; undefined when that server does not have it. */
  find(ids: EndDeviceIdentifiers): Promise<EndDevice | undefined>;
  /**
   * Prepares what its own registry's Set does, by its own rules. `isNew`: take it that there is no such device; the
   * transaction breaks a constraint when there is.
   */
  stageSet(
    ids: EndDeviceIdentifiers,
    given: EndDevice,
    paths: readonly string[],
    options: { readonly isNew: boolean },
  ): Promise<StagedResult<EndDevice>>;
  /** Whether or not there are such devices; the event, of those that there were, is published when it is committed. */
  stageDelete(ids: readonly EndDeviceIdentifiers[], kind: DeletionKind): Promise<StagedTransaction>;
}

export interface DeviceServers {
  readonly joinServer: DeviceServer & { answersForJoinEui(joinEui: Uint8Array): boolean };
  /** Whether an address lies in the network's blocks. */
  readonly networkServer: DeviceServer & { ownsDevAddr(devAddr: Uint8Array): boolean };
  readonly applicationServer: DeviceServer;
}
