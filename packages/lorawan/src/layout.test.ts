import assert from "node:assert/strict";
import { test } from "node:test";
import { flag, int, layout, rfu, uint } from "./layout.ts";

test("a layout that is not whole bytes is refused when it is stated", () => {
  assert.throws(() => layout({ a: uint(4), b: uint(3) }), /layout has 7 bits/);
});

test("fields are packed lowest bit first, through byte borders, reserved bits as 0", () => {
  const packed = layout({ a: uint(3), b: int(7), _: rfu(5), c: flag, d: uint(32) });
  assert.equal(packed.length, 6);
  const bytes = new Uint8Array(7);
  packed.encode({ a: 5, b: -2, c: true, d: 0xfedcba98 }, bytes, 1, { freqMultiplier: 100 });
  // a = 101, b = 1111110: 1_1110_101 = F5, then 00000_11 with c on top = 83.
  assert.deepEqual(bytes, Uint8Array.of(0, 0xf5, 0x83, 0x98, 0xba, 0xdc, 0xfe));
  bytes[2]! |= 0x7c;
  assert.deepEqual(packed.decode(bytes, 1, { freqMultiplier: 100 }), { a: 5, b: -2, c: true, d: 0xfedcba98 });
});
