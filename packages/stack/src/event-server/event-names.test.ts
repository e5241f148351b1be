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
  const names = new Set(["a".repeat(60)]);
  assert.throws(() => resolveEventNames(["/^(a+)+$x/"], names), { name: "pkg/events:invalid_regexp" });
});

test("patterns that run long are refused once many came, until time has passed; names never are", () => {
  let now = 0;
  const budget = createPatternBudget(() => now);
  const names = new Set(["a".repeat(60)]);
  const slow = () => resolveEventNames(["/^(a+)+$x/"], names, budget);
  const tooDear = { name: "skylark/event-server:patterns_too_dear" };
  const cutShort = { name: "pkg/events:invalid_regexp" };
  let tried = 0;
  for (; !budget.isSpent(); tried++) assert.throws(slow, cutShort);
  // Five on a machine that does nothing else: each is given 50 ms.
  assert.ok(tried > 1 && tried < 100, `${tried} were tried`);
  assert.throws(slow, tooDear);
  assert.throws(() => resolveEventNames(["/^a/"], names, budget), tooDear);
  assert.deepEqual(resolveEventNames([...names], names, budget), names);
  now += 10_000;
  assert.deepEqual(resolveEventNames(["/^a/"], names, budget), names);
});

test("a pattern does not pay for what else the machine does meanwhile", () => {
  const spent: number[] = [];
  const budget = { isSpent: () => false, spend: (durationMs: number) => void spent.push(durationMs) };
  const waiting = new Set(known);
  waiting[Symbol.iterator] = function* () {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    yield* known;
  } as (typeof waiting)[typeof Symbol.iterator];
  assert.equal(resolveEventNames(["/^gs\\..+/"], waiting, budget)?.size, 2);
  assert.ok(spent.length === 1 && spent[0]! < 50, `${spent} ms`);
});

test("patterns that cost little are never too many", () => {
  const budget = createPatternBudget();
  for (let count = 0; count < 100; count++) resolveEventNames(["/^gs\\..+/"], known, budget);
  assert.equal(budget.isSpent(), false);
});
