import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveEventNames } from "./event-names.ts";

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
