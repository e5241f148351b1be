import type { DataRate, LoRaDataRate, LRFHSSDataRate } from "./data-rate.ts";
import { LoRaWANError } from "./error.ts";

/** A transmission as far as its duration depends on it. */
export interface Transmission {
  readonly dataRate: DataRate;
  /** Of LoRa, "4/5" to "4/8"; that of the data rate, else "4/5", when absent. */
  readonly codingRate?: string;
  /** Bytes of the PHYPayload. */
  readonly payloadLength: number;
  /** Whether the radio appends a checksum: uplinks do (the default), downlinks do not. */
  readonly crc?: boolean;
  /** Of LoRa: whether the radio sends its explicit header (the default). */
  readonly explicitHeader?: boolean;
  /** Symbols of preamble of LoRa (8 by default). */
  readonly preambleSymbols?: number;
}

/** How long a transmission lasts, in microseconds. */
export function timeOnAirUs(transmission: Transmission): number {
  const { dataRate } = transmission;
  switch (dataRate.modulation) {
    case "LORA":
      return loraTimeOnAirUs(dataRate, transmission);
    case "FSK":
      // TS002 §2: preamble 5 bytes, sync word 3, length 1, payload, checksum 2.
      return Math.round(
        ((5 + 3 + 1 + transmission.payloadLength + (transmission.crc === false ? 0 : 2)) * 8e6) /
          dataRate.bitRate,
      );
    case "LR_FHSS":
      return lrFhssTimeOnAirUs(dataRate, transmission.payloadLength);
  }
}

function redundancyBits(codingRate: string): number {
  const match = /^4\/([5-8])(LI)?$/.exec(codingRate);
  if (match === null)
    throw new LoRaWANError("invalid_data_rate", "expected a LoRa coding rate of 4/5 to 4/8");
  return Number(match[1]) - 4;
}

// Semtech AN1200.13 §4, and AN1200.22 for low data rate optimisation.
function loraTimeOnAirUs(dataRate: LoRaDataRate, transmission: Transmission): number {
  const { spreadingFactor, bandwidth } = dataRate;
  const codingRate = redundancyBits(transmission.codingRate ?? dataRate.codingRate ?? "4/5");
  const symbolUs = (2 ** spreadingFactor * 1e6) / bandwidth;
  const lowDataRateOptimize = symbolUs > 16_000;
  // SX1280 data sheet §7.4.4: SF5 and SF6 have two more symbols of sync word and no 8 bits of slack.
  const short = spreadingFactor < 7;
  const bits =
    8 * transmission.payloadLength -
    4 * spreadingFactor +
    (short ? 0 : 8) +
    (transmission.crc === false ? 0 : 16) +
    (transmission.explicitHeader === false ? 0 : 20);
  const bitsPerBlock = 4 * (spreadingFactor - (lowDataRateOptimize ? 2 : 0));
  const payloadSymbols = 8 + Math.max(Math.ceil(bits / bitsPerBlock) * (codingRate + 4), 0);
  const preambleSymbols = (transmission.preambleSymbols ?? 8) + (short ? 6.25 : 4.25);
  return Math.round((preambleSymbols + payloadSymbols) * symbolUs);
}

const lrFhssCodingRates: Readonly<Record<string, { bits: readonly [number, number]; headers: number }>> = {
  "5/6": { bits: [6, 5], headers: 1 },
  "2/3": { bits: [3, 2], headers: 2 },
  "1/2": { bits: [2, 1], headers: 2 },
  "1/3": { bits: [3, 1], headers: 3 },
};

// Semtech AN1200.64: headers of 114 bits, then blocks of 48 coded bits with 2 more each, at 488.28125 bit/s (2048 us).
function lrFhssTimeOnAirUs({ codingRate }: LRFHSSDataRate, payloadLength: number): number {
  const coding = lrFhssCodingRates[codingRate];
  if (coding === undefined) throw new LoRaWANError("invalid_data_rate", "unknown coding rate of LR-FHSS");
  const plainBits = (payloadLength + 2) * 8 + 6;
  const codedBits = Math.ceil((plainBits * coding.bits[0]) / coding.bits[1]);
  const lastBits = codedBits % 48;
  const payloadBits = Math.floor(codedBits / 48) * 50 + (lastBits === 0 ? 0 : lastBits + 2);
  return (114 * coding.headers + payloadBits) * 2048;
}
