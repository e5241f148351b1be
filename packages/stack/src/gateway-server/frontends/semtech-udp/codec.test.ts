import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTxAck, encodePullResp, PushDataDecoder } from "./codec.ts";
import {
  datagram,
  fskRxpk,
  multiAntennaRxpk,
  pushData,
  stat,
  sx1301Rxpk,
  sx1302Rxpk,
} from "./datagrams.fixture.ts";
import { headerLength, packetTypes } from "./packet.ts";
import { codingRateText, createRxpk, modulations, type Rxpk } from "./rxpk.ts";
import { RxpkScanner } from "./rxpk-scanner.ts";

function decode(body: unknown): { rxpks: Rxpk[]; dropped: readonly string[] } {
  const data = new PushDataDecoder().decode(pushData(body));
  assert.ok(typeof data === "object", `dropped for ${String(data)}`);
  return { rxpks: data.rxpks.slice(0, data.count), dropped: [...data.dropped] };
}

function payloadHex({ payload, payloadLength }: Rxpk): string {
  return Buffer.from(payload.subarray(0, payloadLength)).toString("hex");
}

test("reads a frame of the sx1301 forwarder", () => {
  const [rxpk] = decode({ rxpk: [sx1301Rxpk] }).rxpks;
  assert.ok(rxpk);
  assert.equal(rxpk.timestamp, 3512348611);
  assert.equal(rxpk.frequency, 866_349_812);
  assert.deepEqual(
    [rxpk.modulation, rxpk.rate, rxpk.bandwidth, codingRateText(rxpk.codingRate)],
    [modulations.lora, 7, 125_000, "4/6"],
  );
  assert.deepEqual(rxpk.signals.slice(0, rxpk.signalCount), [
    {
      antenna: 0,
      channel: 2,
      rssi: -35,
      signalRssi: Number.NaN,
      snr: 5.1,
      frequencyOffset: Number.NaN,
      fineTimestampNs: Number.NaN,
    },
  ]);
  assert.equal(Buffer.from(payloadHex(rxpk), "hex").toString(), "The quick brown fox jumps over!");
  assert.ok(Number.isNaN(rxpk.time) && Number.isNaN(rxpk.gpsTime));
});

test("reads a frame of the sx1302 forwarder with GPS and a fine timestamp", () => {
  const [rxpk] = decode({ rxpk: [sx1302Rxpk] }).rxpks;
  assert.ok(rxpk);
  assert.ok(Math.abs(rxpk.time - Date.UTC(2026, 0, 14, 12, 8, 59) - 123.456) < 0.001);
  // 18 leap seconds lie between GPS and UTC.
  assert.equal(rxpk.gpsTime, Date.UTC(1980, 0, 6) + 1452427757123 - 18_000);
  assert.deepEqual(rxpk.signals[0], {
    antenna: 0,
    channel: 7,
    rssi: -101,
    signalRssi: -102,
    snr: -12.8,
    frequencyOffset: -1283,
    fineTimestampNs: 123456789,
  });
});

test("reads each antenna of rsig", () => {
  const [rxpk] = decode({ rxpk: [multiAntennaRxpk] }).rxpks;
  assert.ok(rxpk);
  assert.equal(rxpk.signalCount, 2);
  assert.deepEqual(rxpk.signals[0], {
    antenna: 0,
    channel: 3,
    rssi: -90,
    signalRssi: -91,
    snr: 7.5,
    frequencyOffset: 120,
    fineTimestampNs: 987654321,
  });
  assert.equal(rxpk.signals[1]?.antenna, 1);
  assert.equal(rxpk.signals[1]?.rssi, -95);
});

test("reads FSK by its bit rate and LR-FHSS by its channel width", () => {
  const lrFhss = { ...sx1301Rxpk, modu: "LR-FHSS", datr: "M0CW137", codr: "1/3" };
  const { rxpks } = decode({ rxpk: [fskRxpk, lrFhss] });
  assert.deepEqual([rxpks[0]?.modulation, rxpks[0]?.rate], [modulations.fsk, 50_000]);
  assert.deepEqual([rxpks[1]?.modulation, rxpks[1]?.rate, rxpks[1]?.bandwidth], [2, 0, 137_000]);
});

