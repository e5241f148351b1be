import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../clock/manual-clock.ts";
import { gatewayUplink, type Heard } from "../network-server.fixture.ts";
import { closeRound, Deduplicator, maxReceptions } from "./deduplicator.ts";

const bytes = Uint8Array.of(0x40, 1, 2, 3, 4, 0, 1, 0, 9, 9, 9, 9);
const copy = (raw = bytes, heard: Heard = {}) => gatewayUplink(raw, heard, 0);

test("makes one round of the copies of a frame, for as long as it remembers", async () => {
  const clock = new ManualClock();
  const deduplicator = new Deduplicator(clock, 1000);
  const round = deduplicator.receive(copy());
  assert.equal(deduplicator.receive(copy(bytes, { gatewayId: "gtw2" })), undefined);
  assert.deepEqual(
    round?.receptions.map(({ gateway }) => gateway.ids.gatewayId),
    ["gtw1", "gtw2"],
  );
  closeRound(round!);
  assert.equal(deduplicator.receive(copy(bytes, { gatewayId: "gtw3" })), undefined);
  assert.deepEqual(deduplicator.counters, { merged: 1, late: 1 });
  await clock.advance(1000);
  assert.notEqual(deduplicator.receive(copy()), undefined);
  assert.equal(deduplicator.size, 1);
});

test("keeps apart what differs in bytes, frequency or data rate", () => {
  const deduplicator = new Deduplicator(new ManualClock(), 1000);
  const sameMIC = Uint8Array.of(0x40, 7, 7, ...bytes.subarray(3));
  const slower = { modulation: "LORA", spreadingFactor: 8, bandwidth: 125_000 } as const;
  for (const each of [
    copy(),
    copy(sameMIC),
    copy(bytes, { frequency: 868_300_000 }),
    copy(bytes, { dataRate: slower }),
  ]) {
    assert.notEqual(deduplicator.receive(each), undefined);
  }
  assert.equal(deduplicator.receive(copy(sameMIC)), undefined);
});

test("forgets frames of one key one after another", async () => {
  const clock = new ManualClock();
  const deduplicator = new Deduplicator(clock, 1000);
  const frames = [1, 2, 3].map((first) => Uint8Array.of(first, ...bytes.subarray(1)));
  for (const frame of frames) {
    assert.notEqual(deduplicator.receive(copy(frame)), undefined);
    await clock.advance(300);
  }
  await clock.advance(150);
  assert.notEqual(deduplicator.receive(copy(frames[0])), undefined, "forgotten");
  assert.equal(deduplicator.receive(copy(frames[1])), undefined);
  assert.equal(deduplicator.receive(copy(frames[2])), undefined);
});

test("keeps at most so many receptions", () => {
  const deduplicator = new Deduplicator(new ManualClock(), 1000);
  const round = deduplicator.receive(copy());
  for (let index = 0; index < 100; index++) deduplicator.receive(copy(bytes, { gatewayId: `g${index}` }));
  assert.equal(round?.receptions.length, maxReceptions);
});

test("forgets the oldest early rather than holding more than its limit", () => {
  const deduplicator = new Deduplicator(new ManualClock(), 1000, 3);
  const frames = [1, 2, 3, 4, 5].map((first) => Uint8Array.of(first, ...bytes.subarray(1)));
  for (const frame of frames) assert.notEqual(deduplicator.receive(copy(frame)), undefined);
  assert.equal(deduplicator.size, 3);
  assert.equal(deduplicator.receive(copy(frames[4])), undefined);
  assert.notEqual(deduplicator.receive(copy(frames[0])), undefined);
});
