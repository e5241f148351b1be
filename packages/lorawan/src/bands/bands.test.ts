import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDatr } from "../data-rate.ts";
import { LoRaWANError } from "../error.ts";
import { type PHYVersion, phyVersions } from "../versions.ts";
import { type ChannelMaskPlan, generateChMasks, parseChMask } from "./channel-mask.ts";
import {
  bandDataRate,
  bands,
  bandVersions,
  findChannelIndex,
  findDownlinkDataRateIndex,
  findSubBand,
  findUplinkDataRateIndex,
  getBand,
  isBandId,
  maxFRMPayloadSize,
  maxMACPayloadSize,
  rx1ChannelIndex,
  rx1DataRateIndex,
} from "./index.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const eu = (version: PHYVersion) => getBand("EU_863_870", version);
const us = (version: PHYVersion) => getBand("US_902_928", version);

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LoRaWANError && error.code === code;
}

test("every band resolves in every version, frozen and the same object each time", () => {
  for (const id of Object.keys(bands).filter(isBandId)) {
    assert.deepEqual(bandVersions(id), phyVersions);
    for (const version of phyVersions) {
      const band = getBand(id, version);
      assert.equal(band.id, id);
      assert.equal(band.phyVersion, version);
      assert.equal(getBand(id, version), band);
      assert.ok(
        Object.isFrozen(band) && Object.isFrozen(band.uplinkChannels[0]) && Object.isFrozen(band.dataRates),
      );
      assert.ok(!("since" in band));
    }
  }
});

test("an unknown band is refused, also one named like a property of objects", () => {
  for (const id of ["EU_433", "", "constructor", "__proto__"]) {
    assert.throws(() => getBand(id, "PHY_V1_0"), refused("unknown_band"));
  }
});

test("data rates, payload sizes and channels are consistent in every version", () => {
  for (const id of Object.keys(bands)) {
    for (const version of phyVersions) {
      const band = getBand(id, version);
      for (const channel of [...band.uplinkChannels, ...band.downlinkChannels]) {
        for (let index = channel.minDR; index <= channel.maxDR; index++) bandDataRate(band, index);
        assert.ok(findSubBand(band, channel.frequency), `${id} ${channel.frequency}`);
      }
      bandDataRate(band, band.defaultRx2.dataRateIndex);
      bandDataRate(band, band.beacon.dataRateIndex);
      band.rx1DataRates.forEach((row, uplink) => {
        bandDataRate(band, uplink);
        for (const index of row ?? []) bandDataRate(band, index);
      });
    }
  }
});

test("EU863-870 has the three default channels and RX2 of RP002-1.0.4 §2.4", () => {
  const band = eu("RP002_V1_0_4");
  assert.deepEqual(
    band.uplinkChannels.map(({ frequency }) => frequency),
    [868_100_000, 868_300_000, 868_500_000],
  );
  assert.deepEqual(band.defaultRx2, { frequency: 869_525_000, dataRateIndex: 0 });
  assert.equal(band.cfListType, "frequencies");
  assert.equal(band.maxEirp, 16);
  assert.equal(band.receiveDelay1Ms, 1000);
  assert.equal(band.joinAcceptDelay2Ms, 6000);
});

test("EU863-870 payload sizes are those of RP002-1.0.4 tables 9 and 10", () => {
  const band = eu("RP002_V1_0_4");
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((index) => maxMACPayloadSize(band, index));
  assert.deepEqual(sizes, [59, 59, 59, 123, 250, 250, 250, 250, 58, 123, 58, 123]);
  assert.equal(maxFRMPayloadSize(band, 0), 51);
  assert.equal(maxFRMPayloadSize(band, 5), 242);
  assert.equal(maxFRMPayloadSize(band, 0, { fOptsLength: 15 }), 36);
  assert.throws(() => maxMACPayloadSize(band, 12), refused("invalid_data_rate"));
});

test("EU863-870 TX powers gained two steps with 1.0.2 rev B", () => {
  assert.equal(eu("PHY_V1_0").txPowerOffsets.length, 6);
  assert.equal(eu("PHY_V1_0_2_REV_A").txPowerOffsets.length, 6);
  assert.deepEqual(eu("PHY_V1_0_2_REV_B").txPowerOffsets, [0, -2, -4, -6, -8, -10, -12, -14]);
  assert.equal(eu("RP002_V1_0_4").txPowerOffsets.length, 8);
});

