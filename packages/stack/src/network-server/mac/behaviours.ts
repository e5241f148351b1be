import type { MACCommandName } from "@skylark/lorawan";
import type { IgnoredBehaviour, MACBehaviour } from "./behaviour.ts";
import { devStatus } from "./dev-status.ts";
import { deviceTime } from "./device-time.ts";
import { dlChannel } from "./dl-channel.ts";
import { dutyCycle } from "./duty-cycle.ts";
import { linkADR } from "./link-adr.ts";
import { linkCheck } from "./link-check.ts";
import { newChannel } from "./new-channel.ts";
import { rekey } from "./rekey.ts";
import { reset } from "./reset.ts";
import { rxParamSetup } from "./rx-param-setup.ts";
import { rxTimingSetup } from "./rx-timing-setup.ts";

const neverAsked = (what: string): IgnoredBehaviour => ({
  ignoredBecause: `the network does not send ${what}, so an answer to it stands for nothing`,
});

const relays = neverAsked("relay commands: devices behind relays are not served");

/** What the network does about each MAC command that the protocol knows; leaving one out does not compile. */
export const macBehaviours: { readonly [N in MACCommandName]: MACBehaviour<N> } = {
  reset,
  linkCheck,
  linkADR,
  dutyCycle,
  rxParamSetup,
  devStatus,
  newChannel,
  rxTimingSetup,
  txParamSetup: neverAsked("TxParamSetupReq: no band served so far obeys it"),
  dlChannel,
  rekey,
  adrParamSetup: neverAsked("ADRParamSetupReq: adaptive data rate is not in use"),
  deviceTime,
  forceRejoin: neverAsked("ForceRejoinReq: rejoin-requests are not served"),
  rejoinParamSetup: neverAsked("RejoinParamSetupReq: rejoin-requests are not served"),
  pingSlotInfo: { ignoredBecause: "class B is not served; without an answer the device stays in class A" },
  pingSlotChannel: neverAsked("PingSlotChannelReq: class B is not served"),
  beaconTiming: { ignoredBecause: "class B is not served; without an answer the device stays in class A" },
  beaconFreq: neverAsked("BeaconFreqReq: class B is not served"),
  deviceMode: { ignoredBecause: "class C is not served; without an answer the device stays in class A" },
  relayConf: relays,
  relayEndDeviceConf: relays,
  relayUpdateUplinkList: relays,
  relayCtrlUplinkList: relays,
  relayConfigureFwdLimit: relays,
  relayNotifyNewEndDevice: { ignoredBecause: "devices behind relays are not served" },
};

/** Which requests are considered for a downlink, in the order in which they go into it. */
export const requestOrder = [
  "dutyCycle",
  "rxParamSetup",
  "newChannel",
  "linkADR",
  "rxTimingSetup",
  "dlChannel",
  "devStatus",
] as const satisfies readonly MACCommandName[];
