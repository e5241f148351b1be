import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { composePayloadFunctions, noPayloadFunctions, splitPayloadFunctions } from "./payload-functions.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const functions = {
  decoder: "function Decoder(bytes, port) {\n  return { led: bytes[0] === 1 };\n}",
  converter: "function Converter(decoded, port) { return decoded; }",
  validator: "function Validator(converted, port) { return true; }\n",
  encoder: "function Encoder(object, port) { return [object.led ? 1 : 0]; }",
};

test("the functions are sections of two scripts, each after a line that names it", () => {
  assert.deepEqual(composePayloadFunctions(functions), {
    up: [
      "// v2:decoder",
      functions.decoder,
      "// v2:converter",
      functions.converter,
      "// v2:validator",
      functions.validator,
    ].join("\n"),
    down: `// v2:encoder\n${functions.encoder}`,
  });
});

test("an empty function has no section", () => {
  const { up, down } = composePayloadFunctions({ ...noPayloadFunctions, validator: "v" });
  assert.equal(up, "// v2:validator\nv");
  assert.equal(down, "");
});

test("splitting gives back what was composed, whatever the texts", () => {
  const text = fc
    .array(fc.string(), { maxLength: 4 })
    .map((lines) => lines.join("\n"))
    .filter((each) => !/^\/\/ v2:/m.test(each));
  fc.assert(
    fc.property(
      fc.record(
        { decoder: text, converter: text, validator: text, encoder: text },
        { noNullPrototype: true },
      ),
      (given) => {
        assert.deepEqual(splitPayloadFunctions(composePayloadFunctions(given)), given);
      },
    ),
  );
});

test("a script that V2 did not write shows as decoder or encoder, as it is", () => {
  const up = "function decodeUplink(input) {\n  return { data: {} };\n}\n";
  const down = "function encodeDownlink(input) { return { bytes: [] }; }";
  assert.deepEqual(splitPayloadFunctions({ up, down }), {
    decoder: up,
    converter: "",
    validator: "",
    encoder: down,
  });
});

test("the marker of the other direction is text like any other", () => {
  const up = "// v2:encoder\nfunction Decoder(bytes) { return {}; }";
  assert.equal(splitPayloadFunctions({ up, down: "" }).decoder, up);
  assert.equal(splitPayloadFunctions({ up, down: "" }).encoder, "");
});