test("LR-FHSS came with RP002-1.0.2, relays with RP002-1.0.4", () => {
  assert.equal(eu("RP002_V1_0_1").dataRates.length, 8);
  assert.equal(eu("RP002_V1_0_2").dataRates.length, 12);
  assert.equal(us("RP002_V1_0_1").dataRates[5], undefined);
  assert.equal(us("RP002_V1_0_2").dataRates[5]?.dataRate.modulation, "LR_FHSS");
  assert.equal(us("RP002_V1_0_2").uplinkChannels[64]?.maxDR, 6);
  assert.equal(eu("RP002_V1_0_3").relay, undefined);
  assert.equal(eu("RP002_V1_0_4").relay?.worChannels[0]?.frequency, 865_100_000);
});

test("RX1 of EU863-870 is on the uplink's channel, slower by the offset", () => {
  const band = eu("PHY_V1_0_2_REV_B");
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((offset) => rx1DataRateIndex(band, 5, offset)),
    [5, 4, 3, 2, 1, 0],
  );
  assert.equal(rx1DataRateIndex(band, 0, 5), 0);
  assert.equal(rx1DataRateIndex(eu("RP002_V1_0_2"), 11, 0), 2);
  assert.equal(rx1ChannelIndex(band, 7), 7);
  assert.throws(() => rx1DataRateIndex(band, 8, 0), refused("invalid_data_rate"));
  assert.throws(() => rx1DataRateIndex(band, 0, 6), refused("invalid_data_rate"));
});

test("US902-928 has 72 uplink and 8 downlink channels", () => {
  const band = us("PHY_V1_0_3_REV_A");
  assert.equal(band.uplinkChannels.length, 72);
  assert.equal(band.uplinkChannels[63]?.frequency, 914_900_000);
  assert.deepEqual(band.uplinkChannels[71], { frequency: 914_200_000, minDR: 4, maxDR: 4 });
  assert.equal(band.downlinkChannels[7]?.frequency, 927_500_000);
  assert.deepEqual(band.defaultRx2, { frequency: 923_300_000, dataRateIndex: 8 });
  assert.deepEqual(band.bootDwellTime, { uplinks: true, downlinks: false });
});

test("RX1 of US902-928 is on the channel modulo 8 at 500 kHz", () => {
  const band = us("PHY_V1_0_3_REV_A");
  assert.equal(rx1ChannelIndex(band, 13), 5);
  assert.equal(rx1ChannelIndex(band, 71), 7);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((uplink) => rx1DataRateIndex(band, uplink, 0)),
    [10, 11, 12, 13, 13],
  );
  assert.deepEqual(
    [0, 1, 2, 3].map((offset) => rx1DataRateIndex(band, 0, offset)),
    [10, 9, 8, 8],
  );
});

test("US902-928 takes a CFList since 1.0.3, and its TX powers follow their versions", () => {
  assert.equal(us("PHY_V1_0_2_REV_B").cfListType, undefined);
  assert.equal(us("PHY_V1_0_3_REV_A").cfListType, "channelMasks");
  const lowest = (version: PHYVersion) => us(version).txPowerOffsets.at(-1);
  assert.equal(lowest("PHY_V1_0_2_REV_B"), -20);
  assert.equal(lowest("PHY_V1_0_3_REV_A"), -30);
  assert.equal(lowest("PHY_V1_1_REV_A"), -28);
});

test("a data rate that a band repeats is the lower index up and the higher index down", () => {
  const band = us("PHY_V1_0_3_REV_A");
  const dataRate = parseDatr("SF8BW500", "4/5");
  assert.equal(findUplinkDataRateIndex(band, dataRate), 4);
  assert.equal(findDownlinkDataRateIndex(band, dataRate), 12);
  assert.equal(findUplinkDataRateIndex(band, parseDatr("SF12BW125", "4/5")), undefined);
});

test("the coding rate of LoRa counts only since a band's version says so", () => {
  const dataRate = parseDatr("SF7BW125", "4/8");
  assert.equal(findUplinkDataRateIndex(eu("PHY_V1_1_REV_B"), dataRate), 5);
  assert.equal(findUplinkDataRateIndex(eu("RP002_V1_0_0"), dataRate), undefined);
  assert.equal(findUplinkDataRateIndex(eu("RP002_V1_0_2"), parseDatr("M0CW336", "2/3")), 11);
  assert.equal(findUplinkDataRateIndex(eu("RP002_V1_0_2"), parseDatr(50_000)), 7);
});

test("a frequency belongs to the sub-band that comprises it", () => {
  const band = eu("PHY_V1_0_2_REV_B");
  assert.equal(findSubBand(band, 869_525_000)?.dutyCycle, 0.1);
  assert.equal(findSubBand(band, 868_100_000)?.dutyCycle, 0.01);
  assert.equal(findSubBand(band, 869_525_000)?.maxEirp, 29.15);
  assert.equal(findSubBand(band, 869_300_000), undefined);
  assert.equal(findSubBand(band, 915_000_000), undefined);
});

