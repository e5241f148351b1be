import { EndDeviceBatchClaimingServer, EndDeviceClaimingServer } from "@skylark/api";
import { authenticated, implement, type ServiceImplementation } from "../rpc/service.ts";
import { onboarding } from "./later-services.ts";

const later = { later: onboarding };

/** Devices of a JoinEUI can be claimed where a Join Server that lets us do so is known; so far, none is. */
function claimingOf(joinEui: Uint8Array) {
  return { joinEui, supportsClaiming: false };
}

/**
 * Whether devices can be claimed, which clients ask before they delete one that is on no Join Server of ours
 * (`ttn-lw-cli end-devices delete`). Claiming itself comes with its server.
 */
export const deviceClaimingServices: readonly ServiceImplementation[] = [
  implement(EndDeviceClaimingServer, {
    claim: later,
    unclaim: later,
    getInfoByJoinEUI: {
      requires: () => authenticated,
      handle: ({ joinEui }) => claimingOf(joinEui),
    },
    getClaimStatus: later,
    authorizeApplication: later,
    unauthorizeApplication: later,
  }),
  implement(EndDeviceBatchClaimingServer, {
    unclaim: later,
    getInfoByJoinEUIs: {
      requires: () => authenticated,
      handle: ({ requests }) => ({ infos: requests.map(({ joinEui }) => claimingOf(joinEui)) }),
    },
  }),
];
