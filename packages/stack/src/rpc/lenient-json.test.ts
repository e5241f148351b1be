import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RequestError } from "./error-status.ts";
import { parseLenientJson, withoutTrailingCommas } from "./lenient-json.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

test("the downlink example of the documentation is read, with a warning", () => {
  const { json, warning } = parseLenientJson(`{
    "downlinks": [{
      "frm_payload": "vu8=",
      "f_port": 42,
    }]
  }`);
  assert.deepEqual(json, { downlinks: [{ frm_payload: "vu8=", f_port: 42 }] });
  assert.match(warning ?? "", /comma/);
});

test("JSON is read as it is, without a warning", () => {
  const text = '{"a":[1,2,{"b":",}"}],"c":"\\",]"}';
  assert.deepEqual(parseLenientJson(text), { json: JSON.parse(text) });
});

test("other mistakes are refused, with the place and without the text", () => {
  for (const text of [
    "",
    "{",
    "[,]",
    "[1,,]",
    "{,}",
    "[1 2]",
    "{'a':1}",
    '{"secret":"NNSXS.KEY.SECRET" oops}',
    "[1],",
  ]) {
    assert.throws(
      () => parseLenientJson(text),
      (error) => {
        assert.ok(error instanceof RequestError);
        assert.match(error.message, /^invalid JSON: /);
        assert.doesNotMatch(error.message, /SECRET/);
        return true;
      },
    );
  }
});

test("a comma put before any closing bracket of any JSON is not missed, and strings are left alone", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 1);
      assert.equal(withoutTrailingCommas(text), text);
      // With indentation, a value before a line with a closing bracket can take a comma.
      const commas = text.replace(/([^[{\s])\n(\s*[\]}])/g, "$1,\n$2");
      assert.deepEqual(parseLenientJson(commas).json, JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test("any text is read as JSON.parse reads it, or repaired, or refused by the reader's own error", () => {
  const tokens = fc.array(
    fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"\\"', "1", " ", "null", '"'),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        tokens.map((parts) => parts.join("")),
      ),
      (text) => {
        let strict: { readonly json: unknown } | undefined;
        try {
          strict = { json: JSON.parse(text) };
        } catch {
          strict = undefined;
        }
        try {
          const { json, warning } = parseLenientJson(text);
          assert.equal(warning === undefined, strict !== undefined);
          if (strict !== undefined) assert.deepEqual(json, strict.json);
        } catch (error) {
          assert.ok(error instanceof RequestError, String(error));
        }
      },
    ),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 3000) },
  );
});
