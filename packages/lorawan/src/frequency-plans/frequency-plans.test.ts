import assert from "node:assert/strict";
import { test } from "node:test";
import { bandDataRate, findChannelIndex, findSubBand, getBand } from "../bands/index.ts";
import { LoRaWANError } from "../error.ts";
import { frequencyPlans, getFrequencyPlan } from "./index.ts";

test("every plan lies in its band, with channels and data rates that the band has", () => {
  for (const [id, plan] of frequencyPlans) {
    assert.equal(plan.id, id);
    const band = getBand(plan.bandId, "RP002_V1_0_4");
    for (const { frequency, minDR, maxDR } of [...plan.uplinkChannels, ...plan.downlinkChannels]) {
      assert.ok(findSubBand(band, frequency), `${id} ${frequency}`);
      for (let index = minDR; index <= maxDR; index++) bandDataRate(band, index);
    }
    for (const channel of [plan.loraStandardChannel, plan.fskChannel]) {
      if (channel !== undefined) bandDataRate(band, channel.dataRateIndex);
    }
    if (plan.baseId !== undefined) assert.ok(frequencyPlans.has(plan.baseId));
  }
  assert.equal(frequencyPlans.size, 10);
});

test("EU_863_870_TTN has the eight channels, SF7 at 250 kHz, FSK, and a fast RX2", () => {
  const plan = getFrequencyPlan("EU_863_870_TTN");
  const megahertz = plan.uplinkChannels.map(({ frequency }) => frequency / 1e6);
  assert.deepEqual(megahertz, [868.1, 868.3, 868.5, 867.1, 867.3, 867.5, 867.7, 867.9]);
  assert.deepEqual(plan.loraStandardChannel, { frequency: 868_300_000, dataRateIndex: 6 });
  assert.deepEqual(plan.fskChannel, { frequency: 868_800_000, dataRateIndex: 7 });
  assert.deepEqual(plan.rx2, { dataRateIndex: 3 });
  assert.equal(plan.baseId, "EU_863_870");
  assert.equal(getFrequencyPlan("EU_863_870").rx2, undefined);
});

test("the plans of US902-928 are consecutive parts of the band's channels", () => {
  const { uplinkChannels } = getBand("US_902_928", "RP002_V1_0_4");
  for (let subBand = 1; subBand <= 8; subBand++) {
    const plan = getFrequencyPlan(`US_902_928_FSB_${subBand}`);
    const indices = plan.uplinkChannels.map(({ frequency }) =>
      findChannelIndex(uplinkChannels, frequency, 0),
    );
    assert.deepEqual(
      indices,
      Array.from({ length: 8 }, (_, i) => 8 * (subBand - 1) + i),
    );
    assert.equal(findChannelIndex(uplinkChannels, plan.loraStandardChannel!.frequency, 4), 63 + subBand);
    assert.deepEqual(plan.dwellTime, { uplinks: true, downlinks: false, durationMs: 400 });
  }
});

test("an unknown plan is refused", () => {
  assert.throws(
    () => getFrequencyPlan("EU_863_870_NONE"),
    (error) => error instanceof LoRaWANError && error.code === "unknown_frequency_plan",
  );
});
