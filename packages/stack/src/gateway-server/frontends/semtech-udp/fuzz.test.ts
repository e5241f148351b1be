import assert from "node:assert/strict";
import { test } from "node:test";
import { PushDataDecoder } from "./codec.ts";
import {
  datagram,
  fskRxpk,
  multiAntennaRxpk,
  pushData,
  stat,
  sx1301Rxpk,
  sx1302Rxpk,
} from "./datagrams.fixture.ts";
import { counterCount, Receiver } from "./receiver.ts";
import { BatchReader } from "./records.ts";
import { createRxpk, type Rxpk } from "./rxpk.ts";
import { RxpkScanner } from "./rxpk-scanner.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 5000);
const seed = Number(process.env.FUZZ_SEED ?? 1);

/** mulberry32 */
function createRandom(state: number): (below: number) => number {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const corpus: readonly Buffer[] = [
  pushData({ rxpk: [sx1301Rxpk] }),
  pushData({ rxpk: [sx1302Rxpk, fskRxpk] }),
  pushData({ rxpk: [multiAntennaRxpk], stat }),
  pushData({ stat }),
  datagram(2),
  datagram(5),
  datagram(5, { txpk_ack: { error: "TOO_LATE" } }),
];
const interesting = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "-",
  ".",
  "e",
  "0",
  "9",
  " ",
  "null",
  "1e999",
  "true",
  "\u0000",
  "ÿ",
];

function mutate(random: (below: number) => number): Buffer {
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(64) }, () => random(256)));
  let bytes: Buffer = Buffer.from(corpus[random(corpus.length)]!);
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(bytes.length);
    const piece = Buffer.from(interesting[random(interesting.length)]!);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + 1)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(20))]);
    }
    if (bytes.length === 0) break;
  }
  return bytes;
}

test(`no datagram makes the receiver throw, and what it takes can be read (${runs} runs, seed ${seed})`, () => {
  const random = createRandom(seed);
  let read = 0;
  const receiver: Receiver = new Receiver({
    limits: {
      datagramsPerSecond: 1e9,
      burst: 1e9,
      addressChangeBlockMs: 0,
      connectionExpiryMs: 1000,
      maxGateways: 1000,
      evictionsPerSecond: 100,
      maxBatches: 4,
      maxQueuedPerGateway: 1e9,
    },
    counters: new Float64Array(counterCount),
    now: () => 1_000_000 + read,
    send: () => {},
    post: (batch) => {
      const reader = new BatchReader(batch);
      while (reader.next()) {
        read++;
        if (reader.kind === 2) {
          const { length } = reader.payload();
          assert.ok(length >= 1 && length <= 255);
        }
        if (reader.kind === 3) JSON.parse(reader.text(0));
      }
      receiver.recycle(batch);
    },
    scheduleFlush: () => {},
  });
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(random);
    receiver.handleDatagram(bytes, 1 + random(65535), "10.0.0.1");
    if (run % 50 === 0) receiver.flush();
    if (run % 5000 === 0) receiver.sweep();
  }
  receiver.flush();
  assert.ok(read > 0);
});

/** Without what an earlier frame left behind. */
function comparable({ signals, payload, ...numbers }: Rxpk): unknown {
  return { ...numbers, signal: signals[0], payload: payload.subarray(0, numbers.payloadLength) };
}

test(`what the scanner takes, JSON.parse takes to the same numbers (${runs} runs, seed ${seed})`, () => {
  const random = createRandom(seed + 1);
  const scanner = new RxpkScanner();
  const scanned = Array.from({ length: 8 }, createRxpk);
  const decoder = new PushDataDecoder();
  let taken = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = mutate(random);
    if (bytes.length < 12) continue;
    const count = scanner.scan(bytes, scanned);
    if (count < 0) continue;
    taken++;
    const text = bytes.toString("utf8", 12);
    // White space that the scanner does not know as such would not be skipped; a field that nobody reads makes it give up.
    const parsed = decoder.decode(pushData(`{"\\u0000":0,${text.slice(text.indexOf("{") + 1)}`));
    assert.ok(typeof parsed === "object", text);
    assert.deepEqual(parsed.dropped, [], text);
    assert.equal(parsed.count, count);
    for (let index = 0; index < count; index++) {
      assert.deepEqual(comparable(scanned[index]!), comparable(parsed.rxpks[index]!), text);
    }
  }
  assert.ok(taken > runs / 100);
});
