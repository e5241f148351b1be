import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { arbitraryMessage } from "../json/arbitrary-message.fixture.ts";
import { schemaFiles } from "../registry.ts";
import type { MACVersion } from "../schema.ts";
import {
  CreateEndDeviceRequestSchema,
  DownlinkQueueRequestSchema,
  EndDeviceIdentifiersSchema,
  EndDeviceSchema,
  EntityIdentifiersSchema,
  GatewaySchema,
  MACSettingsSchema,
  SetEndDeviceRequestSchema,
  StreamEventsRequestSchema,
  UserSchema,
} from "../schema.ts";
import { isEmail, isIPAddress } from "./formats.ts";
import type { Violation } from "./validate.ts";
import { validate } from "./validate.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const idPattern = `value does not match regex pattern "^[a-z0-9](?:[-]?[a-z0-9]){2,}$"`;
const unknownVersion = 99 as MACVersion;
const goodIds = { deviceId: "dev1", applicationIds: { applicationId: "app1" } };

type DeviceInit = MessageInitShape<typeof EndDeviceSchema>;

function device(init: DeviceInit) {
  return validate(
    EndDeviceSchema,
    Object.assign(
      create(EndDeviceSchema, { ids: goodIds }),
      create(EndDeviceSchema, init),
      init.ids === undefined && { ids: create(EndDeviceIdentifiersSchema, goodIds) },
    ),
  );
}

function innermost(violation: Violation | undefined): Violation | undefined {
  return violation?.cause === undefined ? violation : innermost(violation.cause);
}

describe("a violation", () => {
  test("is told from the outside in, down to the field", () => {
    const request = create(CreateEndDeviceRequestSchema, {
      endDevice: { ids: { ...goodIds, deviceId: "No Such Id" } },
    });
    assert.deepEqual(validate(CreateEndDeviceRequestSchema, request), {
      field: "end_device",
      reason: "embedded message failed validation",
      name: "CreateEndDeviceRequestValidationError",
      cause: {
        field: "ids",
        reason: "embedded message failed validation",
        name: "EndDeviceValidationError",
        cause: { field: "device_id", reason: idPattern, name: "EndDeviceIdentifiersValidationError" },
      },
    });
  });

  test("in a list or map says which entry", () => {
    const request = create(DownlinkQueueRequestSchema, {
      endDeviceIds: goodIds,
      downlinks: [{ fPort: 1 }, { fPort: 300 }],
    });
    assert.equal(validate(DownlinkQueueRequestSchema, request)?.field, "downlinks[1]");
    assert.deepEqual(device({ attributes: { "no good": "x" } })?.field, "attributes[no good]");
    assert.equal(device({ locations: { user: { latitude: 91 } } })?.field, "locations[user]");
  });
});

