import assert from "node:assert/strict";
import { test } from "node:test";
import { type DataRate, formatDatr, parseDatr } from "./data-rate.ts";
import { LoRaWANError } from "./error.ts";
import { timeOnAirUs } from "./time-on-air.ts";

test("datr of the Semtech protocol is parsed and formatted", () => {
  const lora = { modulation: "LORA", spreadingFactor: 7, bandwidth: 125_000 } as const;
  assert.deepEqual(parseDatr("SF7BW125"), lora);
  assert.deepEqual(parseDatr("SF7BW125", "4/5"), { ...lora, codingRate: "4/5" });
  assert.deepEqual(parseDatr("SF7BW125", "OFF"), lora);
  assert.equal(formatDatr(lora), "SF7BW125");
  const wide = { modulation: "LORA", spreadingFactor: 12, bandwidth: 812_500, codingRate: "4/8LI" } as const;
  assert.deepEqual(parseDatr("SF12BW812.5", "4/8LI"), wide);
  assert.equal(formatDatr(wide), "SF12BW812.5");
  assert.deepEqual(parseDatr(50_000), { modulation: "FSK", bitRate: 50_000 });
  assert.deepEqual(parseDatr("50000"), { modulation: "FSK", bitRate: 50_000 });
  assert.equal(formatDatr({ modulation: "FSK", bitRate: 50_000 }), 50_000);
  const hopping = {
    modulation: "LR_FHSS",
    modulationType: 0,
    operatingChannelWidth: 137_000,
    codingRate: "2/3",
  } as const;
  assert.deepEqual(parseDatr("M0CW137", "2/3"), hopping);
  assert.equal(formatDatr(hopping), "M0CW137");
});

test("anything else than a data rate is refused", () => {
  const bad = [
    "",
    "SF4BW125",
    "SF13BW125",
    "SF7BW",
    "SF7BW0",
    "SF7",
    "sf7bw125",
    "SF7BW125 ",
    "M0CW",
    "-1",
    "5e4",
  ];
  for (const text of bad) assert.throws(() => parseDatr(text, "4/5"), LoRaWANError, text);
  for (const rate of [0, -50_000, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => parseDatr(rate), LoRaWANError);
  }
  assert.throws(() => parseDatr("SF7BW125", "5"), LoRaWANError);
  assert.throws(() => parseDatr("M0CW137"), LoRaWANError);
});

test("a data rate that comes again is the same frozen object", () => {
  assert.equal(parseDatr("SF9BW125", "4/5"), parseDatr("SF9BW125", "4/5"));
  assert.ok(Object.isFrozen(parseDatr("SF9BW125", "4/5")));
});

const lora = (spreadingFactor: number, bandwidth = 125_000): DataRate => ({
  modulation: "LORA",
  spreadingFactor,
  bandwidth,
  codingRate: "4/5",
});
const lrFhss = (codingRate: string): DataRate => ({
  modulation: "LR_FHSS",
  modulationType: 0,
  operatingChannelWidth: 137_000,
  codingRate,
});

test("time on air agrees with published values of 10, 13 and 23 byte frames", () => {
  const known: readonly [dataRate: DataRate, payloadLength: number, us: number][] = [
    [lora(7), 10, 41_216],
    [lora(8), 10, 72_192],
    [lora(9), 10, 144_384],
    [lora(10), 10, 288_768],
    [lora(11), 10, 577_536],
    [lora(12), 10, 991_232],
    [lora(7, 250_000), 10, 20_608],
    [lora(7, 500_000), 10, 10_304],
    [lora(7), 13, 46_336],
    [lora(12), 13, 1_155_072],
    [lora(7), 23, 61_696],
    [lora(8), 23, 113_152],
    [lora(9), 23, 205_824],
    [lora(10), 23, 370_688],
    [lora(11), 23, 823_296],
    [lora(12), 23, 1_482_752],
    [lora(7, 250_000), 13, 23_168],
    [lora(12, 500_000), 13, 288_768],
  ];
  for (const [dataRate, payloadLength, us] of known) {
    assert.equal(timeOnAirUs({ dataRate, payloadLength }), us, `${formatDatr(dataRate)} ${payloadLength}`);
  }
});

test("time on air depends on checksum, coding rate, header and preamble", () => {
  const frame = { dataRate: lora(7), payloadLength: 13 };
  assert.equal(timeOnAirUs({ ...frame, crc: false }), 41_216);
  assert.equal(timeOnAirUs({ ...frame, codingRate: "4/8" }), 61_696);
  assert.equal(timeOnAirUs({ ...frame, explicitHeader: false }), 41_216);
  assert.equal(timeOnAirUs({ ...frame, preambleSymbols: 10 }), 46_336 + 2048);
  assert.throws(() => timeOnAirUs({ ...frame, codingRate: "5/6" }), LoRaWANError);
});

test("time on air of long interleaving agrees with published values of a 10 byte frame", () => {
  const us = [5, 6, 7, 8, 9, 10, 11, 12].map((spreadingFactor) =>
    timeOnAirUs({
      dataRate: lora(spreadingFactor, 812_000),
      codingRate: "4/5LI",
      payloadLength: 10,
      crc: false,
    }),
  );
  assert.deepEqual(us, [1665, 3094, 5557, 10_483, 19_074, 36_887, 73_773, 142_502]);
  assert.throws(
    () => timeOnAirUs({ dataRate: lora(7), codingRate: "4/7LI", payloadLength: 10 }),
    LoRaWANError,
  );
});

test("time on air of a LoRa data rate that does not exist is refused", () => {
  assert.throws(() => timeOnAirUs({ dataRate: lora(13), payloadLength: 10 }), LoRaWANError);
  assert.throws(() => timeOnAirUs({ dataRate: lora(7, 0), payloadLength: 10 }), LoRaWANError);
});

test("time on air of FSK counts preamble, sync word, length and checksum", () => {
  const dataRate = { modulation: "FSK", bitRate: 50_000 } as const;
  assert.equal(timeOnAirUs({ dataRate, payloadLength: 33 }), 7040);
  assert.equal(timeOnAirUs({ dataRate, payloadLength: 33, crc: false }), 6720);
});

test("time on air of LR-FHSS counts its headers and fragments", () => {
  // 12 bytes: (12 + 2) * 8 + 6 = 118 bits, 354 coded at 1/3: 7 fragments of 50 bits and one of 20.
  assert.equal(timeOnAirUs({ dataRate: lrFhss("1/3"), payloadLength: 12 }), (3 * 114 + 7 * 50 + 20) * 2048);
  assert.equal(timeOnAirUs({ dataRate: lrFhss("2/3"), payloadLength: 12 }), (2 * 114 + 3 * 50 + 35) * 2048);
  assert.throws(() => timeOnAirUs({ dataRate: lrFhss("4/5"), payloadLength: 12 }), LoRaWANError);
});
