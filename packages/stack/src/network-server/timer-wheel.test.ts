import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { TimerWheel } from "./timer-wheel.ts";

test("calls back in order, not before time and at most 5 ms late", async () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const startAt = clock.now();
  const fired: [name: number, elapsedMs: number][] = [];
  for (const delay of [203, 7, 6000, 0, 200, 16_000]) {
    wheel.after(delay, () => fired.push([delay, clock.now() - startAt]));
  }
  await clock.advance(20_000);
  assert.deepEqual(
    fired.map(([delay]) => delay),
    [0, 7, 200, 203, 6000, 16_000],
  );
  for (const [delay, elapsedMs] of fired) {
    assert.ok(elapsedMs >= delay && elapsedMs <= delay + 5, `${delay} fired after ${elapsedMs}`);
  }
});

test("takes timers from within callbacks, earlier than the others too", async () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const fired: string[] = [];
  wheel.after(100, () => {
    fired.push("first");
    wheel.after(50, () => fired.push("third"));
  });
  wheel.after(120, () => fired.push("second"));
  wheel.after(1000, () => fired.push("last"));
  await clock.advance(200);
  assert.deepEqual(fired, ["first", "second", "third"]);
  await clock.advance(1000);
  assert.equal(fired.at(-1), "last");
  wheel.after(10, () => fired.push("never"));
  wheel.close();
  await clock.advance(100);
  assert.equal(fired.at(-1), "last");
});

test("knows how late it has been called lately", async () => {
  const clock = new ManualClock();
  let stalledMs = 0;
  const wheel = new TimerWheel({
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs() + stalledMs,
    after: (delayMs, callback) => clock.after(delayMs, callback),
  });
  wheel.after(100, () => {});
  await clock.advance(200);
  assert.equal(wheel.lagMs, 0);
  wheel.after(100, () => {});
  stalledMs = 150;
  await clock.advance(200);
  assert.ok(wheel.lagMs > 120 && wheel.lagMs <= 150, `${wheel.lagMs}`);
  await clock.advance(20_000);
  assert.ok(wheel.lagMs < 1, "and forgets it");
});
