import assert from "node:assert/strict";
import { test } from "node:test";
import { RepeatFilter } from "./repeat-filter.ts";

test("knows a frame heard again at the same time, and lets a retransmission pass", () => {
  const filter = new RepeatFilter();
  const payload = Uint8Array.of(1, 2, 3);
  assert.equal(filter.isRepeat(payload, 1_000_000), false);
  assert.equal(filter.isRepeat(payload, 1_000_000), true);
  assert.equal(filter.isRepeat(payload, 1_050_000), true);
  assert.equal(filter.isRepeat(Uint8Array.of(1, 2, 4), 1_000_000), false);
  assert.equal(filter.isRepeat(payload, 3_000_000), false);
});

test("knows a frame again after others", () => {
  const filter = new RepeatFilter();
  for (let each = 0; each < 10; each++) filter.isRepeat(Uint8Array.of(each), 1_000_000);
  assert.equal(filter.isRepeat(Uint8Array.of(0), 1_000_000), true);
});
