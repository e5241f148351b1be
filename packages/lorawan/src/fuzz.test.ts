// No input makes a decoder or parser throw anything but a LoRaWANError, and what is decoded can be encoded again.
// FUZZ_RUNS inputs for each decoder (20,000 unless set); FUZZ_SEED begins another sequence of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aesKey,
  decodeDevAddr,
  decodeEUI64,
  decodeJoinAccept,
  decodeMACCommands,
  decodePHYPayload,
  decryptJoinAccept,
  encodeJoinAccept,
  encodeMACCommands,
  encodePHYPayload,
  encryptJoinAccept,
  expandKey,
  formatDatr,
  formatDevAddr,
  formatDevAddrPrefix,
  formatHex,
  formatNetID,
  getBand,
  getFrequencyPlan,
  LoRaWANError,
  parseAESKey,
  parseDatr,
  parseDevAddr,
  parseDevAddrPrefix,
  parseEUI64,
  parseHex,
  parseNetID,
  timeOnAirUs,
  unwrapKey,
  wrapKey,
} from "./index.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 20_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);

/** Pseudo-random whole numbers below a limit (mulberry32). */
function random(start: number): (limit: number) => number {
  let state = start | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

type Mutate<T> = (below: (limit: number) => number, examples: readonly T[]) => T;

const mutateBytes: Mutate<Uint8Array> = (below, examples) => {
  if (below(8) === 0) return Uint8Array.from({ length: below(300) }, () => below(256));
  const example = examples[below(examples.length)]!;
  const length = below(3) === 0 ? below(example.length + 8) : example.length;
  const bytes = Uint8Array.from({ length }, (_, i) => example[i] ?? below(256));
  for (let changes = below(6); changes > 0 && length > 0; changes--) {
    const position = below(3) === 0 ? 0 : below(length);
    if (below(2) === 0) bytes[position]! ^= 1 << below(8);
    else bytes[position] = [0, 0xff, 0x7f, 0x80, below(256)][below(5)]!;
  }
  return bytes;
};

const characters = "0123456789abcdefABCDEFSFBWMCW/.- \u0000\u00e4\ud83d";

const mutateText: Mutate<string> = (below, examples) => {
  let text = examples[below(examples.length)]!;
  for (let changes = below(5); changes > 0; changes--) {
    const at = below(text.length + 1);
    const insert = below(2) === 0 ? characters[below(characters.length)]! : "";
    text = text.slice(0, at) + insert + text.slice(at + below(3));
  }
  return below(50) === 0 ? text.repeat(below(20)) : text;
};

/** Runs a decoder on many mutations of examples; says with which input and seed it failed. */
function fuzz<T extends string | Uint8Array>(
  name: string,
  mutate: Mutate<T>,
  examples: readonly T[],
  run: (input: T) => void,
): void {
  test(`${name} withstands any input`, () => {
    const below = random(seed);
    let accepted = 0;
    for (let i = 0; i < runs; i++) {
      const input = mutate(below, examples);
      try {
        run(input);
        accepted++;
      } catch (error) {
        if (error instanceof LoRaWANError) continue;
        const shown = typeof input === "string" ? JSON.stringify(input) : formatHex(input);
        assert.fail(`seed ${seed}, input ${shown}: ${error}`);
      }
    }
    // Mutations that are all refused, or none, would test nothing.
    assert.ok(runs < 1000 || (accepted > runs / 100 && accepted <= runs), `${accepted} of ${runs} accepted`);
  });
}

const frames = [
  "00DC0000D07ED5B3701E6FEDF57CEEAF0085CC587FE913",
  "20493EEB51FBA2116F810EDB3742975142",
  "20E3DE108795F776B8037610EF7869B5B3F04A2E2A2F5B46C8B2DDBE87E8B1F4F1",
  "40F17DBE4900020001954378762B11FF0D",
  "80AA420126F2FFFF030701020304",
  "60AA42012610010000FFFFFFFF",
  "A0AA420126A501000307060DFF0ABEEF00000001",
  "C0001300001E6FEDF57CEEAF0002010A0B0C0D",
  "C001DC0000D07ED5B3701E6FEDF57CEEAF0002010A0B0C0D",
  "E0010203",
].map(parseHex);

fuzz("decodePHYPayload", mutateBytes, frames, (bytes) => {
  const frame = decodePHYPayload(bytes);
  const again = encodePHYPayload(frame);
  assert.deepEqual(decodePHYPayload(again), frame);
  // Only the reserved bits, which are written as 0, may differ.
  assert.deepEqual(again.subarray(1), reservedCleared(bytes));
});

function reservedCleared(bytes: Uint8Array): Uint8Array {
  const mType = bytes[0]! >>> 5;
  const rest = bytes.slice(1);
  if (mType === 3 || mType === 5) rest[4]! &= ~0x40;
  return rest;
}

const contents = [
  "030201130000AA4201261305",
  "030201130000AA420126130501020304",
  "030201130000AA4201269305184F84E85684B85E84886684586E8400",
  "030201130000AA420126130500FF0000000000000200000000000001",
].map(parseHex);

fuzz("decodeJoinAccept", mutateBytes, contents, (bytes) => {
  const accept = decodeJoinAccept(bytes);
  assert.deepEqual(decodeJoinAccept(encodeJoinAccept(accept).subarray(1)), accept);
});

const commands = [
  "0352018061",
  "0307020106FF05D5",
  "0523D2AD84",
  "0703184F845006",
  "0D0403020180",
  "0A03D2AD84",
  "0E251A0F7310",
  "409D26184F84410A9D10184F84",
  "430FBFAA42012604030201000102030405060708090A0B0C0D0E0F",
  "4413440104030201",
  "45FFC0001039466F0AAA420126",
].map(parseHex);

for (const direction of ["uplink", "downlink"] as const) {
  fuzz(`decodeMACCommands of a ${direction}`, mutateBytes, commands, (bytes) => {
    const decoded = decodeMACCommands(bytes, direction);
    const again = encodeMACCommands(decoded, direction);
    assert.equal(again.length, bytes.length);
    assert.deepEqual(decodeMACCommands(again, direction), decoded);
  });
}

const schedule = expandKey(aesKey(new Uint8Array(16)));
const blocks = [new Uint8Array(16), new Uint8Array(32)];

fuzz("decryptJoinAccept", mutateBytes, blocks, (bytes) => {
  assert.deepEqual(encryptJoinAccept(schedule, decryptJoinAccept(schedule, bytes)), bytes);
});

const wrapped = [wrapKey(schedule, new Uint8Array(16)), wrapKey(schedule, new Uint8Array(32))];

fuzz("unwrapKey", mutateBytes, wrapped, (bytes) => {
  assert.deepEqual(wrapKey(schedule, unwrapKey(schedule, bytes)), bytes);
});

fuzz("decodeEUI64", mutateBytes, [new Uint8Array(8)], (bytes) => {
  assert.equal(parseEUI64(decodeEUI64(bytes)).length, 16);
});

fuzz("decodeDevAddr", mutateBytes, [new Uint8Array(4)], (bytes) => {
  assert.equal(parseDevAddr(formatDevAddr(decodeDevAddr(bytes))), decodeDevAddr(bytes));
});

fuzz("parseDatr", mutateText, ["SF7BW125", "SF12BW812.5", "50000", "M0CW137"], (text) => {
  const dataRate = parseDatr(text, text.startsWith("M") ? "2/3" : "4/5");
  assert.ok(timeOnAirUs({ dataRate, payloadLength: 255 }) > 0);
  assert.deepEqual(parseDatr(formatDatr(dataRate), text.startsWith("M") ? "2/3" : "4/5"), dataRate);
});

fuzz("parseDatr of a coding rate", mutateText, ["4/5", "4/8LI", "OFF", "2/3"], (text) => {
  parseDatr("M0CW137", text);
});

fuzz("parseEUI64", mutateText, ["70B3D57ED005ABCD"], (text) => {
  assert.equal(parseEUI64(text), text.toUpperCase());
});

fuzz("parseDevAddr", mutateText, ["260142AA"], (text) => {
  assert.equal(formatDevAddr(parseDevAddr(text)), text.toUpperCase());
});

fuzz("parseNetID", mutateText, ["000013", "c00053"], (text) => {
  assert.equal(formatNetID(parseNetID(text)), text.toUpperCase());
});

fuzz("parseDevAddrPrefix", mutateText, ["26000000/7", "FFFFFFFF/32"], (text) => {
  const prefix = parseDevAddrPrefix(text);
  assert.deepEqual(parseDevAddrPrefix(formatDevAddrPrefix(prefix)), prefix);
});

fuzz("parseAESKey", mutateText, ["000102030405060708090A0B0C0D0E0F"], (text) => {
  assert.equal(formatHex(parseAESKey(text)), text.toUpperCase());
});

fuzz("parseHex", mutateText, ["0001fF", ""], (text) => {
  assert.equal(formatHex(parseHex(text)), text.toUpperCase());
});

fuzz("getFrequencyPlan and getBand", mutateText, ["EU_863_870", "US_902_928_FSB_2"], (text) => {
  getBand(getFrequencyPlan(text).bandId, "RP002_V1_0_4");
});
