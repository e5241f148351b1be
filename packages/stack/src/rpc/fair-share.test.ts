import assert from "node:assert/strict";
import { test } from "node:test";
import { FairShare, HeldBytes, ownBytes } from "./fair-share.ts";

function takeAll(share: FairShare, client: string): number {
  let taken = 0;
  while (share.take(client, 1)) taken++;
  return taken;
}

test("one client gets half, the next half of the rest, and there is always something left", () => {
  const share = new FairShare(1200);
  assert.deepEqual(
    ["a", "b", "c"].map((client) => takeAll(share, client)),
    [600, 300, 150],
  );
  share.giveBack("a", 600);
  assert.equal(takeAll(share, "c"), 300);
  assert.equal(share.free, 1200 - 300 - 450);
});

test("who has given everything back is forgotten and begins anew", () => {
  const share = new FairShare(100);
  for (let round = 0; round < 3; round++) {
    assert.equal(takeAll(share, "a"), 50);
    share.giveBack("a", 50);
  }
  assert.equal(share.free, 100);
});

test("a call holds a little of its own, and of the share what is beyond, as long as it does", () => {
  const share = new FairShare(100_000);
  const held = new HeldBytes(share, "a");
  assert.equal(held.set(ownBytes), true);
  assert.equal(share.free, 100_000);
  assert.equal(held.set(ownBytes + 50_000), true);
  assert.equal(held.set(ownBytes + 50_001), false);
  assert.equal(share.free, 50_000);
  assert.equal(held.set(0), true);
  assert.equal(share.free, 100_000);
});
