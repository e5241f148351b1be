import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isTopicName } from "../../../../mqtt/topic-filter.ts";
import { eachField } from "./field-topics.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

function topics(fields: Record<string, unknown>): string[] {
  const found: string[] = [];
  eachField("up", fields, (topic, value) => found.push(`${topic} ${JSON.stringify(value)}`));
  return found;
}

test("each field has a topic, and each field in it", () => {
  assert.deepEqual(topics({ water: true, analog: [0, { a: 1 }], gps: { lat: 1, of: { x: null } } }), [
    "up/water true",
    'up/analog [0,{"a":1}]',
    'up/gps {"lat":1,"of":{"x":null}}',
    "up/gps/lat 1",
    'up/gps/of {"x":null}',
    "up/gps/of/x null",
  ]);
});

test("names that cannot be part of a topic have none", () => {
  assert.deepEqual(topics({ "a+": 1, "#": 1, "*b": 1, "c\0": 1, "d\ud800": 1, "e/f": 2 }), ["up/e/f 2"]);
  const deep: Record<string, unknown> = {};
  let level = deep;
  for (let depth = 0; depth < 20_000; depth++) {
    level.a = {};
    level = level.a as Record<string, unknown>;
  }
  let longest = 0;
  eachField("up", deep, (topic) => {
    longest = Math.max(longest, topic.length);
  });
  assert.equal(longest, 1024);
});

test("all topics are ones that a client may be sent", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      eachField("app/devices/dev/up", fields, (topic) => assert.ok(isTopicName(topic), topic));
    }),
  );
});