test("keeps the checksum's flag for the receiver to judge", () => {
  const { rxpks } = decode({ rxpk: [1, 0, -1].map((flag) => ({ ...sx1301Rxpk, stat: flag })) });
  assert.deepEqual(
    rxpks.map(({ crcStatus }) => crcStatus),
    [1, 0, -1],
  );
});

test("reads stat beside frames and alone, and knows the place from the factory", () => {
  const decoder = new PushDataDecoder();
  const both = decoder.decode(pushData({ rxpk: [sx1301Rxpk], stat }));
  assert.ok(typeof both === "object");
  assert.equal(both.count, 1);
  assert.deepEqual(both.status, {
    time: Date.UTC(2026, 0, 12, 8, 59, 28),
    versions: {},
    ip: [],
    metrics: { rxin: 2, rxok: 2, rxfw: 1, ackr: 100, txin: 2, txok: 1, temp: 31.5 },
    antennaLocations: [{ latitude: 46.24, longitude: 3.2523, altitude: 145, source: "SOURCE_GPS" }],
  });
  const factory = decoder.decode(pushData({ stat: { ...stat, lati: 10, long: 20 } }));
  assert.ok(typeof factory === "object");
  assert.deepEqual(factory.status?.antennaLocations, []);
});

const malformedFrames: readonly (readonly [name: string, change: object, reason: string])[] = [
  ["a negative tmst", { tmst: -1 }, "rxpk_fields"],
  ["a tmst beyond 32 bits", { tmst: 2 ** 32 }, "rxpk_fields"],
  ["a fractional tmst", { tmst: 1.5 }, "rxpk_fields"],
  ["a tmst as text", { tmst: "1" }, "rxpk_fields"],
  ["no frequency", { freq: undefined }, "rxpk_fields"],
  ["a frequency in Hz", { freq: 868100000 }, "rxpk_fields"],
  ["a channel that is no byte", { chan: 256 }, "rxpk_fields"],
  ["a signal beyond nature", { rssi: -1e9 }, "rxpk_fields"],
  ["a signal as text", { rssi: "-35" }, "rxpk_fields"],
  ["an unknown data rate", { datr: "SF13BW125" }, "data_rate"],
  ["a data rate as an object", { datr: {} }, "rxpk_fields"],
  ["an unknown coding rate", { codr: "9/9" }, "data_rate"],
  ["FSK at a rate of 0", { datr: 0 }, "data_rate"],
  ["broken base64", { data: "QAEA*CaA" }, "base64"],
  ["base64 of impossible length", { data: "QAEAA" }, "base64"],
  ["no payload", { data: "" }, "payload_length"],
  ["a payload of 256 bytes", { data: Buffer.alloc(256).toString("base64") }, "payload_length"],
  ["data as a number", { data: 5 }, "rxpk_fields"],
  ["rsig as an object", { rsig: {} }, "rxpk_fields"],
  ["too many antennas", { rsig: Array(9).fill({ rssic: -1 }) }, "rxpk_fields"],
];
for (const [name, change, reason] of malformedFrames) {
  test(`drops a frame with ${name}, and takes the others`, () => {
    const { rxpks, dropped } = decode({ rxpk: [{ ...sx1301Rxpk, ...change }, sx1302Rxpk] });
    assert.deepEqual(dropped, [reason]);
    assert.equal(rxpks.length, 1);
    assert.equal(rxpks[0]?.timestamp, sx1302Rxpk.tmst);
  });
}

test("drops what is no JSON object as a whole", () => {
  for (const body of ["", "{", '{"rxpk":[', "[]", "null", "5", '{"rxpk":[{}]', "\u0000\u0001"]) {
    assert.equal(new PushDataDecoder().decode(pushData(body)), "json", body);
  }
});

test("takes a payload of 255 bytes and base64 without padding", () => {
  const longest = Buffer.alloc(255, 7).toString("base64");
  const { rxpks } = decode({
    rxpk: [
      { ...sx1301Rxpk, data: longest },
      { ...sx1301Rxpk, data: "AQ" },
    ],
  });
  assert.equal(rxpks[0]?.payloadLength, 255);
  assert.equal(payloadHex(rxpks[1]!), "01");
});

