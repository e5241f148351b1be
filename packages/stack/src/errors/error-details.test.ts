import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorDetailsJson } from "./error-details.ts";
import { defineErrors } from "./errors.ts";

const errors = defineErrors("pkg/error-details-test");
const outer = errors.failedPrecondition("outer", "no `{thing}`");
const inner = errors.unknown("inner", "nothing works");

describe("the details of an error", () => {
  it("have its causes and further details", () => {
    const error = outer(
      { thing: "path" },
      { cause: inner(), details: [{ type: "ttn.lorawan.v3.X", value: { y: 1 } }] },
    );
    assert.deepEqual(errorDetailsJson(error), {
      namespace: "pkg/error-details-test",
      name: "outer",
      message_format: "no `{thing}`",
      attributes: { thing: "path" },
      code: 9,
      cause: {
        namespace: "pkg/error-details-test",
        name: "inner",
        message_format: "nothing works",
        code: 2,
      },
      details: [{ "@type": "type.googleapis.com/ttn.lorawan.v3.X", y: 1 }],
    });
  });

  it("say nothing of an error that is not named", () => {
    const internal = {
      namespace: "pkg/errors",
      name: "internal",
      message_format: "internal error",
      code: 13,
    };
    assert.deepEqual(errorDetailsJson(new Error("secret")), internal);
    assert.doesNotMatch(
      JSON.stringify(errorDetailsJson(inner({}, { cause: new Error("secret") }))),
      /secret/,
    );
  });
});
