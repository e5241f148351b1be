import assert from "node:assert/strict";
import { test } from "node:test";
import { isV2Id, v2IdAttributes, v2IdOf, v3IdOf } from "./v2-identifiers.ts";

test("an identifier that V3 allows is the same in both", () => {
  for (const id of ["abc", "my-app-id", "a1b2c3", "0".repeat(36)]) {
    assert.equal(v3IdOf(id), id);
    assert.deepEqual(v2IdAttributes(id), {});
    assert.equal(v2IdOf(id, {}), id);
    assert.equal(v2IdOf(id, undefined), id);
  }
});

test("underscores and two characters become what V3 allows, and the attribute leads back", () => {
  for (const [id, expected] of [
    ["my_app", "my-app"],
    ["a_b-c_d", "a-b-c-d"],
    ["ab", "ab-v2"],
  ] as const) {
    assert.equal(v3IdOf(id), expected);
    assert.match(expected, /^[a-z0-9](?:[-]?[a-z0-9]){2,}$/);
    assert.deepEqual(v2IdAttributes(id), { "v2-id": id });
    assert.equal(v2IdOf(expected, v2IdAttributes(id)), id);
  }
});

test("what is no V2 identifier has none in V3", () => {
  for (const id of [
    "",
    "a",
    "A-B",
    "a__b",
    "a--b",
    "a_-b",
    "_ab",
    "ab_",
    "a.b",
    "a/b",
    "a+",
    "0".repeat(37),
  ]) {
    assert.equal(isV2Id(id), false, id);
    assert.equal(v3IdOf(id), undefined, id);
  }
});

test("a spelling that belongs to another entity is not believed", () => {
  assert.equal(v2IdOf("my-app", { "v2-id": "other_app" }), "my-app");
  assert.equal(v2IdOf("my-app", { "v2-id": "#" }), "my-app");
});
