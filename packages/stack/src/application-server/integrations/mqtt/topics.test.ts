import assert from "node:assert/strict";
import { test } from "node:test";
import { v3Topics } from "./topics.ts";

test("rewrites filters to the application's own topics", () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    "#": "v3/app1/#",
    "v3/#": "v3/app1/#",
    "v3/+/#": "v3/app1/#",
    "v3/+/devices/+/up": "v3/app1/devices/+/up",
    "v3/app1/#": "v3/app1/#",
    "v3/app1/devices/dev1/#": "v3/app1/devices/dev1/#",
    "v3/app1/devices/+/down/+": "v3/app1/devices/+/down/+",
    v3: undefined,
    "v3/+": undefined,
    "v3/app1": undefined,
    "+/app1/devices/dev1/up": undefined,
    "+/#": undefined,
    "v3/app2/devices/dev1/up": undefined,
    "v3/app1@tenant1/#": undefined,
    "$SYS/#": undefined,
    "app1/devices/+/up": undefined,
  };
  for (const [filter, rewritten] of Object.entries(cases)) {
    assert.equal(v3Topics.rewriteFilter("app1", filter), rewritten, filter);
  }
  assert.equal(v3Topics.rewriteFilter("app1@tenant1", "#"), "v3/app1@tenant1/#");
  assert.equal(
    v3Topics.rewriteFilter("app1@tenant1", "v3/app1@tenant1/devices/+/up"),
    "v3/app1@tenant1/devices/+/up",
  );
});

test("reads the two topics that downlinks are published to, and no other", () => {
  const parse = (topic: string) => v3Topics.parseDownlink("app1", topic);
  assert.deepEqual(parse("v3/app1/devices/dev1/down/push"), { deviceId: "dev1", operation: "push" });
  assert.deepEqual(parse("v3/app1/devices/dev-1/down/replace"), { deviceId: "dev-1", operation: "replace" });
  const others = [
    "v3/app1/devices/dev1/up",
    "v3/app1/devices/dev1/down/queued",
    "v3/app1/devices/dev1/down/push/",
    "v3/app1/devices/dev1/down",
    "v3/app2/devices/dev1/down/push",
    "v2/app1/devices/dev1/down/push",
    "v3/app1/devices/DEV1/down/push",
    "v3/app1/devices//down/push",
    "v3/app1/devices/d/down/push",
    `v3/app1/devices/${"d".repeat(37)}/down/push`,
    "v3/app1/gateways/dev1/down/push",
  ];
  for (const topic of others) assert.equal(parse(topic), undefined, topic);
});
