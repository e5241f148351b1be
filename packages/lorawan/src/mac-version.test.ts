import assert from "node:assert/strict";
import { test } from "node:test";
import * as macVersion from "./mac-version.ts";
import { type MACVersion, macVersions } from "./versions.ts";

// The versions for which each question is answered with yes.
const answers: Readonly<Record<keyof typeof macVersion, readonly MACVersion[]>> = {
  encryptsFOpts: ["MAC_V1_1"],
  usesNwkKey: ["MAC_V1_1"],
  usesLegacyMIC: ["MAC_V1_0", "MAC_V1_0_1", "MAC_V1_0_2", "MAC_V1_0_3", "MAC_V1_0_4"],
  usesSharedFCntDown: ["MAC_V1_0", "MAC_V1_0_1", "MAC_V1_0_2", "MAC_V1_0_3", "MAC_V1_0_4"],
  hasMaxFCntGap: ["MAC_V1_0", "MAC_V1_0_1", "MAC_V1_0_2", "MAC_V1_0_3"],
  has32BitFCntOption: ["MAC_V1_0", "MAC_V1_0_1", "MAC_V1_0_2", "MAC_V1_0_3"],
  incrementsDevNonce: ["MAC_V1_0_4", "MAC_V1_1"],
  hasRekey: ["MAC_V1_1"],
  hasRejoinRequest: ["MAC_V1_1"],
  hasNoChangeADRIndices: ["MAC_V1_0_4", "MAC_V1_1"],
  ignoresOversizedUplinks: ["MAC_V1_0_4"],
  hasDlChannel: ["MAC_V1_0_2", "MAC_V1_0_3", "MAC_V1_0_4", "MAC_V1_1"],
  hasTxParamSetup: ["MAC_V1_0_2", "MAC_V1_0_3", "MAC_V1_0_4", "MAC_V1_1"],
  hasADRParamSetup: ["MAC_V1_1"],
  hasRejoinParamSetup: ["MAC_V1_1"],
  hasDeviceModeInd: ["MAC_V1_1"],
  hasDeviceTime: ["MAC_V1_0_3", "MAC_V1_0_4", "MAC_V1_1"],
  allowsDuplicateLinkADRAns: ["MAC_V1_0_2", "MAC_V1_0_3", "MAC_V1_0_4"],
  hasSingularLinkADRAns: ["MAC_V1_1"],
  limitsConfirmedTransmissions: ["MAC_V1_0", "MAC_V1_0_1", "MAC_V1_0_2", "MAC_V1_0_3"],
  requiresDevEuiForABP: ["MAC_V1_0_4", "MAC_V1_1"],
  limitsAnswersToUplinkSize: ["MAC_V1_1"],
};

for (const [question, ask] of Object.entries(macVersion)) {
  const versions = answers[question as keyof typeof macVersion];
  test(`${question} is true for ${versions.join(", ")}`, () => {
    assert.deepEqual(macVersions.filter(ask), versions);
  });
}
