import assert from "node:assert/strict";
import { test } from "node:test";
import { getBand } from "@skylark/lorawan";
import { abpSettings } from "../network-server.fixture.ts";
import { factoryParameters } from "../region.ts";
import { joinAcceptWindows, longestMACPayload, receiveWindows, windowsThatFit } from "./receive-windows.ts";

const eu868 = getBand("EU_863_870", "PHY_V1_0_3_REV_A");
const us915 = getBand("US_902_928", "PHY_V1_0_2_REV_B");
const parameters = factoryParameters(abpSettings);

test("answers in Europe on the uplink's channel, lower by the offset", () => {
  const uplink = { frequency: 867_100_000, channelIndex: 3, dataRateIndex: 5 };
  const [rx1, rx2] = receiveWindows(eu868, { ...parameters, rx1Delay: 3, rx1DataRateOffset: 2 }, uplink);
  assert.deepEqual(
    [rx1?.delayMs, rx1?.frequency, rx1?.dataRate],
    [3000, 867_100_000, eu868.dataRates[3]?.dataRate],
  );
  assert.deepEqual([rx2?.delayMs, rx2?.frequency], [4000, 869_525_000]);
});

test("answers in the United States on one of eight downlink channels", () => {
  const settings = {
    ...abpSettings,
    frequencyPlanId: "US_902_928_FSB_2",
    phyVersion: "PHY_V1_0_2_REV_B",
    factory: {},
  } as const;
  const uplink = { frequency: 904_300_000, channelIndex: 10, dataRateIndex: 0 };
  const [rx1, rx2] = joinAcceptWindows(us915, factoryParameters(settings), uplink);
  assert.deepEqual([rx1?.frequency, rx1?.delayMs], [924_500_000, 5000]);
  assert.equal(rx1?.dataRate, us915.dataRates[10]?.dataRate);
  assert.deepEqual([rx2?.frequency, rx2?.delayMs], [923_300_000, 6000]);
});

test("offers a long frame only the windows that it fits", () => {
  const uplink = { frequency: 868_100_000, channelIndex: 0, dataRateIndex: 5 };
  const windows = receiveWindows(eu868, parameters, uplink);
  assert.equal(longestMACPayload(windows), 250);
  assert.deepEqual(
    windowsThatFit(windows, 59).map(({ window }) => window),
    [1, 2],
  );
  assert.deepEqual(
    windowsThatFit(windows, 60).map(({ window }) => window),
    [1],
  );
});
