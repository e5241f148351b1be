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

interface LoRaCoding {
  /** Bits on the air for four bits of payload. */
  readonly codedBits: number;
  /** Redundancy spread over the whole frame, as in the 2.4 GHz band. */
  readonly longInterleaving: boolean;
}

function parseLoRaCodingRate(codingRate: string): LoRaCoding {
  const match = /^4\/([5-8])(LI)?$/.exec(codingRate);
  // Long interleaving knows no 4/7.
  if (match === null || codingRate === "4/7LI") {
    throw new LoRaWANError(
      "invalid_data_rate",
      "expected a LoRa coding rate of 4/5 to 4/8, 4/5LI, 4/6LI or 4/8LI",
    );
  }
  return { codedBits: Number(match[1]), longInterleaving: match[2] !== undefined };
}

// Semtech AN1200.13 §4, and AN1200.22 for low data rate optimisation.
function loraTimeOnAirUs(dataRate: LoRaDataRate, transmission: Transmission): number {
  const { spreadingFactor, bandwidth } = dataRate;
  if (!(spreadingFactor >= 5 && spreadingFactor <= 12 && bandwidth > 0)) {
    throw new LoRaWANError(
      "invalid_data_rate",
      "expected a spreading factor of 5 to 12 and a bandwidth above 0",
    );
  }
  const coding = parseLoRaCodingRate(transmission.codingRate ?? dataRate.codingRate ?? "4/5");
  const symbolUs = (2 ** spreadingFactor * 1e6) / bandwidth;
  const payloadSymbols = coding.longInterleaving
    ? longInterleavedSymbols(coding, spreadingFactor, transmission)
    : interleavedSymbols(coding, spreadingFactor, symbolUs > 16_000, transmission);
  // SX126x and SX1280 data sheets: SF5 and SF6 have two more symbols of sync word.
  const preambleSymbols = (transmission.preambleSymbols ?? 8) + (spreadingFactor < 7 ? 6.25 : 4.25);
  return Math.round((preambleSymbols + 8 + payloadSymbols) * symbolUs);
}

function interleavedSymbols(
  { codedBits }: LoRaCoding,
  spreadingFactor: number,
  lowDataRateOptimize: boolean,
  transmission: Transmission,
): number {
  const bits =
    8 * transmission.payloadLength -
    4 * spreadingFactor +
    (spreadingFactor < 7 ? 0 : 8) +
    (transmission.crc === false ? 0 : 16) +
    (transmission.explicitHeader === false ? 0 : 20);
  const bitsPerBlock = 4 * (spreadingFactor - (lowDataRateOptimize ? 2 : 0));
  return Math.max(Math.ceil(bits / bitsPerBlock) * codedBits, 0);
}

// SX1280 data sheet rev. 3.0 §7.4.4: what fits beside the header goes with it, the rest is coded as one block.
function longInterleavedSymbols(
  { codedBits }: LoRaCoding,
  spreadingFactor: number,
  transmission: Transmission,
): number {
  const payloadBits = 8 * transmission.payloadLength;
  const besideHeader = Math.floor((spreadingFactor - (spreadingFactor < 7 ? 5 : 7)) / 2) * 8;
  const bits = payloadBits + (transmission.crc === false ? 0 : 16) - Math.min(besideHeader, payloadBits);
  const bitsPerBlock = 4 * (spreadingFactor > 10 ? spreadingFactor - 2 : spreadingFactor);
  return Math.ceil((bits / bitsPerBlock) * codedBits);
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
