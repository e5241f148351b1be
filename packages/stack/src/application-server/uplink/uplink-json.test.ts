import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationUpSchema, fromBinary, fromJSON, toJSON, UplinkTokenSchema } from "@skylark/api";
import { devAddr, parseDatr, parseEUI64 } from "@skylark/lorawan";
import fc from "fast-check";
import type { ApplicationUplink } from "../../domain/application-uplink.ts";
import type { EndDeviceProfile } from "../../domain/end-device-profile.ts";
import type { ConnectedGateway, Reception } from "../../domain/uplink.ts";
import { type UplinkContents, uplinkMessageJson } from "./uplink-json.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

type Json = { [name: string]: Json } & Json[];

const plainProfile: EndDeviceProfile = { locations: {}, attributes: {} };
const plainContents: UplinkContents = {
  frmPayload: new Uint8Array(0),
  decodedPayload: undefined,
  warnings: [],
  profile: plainProfile,
  cryptoMembers: "",
  networkMember: "",
};

/** Members that older and newer releases show than the one whose schema we carry. */
function withoutOtherReleases(json: Json): Json {
  const { attributes, last_battery_percentage, ...uplink } = json.uplink_message as Json;
  const { coding_rate, gateway_channel_index, ...settings } = uplink.settings as Json;
  return { ...json, uplink_message: { ...uplink, settings } } as unknown as Json;
}

function assertMatchesCodec(text: string): Json {
  const json = JSON.parse(text) as Json;
  const known = withoutOtherReleases(json);
  assert.deepEqual(toJSON(ApplicationUpSchema, fromJSON(ApplicationUpSchema, known)), known);
  return json;
}

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const at = fc.integer({ min: 1_500_000_000_000_000, max: 2_000_000_000_000_000 }).map((us) => us / 1000);
const float = fc.integer({ min: -2000, max: 2000 }).map((value) => value / 4);
const location = fc.record(
  {
    latitude: fc.double({ min: -90, max: 90, noNaN: true }).map((value) => value + 0),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }).map((value) => value + 0),
    altitude: fc.integer({ min: -1000, max: 9000 }),
    accuracy: fc.integer({ min: 0, max: 100 }),
    source: fc.constantFrom("SOURCE_UNKNOWN", "SOURCE_GPS", "SOURCE_REGISTRY"),
  },
  { requiredKeys: ["latitude", "longitude"] },
);
const eui = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((bytes) => parseEUI64(Buffer.from(bytes).toString("hex")));
const gateway: fc.Arbitrary<ConnectedGateway> = fc
  .record(
    {
      eui,
      publicLocation: location,
      constraint: fc.constantFrom("NONE", "PREFER_OTHER", "NEVER"),
      index: fc.nat(1000),
    },
    { requiredKeys: ["constraint", "index"] },
  )
  .map(({ eui, publicLocation, constraint, index }) => ({
    ids: { tenantId: "default", gatewayId: `gtw-${index}`, ...(eui !== undefined && { eui }) },
    connectionCorrelationId: "gs:conn:1",
    frequencyPlanId: "EU_863_870_TTN",
    ...(publicLocation !== undefined && { publicLocation }),
    downlinkPathConstraint: constraint,
  }));
const reception: fc.Arbitrary<Reception> = fc.record(
  {
    gateway,
    antennaIndex: fc.nat(3),
    timestamp: fc.nat(2 ** 32 - 1),
    concentratorTimeUs: fc.nat(2 ** 45),
    receivedAt: at,
    time: at,
    gpsTime: at,
    fineTimestampNs: fc.nat(999_999_999),
    rssi: float,
    channelRssi: float,
    signalRssi: float,
    snr: float,
    frequencyOffset: fc.integer({ min: -100_000, max: 100_000 }),
    channelIndex: fc.nat(255),
  },
  {
    requiredKeys: [
      "gateway",
      "antennaIndex",
      "timestamp",
      "concentratorTimeUs",
      "receivedAt",
      "rssi",
      "channelRssi",
    ],
  },
);
const uplink: fc.Arbitrary<ApplicationUplink> = fc.record(
  {
    ids: fc.record(
      {
        tenantId: fc.constant("default"),
        applicationId: fc.constant("app1"),
        deviceId: fc.constantFrom("dev1", "dev-2"),
        devEui: eui,
        joinEui: eui,
        devAddr: fc.nat(2 ** 32 - 1).map(devAddr),
      },
      { requiredKeys: ["tenantId", "applicationId", "deviceId"] },
    ),
    sessionKeyId: fc.uint8Array({ maxLength: 16 }),
    fPort: fc.constantFrom(0, 1, 15, 223),
    fCnt: fc.nat(2 ** 32 - 1),
    frmPayload: fc.constant(new Uint8Array(0)),
    confirmed: fc.boolean(),
    receivedAt: at,
    frequency: fc.integer({ min: 100_000, max: 2_500_000_000 }),
    dataRate: fc.constantFrom(
      parseDatr("SF7BW125", "4/5"),
      parseDatr("SF12BW500"),
      parseDatr(50_000),
      parseDatr("M0CW137", "1/3"),
    ),
    consumedAirtimeUs: fc.integer({ min: 1, max: 9_000_000 }),
    receptions: fc.array(reception, { minLength: 1, maxLength: 3 }),
    correlationIds: fc.array(text, { maxLength: 4 }),
    packetErrorRate: fc.constantFrom(0, 0.25, 1),
    lastBatteryPercentage: fc.constant({ value: 0.5, fCnt: 3, receivedAt: 1_700_000_000_000 }),
  },
  {
    requiredKeys: [
      "ids",
      "sessionKeyId",
      "fCnt",
      "frmPayload",
      "confirmed",
      "receivedAt",
      "frequency",
      "dataRate",
      "consumedAirtimeUs",
      "receptions",
      "correlationIds",
    ],
  },
);

