import assert from "node:assert/strict";
import { test } from "node:test";
import { type QoS, SubscriptionSet } from "./subscription-set.ts";

const subscription = (filter: string, qos: QoS, since = 0) => ({ filter, qos, since });

test("grants the highest QoS of the subscriptions that match", () => {
  const set = new SubscriptionSet([subscription("a/b", 1), subscription("a/+", 2), subscription("#", 0)]);
  assert.equal(set.match("a/b", 1), 2);
  assert.equal(set.match("a/c", 1), 2);
  assert.equal(set.match("b", 1), 0);
  set.delete("a/+");
  assert.equal(set.match("a/b", 1), 1);
  set.delete("#");
  assert.equal(set.match("b", 1), undefined);
});

test("replaces a subscription with the same filter", () => {
  const set = new SubscriptionSet([subscription("a/#", 0)]);
  set.add(subscription("a/#", 2));
  assert.equal(set.size, 1);
  assert.equal(set.match("a", 1), 2);
});

test("leaves out messages from before the subscription", () => {
  const set = new SubscriptionSet([subscription("a", 1, 10), subscription("+", 2, 20)]);
  assert.equal(set.match("a", 10), undefined);
  assert.equal(set.match("a", 11), 1);
  assert.equal(set.match("a", 21), 2);
});

test("remembers topics with many wildcards, and forgets them when subscriptions change", () => {
  const set = new SubscriptionSet();
  for (let index = 0; index < 20; index++) set.add(subscription(`+/${index}/#`, 0));
  assert.equal(set.match("x/7/y", 1), 0);
  assert.equal(set.match("x/7/y", 1), 0);
  set.add(subscription("x/+/y", 2));
  assert.equal(set.match("x/7/y", 1), 2);
  set.delete("x/+/y");
  set.delete("+/7/#");
  assert.equal(set.match("x/7/y", 1), undefined);
});