test("takes at most 64 frames of one datagram", () => {
  const { rxpks, dropped } = decode({ rxpk: Array(70).fill(sx1301Rxpk) });
  assert.equal(rxpks.length, 64);
  assert.deepEqual(dropped, ["rxpk_count"]);
});

test("scans ordinary frames without JSON.parse, to the same numbers", () => {
  const bodies = [
    { rxpk: [sx1301Rxpk] },
    { rxpk: [sx1302Rxpk, fskRxpk] },
    { rxpk: [{ ...sx1302Rxpk, unknown: null, other: true, text: "x", more: -0.25 }] },
  ];
  for (const body of bodies) {
    const rxpks = Array.from({ length: 4 }, createRxpk);
    const bytes = pushData(JSON.stringify(body, undefined, 1));
    assert.equal(new RxpkScanner().scan(bytes, rxpks), body.rxpk.length);
    // A key with an escape is nothing to the scanner, and the same to JSON.parse.
    const unscannable = pushData(JSON.stringify(body).replace('"rxpk"', '"\\u0072xpk"'));
    assert.equal(new RxpkScanner().scan(unscannable, [createRxpk()]), -1);
    const parsed = new PushDataDecoder().decode(unscannable);
    assert.ok(typeof parsed === "object");
    assert.deepEqual(rxpks.slice(0, body.rxpk.length), parsed.rxpks.slice(0, parsed.count));
  }
});

test("reads acknowledgments of transmissions", () => {
  const read = (body?: unknown) => decodeTxAck(datagram(packetTypes.txAck, body));
  assert.equal(read(), "SUCCESS");
  assert.equal(read("\u0000"), "SUCCESS");
  assert.equal(read({ txpk_ack: { error: "NONE" } }), "SUCCESS");
  assert.equal(read({ txpk_ack: { warn: "TX_POWER", value: 20 } }), "SUCCESS");
  for (const error of [
    "TOO_LATE",
    "TOO_EARLY",
    "COLLISION_PACKET",
    "COLLISION_BEACON",
    "TX_FREQ",
    "TX_POWER",
    "GPS_UNLOCKED",
  ]) {
    assert.equal(read({ txpk_ack: { error } }), error);
  }
  assert.equal(read({ txpk_ack: { error: "constructor" } }), "UNKNOWN_ERROR");
  assert.equal(read("{"), "json");
  assert.equal(read({ txpk_ack: 5 }), "json");
});

test("writes PULL_RESP for LoRa and FSK", () => {
  const txpk = {
    timestamp: 4_294_967_295,
    frequency: 869_525_000,
    power: 29.15,
    phyPayload: Uint8Array.of(0x60, 1, 2, 3),
  };
  const lora = encodePullResp(2, 0xabcd, {
    ...txpk,
    dataRate: { modulation: "LORA", spreadingFactor: 9, bandwidth: 125_000, codingRate: "4/5" },
  });
  assert.deepEqual([...lora.subarray(0, 4)], [2, 0xab, 0xcd, 3]);
  assert.deepEqual(JSON.parse(Buffer.from(lora).toString("utf8", 4)), {
    txpk: {
      imme: false,
      tmst: 4294967295,
      freq: 869.525,
      rfch: 0,
      powe: 27,
      modu: "LORA",
      datr: "SF9BW125",
      codr: "4/5",
      ipol: true,
      size: 4,
      ncrc: true,
      data: "YAECAw==",
    },
  });
  const fsk = encodePullResp(1, 0, { ...txpk, dataRate: { modulation: "FSK", bitRate: 50_000 } });
  const parsed = JSON.parse(Buffer.from(fsk).toString("utf8", 4)) as { txpk: Record<string, unknown> };
  assert.deepEqual(
    [parsed.txpk.modu, parsed.txpk.datr, parsed.txpk.fdev, parsed.txpk.ipol, parsed.txpk.ncrc],
    ["FSK", 50_000, 25_000, false, false],
  );
  assert.ok(fsk.length > headerLength);
});
