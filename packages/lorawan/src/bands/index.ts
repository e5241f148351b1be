import { type DataRate, type DataRateIndex, equalDataRates } from "../data-rate.ts";
import { LoRaWANError } from "../error.ts";
import { type PHYVersion, phyVersions } from "../versions.ts";
import type { Band, BandDefinition, Channel, SubBand } from "./band.ts";
import { eu863870 } from "./eu-863-870.ts";
import { us902928 } from "./us-902-928.ts";

/** Every band in all its versions; a further one is a file and a line here. */
export const bands = {
  EU_863_870: eu863870,
  US_902_928: us902928,
} satisfies Record<string, BandDefinition>;

/** The identifier of a band. */
export type BandId = keyof typeof bands;

/** Whether a text names a band. */
export function isBandId(text: string): text is BandId {
  return Object.hasOwn(bands, text);
}

const resolved = new Map<string, Band>();

/** A band as one version of the regional parameters has it; frozen, and the same object each time. */
export function getBand(id: string, phyVersion: PHYVersion): Band {
  const key = `${id} ${phyVersion}`;
  const known = resolved.get(key);
  if (known !== undefined) return known;
  const band = deepFreeze(resolveBand(id, phyVersion));
  resolved.set(key, band);
  return band;
}

function resolveBand(id: string, phyVersion: PHYVersion): Band {
  if (!isBandId(id)) throw new LoRaWANError("unknown_band", "unknown band");
  const { since, introducedIn, ...parameters }: BandDefinition = bands[id];
  const version = phyVersions.indexOf(phyVersion);
  if (version < phyVersions.indexOf(introducedIn)) {
    throw new LoRaWANError(
      "unknown_band_version",
      `band ${id} is not in this version of the regional parameters`,
    );
  }
  const overrides = phyVersions.slice(0, version + 1).map((each) => since[each]);
  return Object.assign({ ...parameters, phyVersion }, ...overrides) satisfies Band;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** The versions of the regional parameters that know a band. */
export function bandVersions(id: BandId): readonly PHYVersion[] {
  return phyVersions.slice(phyVersions.indexOf(bands[id].introducedIn));
}

/** The index of a data rate heard from a device; the lowest where a band repeats it, since those are uplinks'. */
export function findUplinkDataRateIndex(band: Band, dataRate: DataRate): DataRateIndex | undefined {
  for (let i = 0; i < band.dataRates.length; i++) {
    const candidate = band.dataRates[i];
    if (candidate !== undefined && equalDataRates(candidate.dataRate, dataRate, band.strictCodingRate))
      return i;
  }
  return undefined;
}

/** The index of a data rate sent to a device; the highest where a band repeats it, since those are downlinks'. */
export function findDownlinkDataRateIndex(band: Band, dataRate: DataRate): DataRateIndex | undefined {
  for (let i = band.dataRates.length - 1; i >= 0; i--) {
    const candidate = band.dataRates[i];
    if (candidate !== undefined && equalDataRates(candidate.dataRate, dataRate, band.strictCodingRate))
      return i;
  }
  return undefined;
}

/** The data rate at an index. */
export function bandDataRate(band: Band, index: DataRateIndex): DataRate {
  const found = band.dataRates[index];
  if (found === undefined)
    throw new LoRaWANError("invalid_data_rate", `data rate ${index} is not in band ${band.id}`);
  return found.dataRate;
}

/** Bytes that FHDR, FPort and FRMPayload may take together (M of the regional parameters). */
export function maxMACPayloadSize(band: Band, index: DataRateIndex, dwellTime = false): number {
  const found = band.dataRates[index];
  if (found === undefined)
    throw new LoRaWANError("invalid_data_rate", `data rate ${index} is not in band ${band.id}`);
  return dwellTime ? found.maxMACPayloadSizeDwellTime : found.maxMACPayloadSize;
}

/** Bytes left for the FRMPayload beside a 7-byte FHDR, FPort and the given FOpts (N of the regional parameters). */
export function maxFRMPayloadSize(
  band: Band,
  index: DataRateIndex,
  {
    dwellTime = false,
    fOptsLength = 0,
  }: { readonly dwellTime?: boolean; readonly fOptsLength?: number } = {},
): number {
  return Math.max(0, maxMACPayloadSize(band, index, dwellTime) - 8 - fOptsLength);
}

/** The data rate of RX1 after an uplink. */
export function rx1DataRateIndex(
  band: Band,
  uplink: DataRateIndex,
  rx1DROffset: number,
  downlinkDwellTime = false,
): DataRateIndex {
  const table = (downlinkDwellTime ? band.rx1DataRatesDwellTime : undefined) ?? band.rx1DataRates;
  const index = table[uplink]?.[rx1DROffset];
  if (index === undefined) {
    throw new LoRaWANError(
      "invalid_data_rate",
      `no RX1 data rate for uplink data rate ${uplink} and offset ${rx1DROffset}`,
    );
  }
  return index;
}

/** The index of the downlink channel of RX1 after an uplink on a channel. */
export function rx1ChannelIndex(band: Band, uplinkChannelIndex: number): number {
  return band.rx1ChannelModulo === undefined
    ? uplinkChannelIndex
    : uplinkChannelIndex % band.rx1ChannelModulo;
}

/** The sub-band of a frequency in Hz, if it lies in one. */
export function findSubBand(band: Band, frequency: number): SubBand | undefined {
  return band.subBands.find(
    ({ minFrequency, maxFrequency }) => frequency >= minFrequency && frequency <= maxFrequency,
  );
}

/** The index of the channel with a frequency that allows a data rate, or -1. */
export function findChannelIndex(
  channels: readonly Channel[],
  frequency: number,
  dataRateIndex?: DataRateIndex,
): number {
  return channels.findIndex(
    (channel) =>
      channel.frequency === frequency &&
      (dataRateIndex === undefined || (dataRateIndex >= channel.minDR && dataRateIndex <= channel.maxDR)),
  );
}

export type * from "./band.ts";
export { erpToEirp } from "./band.ts";
