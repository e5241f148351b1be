import assert from "node:assert/strict";
import { test } from "node:test";
import { createPatternBudget, resolveEventNames } from "./event-names.ts";

const known = new Set(["as.up.data.forward", "gs.up.receive", "gs.down.send"]);

test("names are exact or all that match a pattern; no names are all events", () => {
  assert.equal(resolveEventNames([], known), undefined);
  assert.deepEqual(
    resolveEventNames(["as.up.data.forward", "/^gs\\..+/"], known),
    new Set(["as.up.data.forward", "gs.up.receive", "gs.down.send"]),
  );
});

test("unknown names and patterns that match nothing or cannot be read are refused", () => {
  assert.throws(() => resolveEventNames(["as.up"], known), { name: "pkg/events:unknown_event_name" });
  assert.throws(() => resolveEventNames(["/^zz/"], known), { name: "pkg/events:no_matching_events" });
  assert.throws(() => resolveEventNames(["/(/"], known), { name: "pkg/events:invalid_regexp" });
  assert.throws(() => resolveEventNames([`/${"a".repeat(300)}/`], known), {
    name: "pkg/events:invalid_regexp",
  });
});

test("a pattern that would run for years is cut short", () => {
  const started = performance.now();
  const names = new Set(["a".repeat(60)]);
  assert.throws(() => resolveEventNames(["/^(a+)+$x/"], names), { name: "pkg/events:invalid_regexp" });
  assert.ok(performance.now() - started < 1000);
});

test("patterns that run long are refused once many came, until time has passed; names never are", () => {
  let now = 0;
  const budget = createPatternBudget(() => now);
  const names = new Set(["a".repeat(60)]);
  const slow = () => resolveEventNames(["/^(a+)+$x/"], names, budget);
  const tooDear = { name: "skylark/event-server:patterns_too_dear" };
  const started = performance.now();
  for (let count = 0; count < 100; count++) assert.throws(slow);
  assert.throws(slow, tooDear);
  // Each alone may take 50 ms.
  assert.ok(performance.now() - started < 1000);
  assert.throws(() => resolveEventNames(["/^a/"], names, budget), tooDear);
  assert.deepEqual(resolveEventNames([...names], names, budget), names);
  now += 10_000;
  assert.deepEqual(resolveEventNames(["/^a/"], names, budget), names);
});

test("patterns that cost little are never too many", () => {
  const budget = createPatternBudget();
  for (let count = 0; count < 100; count++) resolveEventNames(["/^gs\\..+/"], known, budget);
  assert.equal(budget.isSpent(), false);
});
