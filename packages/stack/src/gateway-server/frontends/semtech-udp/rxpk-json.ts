import type { DropReason } from "./packet.ts";
import {
  type AntennaSignal,
  checkRxpk,
  codingRateNumber,
  gpsMsToUnixMs,
  maxAntennas,
  modulations,
  parseGatewayTime,
  type Rxpk,
  readDatr,
  readPayload,
  resetRxpk,
} from "./rxpk.ts";

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Fills an `rxpk` from what JSON.parse gave; the reason when it is none. */
export function readRxpk(value: unknown, rxpk: Rxpk): DropReason | undefined {
  if (!isFields(value)) return "rxpk_fields";
  resetRxpk(rxpk);
  return (
    readNumbers(value, rxpk) ??
    readTimes(value, rxpk) ??
    readModulation(value, rxpk) ??
    readData(value, rxpk) ??
    readSignals(value, rxpk) ??
    checkRxpk(rxpk)
  );
}

function isAbsentOrNumber(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === "number" && Number.isFinite(value));
}

function readNumbers({ tmst, freq, stat }: Fields, rxpk: Rxpk): DropReason | undefined {
  if (typeof tmst !== "number" || typeof freq !== "number" || !isAbsentOrNumber(stat)) return "rxpk_fields";
  rxpk.timestamp = tmst;
  rxpk.frequency = Math.round(freq * 1e6);
  rxpk.crcStatus = stat ?? 1;
  return undefined;
}

function readTimes({ time, tmms }: Fields, rxpk: Rxpk): DropReason | undefined {
  if (!isAbsentOrNumber(tmms) || (time !== undefined && typeof time !== "string")) return "rxpk_fields";
  if (time !== undefined) rxpk.time = parseGatewayTime(time);
  if (tmms !== undefined) rxpk.gpsTime = gpsMsToUnixMs(tmms);
  return undefined;
}

// Longer than any data rate, coding rate or payload of 255 bytes.
const scratch = Buffer.alloc(512);

/** Copies text to the scratch buffer; -1 when it is too long or has characters that no field of a frame has. */
function toScratch(text: string): number {
  if (text.length > scratch.length) return -1;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7e) return -1;
    scratch[index] = code;
  }
  return text.length;
}

function readModulation({ datr, codr, modu }: Fields, rxpk: Rxpk): DropReason | undefined {
  if (modu !== undefined && typeof modu !== "string") return "rxpk_fields";
  if (codr !== undefined && typeof codr !== "string") return "rxpk_fields";
  if (typeof datr === "number") {
    if (!Number.isInteger(datr)) return "data_rate";
    rxpk.modulation = modulations.fsk;
    rxpk.rate = datr;
  } else if (typeof datr === "string") {
    const length = toScratch(datr);
    if (length < 0 || !readDatr(scratch, 0, length, rxpk)) return "data_rate";
  } else return "rxpk_fields";
  if (codr === undefined) return undefined;
  const length = toScratch(codr);
  rxpk.codingRate = length < 0 ? -1 : codingRateNumber(scratch, 0, length);
  return rxpk.codingRate < 0 ? "data_rate" : undefined;
}

function readData({ data }: Fields, rxpk: Rxpk): DropReason | undefined {
  if (typeof data !== "string") return "rxpk_fields";
  const length = toScratch(data);
  if (length < 0) return data.length > scratch.length ? "payload_length" : "base64";
  return readPayload(scratch, 0, length, rxpk);
}

function readSignals(fields: Fields, rxpk: Rxpk): DropReason | undefined {
  const { rsig } = fields;
  if (rsig !== undefined && !Array.isArray(rsig)) return "rxpk_fields";
  if (rsig === undefined || rsig.length === 0) return readSignal(fields, rxpk.signals[0]!);
  if (rsig.length > maxAntennas) return "rxpk_fields";
  for (let index = 0; index < rsig.length; index++) {
    const each: unknown = rsig[index];
    const signal = rxpk.signals[index]!;
    if (!isFields(each) || !isAbsentOrNumber(each.ant)) return "rxpk_fields";
    // Forwarders of version 2 gateways name the channel's power `rssic`, and may keep the channel beside `rsig`.
    const reason = readSignal({ chan: fields.chan, ...each, rssi: each.rssic ?? each.rssi }, signal);
    if (reason !== undefined) return reason;
    signal.antenna = each.ant ?? index;
  }
  rxpk.signalCount = rsig.length;
  return undefined;
}

function readSignal(fields: Fields, signal: AntennaSignal): DropReason | undefined {
  const { chan, rssi, rssis, lsnr, foff, ftime } = fields;
  if (!isAbsentOrNumber(chan) || !isAbsentOrNumber(rssi) || !isAbsentOrNumber(rssis)) return "rxpk_fields";
  if (!isAbsentOrNumber(lsnr) || !isAbsentOrNumber(foff) || !isAbsentOrNumber(ftime)) return "rxpk_fields";
  signal.antenna = 0;
  signal.channel = chan ?? 0;
  signal.rssi = rssi ?? 0;
  signal.signalRssi = rssis ?? Number.NaN;
  signal.snr = lsnr ?? Number.NaN;
  signal.frequencyOffset = foff ?? Number.NaN;
  signal.fineTimestampNs = ftime ?? Number.NaN;
  return undefined;
}
