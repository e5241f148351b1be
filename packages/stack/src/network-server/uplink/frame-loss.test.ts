import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameLoss } from "./frame-loss.ts";

test("knows how many of the last twenty frames were lost", () => {
  const loss = new FrameLoss();
  for (let fCnt = 100; fCnt < 109; fCnt++) assert.equal(loss.note(fCnt), undefined, "too few to tell");
  assert.equal(loss.note(109), 0);
  assert.equal(loss.note(119), 1 - 11 / 20);
  assert.equal(loss.note(119), 1 - 11 / 20, "the same frame again changes nothing");
  for (let fCnt = 120; fCnt < 138; fCnt++) loss.note(fCnt);
  assert.equal(loss.note(138), 0, "what was lost longer ago no longer counts");
});

test("counts a long silence as lost, and begins anew with a counter that goes back", () => {
  const loss = new FrameLoss();
  loss.note(1);
  assert.equal(loss.note(5000), 1 - 1 / 20);
  assert.equal(loss.note(0), undefined);
});
