import {
  type BandDataRate,
  type Channel,
  defineBand,
  erpToEirp,
  lora,
  lrFhss,
  sharedParameters,
  sharedRelayParameters,
} from "./band.ts";

function uplinkChannels(maxWideDR: number): readonly Channel[] {
  const narrow = Array.from({ length: 64 }, (_, i) => ({
    frequency: 902_300_000 + 200_000 * i,
    minDR: 0,
    maxDR: 3,
  }));
  const wide = Array.from({ length: 8 }, (_, i) => ({
    frequency: 903_000_000 + 1_600_000 * i,
    minDR: 4,
    maxDR: maxWideDR,
  }));
  return [...narrow, ...wide];
}

const downlinkChannels: readonly Channel[] = Array.from({ length: 8 }, (_, i) => ({
  frequency: 923_300_000 + 600_000 * i,
  minDR: 8,
  maxDR: 13,
}));
const downlinkFrequencies = downlinkChannels.map(({ frequency }) => frequency);

function dataRates(hopping: readonly (BandDataRate | undefined)[]): readonly (BandDataRate | undefined)[] {
  return [
    lora(10, 125_000, 19),
    lora(9, 125_000, 61),
    lora(8, 125_000, 133),
    lora(7, 125_000, 250),
    lora(8, 500_000, 250),
    ...hopping,
    undefined,
    lora(12, 500_000, 61),
    lora(11, 500_000, 137),
    lora(10, 500_000, 250),
    lora(9, 500_000, 250),
    lora(8, 500_000, 250),
    lora(7, 500_000, 250),
  ];
}

const rx1DataRates = [
  [10, 9, 8, 8],
  [11, 10, 9, 8],
  [12, 11, 10, 9],
  [13, 12, 11, 10],
  [13, 13, 12, 11],
] as const;

function txPowerOffsets(maxIndex: number): readonly number[] {
  return Array.from({ length: maxIndex + 1 }, (_, i) => (i === 0 ? 0 : -2 * i));
}

/** United States, Canada and others, 902 to 928 MHz (RP002-1.0.4 §2.5). */
export const us902928 = defineBand({
  ...sharedParameters,
  id: "US_902_928",
  introducedIn: "PHY_V1_0",
  uplinkChannels: uplinkChannels(4),
  downlinkChannels,
  maxUplinkChannels: 72,
  maxDownlinkChannels: 8,
  dataRates: dataRates([undefined, undefined]),
  strictCodingRate: false,
  codingRate: "4/5",
  rx1DataRates,
  rx1ChannelModulo: 8,
  defaultRx2: { frequency: 923_300_000, dataRateIndex: 8 },
  txPowerOffsets: txPowerOffsets(10),
  maxEirp: 30,
  // 47 CFR 15.247: no duty cycle; what LoRaWAN allows to devices and to gateways.
  subBands: [
    { minFrequency: 902_300_000, maxFrequency: 914_900_000, dutyCycle: 1, maxEirp: 21 + erpToEirp },
    { minFrequency: 923_300_000, maxFrequency: 927_500_000, dutyCycle: 1, maxEirp: 26 + erpToEirp },
  ],
  maxADRDataRateIndex: 3,
  supportsDynamicADR: true,
  supportsTxParamSetup: false,
  freqMultiplier: 100,
  channelMask: { channels: 72, hasGroupControl: false, isAtomic: false },
  beacon: { dataRateIndex: 3, codingRate: "4/5", frequencies: downlinkFrequencies },
  pingSlotFrequencies: downlinkFrequencies,
  bootDwellTime: { uplinks: true, downlinks: false },
  since: {
    PHY_V1_0_2_REV_A: {
      strictCodingRate: true,
      channelMask: { channels: 72, hasGroupControl: false, isAtomic: true },
    },
    PHY_V1_0_2_REV_B: { beacon: { dataRateIndex: 8, codingRate: "4/5", frequencies: downlinkFrequencies } },
    PHY_V1_0_3_REV_A: {
      channelMask: { channels: 72, hasGroupControl: true, isAtomic: true },
      cfListType: "channelMasks",
      txPowerOffsets: txPowerOffsets(15),
    },
    PHY_V1_1_REV_A: { txPowerOffsets: txPowerOffsets(14) },
    RP002_V1_0_2: {
      uplinkChannels: uplinkChannels(6),
      dataRates: dataRates([lrFhss(1_523_000, "1/3", 58), lrFhss(1_523_000, "2/3", 133)]),
      rx1DataRates: [...rx1DataRates, [10, 9, 8, 8], [11, 10, 9, 8]],
    },
    RP002_V1_0_4: {
      relay: {
        ...sharedRelayParameters,
        worChannels: [
          { frequency: 916_700_000, ackFrequency: 918_300_000, dataRateIndex: 10 },
          { frequency: 919_900_000, ackFrequency: 921_500_000, dataRateIndex: 10 },
        ],
      },
    },
  },
});
