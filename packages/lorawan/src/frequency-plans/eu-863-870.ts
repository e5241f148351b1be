import type { FrequencyPlan } from "./frequency-plan.ts";

const channels = [
  868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000,
].map((frequency) => ({ frequency, minDR: 0, maxDR: 5 }));

/** The usual eight channels of Europe with the band's own RX2. */
export const eu863870Plan = {
  id: "EU_863_870",
  name: "Europe 863-870 MHz (SF12 for RX2)",
  baseFrequency: 868,
  bandId: "EU_863_870",
  uplinkChannels: channels,
  downlinkChannels: channels,
  loraStandardChannel: { frequency: 868_300_000, dataRateIndex: 6 },
  fskChannel: { frequency: 868_800_000, dataRateIndex: 7 },
  radios: [
    {
      chipType: "SX1257",
      frequency: 867_500_000,
      rssiOffset: -166,
      tx: { minFrequency: 863_000_000, maxFrequency: 870_000_000 },
    },
    { chipType: "SX1257", frequency: 868_500_000, rssiOffset: -166 },
  ],
  clockSource: 1,
} as const satisfies FrequencyPlan;

/** The same with the faster RX2 of The Things Network. */
export const eu863870TTNPlan = {
  ...eu863870Plan,
  id: "EU_863_870_TTN",
  baseId: "EU_863_870",
  name: "Europe 863-870 MHz (SF9 for RX2 - recommended)",
  rx2: { dataRateIndex: 3 },
} as const satisfies FrequencyPlan;
