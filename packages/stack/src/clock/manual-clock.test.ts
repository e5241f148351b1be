import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./manual-clock.ts";

describe("ManualClock", () => {
  it("fires timers in the order they fall due, each at its instant", async () => {
    const clock = new ManualClock(1000);
    const seen: [string, number][] = [];
    clock.after(30, () => seen.push(["late", clock.now()]));
    clock.after(10, () => {
      seen.push(["early", clock.now()]);
      clock.after(5, () => seen.push(["nested", clock.now()]));
    });
    const cancelled = clock.after(20, () => seen.push(["cancelled", clock.now()]));
    cancelled.cancel();
    await clock.advance(29);
    assert.deepEqual(seen, [
      ["early", 1010],
      ["nested", 1015],
    ]);
    await clock.advance(1);
    assert.deepEqual(seen.at(-1), ["late", 1030]);
    assert.equal(clock.now(), 1030);
  });
});
