import assert from "node:assert/strict";
import { test } from "node:test";
import { createRateLimiter } from "./rate-limiter.ts";

function limiterAt() {
  const clock = { now: 0, monotonicMs: () => clock.now };
  return { clock, limiter: createRateLimiter(clock) };
}
const profile = { name: "test", maxPerMinute: 60, maxBurst: 3 };

test("a burst is accepted and what exceeds it is not, until the interval has passed", () => {
  const { clock, limiter } = limiterAt();
  const take = () => limiter.take(profile, "key");
  assert.deepEqual(
    [take(), take(), take()].map(({ limited, remaining }) => [limited, remaining]),
    [
      [false, 2],
      [false, 1],
      [false, 0],
    ],
  );
  assert.deepEqual(take(), { limited: true, limit: 3, remaining: 0, resetMs: 3000, retryMs: 1000 });
  clock.now = 999;
  assert.equal(take().limited, true);
  clock.now = 1000;
  assert.equal(take().limited, false);
});

test("a refused use costs nothing", () => {
  const { clock, limiter } = limiterAt();
  for (let use = 0; use < 100; use++) limiter.take(profile, "key");
  clock.now = 3000;
  assert.deepEqual(limiter.take(profile, "key").remaining, 2);
});

test("keys and profiles are counted apart", () => {
  const { limiter } = limiterAt();
  for (let use = 0; use < 4; use++) limiter.take(profile, "one");
  assert.equal(limiter.take(profile, "one").limited, true);
  assert.equal(limiter.take(profile, "two").limited, false);
  assert.equal(limiter.take({ ...profile, name: "other" }, "one").limited, false);
});

test("over a long time no more than the rate is accepted", () => {
  const { clock, limiter } = limiterAt();
  let accepted = 0;
  for (clock.now = 0; clock.now < 600_000; clock.now += 100) {
    if (!limiter.take(profile, "key").limited) accepted++;
  }
  assert.ok(accepted >= 600 && accepted <= 603, String(accepted));
});

test("a large burst is accepted to its last", () => {
  const { limiter } = limiterAt();
  const large = { name: "large", maxPerMinute: 700_000 };
  let accepted = 0;
  while (!limiter.take(large, "key").limited) accepted++;
  assert.equal(accepted, 700_000);
});
