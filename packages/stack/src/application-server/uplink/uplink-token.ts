import type { At } from "../../clock/clock.ts";
import type { Reception } from "../../domain/uplink.ts";

// Scratch for one token: identifiers are short, the rest is at most 60 bytes.
const scratch = Buffer.alloc(1024);

/** The part of `UplinkToken` that stays the same for an antenna: field 1, the gateway's and the antenna's identifiers. */
export function encodeTokenIdentifiers(
  gatewayId: string,
  eui: string | undefined,
  antennaIndex: number,
): Buffer {
  const gateway = Buffer.concat([
    lengthDelimited(1, Buffer.from(gatewayId, "utf8")),
    eui === undefined ? Buffer.alloc(0) : lengthDelimited(2, Buffer.from(eui, "hex")),
  ]);
  const antenna = lengthDelimited(1, gateway);
  if (antennaIndex === 0) return lengthDelimited(1, antenna);
  const end = writeVarint(writeTag(0, 2, 0), antennaIndex);
  return lengthDelimited(1, Buffer.concat([antenna, Buffer.from(scratch.subarray(0, end))]));
}

function lengthDelimited(field: number, bytes: Buffer): Buffer {
  const start = writeVarint(writeTag(0, field, 2), bytes.length);
  return Buffer.concat([Buffer.from(scratch.subarray(0, start)), bytes]);
}

/** The `UplinkToken` of a reception in base 64. */
export function formatUplinkToken(identifiers: Buffer, reception: Reception): string {
  let end = identifiers.copy(scratch, 0);
  if (reception.timestamp !== 0) end = writeVarint(writeTag(end, 2, 0), reception.timestamp);
  end = writeTimestamp(end, 3, reception.receivedAt);
  // The API counts the concentrator's time in nanoseconds.
  const concentratorTimeNs = reception.concentratorTimeUs * 1000;
  if (concentratorTimeNs > 0) end = writeVarint(writeTag(end, 4, 0), concentratorTimeNs);
  if (reception.time !== undefined) end = writeTimestamp(end, 5, reception.time);
  return scratch.toString("base64", 0, end);
}

function writeTag(offset: number, field: number, wireType: number): number {
  scratch[offset] = (field << 3) | wireType;
  return offset + 1;
}

function writeVarint(offset: number, value: number): number {
  let rest = value;
  let end = offset;
  // Division instead of shifts: values have up to 63 bits.
  while (rest >= 128) {
    scratch[end++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  scratch[end++] = rest;
  return end;
}

function writeTimestamp(offset: number, field: number, at: At): number {
  const microseconds = Math.round(at * 1000);
  const seconds = Math.floor(microseconds / 1e6);
  const nanos = (microseconds - seconds * 1e6) * 1000;
  const lengthAt = writeTag(offset, field, 2);
  let end = lengthAt + 1;
  if (seconds > 0) end = writeVarint(writeTag(end, 1, 0), seconds);
  if (nanos > 0) end = writeVarint(writeTag(end, 2, 0), nanos);
  scratch[lengthAt] = end - lengthAt - 1;
  return end;
}
