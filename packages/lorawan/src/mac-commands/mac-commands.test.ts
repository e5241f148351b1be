import assert from "node:assert/strict";
import { test } from "node:test";
import type { Direction } from "../crypto/mic.ts";
import { LoRaWANError } from "../error.ts";
import { formatHex, parseHex } from "../hex.ts";
import { parseDevAddr } from "../ids/dev-addr.ts";
import {
  decodeMACCommands,
  encodeMACCommands,
  type KnownMACCommand,
  type MACCommandName,
  macCommandLength,
  macCommands,
} from "./index.ts";

const on = (...channels: number[]) => Array.from({ length: 16 }, (_, i) => channels.includes(i));

// Every command, both ways where there is an answer.
const commands: readonly [wire: string, direction: Direction, command: KnownMACCommand][] = [
  ["0101", "uplink", { name: "reset", kind: "request", payload: { minorVersion: 1 } }],
  ["0101", "downlink", { name: "reset", kind: "answer", payload: { minorVersion: 1 } }],
  ["02", "uplink", { name: "linkCheck", kind: "request", payload: {} }],
  ["021403", "downlink", { name: "linkCheck", kind: "answer", payload: { margin: 20, gatewayCount: 3 } }],
  [
    "0352018061",
    "downlink",
    {
      name: "linkADR",
      kind: "request",
      payload: {
        dataRateIndex: 5,
        txPowerIndex: 2,
        channelMask: on(0, 15),
        nbTrans: 1,
        channelMaskControl: 6,
      },
    },
  ],
  [
    "0305",
    "uplink",
    {
      name: "linkADR",
      kind: "answer",
      payload: { channelMaskAck: true, dataRateIndexAck: false, txPowerIndexAck: true },
    },
  ],
  ["040F", "downlink", { name: "dutyCycle", kind: "request", payload: { maxDutyCycle: 15 } }],
  ["04", "uplink", { name: "dutyCycle", kind: "answer", payload: {} }],
  [
    "0523D2AD84",
    "downlink",
    {
      name: "rxParamSetup",
      kind: "request",
      payload: { rx1DataRateOffset: 2, rx2DataRateIndex: 3, rx2Frequency: 869_525_000 },
    },
  ],
  [
    "0506",
    "uplink",
    {
      name: "rxParamSetup",
      kind: "answer",
      payload: { rx2FrequencyAck: false, rx2DataRateIndexAck: true, rx1DataRateOffsetAck: true },
    },
  ],
  ["06", "downlink", { name: "devStatus", kind: "request", payload: {} }],
  ["06FE3F", "uplink", { name: "devStatus", kind: "answer", payload: { battery: 254, margin: -1 } }],
  [
    "0703184F8450",
    "downlink",
    {
      name: "newChannel",
      kind: "request",
      payload: { channelIndex: 3, frequency: 867_100_000, minDataRateIndex: 0, maxDataRateIndex: 5 },
    },
  ],
  [
    "0702",
    "uplink",
    { name: "newChannel", kind: "answer", payload: { frequencyAck: false, dataRateAck: true } },
  ],
  ["0805", "downlink", { name: "rxTimingSetup", kind: "request", payload: { delay: 5 } }],
  ["08", "uplink", { name: "rxTimingSetup", kind: "answer", payload: {} }],
  [
    "0925",
    "downlink",
    {
      name: "txParamSetup",
      kind: "request",
      payload: { maxEirpIndex: 5, uplinkDwellTime: false, downlinkDwellTime: true },
    },
  ],
  ["09", "uplink", { name: "txParamSetup", kind: "answer", payload: {} }],
  [
    "0A03D2AD84",
    "downlink",
    { name: "dlChannel", kind: "request", payload: { channelIndex: 3, frequency: 869_525_000 } },
  ],
  [
    "0A01",
    "uplink",
    { name: "dlChannel", kind: "answer", payload: { frequencyAck: true, channelIndexAck: false } },
  ],
  ["0B01", "uplink", { name: "rekey", kind: "request", payload: { minorVersion: 1 } }],
  ["0B01", "downlink", { name: "rekey", kind: "answer", payload: { minorVersion: 1 } }],
  [
    "0C65",
    "downlink",
    { name: "adrParamSetup", kind: "request", payload: { adrAckLimitExponent: 6, adrAckDelayExponent: 5 } },
  ],
  ["0C", "uplink", { name: "adrParamSetup", kind: "answer", payload: {} }],
  ["0D", "uplink", { name: "deviceTime", kind: "request", payload: {} }],
  [
    "0D040302F180",
    "downlink",
    { name: "deviceTime", kind: "answer", payload: { seconds: 0xf1020304, fraction: 128 } },
  ],
  [
    "0E251A",
    "downlink",
    {
      name: "forceRejoin",
      kind: "request",
      payload: { periodExponent: 3, maxRetries: 2, rejoinType: 2, dataRateIndex: 5 },
    },
  ],
  [
    "0F73",
    "downlink",
    { name: "rejoinParamSetup", kind: "request", payload: { maxTimeExponent: 7, maxCountExponent: 3 } },
  ],
  ["0F01", "uplink", { name: "rejoinParamSetup", kind: "answer", payload: { maxTimeExponentAck: true } }],
  ["1007", "uplink", { name: "pingSlotInfo", kind: "request", payload: { period: 7 } }],
  ["10", "downlink", { name: "pingSlotInfo", kind: "answer", payload: {} }],
  [
    "11D2AD8403",
    "downlink",
    { name: "pingSlotChannel", kind: "request", payload: { frequency: 869_525_000, dataRateIndex: 3 } },
  ],
  [
    "1102",
    "uplink",
    { name: "pingSlotChannel", kind: "answer", payload: { frequencyAck: false, dataRateIndexAck: true } },
  ],
  ["12", "uplink", { name: "beaconTiming", kind: "request", payload: {} }],
  [
    "12020103",
    "downlink",
    { name: "beaconTiming", kind: "answer", payload: { delay: 0x0102, channelIndex: 3 } },
  ],
  ["13D2AD84", "downlink", { name: "beaconFreq", kind: "request", payload: { frequency: 869_525_000 } }],
  ["1301", "uplink", { name: "beaconFreq", kind: "answer", payload: { frequencyAck: true } }],
  ["2002", "uplink", { name: "deviceMode", kind: "request", payload: { class: 2 } }],
  ["2000", "downlink", { name: "deviceMode", kind: "answer", payload: { class: 0 } }],
  [
    "409D26184F84",
    "downlink",
    {
      name: "relayConf",
      kind: "request",
      payload: {
        startStop: true,
        cadPeriodicity: 1,
        defaultChannelIndex: 1,
        secondChannelIndex: 1,
        secondChannelDataRateIndex: 3,
        secondChannelAckOffset: 5,
        secondChannelFrequency: 867_100_000,
      },
    },
  ],
  [
    "4021",
    "uplink",
    {
      name: "relayConf",
      kind: "answer",
      payload: {
        secondChannelFrequencyAck: true,
        secondChannelAckOffsetAck: false,
        secondChannelDataRateIndexAck: false,
        secondChannelIndexAck: false,
        defaultChannelIndexAck: false,
        cadPeriodicityAck: true,
      },
    },
  ],
  [
    "410A9D10184F84",
    "downlink",
    {
      name: "relayEndDeviceConf",
      kind: "request",
      payload: {
        activationMode: 2,
        smartEnableLevel: 2,
        backoff: 8,
        secondChannelIndex: 1,
        secondChannelDataRateIndex: 3,
        secondChannelAckOffset: 5,
        secondChannelFrequency: 867_100_000,
      },
    },
  ],
  [
    "4109",
    "uplink",
    {
      name: "relayEndDeviceConf",
      kind: "answer",
      payload: {
        secondChannelFrequencyAck: true,
        secondChannelDataRateIndexAck: false,
        secondChannelIndexAck: false,
        backoffAck: true,
      },
    },
  ],
  [
    "430FBFAA42012604030201000102030405060708090A0B0C0D0E0F",
    "downlink",
    {
      name: "relayUpdateUplinkList",
      kind: "request",
      payload: {
        ruleIndex: 15,
        bucketSize: 2,
        reloadRate: 63,
        devAddr: parseDevAddr("260142AA"),
        wFCnt: 0x01020304,
        rootWorSKey: parseHex("000102030405060708090A0B0C0D0E0F"),
      },
    },
  ],
  ["43", "uplink", { name: "relayUpdateUplinkList", kind: "answer", payload: {} }],
  [
    "4413",
    "downlink",
    { name: "relayCtrlUplinkList", kind: "request", payload: { ruleIndex: 3, action: 1 } },
  ],
  [
    "440104030201",
    "uplink",
    { name: "relayCtrlUplinkList", kind: "answer", payload: { ruleIndexAck: true, wFCnt: 0x01020304 } },
  ],
  [
    "45FFC0001039",
    "downlink",
    {
      name: "relayConfigureFwdLimit",
      kind: "request",
      payload: {
        overallReloadRate: 127,
        globalUplinkReloadRate: 1,
        notifyReloadRate: 3,
        joinRequestReloadRate: 0,
        resetLimitCounter: 1,
        overallBucketSize: 1,
        globalUplinkBucketSize: 2,
        notifyBucketSize: 3,
        joinRequestBucketSize: 0,
      },
    },
  ],
  ["45", "uplink", { name: "relayConfigureFwdLimit", kind: "answer", payload: {} }],
  [
    "466F0AAA420126",
    "uplink",
    {
      name: "relayNotifyNewEndDevice",
      kind: "request",
      payload: { snr: -5, rssi: -98, devAddr: parseDevAddr("260142AA") },
    },
  ],
];

