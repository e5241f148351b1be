import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineErrors, errorDefinitions, SkylarkError } from "./errors.ts";

const errors = defineErrors("test/errors");
const fCntTooLow = errors.invalidArgument("f_cnt_too_low", "FCnt `{f_cnt}` is lower than `{min_f_cnt}`");
const missing = errors.notFound("missing", "nothing here");

describe("defineErrors", () => {
  it("fills the attributes into the message and keeps them", () => {
    const error = fCntTooLow({ f_cnt: 3, min_f_cnt: 5 });
    assert.ok(error instanceof SkylarkError);
    assert.equal(error.message, "FCnt `3` is lower than `5`");
    assert.equal(error.code, 3);
    assert.equal(error.statusMessage, "error:test/errors:f_cnt_too_low (FCnt `3` is lower than `5`)");
    assert.deepEqual(error.attributes, { f_cnt: 3, min_f_cnt: 5 });
  });

  it("keeps the cause", () => {
    const cause = missing();
    assert.equal(fCntTooLow({ f_cnt: 1, min_f_cnt: 2 }, { cause }).cause, cause);
  });

  it("does not compile without an attribute", () => {
    // @ts-expect-error min_f_cnt is missing
    assert.match(fCntTooLow({ f_cnt: 1 }).message, /\{min_f_cnt\}/);
  });

  it("registers each definition once, and refuses a different one of the same name", () => {
    const names = errorDefinitions().filter((definition) => definition.namespace === "test/errors");
    assert.deepEqual(names.map((definition) => definition.name).sort(), ["f_cnt_too_low", "missing"]);
    assert.throws(() => errors.internal("missing", "something else"), /defined twice/);
  });
});
