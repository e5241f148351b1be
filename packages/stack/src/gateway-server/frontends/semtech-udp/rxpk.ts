import { decodeBase64 } from "./base64.ts";
import type { DropReason } from "./packet.ts";

export const modulations = { lora: 0, fsk: 1, lrFhss: 2 } as const;
export type Modulation = (typeof modulations)[keyof typeof modulations];

/** What one antenna measured; NaN where the gateway does not say. */
export interface AntennaSignal {
  antenna: number;
  channel: number;
  /** dBm. */
  rssi: number;
  /** dBm. */
  signalRssi: number;
  /** dB. */
  snr: number;
  /** Hz. */
  frequencyOffset: number;
  fineTimestampNs: number;
}

/** One `rxpk` as numbers; made once and filled for each frame, because a worker fills tens of thousands each second. */
export interface Rxpk {
  /** Concentrator counter, microseconds. */
  timestamp: number;
  /** Hz. */
  frequency: number;
  modulation: Modulation;
  /** Spreading factor of LoRa, bit rate of FSK, modulation type of LR-FHSS. */
  rate: number;
  /** Hz: bandwidth of LoRa, operating channel width of LR-FHSS. */
  bandwidth: number;
  /** See `codingRateNumber`. */
  codingRate: number;
  /** 1 for a good checksum, 0 for none, -1 for a bad one. */
  crcStatus: number;
  /** Milliseconds since the Unix epoch; NaN without. */
  time: number;
  /** Milliseconds since the Unix epoch, from the GPS clock; NaN without. */
  gpsTime: number;
  readonly signals: AntennaSignal[];
  signalCount: number;
  readonly payload: Uint8Array;
  payloadLength: number;
}

const maxPayloadLength = 255;
export const maxAntennas = 8;

function createSignal(): AntennaSignal {
  return {
    antenna: 0,
    channel: 0,
    rssi: 0.5,
    signalRssi: Number.NaN,
    snr: Number.NaN,
    frequencyOffset: Number.NaN,
    fineTimestampNs: Number.NaN,
  };
}

export function createRxpk(): Rxpk {
  return {
    timestamp: 0,
    frequency: 0,
    modulation: modulations.lora,
    rate: 0,
    bandwidth: 0,
    codingRate: 0,
    crcStatus: 1,
    time: Number.NaN,
    gpsTime: Number.NaN,
    signals: Array.from({ length: maxAntennas }, createSignal),
    signalCount: 1,
    payload: new Uint8Array(maxPayloadLength),
    payloadLength: 0,
  };
}

/** Sets what a gateway may leave out. The rest is required, see `checkRxpk`. */
export function resetRxpk(rxpk: Rxpk): void {
  rxpk.timestamp = -1;
  rxpk.frequency = -1;
  rxpk.rate = -1;
  rxpk.modulation = modulations.lora;
  rxpk.bandwidth = 0;
  rxpk.codingRate = 0;
  rxpk.crcStatus = 1;
  rxpk.time = Number.NaN;
  rxpk.gpsTime = Number.NaN;
  rxpk.signalCount = 1;
  rxpk.payloadLength = -1;
  resetSignal(rxpk.signals[0]!);
}

function resetSignal(signal: AntennaSignal): void {
  signal.antenna = 0;
  signal.channel = 0;
  signal.rssi = 0;
  signal.signalRssi = Number.NaN;
  signal.snr = Number.NaN;
  signal.frequencyOffset = Number.NaN;
  signal.fineTimestampNs = Number.NaN;
}

const lowestFrequency = 100_000_000;
const highestFrequency = 3_000_000_000;

