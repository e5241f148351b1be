import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeErrorText, downlinkErrorText, errorText } from "./error-texts.ts";

test("errors that V2 knew have the text that it gave them", () => {
  assert.equal(
    errorText({ namespace: "pkg/joinserver", name: "reuse_dev_nonce", message_format: "used" }),
    "Activation DevNonce not valid: already used",
  );
  const low = { namespace: "pkg/networkserver", name: "f_cnt_too_low", message_format: "too low" };
  assert.equal(errorText(low), "FCnt not valid: not high enough");
});

test("others are told as they are, with their attributes", () => {
  const error = { namespace: "a", name: "b", message_format: "no `{x}` of {y}", attributes: { x: 1 } };
  assert.equal(errorText(error), "no `1` of {y}");
  assert.equal(errorText({}), "internal error");
});

test("a payload that cannot be decoded is told as V2 did", () => {
  const threw = {
    namespace: "skylark/v2",
    name: "payload_function",
    message_format: "{message}",
    attributes: { message: "Decoder not valid: does not return an object" },
  };
  assert.equal(
    decodeErrorText(threw),
    "Unable to decode payload fields: Decoder not valid: does not return an object",
  );
  const decoded = "Payload Function output cannot be marshaled to JSON: TypeError: a ring";
  assert.equal(decodeErrorText({ ...threw, attributes: { message: decoded } }), decoded);
  const timeout = { namespace: "pkg/scripting/javascript", name: "script_timeout" };
  assert.match(
    decodeErrorText(timeout),
    /: Internal error: Interrupted javascript execution for Decoder after /,
  );
});

test("fields without an encoder are told as V2 did", () => {
  const missing = { namespace: "pkg/applicationserver", name: "no_payload", message_format: "no payload" };
  assert.equal(
    downlinkErrorText(missing, true),
    "Downlink Payload not valid: fields supplied, but no Encoder function set",
  );
  assert.equal(downlinkErrorText(missing, false), "no payload");
  const timeout = { namespace: "pkg/scripting/javascript", name: "script_timeout" };
  assert.match(downlinkErrorText(timeout, true), /execution for Encoder after /);
});
