import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundTripTimes } from "./round-trip-times.ts";

test("sums up the last twenty round trips", () => {
  const times = new RoundTripTimes();
  assert.equal(times.stats(0), undefined);
  for (let each = 1; each <= 30; each++) times.record(each * 10, each);
  assert.deepEqual(times.stats(30), { min: 110, max: 300, median: 205, p90: 280, count: 20 });
});

test("forgets round trips after half an hour", () => {
  const times = new RoundTripTimes();
  times.record(10, 0);
  times.record(30, 60_000);
  assert.deepEqual(times.stats(30 * 60_000 + 1), { min: 30, max: 30, median: 30, p90: 30, count: 1 });
  assert.equal(times.stats(32 * 60_000), undefined);
});
