import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { create, equals } from "@bufbuild/protobuf";
import fc from "fast-check";
import { emptyMessages } from "../message/empty-message.ts";
import { registry } from "../registry.ts";
import { arbitraryMessage } from "./arbitrary-message.fixture.ts";
import { compileReader, loopingReader } from "./compiled-reader.ts";
import { compileWriter, loopingWriter } from "./compiled-writer.ts";
import { memberCodecs } from "./member-codec.ts";
import { messageCodec } from "./message-codec.ts";
import type { Properties } from "./well-known-codec.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const messages = [...registry].filter((desc) => desc.kind === "message");

test("writers and readers of a type's own do what going through the fields does", () => {
  assert.ok(messages.length > 600);
  for (const desc of messages) {
    const members = memberCodecs(desc, messageCodec);
    const write = compileWriter(members);
    const read = compileReader(members);
    assert.ok(write !== undefined && read !== undefined, desc.typeName);
    fc.assert(
      fc.property(arbitraryMessage(desc, 2), (message) => {
        const json = write(message as Properties);
        assert.deepEqual(json, loopingWriter(members)(message as Properties), desc.typeName);
        const [first, second] = [create(desc), create(desc)];
        read(json, first as Properties, 0, { name: "" });
        loopingReader(members)(json, second as Properties, 0, { name: "" });
        assert.ok(equals(desc, first, second), desc.typeName);
      }),
      { numRuns: 4 },
    );
  }
});

test("empty messages of a type's own are those that the library makes, and share nothing that changes", () => {
  for (const desc of messages) {
    const empty = emptyMessages(desc);
    const [first, second] = [empty() as Properties, empty() as Properties];
    assert.deepEqual(first, create(desc), desc.typeName);
    assert.deepEqual(Object.keys(first), Object.keys(create(desc)), desc.typeName);
    for (const [name, value] of Object.entries(first)) {
      if (typeof value !== "object" || value instanceof Uint8Array) continue;
      assert.notEqual(value, second[name], `${desc.typeName}.${name}`);
    }
  }
});

test("a reader tells which field it was reading", () => {
  const desc = registry.getMessage("ttn.lorawan.v3.EndDeviceIdentifiers");
  assert.ok(desc !== undefined);
  const members = memberCodecs(desc, messageCodec);
  const json: Record<string, JsonValue> = { other: 1, deviceId: null, devEui: 5 };
  for (const read of [compileReader(members), loopingReader(members)]) {
    const place = { name: "" };
    assert.throws(() => read?.(json as JsonObject, create(desc) as Properties, 0, place));
    assert.equal(place.name, "devEui");
  }
});

test("where code cannot be made, the fields are gone through", () => {
  const members = memberCodecs(messages[0]!, messageCodec);
  const { Function: original } = globalThis;
  globalThis.Function = (() => {
    throw new EvalError("this page forbids it");
  }) as unknown as FunctionConstructor;
  try {
    assert.equal(compileWriter(members), undefined);
    assert.equal(compileReader(members), undefined);
    assert.deepEqual(emptyMessages(messages[0]!)(), create(messages[0]!));
  } finally {
    globalThis.Function = original;
  }
});
