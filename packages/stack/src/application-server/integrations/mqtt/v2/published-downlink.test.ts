import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readV2Downlink } from "./published-downlink.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const read = (json: unknown) =>
  readV2Downlink(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));

test("reads what V2 took, with its defaults", () => {
  const plain = read({ payload_raw: "AQIDBA==", app_id: "x", unknown: 1 });
  assert.equal(plain?.operation, "replace");
  assert.equal(plain?.problem, undefined);
  assert.equal(plain?.message.fPort, 1);
  assert.deepEqual(plain?.message.frmPayload, Uint8Array.of(1, 2, 3, 4));
  assert.equal(plain?.message.confirmed, false);
  const fields = read({ port: 7, payload_fields: { led: true }, confirmed: true, schedule: "first" });
  assert.equal(fields?.operation, "pushFirst");
  assert.deepEqual(fields?.message.decodedPayload, { led: true });
  assert.equal(fields?.message.confirmed, true);
  assert.equal(read({ payload_raw: "AQ==", schedule: "last" })?.operation, "push");
  assert.equal(read({ payload_raw: "AQ==", schedule: "" })?.operation, "replace");
});

test("says in V2's words what is wrong", () => {
  const problem = (json: unknown) => read(json)?.problem?.message ?? "";
  assert.match(problem({ port: 1 }), /Downlink Payload not valid: empty$/);
  assert.match(problem({ payload_raw: "AQ==", schedule: "x" }), /ScheduleType not valid: unknown$/);
  assert.match(
    problem({ payload_raw: "AQ==", payload_fields: {} }),
    /Downlink not valid: Both Fields and Payload provided$/,
  );
});

test("drops what V2 dropped", () => {
  const bad = [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    { port: "1", payload_raw: "AQ==" },
    { port: 256, payload_raw: "AQ==" },
    { port: -1, payload_raw: "AQ==" },
    { port: 1.5, payload_raw: "AQ==" },
    { payload_raw: "AQ" },
    { payload_raw: "A?==" },
    { payload_raw: 1 },
    { payload_fields: [1] },
    { payload_fields: "x" },
    { payload_raw: "AQ==", confirmed: "true" },
    { payload_raw: "AQ==", schedule: 1 },
  ];
  for (const each of bad) assert.equal(read(each), undefined, JSON.stringify(each));
});

test("no bytes make it throw", () => {
  const member = fc.constantFrom("port", "payload_raw", "payload_fields", "confirmed", "schedule");
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readV2Downlink(bytes)));
  fc.assert(fc.property(fc.dictionary(member, fc.jsonValue()), (json) => void read(json)));
});

test("drops fields that are nested deeper than those of V3 may be", () => {
  const nested = (depth: number) => `{"payload_fields":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
  assert.equal(read(nested(50))?.operation, "replace");
  assert.equal(read(nested(200)), undefined);
  assert.equal(read(nested(20_000)), undefined);
});
