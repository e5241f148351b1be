import { defineErrors } from "../../errors/errors.ts";
import { type DecodedPayload, type EncodedPayload, noWarnings, type PayloadFormatter } from "./formatter.ts";

const errors = defineErrors("pkg/messageprocessors/cayennelpp");
const inputInvalid = errors.invalidArgument("input", "invalid input");
const outputInvalid = errors.invalidArgument("output", "invalid output");

// What a downlink carries: channel 255 ends it, each value is a channel and a signed 16-bit hundredth.
const endOfDownlink = 0xff;

interface DataType {
  readonly name: string;
  readonly length: number;
  readonly read: (view: DataView, offset: number) => unknown;
}

const uint8 = (view: DataView, offset: number): number => view.getUint8(offset);
const scaled =
  (divisor: number) =>
  (view: DataView, offset: number): number =>
    view.getInt16(offset) / divisor;
const axes = (divisor: number) => (view: DataView, offset: number) => ({
  x: view.getInt16(offset) / divisor,
  y: view.getInt16(offset + 2) / divisor,
  z: view.getInt16(offset + 4) / divisor,
});

function int24(view: DataView, offset: number): number {
  return (view.getInt8(offset) << 16) | view.getUint16(offset + 1);
}

/** Data types by their code, as the Cayenne Low Power Payload 1.0 lists them. */
const dataTypes: Readonly<Record<number, DataType>> = {
  0: { name: "digital_in", length: 1, read: uint8 },
  1: { name: "digital_out", length: 1, read: uint8 },
  2: { name: "analog_in", length: 2, read: scaled(100) },
  3: { name: "analog_out", length: 2, read: scaled(100) },
  101: { name: "luminosity", length: 2, read: (view, offset) => view.getUint16(offset) },
  102: { name: "presence", length: 1, read: uint8 },
  103: { name: "temperature", length: 2, read: scaled(10) },
  104: { name: "relative_humidity", length: 1, read: (view, offset) => view.getUint8(offset) / 2 },
  113: { name: "accelerometer", length: 6, read: axes(1000) },
  115: { name: "barometric_pressure", length: 2, read: (view, offset) => view.getUint16(offset) / 10 },
  134: { name: "gyrometer", length: 6, read: axes(100) },
  136: {
    name: "gps",
    length: 9,
    read: (view, offset) => ({
      latitude: int24(view, offset) / 10_000,
      longitude: int24(view, offset + 3) / 10_000,
      altitude: int24(view, offset + 6) / 100,
    }),
  },
};

/** The Cayenne Low Power Payload, with the names that The Things Stack gives its values. */
export const cayenneLppFormatter: PayloadFormatter = {
  decodeUplink: (bytes) => jsonOf(decodeUplinkValues(bytes)),
  decodeDownlink: (bytes) => jsonOf(decodeDownlinkValues(bytes)),
  encodeDownlink: encodeDownlinkValues,
};

function jsonOf(values: Readonly<Record<string, unknown>>): DecodedPayload {
  return { json: JSON.stringify(values), warnings: noWarnings };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decodeUplinkValues(bytes: Uint8Array): Record<string, unknown> {
  const view = viewOf(bytes);
  const values: Record<string, unknown> = {};
  let offset = 0;
  while (offset < bytes.length) {
    const type = offset + 1 < bytes.length ? dataTypes[bytes[offset + 1]!] : undefined;
    if (type === undefined || offset + 2 + type.length > bytes.length) throw outputInvalid();
    values[`${type.name}_${bytes[offset]}`] = type.read(view, offset + 2);
    offset += 2 + type.length;
  }
  return values;
}

function decodeDownlinkValues(bytes: Uint8Array): Record<string, unknown> {
  const view = viewOf(bytes);
  const values: Record<string, unknown> = {};
  for (let offset = 0; offset < bytes.length && bytes[offset] !== endOfDownlink; offset += 3) {
    if (offset + 3 > bytes.length) throw outputInvalid();
    values[`value_${bytes[offset]}`] = view.getInt16(offset + 1) / 100;
  }
  return values;
}

function encodeDownlinkValues(json: string): EncodedPayload {
  const bytes: number[] = [];
  for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
    const channel = Number(/^value_(\d{1,3})$/.exec(name)?.[1] ?? Number.NaN);
    if (!(channel < endOfDownlink) || typeof value !== "number") continue;
    const hundredths = Math.round(value * 100);
    if (hundredths < -32768 || hundredths > 32767) throw inputInvalid({ name });
    bytes.push(channel, (hundredths >> 8) & 0xff, hundredths & 0xff);
  }
  return { bytes: Uint8Array.from(bytes), warnings: noWarnings };
}
