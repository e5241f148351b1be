import {
  type Channel,
  defineBand,
  erpToEirp,
  fsk,
  lora,
  lrFhss,
  sharedParameters,
  sharedRelayParameters,
} from "./band.ts";

const channels: readonly Channel[] = [868_100_000, 868_300_000, 868_500_000].map((frequency) => ({
  frequency,
  minDR: 0,
  maxDR: 5,
}));

const dataRates = [
  lora(12, 125_000, 59),
  lora(11, 125_000, 59),
  lora(10, 125_000, 59),
  lora(9, 125_000, 123),
  lora(8, 125_000, 250),
  lora(7, 125_000, 250),
  lora(7, 250_000, 250),
  fsk(50_000, 250),
] as const;

const rx1DataRates = [
  [0, 0, 0, 0, 0, 0],
  [1, 0, 0, 0, 0, 0],
  [2, 1, 0, 0, 0, 0],
  [3, 2, 1, 0, 0, 0],
  [4, 3, 2, 1, 0, 0],
  [5, 4, 3, 2, 1, 0],
  [6, 5, 4, 3, 2, 1],
  [7, 6, 5, 4, 3, 2],
] as const;

/** Europe and its neighbours, 863 to 870 MHz (RP002-1.0.4 §2.4). */
export const eu863870 = defineBand({
  ...sharedParameters,
  id: "EU_863_870",
  introducedIn: "PHY_V1_0",
  uplinkChannels: channels,
  downlinkChannels: channels,
  maxUplinkChannels: 16,
  maxDownlinkChannels: 16,
  dataRates,
  strictCodingRate: false,
  codingRate: "4/5",
  rx1DataRates,
  defaultRx2: { frequency: 869_525_000, dataRateIndex: 0 },
  txPowerOffsets: [0, -2, -4, -6, -8, -10],
  maxEirp: 16,
  // EN 300 220-2 V3.2.1 annex B, bands K to R; O allows no duty cycle of use beside P.
  subBands: [
    { minFrequency: 863_000_000, maxFrequency: 865_000_000, dutyCycle: 0.001, maxEirp: 14 + erpToEirp },
    { minFrequency: 865_000_000, maxFrequency: 868_000_000, dutyCycle: 0.01, maxEirp: 14 + erpToEirp },
    { minFrequency: 868_000_000, maxFrequency: 868_600_000, dutyCycle: 0.01, maxEirp: 14 + erpToEirp },
    { minFrequency: 868_700_000, maxFrequency: 869_200_000, dutyCycle: 0.001, maxEirp: 14 + erpToEirp },
    { minFrequency: 869_400_000, maxFrequency: 869_650_000, dutyCycle: 0.1, maxEirp: 27 + erpToEirp },
    { minFrequency: 869_700_000, maxFrequency: 870_000_000, dutyCycle: 0.01, maxEirp: 14 + erpToEirp },
  ],
  maxADRDataRateIndex: 5,
  supportsDynamicADR: true,
  supportsTxParamSetup: false,
  cfListType: "frequencies",
  freqMultiplier: 100,
  channelMask: { channels: 16, hasGroupControl: false, isAtomic: true },
  beacon: { dataRateIndex: 3, codingRate: "4/5", frequencies: [869_525_000] },
  pingSlotFrequencies: [869_525_000],
  bootDwellTime: {},
  since: {
    PHY_V1_0_2_REV_B: { txPowerOffsets: [0, -2, -4, -6, -8, -10, -12, -14] },
    RP002_V1_0_0: { strictCodingRate: true },
    RP002_V1_0_2: {
      dataRates: [
        ...dataRates,
        lrFhss(137_000, "1/3", 58),
        lrFhss(137_000, "2/3", 123),
        lrFhss(336_000, "1/3", 58),
        lrFhss(336_000, "2/3", 123),
      ],
      rx1DataRates: [
        ...rx1DataRates,
        [1, 0, 0, 0, 0, 0],
        [2, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [2, 1, 0, 0, 0, 0],
      ],
    },
    RP002_V1_0_4: {
      relay: {
        ...sharedRelayParameters,
        worChannels: [
          { frequency: 865_100_000, ackFrequency: 865_300_000, dataRateIndex: 3 },
          { frequency: 865_500_000, ackFrequency: 865_900_000, dataRateIndex: 3 },
        ],
      },
    },
  },
});
