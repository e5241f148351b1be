import assert from "node:assert/strict";
import { test } from "node:test";
import { OutgoingWindow } from "./outgoing-window.ts";

test("gives consecutive packet identifiers and wraps around", () => {
  const window = new OutgoingWindow(10, 65_534);
  assert.deepEqual([window.add(1, 1), window.add(2, 1), window.add(3, 2)], [65_534, 65_535, 1]);
  window.finish(65_534);
  window.finish(65_535);
  assert.equal(window.firstPacketId, 1);
  assert.equal(window.firstPosition, 3);
});

test("moves only over what is done, in order", () => {
  const window = new OutgoingWindow(3);
  const ids = [window.add(10, 1), window.add(20, 1), window.add(30, 1)];
  assert.ok(window.isFull);
  window.finish(ids[1]!);
  assert.equal(window.firstPosition, 10);
  assert.ok(window.isFull);
  window.finish(ids[0]!);
  assert.equal(window.firstPosition, 30);
  assert.ok(!window.isFull);
});

test("ignores identifiers it does not know", () => {
  const window = new OutgoingWindow(3);
  window.add(10, 2);
  window.finish(2);
  window.release(7);
  window.finish(65_535);
  assert.deepEqual(window.states(), [{ position: 10, qos: 2, progress: "sent" }]);
});

test("continues from its state with the same identifiers", () => {
  const window = new OutgoingWindow(5, 100);
  const [first, second, third] = [window.add(1, 2), window.add(2, 1), window.add(3, 2)];
  window.release(first);
  window.finish(second);
  const again = new OutgoingWindow(5, window.firstPacketId, window.states());
  assert.deepEqual(
    [...again.entries()].map(([id, slot]) => [id, slot.progress]),
    [
      [first, "released"],
      [second, "done"],
      [third, "sent"],
    ],
  );
  again.finish(first);
  assert.equal(again.firstPacketId, third);
  assert.equal(again.add(4, 1), third + 1);
});
