import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64 } from "./base64.ts";
import { codingRateNumber, codingRateText, parseGatewayTime } from "./rxpk.ts";

test("reads the times that forwarders write, and no others", () => {
  assert.equal(parseGatewayTime("2014-01-12 08:59:28 GMT"), Date.UTC(2014, 0, 12, 8, 59, 28));
  assert.equal(parseGatewayTime("2013-03-31T16:21:17Z"), Date.UTC(2013, 2, 31, 16, 21, 17));
  assert.equal(parseGatewayTime("2013-03-31T16:21:17.528Z"), Date.UTC(2013, 2, 31, 16, 21, 17, 528));
  for (const text of [
    "",
    "now",
    "2013-03-31",
    "2013-03-31T16:21:17",
    "2013-99-31T16:21:17Z",
    "12-01-2014 08:59:28 GMT",
  ])
    assert.ok(Number.isNaN(parseGatewayTime(text)), text);
});

test("coding rates survive the way through a number", () => {
  for (const text of ["4/5", "4/6", "4/7", "4/8", "4/5LI", "4/8LI", "1/3", "5/6"]) {
    const bytes = Buffer.from(text);
    assert.equal(codingRateText(codingRateNumber(bytes, 0, bytes.length)), text);
  }
  for (const text of ["", "OFF"]) assert.equal(codingRateNumber(Buffer.from(text), 0, text.length), 0);
  for (const text of ["4/", "a/b", "0/5", "4/5X", "4-5"])
    assert.ok(codingRateNumber(Buffer.from(text), 0, text.length) < 0, text);
});

test("decodes base64 as Node does where it is base64, and refuses the rest", () => {
  const out = new Uint8Array(64);
  for (let length = 0; length < 50; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length) & 255));
    for (const text of [bytes.toString("base64"), bytes.toString("base64").replace(/=+$/, "")]) {
      const padded = Buffer.from(`xx${text}yy`);
      const written = decodeBase64(padded, 2, padded.length - 2, out);
      assert.deepEqual(Buffer.from(out.subarray(0, written)), bytes);
    }
  }
  for (const text of ["A", "A===", "AA=", "AAAAA", "AA-_", "A AA", "AAA=A", "====", "é1"])
    assert.equal(decodeBase64(Buffer.from(text), 0, Buffer.byteLength(text), out), -1, text);
  assert.equal(decodeBase64(Buffer.alloc(88, 65), 0, 88, out), -1);
});
