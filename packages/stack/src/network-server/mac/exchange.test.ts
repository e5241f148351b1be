import assert from "node:assert/strict";
import { test } from "node:test";
import type { KnownMACCommand, MACCommand } from "@skylark/lorawan";
import type { DeviceSettings, MACState } from "../device.ts";
import { personalizedMACState } from "../join/join-parameters.ts";
import { abpSettings } from "../network-server.fixture.ts";
import { regionOf } from "../region.ts";
import type { AskFacts, UplinkFacts } from "./behaviour.ts";
import {
  fitCommands,
  handleMACCommands,
  needsRequest,
  wantedRequests,
  withRequestsSent,
} from "./exchange.ts";

const us915: DeviceSettings = {
  ...abpSettings,
  macVersion: "MAC_V1_0_2",
  phyVersion: "PHY_V1_0_2_REV_B",
  frequencyPlanId: "US_902_928_FSB_2",
  factory: {},
};

function ask(settings: DeviceSettings, mac = personalizedMACState(settings, { rx1Delay: 1 })): AskFacts {
  return {
    mac,
    settings,
    region: regionOf(settings),
    now: 1000,
    fCntUp: 1,
    dataRateIndex: 3,
    sessionStartedAt: 0,
    statusTimePeriodicityMs: 0,
    statusCountPeriodicity: 0,
  };
}

const uplink: UplinkFacts = {
  fCnt: 5,
  receivedAt: Date.UTC(2026, 0, 1),
  dataRateIndex: 3,
  demodulationMargin: 4,
  gatewayCount: 1,
  settings: abpSettings,
};

const answer = (name: string, payload: object) => ({ name, kind: "answer", payload }) as MACCommand;
const names = (commands: readonly KnownMACCommand[]) => commands.map(({ name }) => name);

/** What the device is left with after it was asked and answered. */
function afterAnswer(settings: DeviceSettings, answers: readonly MACCommand[]): MACState {
  const facts = ask(settings);
  const sent = withRequestsSent(facts, wantedRequests(facts));
  return handleMACCommands(sent, answers, uplink).mac;
}

test("has nothing to ask of a device that does as desired", () => {
  assert.deepEqual(wantedRequests(ask(abpSettings)), []);
  assert.equal(needsRequest(ask(abpSettings)), false);
});

test("switches a US902-928 device to the channels of its plan, as one block", () => {
  const requests = wantedRequests(ask(us915));
  assert.ok(requests.length > 1);
  assert.ok(requests.every(({ name }) => name === "linkADR"));
  const accepted = { channelMaskAck: true, dataRateIndexAck: true, txPowerIndexAck: true };
  const mac = afterAnswer(us915, [answer("linkADR", accepted), answer("linkADR", accepted)]);
  const enabled = mac.current.channels.flatMap(({ enableUplink }, index) => (enableUplink ? [index] : []));
  assert.deepEqual(enabled, [8, 9, 10, 11, 12, 13, 14, 15, 65]);
  assert.deepEqual(wantedRequests(ask(us915, mac)), []);
});

test("does not ask again in a session for what the device refused", () => {
  const refused = { channelMaskAck: true, dataRateIndexAck: true, txPowerIndexAck: false };
  const mac = afterAnswer(us915, [answer("linkADR", refused)]);
  assert.deepEqual(mac.refused, ["linkADR"]);
  assert.deepEqual(wantedRequests(ask(us915, mac)), []);
});

test("ignores an answer to a question that was not asked", () => {
  const before = personalizedMACState(abpSettings, { rx1Delay: 1 });
  const handled = handleMACCommands(before, [answer("dutyCycle", {})], uplink);
  assert.equal(handled.mac, before);
  assert.deepEqual(
    handled.occurrences.map(({ outcome }) => outcome),
    ["unasked"],
  );
});

test("takes answers to several NewChannelReq in their order", () => {
  const settings = { ...abpSettings, factory: {} };
  const yes = { frequencyAck: true, dataRateAck: true };
  const no = { frequencyAck: false, dataRateAck: true };
  const mac = afterAnswer(
    settings,
    [yes, no, yes, yes, yes].map((payload) => answer("newChannel", payload)),
  );
  assert.deepEqual(
    mac.current.channels.slice(3).map(({ uplinkFrequency }) => uplinkFrequency),
    [867_100_000, 0, 867_500_000, 867_700_000, 867_900_000],
  );
  assert.deepEqual(mac.refused, ["newChannel 4"]);
});

test("asks for DlChannel, duty cycle and timing when its owner wants them otherwise", () => {
  const settings = { ...abpSettings, wanted: { rx1Delay: 3, maxDutyCycle: 2, rx1DataRateOffset: 1 } };
  assert.deepEqual(names(wantedRequests(ask(settings))), ["dutyCycle", "rxParamSetup", "rxTimingSetup"]);
  const mac = afterAnswer(settings, [
    answer("dutyCycle", {}),
    answer("rxParamSetup", {
      rx2FrequencyAck: true,
      rx2DataRateIndexAck: true,
      rx1DataRateOffsetAck: true,
    }),
    answer("rxTimingSetup", {}),
  ]);
  const { rx1Delay, maxDutyCycle, rx1DataRateOffset } = mac.current;
  assert.deepEqual({ rx1Delay, maxDutyCycle, rx1DataRateOffset }, settings.wanted);
  assert.deepEqual(mac.pendingRequests, []);
});

test("goes back to the factory's parameters on ResetInd of an ABP device", () => {
  const before = personalizedMACState({ ...abpSettings, macVersion: "MAC_V1_1" }, { rx1Delay: 1 });
  const moved = { ...before, current: { ...before.current, rx1Delay: 7 } };
  const handled = handleMACCommands(
    moved,
    [{ name: "reset", kind: "request", payload: { minorVersion: 1 } }],
    uplink,
  );
  assert.equal(handled.mac.current.rx1Delay, 1);
  assert.deepEqual(names(handled.answers), ["reset"]);
});

test("reads past what it does not act on and stops at what it cannot read", () => {
  const before = personalizedMACState(abpSettings, { rx1Delay: 1 });
  const handled = handleMACCommands(
    before,
    [
      { name: "pingSlotInfo", kind: "request", payload: { period: 1 } },
      { name: "linkCheck", kind: "request", payload: {} },
      { name: "unknown", kind: "unknown", cid: 0x99, reason: "unknownCid", payload: new Uint8Array(0) },
      { name: "linkCheck", kind: "request", payload: {} },
    ],
    uplink,
  );
  assert.deepEqual(names(handled.answers), ["linkCheck"]);
  assert.deepEqual(
    handled.occurrences.map(({ outcome }) => outcome),
    ["ignored", "received"],
  );
});

test("never cuts a block of LinkADRReq in two", () => {
  const requests = wantedRequests(ask(us915));
  const oneTooShort = requests.length * 5 - 1;
  assert.deepEqual(fitCommands(requests, oneTooShort), []);
  assert.equal(fitCommands(requests, oneTooShort + 1).length, requests.length);
});