/** What both ways of reading an `rxpk` hold it to, after its fields have the right types. */
export function checkRxpk(rxpk: Rxpk): DropReason | undefined {
  if (!(rxpk.timestamp >= 0 && rxpk.timestamp <= 0xffff_ffff && Number.isInteger(rxpk.timestamp)))
    return "rxpk_fields";
  if (!(rxpk.frequency >= lowestFrequency && rxpk.frequency <= highestFrequency)) return "rxpk_fields";
  if (rxpk.payloadLength < 1) return "payload_length";
  switch (rxpk.modulation) {
    case modulations.lora:
      if (rxpk.bandwidth === 0 || (rxpk.codingRate !== 0 && !isLoRaCodingRate(rxpk.codingRate)))
        return "data_rate";
      break;
    case modulations.fsk:
      if (rxpk.bandwidth !== 0 || rxpk.rate < 1 || rxpk.rate > 10_000_000) return "data_rate";
      break;
    case modulations.lrFhss:
      if (rxpk.bandwidth === 0 || !lrFhssCodingRates.has(rxpk.codingRate)) return "data_rate";
      break;
  }
  for (let index = 0; index < rxpk.signalCount; index++) {
    const { channel, antenna, rssi } = rxpk.signals[index]!;
    if (!(isByte(channel) && isByte(antenna))) return "rxpk_fields";
    if (!(rssi > -1000 && rssi < 1000)) return "rxpk_fields";
  }
  return undefined;
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

/** `4/5` is 90, `4/5LI` is 91; 0 is for no coding rate, -1 for what is none. */
export function codingRateNumber(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  if (length === 3 && bytes[start + 1] === 0x2f) return ratio(bytes, start) * 2;
  if (length === 3 && bytes[start] === 0x4f && bytes[start + 1] === 0x46 && bytes[start + 2] === 0x46)
    return 0; // "OFF"
  if (length === 5 && bytes[start + 1] === 0x2f && bytes[start + 3] === 0x4c && bytes[start + 4] === 0x49)
    return ratio(bytes, start) * 2 + 1;
  return -1;
}

export function codingRateText(number: number): string | undefined {
  if (number === 0) return undefined;
  const fraction = number >> 1;
  return `${Math.trunc(fraction / 10)}/${fraction % 10}${number & 1 ? "LI" : ""}`;
}

function ratio(bytes: Uint8Array, start: number): number {
  const numerator = bytes[start]! - 0x30;
  const denominator = bytes[start + 2]! - 0x30;
  const valid = numerator >= 1 && numerator <= 9 && denominator >= 1 && denominator <= 9;
  return valid ? numerator * 10 + denominator : -1;
}

function isLoRaCodingRate(number: number): boolean {
  return number >= 90 && number <= 97;
}

const lrFhssCodingRates: ReadonlySet<number> = new Set([112, 46, 24, 26]);

/** Reads `SF7BW125` or `M0CW137`; false for anything else. */
export function readDatr(bytes: Uint8Array, start: number, end: number, rxpk: Rxpk): boolean {
  const isLoRa = bytes[start] === 0x53 && bytes[start + 1] === 0x46;
  let position = start + (isLoRa ? 2 : 1);
  if (!isLoRa && bytes[start] !== 0x4d) return false;
  let rate = 0;
  for (; position < end && isDigit(bytes[position]!) && rate < 100; position++)
    rate = rate * 10 + bytes[position]! - 0x30;
  if (bytes[position] !== (isLoRa ? 0x42 : 0x43) || bytes[position + 1] !== 0x57) return false;
  position += 2;
  let width = 0;
  const first = position;
  for (; position < end && isDigit(bytes[position]!); position++) {
    width = width * 10 + bytes[position]! - 0x30;
  }
  if (position !== end || position === first || position > first + 4 || width === 0) return false;
  if (isLoRa && (rate < 5 || rate > 12)) return false;
  if (!isLoRa && rate > 9) return false;
  rxpk.modulation = isLoRa ? modulations.lora : modulations.lrFhss;
  rxpk.rate = rate;
  rxpk.bandwidth = width * 1000;
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Reads base64 into the payload; the reason when it cannot be one. */
export function readPayload(
  bytes: Uint8Array,
  start: number,
  end: number,
  rxpk: Rxpk,
): DropReason | undefined {
  if (end - start > Math.ceil(maxPayloadLength / 3) * 4) return "payload_length";
  const length = decodeBase64(bytes, start, end, rxpk.payload);
  if (length < 0) return "base64";
  rxpk.payloadLength = length;
  return undefined;
}

// GPS time began in 1980 and knows no leap seconds; there have been 18 until 2017 and none since.
const gpsEpoch = Date.UTC(1980, 0, 6);
const leapSecondsMs = 18_000;

/** `tmms` counts GPS milliseconds. */
export function gpsMsToUnixMs(gpsMs: number): number {
  return gpsEpoch + gpsMs - leapSecondsMs;
}

const timeShape = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z| GMT| UTC)$/;
let lastDay = "";
let lastDayStartsAt = 0;

/** `2013-03-31T16:21:17.528002Z` of an rxpk or `2014-01-12 08:59:28 GMT` of a stat; NaN for what is none. */
export function parseGatewayTime(text: string): number {
  if (!timeShape.test(text)) return Number.NaN;
  const day = text.slice(0, 10);
  if (day !== lastDay) {
    lastDay = day;
    lastDayStartsAt = Date.parse(day);
  }
  const number = (at: number) => (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;
  const whole = lastDayStartsAt + number(11) * 3_600_000 + number(14) * 60_000 + number(17) * 1000;
  if (text[19] !== ".") return whole;
  let fraction = 0;
  for (let at = 20, weight = 100; at < text.length; at++, weight /= 10) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    fraction += digit * weight;
  }
  return whole + fraction;
}
