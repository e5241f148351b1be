import type { FrequencyPlan } from "./frequency-plan.ts";

/** The plan of one of the eight frequency sub-bands, 1 to 8: eight 125 kHz channels and their 500 kHz one. */
export function us902928Plan(subBand: number): FrequencyPlan {
  const offset = 1_600_000 * (subBand - 1);
  return {
    id: `US_902_928_FSB_${subBand}`,
    name: `United States 902-928 MHz, FSB ${subBand}${subBand === 2 ? " (used by TTN)" : ""}`,
    baseFrequency: 915,
    bandId: "US_902_928",
    uplinkChannels: Array.from({ length: 8 }, (_, i) => ({
      frequency: 902_300_000 + offset + 200_000 * i,
      minDR: 0,
      maxDR: 3,
    })),
    downlinkChannels: [],
    loraStandardChannel: { frequency: 903_000_000 + offset, dataRateIndex: 4 },
    dwellTime: { uplinks: true, downlinks: false, durationMs: 400 },
    radios: [
      {
        chipType: "SX1257",
        frequency: 902_700_000 + offset,
        rssiOffset: -166,
        tx: { minFrequency: 923_000_000, maxFrequency: 928_000_000 },
      },
      { chipType: "SX1257", frequency: 903_400_000 + offset, rssiOffset: -166 },
    ],
    clockSource: 1,
  };
}
