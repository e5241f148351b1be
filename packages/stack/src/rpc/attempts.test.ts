import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { createRateLimits } from "./rate-limits.ts";
import { networkOf } from "./remote-address.ts";

test("an IPv6 address stands for its network, which one customer has all of", () => {
  assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  assert.equal(networkOf("2001:db8:1:2::"), "2001:db8:1:2");
  assert.equal(networkOf("2001:db8::1"), "2001:db8:0:0");
  assert.equal(networkOf("2001:0DB8:0001:0002::ffff"), "2001:db8:1:2");
  assert.equal(networkOf("::1"), "0:0:0:0");
  assert.equal(networkOf("fe80::1%eth0"), "fe80:0:0:0");
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  assert.equal(networkOf(""), "");
});

test("who has a network of addresses has no more attempts than who has one", () => {
  const attempts = { maxPerMinute: 1, maxBurst: 2 };
  const limits = createRateLimits(new ManualClock(), { attempts });
  const attempt = (host: number, account: string) => () =>
    limits.takeAttempt(`2001:db8::${host.toString(16)}`, account);
  attempt(1, "user1")();
  attempt(2, "user1")();
  assert.throws(attempt(3, "user1"), { name: "pkg/ratelimit:rate_limit_exceeded" });
  let refused = 0;
  for (let host = 4; host < 60; host++) {
    try {
      attempt(host, `user${host}`)();
    } catch {
      refused++;
    }
  }
  assert.ok(refused >= 35, `${refused} of 56 refused`);
  limits.takeAttempt("2001:db8:0:1::1", "another");
});

test("who makes up another identifier each time is counted by address", () => {
  const clock = new ManualClock();
  const limits = createRateLimits(clock, { attempts: { maxPerMinute: 1, maxBurst: 1 } });
  for (let count = 0; count < 60; count++) {
    limits.requireFewRefused("192.0.2.1");
    limits.countRefused("192.0.2.1", `192.0.2.1 MADEUP${count}`);
  }
  assert.throws(() => limits.requireFewRefused("192.0.2.1"), { name: "pkg/ratelimit:rate_limit_exceeded" });
  limits.requireNotRefused("192.0.2.1 ANOTHER");
  limits.requireFewRefused("192.0.2.2");
});
