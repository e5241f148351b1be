import assert from "node:assert/strict";
import { test } from "node:test";
import { freshCounters } from "../device.ts";
import {
  type CounterRules,
  type CounterVerdict,
  fingerprintOf,
  judgeCounter,
  maxConfirmedTransmissions,
  possibleFCnts,
} from "./frame-counter.ts";

const wide = { supports32Bit: true, resets: false };

test("continues the upper half of a counter, over its wrap too", () => {
  assert.deepEqual(possibleFCnts(-1, 70, wide), [70]);
  assert.deepEqual(possibleFCnts(0x1_0005, 6, wide), [0x1_0006]);
  assert.deepEqual(possibleFCnts(0x1_0005, 5, wide), [0x1_0005]);
  assert.deepEqual(possibleFCnts(0x1_fff0, 2, wide), [0x2_0002, 0x1_0002]);
  assert.deepEqual(possibleFCnts(0xffff_fff0, 2, wide), [0xffff_0002]);
});

test("has only one meaning for a counter of 16 bits", () => {
  assert.deepEqual(possibleFCnts(500, 2, { supports32Bit: false, resets: false }), [2]);
});

test("also tries the bare 16 bits of a device that starts over", () => {
  assert.deepEqual(
    possibleFCnts(0x2_0005, 0, { supports32Bit: true, resets: true }),
    [0x3_0000, 0x2_0000, 0],
  );
  assert.deepEqual(possibleFCnts(0x2_0005, 9, { supports32Bit: true, resets: true }), [0x2_0009, 9]);
});

const before = { ...freshCounters, fCntUp: 100, lastFrame: 7, transmissions: 1 };
const rules: CounterRules = { resetsFCnt: false, maxFCntGap: 16_384, nbTrans: 3 };

function judge(
  frame: { fCnt: number; fingerprint?: number; confirmed?: boolean },
  changed: Partial<CounterRules> = {},
  counters = before,
): CounterVerdict {
  return judgeCounter(counters, { fingerprint: 7, confirmed: false, ...frame }, { ...rules, ...changed });
}

test("judges counters above, at and below the last one", () => {
  assert.equal(judge({ fCnt: 101 }), "new");
  assert.equal(judge({ fCnt: 100 + 16_384 }), "new");
  assert.equal(judge({ fCnt: 101 + 16_384 }), "gapTooLarge");
  assert.equal(judge({ fCnt: 60_000 }, {}, freshCounters), "new");
  assert.equal(judge({ fCnt: 100 }), "retransmission");
  assert.equal(judge({ fCnt: 100, fingerprint: 8 }), "tooLow");
  assert.equal(judge({ fCnt: 99 }), "tooLow");
  assert.equal(judge({ fCnt: 99 }, { resetsFCnt: true }), "restarted");
  assert.equal(judge({ fCnt: 100, fingerprint: 8 }, { resetsFCnt: true }), "restarted");
});

test("has no gap rule for versions without one", () => {
  const { maxFCntGap: _, ...withoutGap } = rules;
  assert.equal(judgeCounter(before, { fCnt: 100_000, fingerprint: 1, confirmed: false }, withoutGap), "new");
});

test("limits how often a frame may be repeated", () => {
  const sent = (transmissions: number) => ({ ...before, transmissions });
  assert.equal(judge({ fCnt: 100 }, {}, sent(2)), "retransmission");
  assert.equal(judge({ fCnt: 100 }, {}, sent(3)), "tooManyTransmissions");
  assert.equal(judge({ fCnt: 100, confirmed: true }, {}, sent(3)), "retransmission");
  assert.equal(
    judge({ fCnt: 100, confirmed: true }, {}, sent(maxConfirmedTransmissions)),
    "tooManyTransmissions",
  );
});

test("tells frames apart by their bytes", () => {
  assert.notEqual(fingerprintOf(Uint8Array.of(1, 2)), fingerprintOf(Uint8Array.of(2, 1)));
  assert.equal(fingerprintOf(Uint8Array.of(1, 2)), fingerprintOf(Uint8Array.of(1, 2)));
});