for (const [wire, direction, command] of commands) {
  test(`${command.name} ${command.kind} is decoded and encoded`, () => {
    assert.deepEqual(decodeMACCommands(parseHex(wire), direction), [command]);
    assert.equal(formatHex(encodeMACCommands([command], direction)), wire);
    assert.equal(macCommandLength(command, direction), wire.length / 2);
  });

  test(`${command.name} ${command.kind} cut anywhere keeps its bytes and throws nothing`, () => {
    const bytes = parseHex(wire);
    for (let length = 1; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const decoded = decodeMACCommands(cut, direction);
      assert.equal(decoded[0]?.kind, "unknown");
      assert.deepEqual(encodeMACCommands(decoded, direction), cut);
    }
  });
}

test("the cases above cover every command, and both messages of it", () => {
  for (const name of Object.keys(macCommands) as MACCommandName[]) {
    const kinds = commands.filter(([, , command]) => command.name === name).map(([, , { kind }]) => kind);
    const expected = "answer" in macCommands[name] ? ["answer", "request"] : ["request"];
    assert.deepEqual(kinds.sort(), expected, name);
  }
});

test("commands follow one another, and an unknown one ends them with what is left", () => {
  assert.deepEqual(decodeMACCommands(parseHex("030702802A0306"), "uplink"), [
    {
      name: "linkADR",
      kind: "answer",
      payload: { channelMaskAck: true, dataRateIndexAck: true, txPowerIndexAck: true },
    },
    { name: "linkCheck", kind: "request", payload: {} },
    { name: "unknown", kind: "unknown", cid: 0x80, reason: "unknownCid", payload: parseHex("2A0306") },
  ]);
});

