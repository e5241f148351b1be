import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SkylarkError } from "../../errors/errors.ts";
import { cayenneLppFormatter } from "./cayenne-lpp.ts";
import type { DecodedPayload } from "./formatter.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const decode = (hex: string) =>
  JSON.parse((cayenneLppFormatter.decodeUplink(Buffer.from(hex, "hex"), 1, 0) as DecodedPayload).json ?? "");

test("reads the samples of the format's documentation", () => {
  assert.deepEqual(decode("03670110056700FF"), { temperature_3: 27.2, temperature_5: 25.5 });
  assert.deepEqual(decode("067104D2FB2E0000"), { accelerometer_6: { x: 1.234, y: -1.234, z: 0 } });
  assert.deepEqual(decode("018806765FF2960A0003E8"), {
    gps_1: { latitude: 42.3519, longitude: -87.9094, altitude: 10 },
  });
});

test("reads every type", () => {
  assert.deepEqual(decode("010001" + "020101" + "03020064" + "0403FF9C" + "056500C8" + "066601" + "07687F"), {
    digital_in_1: 1,
    digital_out_2: 1,
    analog_in_3: 1,
    analog_out_4: -1,
    luminosity_5: 200,
    presence_6: 1,
    relative_humidity_7: 63.5,
  });
  assert.deepEqual(decode("087327AC" + "0986006400C8FF9C"), {
    barometric_pressure_8: 1015.6,
    gyrometer_9: { x: 1, y: 2, z: -1 },
  });
});

test("writes values for the device, and reads them back", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 254 }), { maxLength: 60 }),
      fc.integer({ min: -32768, max: 32767 }),
      (channels, raw) => {
        const values = Object.fromEntries(channels.map((channel) => [`value_${channel}`, raw / 100]));
        const { bytes } = cayenneLppFormatter.encodeDownlink(JSON.stringify(values), 1) as {
          bytes: Uint8Array;
        };
        const { json } = cayenneLppFormatter.decodeDownlink(bytes, 1) as DecodedPayload;
        assert.deepEqual(JSON.parse(json ?? ""), values);
      },
    ),
  );
});

test("no bytes make it throw anything but its own error", () => {
  const ofOwn = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      assert.ok(error instanceof SkylarkError, String(error));
    }
  };
  const types = fc.constantFrom(0, 1, 2, 3, 0x65, 0x66, 0x67, 0x68, 0x71, 0x73, 0x86, 0x88, 0x99);
  fc.assert(
    fc.property(fc.array(fc.oneof(types, fc.nat(255)), { maxLength: 60 }), (bytes) => {
      ofOwn(() => cayenneLppFormatter.decodeUplink(Uint8Array.from(bytes), 1, 0));
      ofOwn(() => cayenneLppFormatter.decodeDownlink(Uint8Array.from(bytes), 1));
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 20_000) },
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (values) => {
      ofOwn(() => cayenneLppFormatter.encodeDownlink(JSON.stringify(values), 1));
      ofOwn(() => cayenneLppFormatter.encodeDownlink(JSON.stringify({ value_1: 1e9 }), 1));
    }),
  );
});
