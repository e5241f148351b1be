import { type MACVersion, macVersions } from "./versions.ts";

// Questions are asked by name, so that no caller compares version numbers.
function atLeast(version: MACVersion, first: MACVersion): boolean {
  return macVersions.indexOf(version) >= macVersions.indexOf(first);
}

/** Whether MAC commands in FOpts are encrypted. */
export const encryptsFOpts = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether the device has a NwkKey beside its AppKey. */
export const usesNwkKey = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether data frames carry the MIC of LoRaWAN 1.0.x. */
export const usesLegacyMIC = (version: MACVersion): boolean => !atLeast(version, "MAC_V1_1");

/** Whether network and application share one downlink counter. */
export const usesSharedFCntDown = (version: MACVersion): boolean => !atLeast(version, "MAC_V1_1");

/** Whether an uplink counter may not jump further than MaxFCntGap. */
export const hasMaxFCntGap = (version: MACVersion): boolean => !atLeast(version, "MAC_V1_0_4");

/** Whether counters may be 16 bits wide; later versions require 32. */
export const has32BitFCntOption = (version: MACVersion): boolean => !atLeast(version, "MAC_V1_0_4");

/** Whether DevNonce counts up; earlier it was random. */
export const incrementsDevNonce = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_4");

/** Whether a session begins with a RekeyInd, until which the network stays with the old one. */
export const hasRekey = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether the device may send rejoin-requests. */
export const hasRejoinRequest = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether 15 in a LinkADRReq means to keep data rate or power. */
export const hasNoChangeADRIndices = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_4");

/** Whether uplinks longer than the data rate allows are to be dropped silently. */
export const ignoresOversizedUplinks = (version: MACVersion): boolean => version === "MAC_V1_0_4";

/** Whether the device knows DlChannelReq. */
export const hasDlChannel = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_2");

/** Whether the device knows TxParamSetupReq. */
export const hasTxParamSetup = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_2");

/** Whether the device knows ADRParamSetupReq. */
export const hasADRParamSetup = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether the device knows RejoinParamSetupReq. */
export const hasRejoinParamSetup = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether the device says with DeviceModeInd when it turns to class A or C. */
export const hasDeviceModeInd = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether the device may ask the time with DeviceTimeReq. */
export const hasDeviceTime = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_3");

/** Whether each LinkADRReq of a block is answered by one LinkADRAns of its own. */
export const allowsDuplicateLinkADRAns = (version: MACVersion): boolean =>
  atLeast(version, "MAC_V1_0_2") && !atLeast(version, "MAC_V1_1");

/** Whether one LinkADRAns answers a whole block of LinkADRReq. */
export const hasSingularLinkADRAns = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");

/** Whether a device repeats confirmed uplinks as often as it likes, so that the network bounds what it accepts. */
export const limitsConfirmedTransmissions = (version: MACVersion): boolean => !atLeast(version, "MAC_V1_0_4");

/** Whether a device activated by personalization has to have a DevEUI. */
export const requiresDevEuiForABP = (version: MACVersion): boolean => atLeast(version, "MAC_V1_0_4");

/** Whether answers to MAC commands must fit the uplink, so that the network limits what it asks. */
export const limitsAnswersToUplinkSize = (version: MACVersion): boolean => atLeast(version, "MAC_V1_1");