describe("the rules", () => {
  test("leave every FPort of a byte to the downlink queue, which refuses what applications may not use", () => {
    const withPort = (fPort: number) =>
      validate(
        DownlinkQueueRequestSchema,
        create(DownlinkQueueRequestSchema, { endDeviceIds: goodIds, downlinks: [{ fPort }] }),
      );
    for (const fPort of [1, 223, 224, 225, 233, 234, 255]) assert.equal(withPort(fPort), undefined);
    assert.equal(innermost(withPort(256))?.field, "f_port");
  });

  const cases: readonly [string, DeviceInit, string | undefined][] = [
    [
      "36 characters are the most of an identifier",
      { ids: { ...goodIds, deviceId: "a".repeat(37) } },
      "value length must be at most 36 runes",
    ],
    [
      "an EUI has eight bytes",
      { ids: { ...goodIds, devEui: Uint8Array.of(1) } },
      "value length must be 8 bytes",
    ],
    ["an EUI may be missing", { ids: { ...goodIds, devEui: new Uint8Array(0) } }, undefined],
    ["a name is counted in characters", { name: "🌡".repeat(50) }, undefined],
    ["a name has at most 50", { name: "🌡".repeat(51) }, "value length must be at most 50 runes"],
    [
      "enums have declared values only",
      { lorawanVersion: unknownVersion },
      "value must be one of the defined enum values",
    ],
    [
      "a map has a largest size",
      { attributes: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`key${i}`, ""])) },
      "value must contain no more than 10 pair(s)",
    ],
    ["a fraction is between zero and one", { batteryPercentage: 1.5 }, "value must be inside range [0, 1]"],
    ["an address is a host with or without a port", { networkServerAddress: "localhost:1884" }, undefined],
  ];
  for (const [name, init, reason] of cases) {
    test(name, () => {
      assert.equal(innermost(device(init))?.reason, reason);
    });
  }

  test("a required message must be there", () => {
    assert.deepEqual(validate(GatewaySchema, create(GatewaySchema)), {
      field: "ids",
      reason: "value is required",
      name: "GatewayValidationError",
    });
  });

  test("one member of a oneof must be set where the schema says so", () => {
    assert.deepEqual(validate(EntityIdentifiersSchema, create(EntityIdentifiersSchema)), {
      field: "ids",
      reason: "value is required",
      name: "EntityIdentifiersValidationError",
    });
    const request = create(StreamEventsRequestSchema, {
      identifiers: [{ ids: { case: "applicationIds", value: { applicationId: "x" } } }],
    });
    assert.equal(validate(StreamEventsRequestSchema, request)?.cause?.field, "application_ids");
  });

  test("a frequency is zero or at least 100 kHz", () => {
    const parameters = (uplinkFrequency: bigint) => ({
      rx2Frequency: 869_525_000n,
      channels: [{ uplinkFrequency, downlinkFrequency: 868_100_000n }],
    });
    const channel = (frequency: bigint) =>
      device({
        macState: { currentParameters: parameters(frequency), desiredParameters: parameters(frequency) },
      });
    assert.match(innermost(channel(5n))?.reason ?? "", /^value must be outside range \(0, 100000\)$/);
    assert.equal(innermost(channel(0n))?.field, undefined);
    assert.equal(innermost(channel(868_100_000n))?.field, undefined);
  });

  test("a field that must be in the past or in the future is held against the given time", () => {
    const fields = schemaFiles.flatMap((file) => file.messages).flatMap((message) => message.fields);
    assert.ok(fields.some(({ name }) => name === "expires_at"));
    const settings = create(MACSettingsSchema, { rx2Frequency: { value: 5n } });
    assert.equal(validate(MACSettingsSchema, settings)?.field, "rx2_frequency");
  });
});

describe("a field mask", () => {
  const endDevice = { ids: goodIds, name: "x".repeat(51), lorawanVersion: unknownVersion };
  const check = (paths: string[], init: DeviceInit = endDevice) =>
    validate(
      SetEndDeviceRequestSchema,
      create(SetEndDeviceRequestSchema, { endDevice: init, fieldMask: { paths } }),
    );

  test("limits what is validated of the entity to what it names", () => {
    assert.equal(check(["description"]), undefined);
    assert.equal(check(["name"])?.cause?.field, "name");
    assert.equal(check(["lorawan_version"])?.cause?.field, "lorawan_version");
  });

  test("does not keep the identifiers from being validated", () => {
    assert.equal(
      check(["description"], { ids: { ...goodIds, deviceId: "!" } })?.cause?.cause?.field,
      "device_id",
    );
    assert.equal(check(["description"], {})?.cause?.field, "ids");
  });

  test("that is empty leaves everything to be validated", () => {
    assert.equal(check([])?.cause?.field, "name");
  });
});

test("mail and IP addresses are told from other text", () => {
  for (const good of ["a@example.com", "first.last+tag@sub.example.com"]) assert.ok(isEmail(good), good);
  for (const bad of ["", "a", "@b", "a@", "a b@c.d", "A <a@b.c>", "a@b..c", ".a@b.c"])
    assert.ok(!isEmail(bad), bad);
  for (const good of ["1.2.3.4", "::1", "2001:db8::ff"]) assert.ok(isIPAddress(good), good);
  for (const bad of ["", "1.2.3", "1.2.3.256", ":", "::g", "1.2.3.4:80"]) assert.ok(!isIPAddress(bad), bad);
  const user = create(UserSchema, { ids: { userId: "u1" }, primaryEmailAddress: "nobody" });
  assert.equal(validate(UserSchema, user)?.reason, "value must be a valid email address");
});

test("any message is validated without a throw", () => {
  const messages = schemaFiles.flatMap((file) => file.messages);
  for (const desc of messages) {
    fc.assert(
      fc.property(arbitraryMessage(desc, 3), (message) => {
        const violation = validate(desc, message);
        assert.ok(violation === undefined || violation.reason !== "");
      }),
      { numRuns: 3 },
    );
  }
});