test("a channel is found by its frequency and data rate", () => {
  const { uplinkChannels } = us("RP002_V1_0_4");
  assert.equal(findChannelIndex(uplinkChannels, 903_900_000), 8);
  assert.equal(findChannelIndex(uplinkChannels, 903_900_000, 3), 8);
  assert.equal(findChannelIndex(uplinkChannels, 903_900_000, 4), -1);
  assert.equal(findChannelIndex(uplinkChannels, 868_100_000), -1);
});

const plans: readonly ChannelMaskPlan[] = [
  eu("RP002_V1_0_4").channelMask,
  us("PHY_V1_0").channelMask,
  us("PHY_V1_0_2_REV_B").channelMask,
  us("RP002_V1_0_4").channelMask,
];

// Groups of eight make the short forms frequent; single channels the long ones.
const state = (channels: number) =>
  fc.oneof(
    fc.array(fc.boolean(), { minLength: channels, maxLength: channels }),
    fc
      .array(fc.boolean(), { minLength: 9, maxLength: 9 })
      .map((groups) => Array.from({ length: channels }, (_, i) => groups[i >>> 3]!)),
  );

test("generated channel masks lead from any state to any other, and never take more than five", () => {
  for (const plan of plans) {
    fc.assert(
      fc.property(state(plan.channels), state(plan.channels), (current, desired) => {
        fc.pre(desired.some(Boolean));
        const commands = generateChMasks(plan, current, desired);
        assert.ok(commands.length >= 1 && commands.length <= 5);
        const reached = commands.reduce((channels, command) => parseChMask(plan, channels, command), current);
        assert.deepEqual(reached, desired);
      }),
    );
  }
});

test("one sub-band of US902-928 out of all takes two commands, and one where groups can be switched", () => {
  const all = Array.from({ length: 72 }, () => true);
  const second = all.map((_, i) => (i >= 8 && i < 16) || i === 65);
  const commands = generateChMasks(us("PHY_V1_0_2_REV_B").channelMask, all, second);
  assert.deepEqual(
    commands.map(({ channelMaskControl }) => channelMaskControl),
    [7, 0],
  );
  const grouped = generateChMasks(us("RP002_V1_0_4").channelMask, all, second);
  assert.deepEqual(
    grouped.map(({ channelMaskControl }) => channelMaskControl),
    [5],
  );
});

test("a device that applies commands one by one is never left without a channel on the way", () => {
  const plan = us("PHY_V1_0").channelMask;
  const all = Array.from({ length: 72 }, () => true);
  const second = all.map((_, i) => i >= 8 && i < 16);
  let channels: readonly boolean[] = all;
  for (const command of generateChMasks(plan, all, second)) {
    channels = parseChMask(plan, channels, command);
    assert.ok(channels.some(Boolean));
  }
  assert.deepEqual(channels, second);
});

test("an unchanged state still gives a mask, one with a channel in it", () => {
  const plan = us("RP002_V1_0_4").channelMask;
  const fifth = Array.from({ length: 72 }, (_, i) => i >= 32 && i < 40);
  const [command, ...more] = generateChMasks(plan, fifth, fifth);
  assert.equal(more.length, 0);
  assert.equal(command?.channelMaskControl, 2);
  assert.ok(command.channelMask.some(Boolean));
});

test("a channel mask without a meaning is refused", () => {
  const plan = eu("RP002_V1_0_4").channelMask;
  const channels = Array.from({ length: 16 }, () => true);
  const mask = { channelMask: channels };
  assert.throws(
    () => parseChMask(plan, channels, { ...mask, channelMaskControl: 1 }),
    refused("invalid_channel_mask"),
  );
  assert.throws(
    () => parseChMask(plan, [], { ...mask, channelMaskControl: 0 }),
    refused("invalid_channel_mask"),
  );
  const short = { channelMaskControl: 0, channelMask: [true] };
  assert.throws(() => parseChMask(plan, channels, short), refused("invalid_channel_mask"));
  assert.throws(() => generateChMasks(plan, channels, []), refused("invalid_channel_mask"));
  const old = us("PHY_V1_0").channelMask;
  const all = Array.from({ length: 72 }, () => true);
  assert.throws(
    () => parseChMask(old, all, { ...mask, channelMaskControl: 5 }),
    refused("invalid_channel_mask"),
  );
});
