import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfiguration } from "../config/load.ts";
import { rateLimitProfiles, rpcOptions } from "./config.ts";
import { generousRateLimits } from "./rate-limits.ts";

const load = (...args: string[]) => rateLimitProfiles(loadConfiguration(rpcOptions, { args, env: {} }));

test("the limits that the options have by default are those of a platform without options", () => {
  const withBurst = Object.entries(generousRateLimits).map(([name, { maxPerMinute, maxBurst }]) => [
    name,
    { maxPerMinute, maxBurst: maxBurst ?? maxPerMinute },
  ]);
  assert.deepEqual(load(), Object.fromEntries(withBurst));
});

test("a limit is a number a minute, with the most at once, or none", () => {
  assert.deepEqual(load("--rate-limit.reads=600").reads, { maxPerMinute: 600, maxBurst: 600 });
  assert.deepEqual(load("--rate-limit.reads=600/10").reads, { maxPerMinute: 600, maxBurst: 10 });
  assert.equal(load("--rate-limit.reads=").reads, undefined);
  for (const wrong of ["0", "x", "1/0", "-1", "1/2/3"]) {
    assert.throws(() => load(`--rate-limit.reads=${wrong}`), /rate-limit\.reads: expected how many a minute/);
  }
});
