import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { create, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AnySchema, anyPack, DurationSchema, TimestampSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { registry } from "../registry.ts";
import * as schema from "../schema.ts";
import { arbitraryMessage } from "./arbitrary-message.fixture.ts";
import { fromJSON, toJSON, toJSONText } from "./json.ts";
import { JSONDecodeError } from "./json-decode-error.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

/** Of the schema, and those of google.protobuf that it uses. */
const allMessages = [...registry].filter((desc) => desc.kind === "message");

/** FUZZ_RUNS inputs for each fuzz test. */
const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 3000);

function decodeError(desc: DescMessage, json: unknown): JSONDecodeError {
  try {
    fromJSON(desc, json);
  } catch (error) {
    assert.ok(error instanceof JSONDecodeError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(json)} was read as ${desc.typeName}` });
}

/** How often each of the types is tried, so that all of them together take FUZZ_RUNS inputs. */
const runsPerType = Math.max(6, Math.ceil(fuzzRuns / allMessages.length));

function forEveryMessage(check: (desc: DescMessage, message: Message) => void): void {
  assert.ok(allMessages.length > 600);
  for (const desc of allMessages) {
    fc.assert(
      fc.property(arbitraryMessage(desc, 3), (message) => check(desc, message)),
      { numRuns: runsPerType },
    );
  }
}

describe("every message type", () => {
  test("is the same after writing and reading it as JSON", () => {
    forEveryMessage((desc, message) => {
      const json = toJSON(desc, message);
      assert.ok(equals(desc, message, fromJSON(desc, json)), `${desc.typeName}: ${JSON.stringify(json)}`);
    });
  });

  test("has the same JSON as text and as a value", () => {
    forEveryMessage((desc, message) => {
      const json = toJSON(desc, message);
      const text = toJSONText(desc, message);
      assert.deepEqual(JSON.parse(text), json, desc.typeName);
    });
  });

  test("is the same after writing and reading it as bytes", () => {
    forEveryMessage((desc, message) => {
      // As JSON: what goes over gRPC as a single-precision number is a little off afterwards, and shown the same.
      const read = fromBinary(desc, toBinary(desc, message));
      assert.equal(toJSONText(desc, read), toJSONText(desc, message), desc.typeName);
    });
  });

  test("reads lowerCamelCase as it reads snake_case", () => {
    forEveryMessage((desc, message) => {
      if (desc.typeName.startsWith("google.protobuf.")) return;
      const json: unknown = toJSON(desc, message);
      // Those that are shown as the bare value of their field have no names.
      if (typeof json !== "object" || json === null) return;
      const names = new Map(desc.fields.map(({ name, jsonName }) => [name, jsonName]));
      const camel = Object.fromEntries(
        Object.entries(json).map(([name, value]) => [names.get(name) ?? name, value]),
      );
      assert.ok(equals(desc, message, fromJSON(desc, camel)), desc.typeName);
    });
  });

  test("reads any JSON or throws the decoder's own error", () => {
    fc.assert(
      fc.property(fc.constantFrom(...allMessages), fc.jsonValue(), (desc, json) => {
        try {
          fromJSON(desc, json);
        } catch (error) {
          assert.ok(error instanceof JSONDecodeError, String(error));
        }
      }),
      { numRuns: fuzzRuns },
    );
  });

  test("reads what has the wrong kind of value in a known field, or throws the decoder's own error", () => {
    const anything = fc.jsonValue({ maxDepth: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...allMessages), fc.array(anything, { maxLength: 5 }), (desc, values) => {
        const json = Object.fromEntries(values.map((value, index) => [desc.fields[index]?.name, value]));
        try {
          fromJSON(desc, json);
        } catch (error) {
          assert.ok(error instanceof JSONDecodeError, String(error));
        }
      }),
      { numRuns: fuzzRuns },
    );
  });
});

describe("output", () => {
  test("names fields in snake case and leaves out what is zero", () => {
    const up = create(schema.ApplicationUpSchema, {
      endDeviceIds: {
        deviceId: "dev1",
        applicationIds: { applicationId: "app1" },
        devEui: hex("70b3d57ed000abcd"),
      },
      up: {
        case: "uplinkMessage",
        value: {
          fPort: 1,
          fCnt: 0,
          frmPayload: hex("beef"),
          confirmed: false,
          rxMetadata: [{ gatewayIds: { gatewayId: "gtw1" }, rssi: -42, snr: Math.fround(9.2), timestamp: 7 }],
          settings: {
            frequency: 868_500_000n,
            dataRate: { modulation: { case: "lora", value: { spreadingFactor: 7 } } },
          },
          consumedAirtime: { seconds: 0n, nanos: 46_336_000 },
        },
      },
    });
    assert.deepEqual(toJSON(schema.ApplicationUpSchema, up), {
      end_device_ids: {
        device_id: "dev1",
        application_ids: { application_id: "app1" },
        dev_eui: "70B3D57ED000ABCD",
      },
      uplink_message: {
        f_port: 1,
        frm_payload: "vu8=",
        rx_metadata: [{ gateway_ids: { gateway_id: "gtw1" }, timestamp: 7, rssi: -42, snr: 9.2 }],
        settings: { data_rate: { lora: { spreading_factor: 7 } }, frequency: "868500000" },
        consumed_airtime: "0.046336s",
      },
    });
  });

  test("shows wrapper messages as bare values, also when they are zero", () => {
    const settings = create(schema.MACSettingsSchema, {
      resetsFCnt: { value: false },
      rx1Delay: { value: 5 },
      rx2Frequency: { value: 869_525_000n },
      rx2DataRateIndex: { value: 0 },
      statusCountPeriodicity: 0,
      pingSlotPeriodicity: { value: 1 },
    });
    assert.deepEqual(toJSON(schema.MACSettingsSchema, settings), {
      ping_slot_periodicity: "PING_EVERY_2S",
      rx1_delay: 5,
      rx2_data_rate_index: 0,
      rx2_frequency: "869525000",
      status_count_periodicity: 0,
      resets_f_cnt: false,
    });
  });

  test("shows a member of a oneof that is set to nothing", () => {
    const up = create(schema.ApplicationUpSchema, { up: { case: "joinAccept", value: {} } });
    assert.equal(toJSONText(schema.ApplicationUpSchema, up), '{"join_accept":{}}');
  });

  test("shows enums by name, or as numbers where the schema says so", () => {
    const device = create(schema.EndDeviceSchema, {
      lorawanVersion: schema.MACVersion.MAC_V1_0_2,
      lorawanPhyVersion: schema.PHYVersion.RP001_V1_0_2_REV_B,
      macState: { desiredParameters: { adrDataRateIndex: schema.DataRateIndex.DATA_RATE_5 } },
    });
    assert.deepEqual(toJSON(schema.EndDeviceSchema, device), {
      lorawan_version: "MAC_V1_0_2",
      lorawan_phy_version: "PHY_V1_0_2_REV_B",
      mac_state: { desired_parameters: { adr_data_rate_index: 5 } },
    });
  });

  test("shows an Any by its type, and google's own types under value", () => {
    const ids = create(schema.EndDeviceIdentifiersSchema, { deviceId: "dev1" });
    assert.deepEqual(toJSON(AnySchema, anyPack(schema.EndDeviceIdentifiersSchema, ids)), {
      "@type": "type.googleapis.com/ttn.lorawan.v3.EndDeviceIdentifiers",
      device_id: "dev1",
    });
    const names = fromJSON(ValueSchema, ["as.up.data.forward"]);
    assert.deepEqual(toJSON(AnySchema, anyPack(ValueSchema, names)), {
      "@type": "type.googleapis.com/google.protobuf.Value",
      value: ["as.up.data.forward"],
    });
  });

  test("shows times with as many digits of fraction as they need, in threes", () => {
    const time = (nanos: number) =>
      toJSONText(TimestampSchema, create(TimestampSchema, { seconds: 1n, nanos }));
    assert.deepEqual([0, 500_000_000, 46_336_000, 1].map(time), [
      '"1970-01-01T00:00:01Z"',
      '"1970-01-01T00:00:01.500Z"',
      '"1970-01-01T00:00:01.046336Z"',
      '"1970-01-01T00:00:01.000000001Z"',
    ]);
    const duration = (seconds: bigint, nanos: number) =>
      toJSONText(DurationSchema, create(DurationSchema, { seconds, nanos }));
    assert.deepEqual(
      [duration(5n, 0), duration(1n, 500_000_000), duration(0n, -1_000)],
      ['"5s"', '"1.500s"', '"-0.000001s"'],
    );
  });

  test("shows numbers that are none as text, and reads them so", () => {
    for (const [value, text] of [
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      [Number.NEGATIVE_INFINITY, "-Infinity"],
    ] as const) {
      const location = create(schema.LocationSchema, { latitude: value });
      assert.deepEqual(toJSON(schema.LocationSchema, location), { latitude: text });
      assert.equal(toJSONText(schema.LocationSchema, location), `{"latitude":"${text}"}`);
      assert.equal(fromJSON(schema.LocationSchema, { latitude: text }).latitude, value);
    }
    assert.deepEqual(toJSON(schema.LocationSchema, create(schema.LocationSchema, { latitude: -0 })), {});
  });

  test("shows a field mask as an object", () => {
    const request = create(schema.GetEndDeviceRequestSchema, { fieldMask: { paths: ["name", "ids"] } });
    assert.equal(
      toJSONText(schema.GetEndDeviceRequestSchema, request),
      '{"field_mask":{"paths":["name","ids"]}}',
    );
  });

  test("shows DevAddr prefixes as address and length", () => {
    const response = create(schema.GetDeviceAdressPrefixesResponseSchema, {
      devAddrPrefixes: [hex("2600000007")],
    });
    const text = toJSONText(schema.GetDeviceAdressPrefixesResponseSchema, response);
    assert.equal(text, '{"dev_addr_prefixes":["26000000/7"]}');
    assert.ok(
      equals(
        schema.GetDeviceAdressPrefixesResponseSchema,
        response,
        fromJSON(schema.GetDeviceAdressPrefixesResponseSchema, JSON.parse(text)),
      ),
    );
  });
});

describe("input", () => {
  test("takes both spellings of a field, ignores unknown ones, and takes null as unset", () => {
    const device = fromJSON(schema.EndDeviceSchema, {
      lorawanVersion: "1.0.2",
      lorawan_phy_version: "1.0.2-b",
      no_such_field: { at: "all" },
      ids: null,
      name: null,
    });
    assert.equal(device.lorawanVersion, schema.MACVersion.MAC_V1_0_2);
    assert.equal(device.lorawanPhyVersion, schema.PHYVersion.PHY_V1_0_2_REV_B);
    assert.equal(device.ids, undefined);
    assert.equal(device.name, "");
  });

  test("takes an enum by name, without its prefix, by alias, by number and by the number as text", () => {
    for (const value of ["MAC_V1_0_2", "V1_0_2", "1.0.2", 3, "3"]) {
      const { lorawanVersion } = fromJSON(schema.EndDeviceSchema, { lorawan_version: value });
      assert.equal(lorawanVersion, schema.MACVersion.MAC_V1_0_2, String(value));
    }
    assert.match(
      decodeError(schema.EndDeviceSchema, { lorawan_version: "9.9" }).message,
      /^lorawan_version: "9\.9" is no value of MACVersion$/,
    );
  });

  test("takes frequencies as text and as numbers", () => {
    const { factoryPresetFrequencies } = fromJSON(schema.MACSettingsSchema, {
      factory_preset_frequencies: ["868100000", 868300000],
    });
    assert.deepEqual(factoryPresetFrequencies, [868_100_000n, 868_300_000n]);
    assert.match(
      decodeError(schema.MACSettingsSchema, { factory_preset_frequencies: [1e17] }).message,
      /^factory_preset_frequencies\[0\]: number is too large to be exact/,
    );
  });

  test("takes an EUI as hex of either case or as base64, and refuses other lengths", () => {
    const eui = (dev_eui: string) => fromJSON(schema.EndDeviceIdentifiersSchema, { dev_eui }).devEui.toHex();
    assert.equal(eui("70B3D57ED000ABCD"), "70b3d57ed000abcd");
    assert.equal(eui("70b3d57ed000abcd"), "70b3d57ed000abcd");
    assert.equal(eui("cLPVftAAq80="), "70b3d57ed000abcd");
    assert.equal(eui(""), "");
    assert.match(
      decodeError(schema.EndDeviceIdentifiersSchema, { dev_eui: "70B3D57ED000AB" }).message,
      /^dev_eui: invalid length/,
    );
    assert.match(
      decodeError(schema.EndDeviceIdentifiersSchema, { dev_eui: "70B3D57ED000ABCG" }).message,
      /^dev_eui: invalid hexadecimal/,
    );
  });

  test("takes base64 of both alphabets with and without padding", () => {
    const payload = (frm_payload: string) =>
      fromJSON(schema.ApplicationDownlinkSchema, { frm_payload }).frmPayload.toHex();
    for (const text of ["+/8=", "+/8", "-_8=", "-_8"]) assert.equal(payload(text), "fbff");
    assert.match(
      decodeError(schema.ApplicationDownlinkSchema, { frm_payload: "v u8=" }).message,
      /^frm_payload: invalid base64$/,
    );
  });

  test("takes a field mask as an object and as a comma-separated list", () => {
    for (const field_mask of ["name,ids", { paths: ["name", "ids"] }, { paths: "name,ids" }]) {
      assert.deepEqual(fromJSON(schema.GetEndDeviceRequestSchema, { field_mask }).fieldMask?.paths, [
        "name",
        "ids",
      ]);
    }
  });

  test("takes durations as seconds and as Go writes them", () => {
    const seconds = (text: string) => {
      const { seconds: whole, nanos } = fromJSON(DurationSchema, text);
      return Number(whole) + nanos / 1e9;
    };
    assert.deepEqual(
      ["5s", "1.5s", "1h30m", "200ms", "-1.5h", "0"].map(seconds),
      [5, 1.5, 5400, 0.2, -5400, 0],
    );
    for (const text of ["", "5", "s", "1h 30m", "5 s", `${"9".repeat(30)}h`]) {
      assert.ok(decodeError(DurationSchema, text), text);
    }
  });

  test("takes times with any offset and refuses days that do not exist", () => {
    assert.equal(fromJSON(TimestampSchema, "1970-01-01T01:00:01.5+01:00").seconds, 1n);
    for (const text of ["1970-02-30T00:00:00Z", "1970-01-01", "1970-01-01T25:00:00Z", "now"]) {
      assert.ok(decodeError(TimestampSchema, text), text);
    }
  });

  test("takes wrappers as bare values only, save for google's own", () => {
    assert.equal(fromJSON(schema.MACSettingsSchema, { resets_f_cnt: true }).resetsFCnt?.value, true);
    assert.match(
      decodeError(schema.MACSettingsSchema, { resets_f_cnt: { value: true } }).message,
      /^resets_f_cnt: expected true or false/,
    );
    assert.equal(
      fromJSON(schema.MACSettingsSchema, { status_count_periodicity: { value: 20 } }).statusCountPeriodicity,
      20,
    );
    assert.equal(
      fromJSON(schema.MACSettingsSchema, { status_count_periodicity: 20 }).statusCountPeriodicity,
      20,
    );
  });

  test("names the place of what is wrong", () => {
    const error = decodeError(schema.DownlinkQueueRequestSchema, { downlinks: [{}, { f_port: "many" }] });
    assert.equal(error.path, "downlinks[1].f_port");
    assert.equal(error.reason, 'expected a whole number, got "many"');
    const inMap = decodeError(schema.EndDeviceSchema, { locations: { user: { latitude: [] } } });
    assert.equal(inMap.path, "locations.user.latitude");
  });

  test("keeps a map key named __proto__ a key", () => {
    const device = fromJSON(schema.EndDeviceSchema, JSON.parse('{"attributes":{"__proto__":"x"}}'));
    assert.deepEqual(Object.keys(device.attributes), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(device.attributes), Object.prototype);
  });

  test("refuses nesting that would exhaust the stack", () => {
    const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`);
    assert.match(
      decodeError(schema.ApplicationDownlinkSchema, { decoded_payload: { deep } }).message,
      /nested deeper/,
    );
    let cause: object = {};
    for (let level = 0; level < 5000; level++) cause = { cause };
    assert.match(decodeError(schema.ErrorDetailsSchema, cause).message, /nested deeper/);
  });
});

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text);
}
