import assert from "node:assert/strict";
import { test } from "node:test";
import { readV2AccessKey } from "./access-keys.ts";
import { parseV2DownlinkTopic, rewriteV2Filter } from "./topics.ts";
import { isOfV2 } from "./v2-feeds.ts";

test("filters are kept to the application's own topics", () => {
  const cases = {
    "#": "app1/#",
    "+/devices/+/up": "app1/devices/+/up",
    "+/#": "app1/#",
    "app1/devices/dev/events/#": "app1/devices/dev/events/#",
    "app1/#": "app1/#",
    "app2/devices/+/up": undefined,
    app1: undefined,
    "+": undefined,
    "/app1/#": undefined,
  };
  for (const [filter, expected] of Object.entries(cases)) {
    assert.equal(rewriteV2Filter("app1", filter), expected, filter);
  }
  assert.equal(rewriteV2Filter("app1@tenant1", "+/devices/+/up"), "app1@tenant1/devices/+/up");
});

test("downlinks are published for devices of the application", () => {
  assert.equal(parseV2DownlinkTopic("app1", "app1/devices/my_dev/down"), "my_dev");
  assert.equal(parseV2DownlinkTopic("app1", "app1/devices/d1/down"), "d1");
  for (const topic of [
    "app2/devices/dev/down",
    "app1/devices/dev/up",
    "app1/devices/dev/down/push",
    "app1/devices//down",
    "app1/devices/Dev/down",
    "app1/devices/a__b/down",
  ]) {
    assert.equal(parseV2DownlinkTopic("app1", topic), undefined, topic);
  }
});

test("an application by the name of V3's topics has both kinds", () => {
  assert.equal(isOfV2("v3", "v3/devices/dev/up"), true);
  assert.equal(isOfV2("v3", "v3/v3/devices/dev/up"), false);
  assert.equal(isOfV2("app1", "v3/app1/devices/dev/up"), false);
});

test("an API key is found in an access key of V2", () => {
  assert.equal(readV2AccessKey("ttn-account-v2.NNSXS.A.B"), "NNSXS.A.B");
  assert.equal(readV2AccessKey("NNSXS.A.B"), "NNSXS.A.B");
  assert.equal(readV2AccessKey("ttn-account"), "ttn-account");
});
