import { LoRaWANError } from "./error.ts";

/** LoRa chirps; the bandwidth in Hz. */
export interface LoRaDataRate {
  readonly modulation: "LORA";
  readonly spreadingFactor: number;
  readonly bandwidth: number;
  readonly codingRate?: string;
}

/** Frequency shift keying; the rate in bits per second. */
export interface FSKDataRate {
  readonly modulation: "FSK";
  readonly bitRate: number;
}

/** Long-range frequency hopping; the operating channel width in Hz. */
export interface LRFHSSDataRate {
  readonly modulation: "LR_FHSS";
  readonly modulationType: number;
  readonly operatingChannelWidth: number;
  readonly codingRate: string;
}

/** How a frame is modulated. */
export type DataRate = LoRaDataRate | FSKDataRate | LRFHSSDataRate;

/** The number by which a band knows a data rate, 0 to 15. */
export type DataRateIndex = number;

/** Whether two data rates are the same; coding rates of LoRa count only when `strictCodingRate`. */
export function equalDataRates(a: DataRate, b: DataRate, strictCodingRate = false): boolean {
  if (a.modulation === "LORA" && b.modulation === "LORA") {
    return (
      a.spreadingFactor === b.spreadingFactor &&
      a.bandwidth === b.bandwidth &&
      (!strictCodingRate || a.codingRate === b.codingRate)
    );
  }
  if (a.modulation === "FSK" && b.modulation === "FSK") return a.bitRate === b.bitRate;
  return (
    a.modulation === "LR_FHSS" &&
    b.modulation === "LR_FHSS" &&
    a.modulationType === b.modulationType &&
    a.operatingChannelWidth === b.operatingChannelWidth &&
    a.codingRate === b.codingRate
  );
}

// A gateway names few data rates, thousands of times each second; the bound keeps strangers from filling the cache.
const parsed = new Map<string, DataRate>();
const maxParsed = 512;

/**
 * Parses `datr` of the Semtech protocol: "SF7BW125", 50000 (FSK) or "M0CW137" (LR-FHSS), with its `codr`.
 * The result is shared and frozen.
 */
export function parseDatr(datr: string | number, codingRate?: string): DataRate {
  if (typeof datr === "number") return parseFSK(datr);
  const key = codingRate === undefined ? datr : `${datr} ${codingRate}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const dataRate = Object.freeze(parseDatrText(datr, codingRate));
  if (parsed.size < maxParsed) parsed.set(key, dataRate);
  return dataRate;
}

function parseFSK(bitRate: number): FSKDataRate {
  if (!Number.isInteger(bitRate) || bitRate <= 0 || bitRate > 10_000_000) {
    throw new LoRaWANError("invalid_data_rate", "expected an FSK data rate in bits per second");
  }
  return { modulation: "FSK", bitRate };
}

function requireCodingRate(codingRate: string): string {
  if (!/^[1-9]\/[1-9](LI)?$/.test(codingRate))
    throw new LoRaWANError("invalid_data_rate", "unknown coding rate");
  return codingRate;
}

function parseDatrText(datr: string, codingRate: string | undefined): DataRate {
  const lora = /^SF([5-9]|1[0-2])BW([0-9]{1,4}(?:\.[0-9]{1,3})?)$/.exec(datr);
  if (lora !== null) {
    const spreadingFactor = Number(lora[1]);
    const bandwidth = Math.round(Number(lora[2]) * 1000);
    if (bandwidth === 0) throw new LoRaWANError("invalid_data_rate", "expected a bandwidth above 0");
    // Forwarders write "OFF" where a frame came without coding.
    if (codingRate === undefined || codingRate === "" || codingRate === "OFF") {
      return { modulation: "LORA", spreadingFactor, bandwidth };
    }
    return { modulation: "LORA", spreadingFactor, bandwidth, codingRate: requireCodingRate(codingRate) };
  }
  const hopping = /^M([0-9])CW([0-9]{1,4})$/.exec(datr);
  if (hopping !== null) {
    return {
      modulation: "LR_FHSS",
      modulationType: Number(hopping[1]),
      operatingChannelWidth: Number(hopping[2]) * 1000,
      codingRate: requireCodingRate(codingRate ?? ""),
    };
  }
  if (/^[0-9]{1,8}$/.test(datr)) return parseFSK(Number(datr));
  throw new LoRaWANError("invalid_data_rate", "expected a data rate such as SF7BW125, 50000 or M0CW137");
}

/** Formats as `datr` of the Semtech protocol. */
export function formatDatr(dataRate: DataRate): string | number {
  switch (dataRate.modulation) {
    case "LORA":
      return `SF${dataRate.spreadingFactor}BW${dataRate.bandwidth / 1000}`;
    case "FSK":
      return dataRate.bitRate;
    case "LR_FHSS":
      return `M${dataRate.modulationType}CW${dataRate.operatingChannelWidth / 1000}`;
  }
}
