import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatDatr,
  getBand,
  maxMACPayloadSize,
  parseDatr,
  rx1DataRateIndex,
  timeOnAirUs,
} from "@skylark/lorawan";
import { type DeviceRegion, deviceRegions } from "./device-region.ts";
import { timeOnAirMs } from "./time-on-air.ts";

/** The devices' tables were written apart from the servers': where they differ, one of the two is wrong. */
for (const [name, id] of [
  ["EU868", "EU_863_870"],
  ["US915", "US_902_928"],
] as const) {
  describe(`what a simulated device knows of ${name}, against the band of the servers`, () => {
    const region: DeviceRegion = deviceRegions[name];
    const band = getBand(id, "RP002_V1_0_1");

    it("has the same data rates, payload sizes and durations", () => {
      for (const [index, dataRate] of region.dataRates.entries()) {
        if (dataRate === undefined) continue;
        assert.equal(formatDatr(band.dataRates[index]!.dataRate), dataRate, `DR${index}`);
        assert.equal(maxMACPayloadSize(band, index), region.maxMACPayload[index], `M of DR${index}`);
        for (const payloadLength of [12, 13, 64, 222]) {
          for (const crc of [true, false]) {
            const microseconds = timeOnAirUs({ dataRate: parseDatr(dataRate), payloadLength, crc });
            const difference = Math.abs(timeOnAirMs(dataRate, payloadLength, crc) * 1000 - microseconds);
            assert.ok(difference <= 1, `${dataRate} of ${payloadLength} bytes differs by ${difference} µs`);
          }
        }
      }
    });

    it("listens where the servers transmit", () => {
      assert.equal(band.defaultRx2.frequency, region.rx2.frequency);
      assert.equal(band.defaultRx2.dataRateIndex, region.rx2.dataRate);
      for (let uplink = region.uplinkDataRates[0]; uplink <= region.uplinkDataRates[1]; uplink++) {
        for (let offset = 0; offset <= region.maxRx1DROffset; offset++) {
          assert.equal(
            rx1DataRateIndex(band, uplink, offset),
            region.rx1DataRate(uplink, offset),
            `DR${uplink}-${offset}`,
          );
        }
      }
      for (const [index, channel] of region.defaultChannels.entries()) {
        assert.equal(band.uplinkChannels[index]?.frequency, channel.frequency, `channel ${index}`);
        const downlink = band.rx1ChannelModulo === undefined ? index : index % band.rx1ChannelModulo;
        assert.equal(
          band.downlinkChannels[downlink]?.frequency,
          channel.downlinkFrequency,
          `RX1 of ${index}`,
        );
      }
    });
  });
}
