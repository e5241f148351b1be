import assert from "node:assert/strict";
import { test } from "node:test";
import { asFloat32, metadata, uplinkMessage, withoutTrailingZeros } from "./uplink-messages.ts";

const names = { appId: "my-app-id", devId: "my-dev-id" };
const up = {
  end_device_ids: { device_id: "my-dev-id", dev_eui: "0102030405060708" },
  uplink_message: {
    f_port: 1,
    f_cnt: 2,
    frm_payload: "AQIDBA==",
    decoded_payload: { led: true },
    rx_metadata: [
      {
        gateway_ids: { gateway_id: "ttn-herengracht-ams" },
        timestamp: 12345,
        rssi: -25,
        snr: 5,
        location: { latitude: 52.1234, longitude: 6.1234, altitude: 6 },
      },
    ],
    settings: {
      frequency: "868100000",
      data_rate: { lora: { bandwidth: 125_000, spreading_factor: 7, coding_rate: "4/5" } },
    },
    received_at: "2020-01-01T00:00:00.123456789Z",
    consumed_airtime: "0.051456s",
    locations: { user: { latitude: 52.2345, longitude: 6.2345, altitude: 2 } },
  },
};

test("an uplink looks as V2's server wrote it", () => {
  const text = JSON.stringify(uplinkMessage(names, up, { dialect: "server" }));
  assert.equal(
    text,
    `{"app_id":"my-app-id","dev_id":"my-dev-id","hardware_serial":"0102030405060708","port":1,"counter":2,"payload_raw":"AQIDBA==","payload_fields":{"led":true},"metadata":{"time":"2020-01-01T00:00:00.123456789Z","frequency":868.1,"modulation":"LORA","data_rate":"SF7BW125","airtime":51456000,"coding_rate":"4/5","gateways":[{"gtw_id":"ttn-herengracht-ams","timestamp":12345,"time":"","channel":0,"rssi":-25,"snr":5,"rf_chain":0,"latitude":52.1234,"longitude":6.1234,"altitude":6}],"latitude":52.2345,"longitude":6.2345,"altitude":2,"location_source":"registry"}}`,
  );
});

test("the early reference has these members and no others", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(uplinkMessage(names, up, { dialect: "early" }))), {
    port: 1,
    counter: 2,
    payload_raw: "AQIDBA==",
    payload_fields: { led: true },
    metadata: {
      time: "2020-01-01T00:00:00.123456789Z",
      frequency: 868.1,
      modulation: "LORA",
      data_rate: "SF7BW125",
      coding_rate: "4/5",
      gateways: [{ id: "ttn-herengracht-ams", timestamp: 12345, channel: 0, rssi: -25, snr: 5, rf_chain: 0 }],
    },
  });
});

test("the superset names a gateway as either reference does, and leaves out a time that is not known", () => {
  const { metadata: shown } = JSON.parse(JSON.stringify(uplinkMessage(names, up, { dialect: "superset" })));
  assert.equal(shown.gateways[0].id, "ttn-herengracht-ams");
  assert.equal(shown.gateways[0].gtw_id, "ttn-herengracht-ams");
  assert.equal("time" in shown.gateways[0], false);
});

test("flags appear when they are set, and attributes when a formatter ran", () => {
  const attributes = { "v2-id": "my_dev", room: "hall" };
  const { decoded_payload: _, ...raw } = { ...up.uplink_message, confirmed: true, attributes };
  const silent = JSON.parse(
    JSON.stringify(uplinkMessage(names, { ...up, uplink_message: raw }, { dialect: "late", isRetry: true })),
  );
  assert.deepEqual([silent.confirmed, silent.is_retry, silent.attributes], [true, true, undefined]);
  const decoded = { ...up, uplink_message: { ...up.uplink_message, attributes } };
  assert.deepEqual(uplinkMessage(names, decoded, { dialect: "late" }).attributes, { room: "hall" });
});

test("attributes and a location that V3 does not take are shown as they were given", () => {
  const attributes = {
    room: "hall",
    "v2-attributes": '{"Floor":"1 A"}',
    "v2-location": "100,200.5,300",
    "v2-constraints": "abp",
  };
  const uplink = { ...up.uplink_message, locations: {}, attributes };
  const shown = JSON.parse(
    JSON.stringify(uplinkMessage(names, { ...up, uplink_message: uplink }, { dialect: "superset" })),
  );
  assert.deepEqual(shown.attributes, { room: "hall", Floor: "1 A" });
  const { latitude, longitude, altitude } = shown.metadata;
  assert.deepEqual([latitude, longitude, altitude], [100, 200.5, 300]);
});

test("a frame without payload has null, and FSK a bit rate and no data rate", () => {
  const bare = { end_device_ids: { device_id: "d" }, uplink_message: {} };
  const { port, counter, payload_raw } = uplinkMessage(names, bare, { dialect: "superset" });
  assert.deepEqual({ port, counter, payload_raw }, { port: 0, counter: 0, payload_raw: null });
  const fsk = metadata(
    { settings: { frequency: "868800000", data_rate: { fsk: { bit_rate: 50_000 } } } },
    "late",
  );
  assert.deepEqual(JSON.parse(JSON.stringify(fsk)), {
    time: "",
    frequency: 868.8,
    modulation: "FSK",
    bit_rate: 50_000,
  });
});

test("numbers and times are written as Go writes them", () => {
  assert.equal(asFloat32(868.1), 868.1);
  assert.equal(asFloat32(867.3000001), 867.3);
  assert.equal(asFloat32(902.32), 902.32);
  assert.equal(asFloat32(0), 0);
  assert.equal(withoutTrailingZeros("2020-01-01T00:00:00.120Z"), "2020-01-01T00:00:00.12Z");
  assert.equal(withoutTrailingZeros("2020-01-01T00:00:00.000Z"), "2020-01-01T00:00:00Z");
  assert.equal(withoutTrailingZeros("2020-01-01T00:00:10Z"), "2020-01-01T00:00:10Z");
  assert.equal(withoutTrailingZeros(""), "");
});