test("a CID without a meaning in its direction is unknown", () => {
  assert.equal(decodeMACCommands(parseHex("0E"), "uplink")[0]?.kind, "unknown");
  assert.equal(decodeMACCommands(parseHex("46"), "downlink")[0]?.kind, "unknown");
});

test("reserved bits are ignored when read", () => {
  assert.deepEqual(decodeMACCommands(parseHex("08F5"), "downlink"), [
    { name: "rxTimingSetup", kind: "request", payload: { delay: 5 } },
  ]);
});

test("frequencies take the step of their band", () => {
  const options = { freqMultiplier: 200 };
  const bytes = parseHex("139855B7");
  const [decoded] = decodeMACCommands(bytes, "downlink", options);
  assert.ok(decoded?.name === "beaconFreq" && decoded.kind === "request");
  assert.equal(decoded.payload.frequency, 2_403_000_000);
  assert.deepEqual(encodeMACCommands([decoded], "downlink", options), bytes);
});

test("a value that does not fit is not encoded, nor a command that goes the other way", () => {
  const refused = (code: string) => (error: unknown) => error instanceof LoRaWANError && error.code === code;
  const delay = (seconds: number): KnownMACCommand => ({
    name: "rxTimingSetup",
    kind: "request",
    payload: { delay: seconds },
  });
  for (const bad of [16, -1, 1.5, Number.NaN]) {
    assert.throws(() => encodeMACCommands([delay(bad)], "downlink"), refused("invalid_value"));
  }
  assert.throws(() => encodeMACCommands([delay(1)], "uplink"), refused("unknown_mac_command"));
  const frequency: KnownMACCommand = {
    name: "beaconFreq",
    kind: "request",
    payload: { frequency: 868_100_050 },
  };
  assert.throws(() => encodeMACCommands([frequency], "downlink"), refused("invalid_value"));
});
