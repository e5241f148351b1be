import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayClock } from "./gateway-clock.ts";

const wrap = 2 ** 32;
const start = Date.UTC(2026, 0, 1);

test("knows nothing before the first reading", () => {
  const clock = new GatewayClock();
  assert.equal(clock.isSynchronized, false);
  assert.equal(clock.fromServerTime(start), undefined);
  assert.equal(clock.toServerTime(0), undefined);
  assert.equal(clock.extend(5, start), undefined);
});

test("counts the counter's wraps", () => {
  const clock = new GatewayClock();
  assert.equal(clock.synchronize(wrap - 1_000_000, start), wrap - 1_000_000);
  assert.equal(clock.synchronize(1_000_000, start + 2000), wrap + 1_000_000);
  assert.equal(clock.synchronize(2_000_000, start + 3000), wrap + 2_000_000);
});

test("counts wraps that passed in silence", () => {
  const clock = new GatewayClock();
  clock.synchronize(1_000_000, start);
  const silentMs = (3 * wrap) / 1000;
  assert.equal(clock.synchronize(1_500_000, start + silentMs + 500), 3 * wrap + 1_500_000);
});

test("takes frames that come in another order than they were heard, around a wrap too", () => {
  const clock = new GatewayClock();
  clock.synchronize(wrap - 500_000, start);
  assert.equal(clock.synchronize(500_000, start + 1000), wrap + 500_000);
  assert.equal(clock.synchronize(wrap - 100_000, start + 1010), wrap - 100_000);
  assert.equal(clock.synchronize(600_000, start + 1100), wrap + 600_000);
});

test("converts between the server's time and the concentrator's", () => {
  const clock = new GatewayClock();
  clock.synchronize(10_000_000, start);
  assert.equal(clock.fromServerTime(start + 250), 10_250_000);
  assert.equal(clock.toServerTime(11_000_000), start + 1000);
});

test("a datagram that was late on its way does not set the clock back", () => {
  const clock = new GatewayClock();
  clock.synchronize(10_000_000, start);
  clock.synchronize(11_000_000, start + 1700);
  assert.equal(clock.fromServerTime(start + 2000), 12_000_000);
  // A faster one than the first sets it right.
  clock.synchronize(12_020_000, start + 2000);
  assert.equal(clock.fromServerTime(start + 3000), 13_020_000);
});

test("follows a crystal that drifts", () => {
  const clock = new GatewayClock();
  const driftPerMs = 0.05;
  for (let second = 0; second < 3600; second += 5) {
    clock.synchronize(Math.round(1_000_000 * second - driftPerMs * 1000 * second), start + 1000 * second);
  }
  const now = clock.fromServerTime(start + 3_600_000)!;
  const truth = 3_600_000_000 - driftPerMs * 3_600_000;
  assert.ok(Math.abs(now - truth) < 10_000, `off by ${now - truth} us`);
});

test("a gateway that restarted continues on its new counter after two readings behind the old one", () => {
  const jumps: number[] = [];
  const clock = new GatewayClock((byUs) => jumps.push(byUs));
  clock.synchronize(1_000_000_000, start);
  clock.synchronize(5_000_000, start + 10_000);
  assert.deepEqual(jumps, []);
  clock.synchronize(6_000_000, start + 11_000);
  assert.equal(jumps.length, 1);
  assert.ok(Math.abs(jumps[0]! - (6_000_000 - 1_011_000_000)) < 1000);
  assert.equal(clock.fromServerTime(start + 12_000), 7_000_000);
});

test("a frame that a gateway kept back does not look like a restart", () => {
  const jumps: number[] = [];
  const clock = new GatewayClock((byUs) => jumps.push(byUs));
  clock.synchronize(1_000_000_000, start);
  clock.synchronize(900_000_000, start + 1000);
  clock.synchronize(1_002_000_000, start + 2000);
  clock.synchronize(960_000_000, start + 3000);
  assert.deepEqual(jumps, []);
  assert.equal(clock.fromServerTime(start + 4000), 1_004_000_000);
});

test("a counter that leaps ahead is a restart at once", () => {
  const jumps: number[] = [];
  const clock = new GatewayClock((byUs) => jumps.push(byUs));
  clock.synchronize(1_000_000, start);
  clock.synchronize(500_000_000, start + 1000);
  assert.deepEqual(jumps, [498_000_000]);
  assert.equal(clock.fromServerTime(start + 1000), 500_000_000);
});

test("tells the concentrator's time of a GPS time", () => {
  const clock = new GatewayClock();
  assert.equal(clock.fromGpsTime(start), undefined);
  const concentratorTimeUs = clock.synchronize(10_000_000, start);
  clock.synchronizeGps(start - 20, concentratorTimeUs);
  assert.equal(clock.fromGpsTime(start + 980), 11_000_000);
});
