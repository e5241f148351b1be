import type { RadioDataRate } from "./time-on-air.ts";

/** A channel as the device knows it. */
export interface DeviceChannel {
  /** Hz. */
  readonly frequency: number;
  /** Hz; where RX1 listens. */
  readonly downlinkFrequency: number;
  readonly minDataRate: number;
  readonly maxDataRate: number;
}

/** What the firmware of a device knows of its region; written from RP002-1.0.4, apart from the server's band tables. */
export interface DeviceRegion {
  readonly id: "EU868" | "US915";
  /** By data rate index; holes are reserved. */
  readonly dataRates: readonly (RadioDataRate | undefined)[];
  /** Largest MACPayload (M of the tables, without repeater) by data rate index. */
  readonly maxMACPayload: readonly number[];
  readonly uplinkDataRates: readonly [number, number];
  readonly defaultChannels: readonly DeviceChannel[];
  /** Channels can be added and moved by the network. */
  readonly dynamicChannels: boolean;
  readonly rx2: { readonly frequency: number; readonly dataRate: number };
  readonly maxTxPowerIndex: number;
  readonly maxRx1DROffset: number;
  readonly frequencyRange: readonly [number, number];
  rx1DataRate(uplink: number, offset: number): number;
}

const eu868: DeviceRegion = {
  id: "EU868",
  dataRates: ["SF12BW125", "SF11BW125", "SF10BW125", "SF9BW125", "SF8BW125", "SF7BW125", "SF7BW250", 50_000],
  maxMACPayload: [59, 59, 59, 123, 250, 250, 250, 250],
  uplinkDataRates: [0, 7],
  defaultChannels: [868_100_000, 868_300_000, 868_500_000].map((frequency) => ({
    frequency,
    downlinkFrequency: frequency,
    minDataRate: 0,
    maxDataRate: 5,
  })),
  dynamicChannels: true,
  rx2: { frequency: 869_525_000, dataRate: 0 },
  maxTxPowerIndex: 7,
  maxRx1DROffset: 5,
  frequencyRange: [863_000_000, 870_000_000],
  rx1DataRate: (uplink, offset) => Math.max(0, uplink - offset),
};

function us915Channel(index: number): DeviceChannel {
  const wide = index >= 64;
  return {
    frequency: wide ? 903_000_000 + 1_600_000 * (index - 64) : 902_300_000 + 200_000 * index,
    downlinkFrequency: 923_300_000 + 600_000 * (index % 8),
    minDataRate: wide ? 4 : 0,
    maxDataRate: wide ? 4 : 3,
  };
}

// RP002-1.0.4 table 30: rows are DR0 to DR4, columns RX1DROffset 0 to 3.
const us915Rx1 = [
  [10, 9, 8, 8],
  [11, 10, 9, 8],
  [12, 11, 10, 9],
  [13, 12, 11, 10],
  [13, 13, 12, 11],
];

const us915: DeviceRegion = {
  id: "US915",
  dataRates: [
    "SF10BW125",
    "SF9BW125",
    "SF8BW125",
    "SF7BW125",
    "SF8BW500",
    undefined,
    undefined,
    undefined,
    "SF12BW500",
    "SF11BW500",
    "SF10BW500",
    "SF9BW500",
    "SF8BW500",
    "SF7BW500",
  ],
  maxMACPayload: [19, 61, 133, 250, 250, 0, 0, 0, 61, 137, 250, 250, 250, 250],
  uplinkDataRates: [0, 4],
  defaultChannels: Array.from({ length: 72 }, (_, index) => us915Channel(index)),
  dynamicChannels: false,
  rx2: { frequency: 923_300_000, dataRate: 8 },
  maxTxPowerIndex: 14,
  maxRx1DROffset: 3,
  frequencyRange: [902_000_000, 928_000_000],
  rx1DataRate: (uplink, offset) => us915Rx1[uplink]?.[offset] ?? 8,
};

export const deviceRegions = { EU868: eu868, US915: us915 } as const;

/** A region by its short name. */
export type DeviceRegionName = keyof typeof deviceRegions;
