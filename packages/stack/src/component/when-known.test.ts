import assert from "node:assert/strict";
import { test } from "node:test";
import { whenKnown } from "./when-known.ts";

test("what is there is used at once, what comes later when it comes", async () => {
  assert.equal(
    whenKnown(2, (value) => value + 1),
    3,
  );
  const later = whenKnown(Promise.resolve(2), (value) => value + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 3);
});

test("what is wrong with a value is told the way it came", async () => {
  const refuse = (value: number): number => {
    throw new RangeError(`not ${value}`);
  };
  assert.throws(() => whenKnown(2, refuse), RangeError);
  await assert.rejects(Promise.resolve(whenKnown(Promise.resolve(2), refuse)), RangeError);
});
