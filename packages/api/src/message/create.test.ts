import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DescMessage } from "@bufbuild/protobuf";
import { create as createSlowly, fromBinary as fromBinarySlowly, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { arbitraryMessage } from "../json/arbitrary-message.fixture.ts";
import {
  ADRSettingsSchema,
  ApplicationSchema,
  ApplicationUpSchema,
  EndDeviceSchema,
  GatewaySchema,
  MACSettingsSchema,
} from "../schema.ts";
import { create, fromBinary } from "./create.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const schemas: readonly DescMessage[] = [
  ADRSettingsSchema,
  ApplicationSchema,
  ApplicationUpSchema,
  EndDeviceSchema,
  GatewaySchema,
  MACSettingsSchema,
];

/** Without the names of types, so that every message in it has to be made again. */
function asInit(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asInit);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (name === "$typeName" ? [] : [[name, asInit(each)]])),
  );
}

describe("a message is what the library makes of the same", () => {
  for (const schema of schemas) {
    test(schema.name, () => {
      fc.assert(
        fc.property(arbitraryMessage(schema, 4), (message) => {
          const init = asInit(message) as Record<string, unknown>;
          assert.deepStrictEqual(create(schema, init), createSlowly(schema, init));
          const bytes = toBinary(schema, message);
          assert.deepStrictEqual(fromBinary(schema, bytes), fromBinarySlowly(schema, bytes));
        }),
        { numRuns: 50 },
      );
    });
  }

  test("when nothing, or nothing of use, is given", () => {
    assert.deepStrictEqual(create(EndDeviceSchema), createSlowly(EndDeviceSchema));
    const init = { name: undefined, attributes: null, unknown: 1 } as object;
    assert.deepStrictEqual(create(EndDeviceSchema, init), createSlowly(EndDeviceSchema, init));
  });
});

test("a message of the type is not copied, and its own fields are nobody else's", () => {
  const device = create(EndDeviceSchema, { attributes: { floor: "2" } });
  assert.equal(create(EndDeviceSchema, device), device);
  const [one, other] = [create(EndDeviceSchema), create(EndDeviceSchema)];
  one.attributes.floor = "3";
  one.usedDevNonces.push(1);
  assert.deepEqual([other.attributes, other.usedDevNonces], [{}, []]);
});

test("bytes may come as numbers, and a key of a map may have any name", () => {
  const init = {
    attributes: JSON.parse('{"__proto__": "x"}'),
    ids: { devEui: [1, 2] as unknown as Uint8Array },
  };
  const device = create(EndDeviceSchema, init);
  assert.deepEqual(device.ids?.devEui, Uint8Array.of(1, 2));
  assert.deepEqual(Object.entries(device.attributes), [["__proto__", "x"]]);
});

test("fields of later releases are kept", () => {
  const bytes = Uint8Array.of(
    ...toBinary(ApplicationSchema, create(ApplicationSchema, { name: "x" })),
    0xf8,
    0x7f,
    1,
  );
  assert.deepEqual(toBinary(ApplicationSchema, fromBinary(ApplicationSchema, bytes)), bytes);
});