test("writes by hand what the codec of the API writes", () => {
  const profile: EndDeviceProfile = {
    locations: { user: { latitude: 52.5, longitude: 13.25, altitude: 34.4, source: "SOURCE_REGISTRY" } },
    versionIds: { brandId: "brand", modelId: "model", bandId: "" },
    attributes: { key: "value" },
  };
  fc.assert(
    fc.property(
      uplink,
      fc.record({
        frmPayload: fc.uint8Array({ maxLength: 242 }),
        decodedPayload: fc.option(
          fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(fc.integer()))),
          { nil: undefined },
        ),
        warnings: fc.array(text, { maxLength: 2 }),
        profile: fc.constantFrom(plainProfile, profile),
      }),
      at,
      (message, contents, receivedAt) => {
        const filled: UplinkContents = {
          ...plainContents,
          ...contents,
          decodedPayload: contents.decodedPayload && JSON.stringify(contents.decodedPayload),
          networkMember: `,"network_ids":{"net_id":"000013","tenant_id":"ttn"}`,
        };
        const json = assertMatchesCodec(uplinkMessageJson(message, filled, receivedAt, "as:up:1"));
        assert.equal((json.correlation_ids as unknown as string[]).at(-1), "as:up:1");
      },
    ),
    { numRuns: 1000 },
  );
});

test("shows the fields of the documentation's sample", () => {
  const gateway: ConnectedGateway = {
    ids: { tenantId: "default", gatewayId: "gtw1", eui: parseEUI64("0242020000247803") },
    connectionCorrelationId: "gs:conn:1",
    frequencyPlanId: "EU_863_870_TTN",
    downlinkPathConstraint: "NONE",
  };
  const json = assertMatchesCodec(
    uplinkMessageJson(
      {
        ids: { tenantId: "default", applicationId: "app1", deviceId: "dev1", devAddr: devAddr(0x01da1f15) },
        sessionKeyId: Uint8Array.of(1, 2),
        fPort: 15,
        fCnt: 7,
        frmPayload: new Uint8Array(0),
        confirmed: false,
        receivedAt: Date.UTC(2019, 0, 29, 13, 2, 34, 981),
        frequency: 868_500_000,
        dataRate: parseDatr("SF7BW125", "4/6"),
        consumedAirtimeUs: 46_336,
        receptions: [
          {
            gateway,
            antennaIndex: 0,
            timestamp: 1_283_325_000,
            concentratorTimeUs: 1_283_325_000,
            receivedAt: Date.UTC(2019, 0, 29, 13, 2, 34),
            rssi: -35,
            channelRssi: -35,
            snr: 5,
            channelIndex: 2,
          },
        ],
        correlationIds: ["gs:uplink:1"],
      },
      { ...plainContents, frmPayload: Buffer.from("Temperature = 0.0"), decodedPayload: `{"t":0}` },
      Date.UTC(2019, 0, 29, 13, 2, 35),
      "as:up:1",
    ),
  );
  assert.equal(json.received_at as unknown, "2019-01-29T13:02:35Z");
  const message = json.uplink_message as Json;
  assert.equal(message.frm_payload as unknown, "VGVtcGVyYXR1cmUgPSAwLjA=");
  assert.equal(message.consumed_airtime as unknown, "0.046336s");
  assert.equal(message.received_at as unknown, "2019-01-29T13:02:34.981Z");
  assert.deepEqual(message.settings as unknown, {
    data_rate: { lora: { bandwidth: 125000, spreading_factor: 7, coding_rate: "4/6" } },
    coding_rate: "4/6",
    frequency: "868500000",
    timestamp: 1283325000,
    gateway_channel_index: 2,
  });
});

test("gives a token that names gateway, antenna and instants", () => {
  fc.assert(
    fc.property(uplink, (message) => {
      const json = JSON.parse(
        uplinkMessageJson(message, plainContents, 1_700_000_000_000, "as:up:1"),
      ) as Json;
      const metadata = (json.uplink_message as Json).rx_metadata as Json;
      message.receptions.forEach((reception, index) => {
        const text = metadata[index]!.uplink_token as unknown as string | undefined;
        if (reception.gateway.downlinkPathConstraint === "NEVER") {
          assert.equal(text, undefined);
          return;
        }
        const token = fromBinary(UplinkTokenSchema, Buffer.from(text!, "base64"));
        assert.equal(token.ids?.gatewayIds?.gatewayId, reception.gateway.ids.gatewayId);
        assert.equal(token.ids?.antennaIndex, reception.antennaIndex);
        assert.equal(token.timestamp, reception.timestamp);
        assert.equal(token.concentratorTime, BigInt(reception.concentratorTimeUs) * 1000n);
        const { seconds, nanos } = token.serverTime!;
        assert.equal(Number(seconds) * 1e6 + nanos / 1000, Math.round(reception.receivedAt * 1000));
      });
    }),
    { numRuns: 200 },
  );
});
