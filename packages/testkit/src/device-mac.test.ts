import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { handleCommands, type LoRaWANVersion, type MACState, splitCommands } from "./device-mac.ts";
import { backOff, initialParameters } from "./device-parameters.ts";
import { type DeviceRegionName, deviceRegions } from "./device-region.ts";

function makeState(regionName: DeviceRegionName = "EU868", version: LoRaWANVersion = "1.0.3"): MACState {
  const region = deviceRegions[regionName];
  return {
    version,
    region,
    parameters: initialParameters(region, {}),
    battery: 255,
    downlinkSnr: 40,
    indicationPending: true,
    answers: [],
    onLinkCheck: () => {},
    onDeviceTime: () => {},
  };
}

/** Hands commands to a device and returns what it will answer, as hexadecimal. */
function answersTo(state: MACState, hex: string): string {
  handleCommands(state, splitCommands(new Uint8Array(Buffer.from(hex, "hex"))).commands);
  return state.answers.map(({ bytes }) => Buffer.from(bytes).toString("hex")).join(" ");
}

const enabledOf = ({ parameters }: MACState): number[] =>
  parameters.enabled.flatMap((on, index) => (on ? [index] : []));

describe("the MAC layer of a simulated device", () => {
  it("takes a channel mask, data rate, power and repetitions", () => {
    const state = makeState();
    assert.equal(answersTo(state, "0331030002"), "0307");
    assert.deepEqual(enabledOf(state), [0, 1]);
    const { dataRate, txPowerIndex, nbTrans } = state.parameters;
    assert.deepEqual({ dataRate, txPowerIndex, nbTrans }, { dataRate: 3, txPowerIndex: 1, nbTrans: 2 });
  });

  it("refuses a mask with an undefined channel, and changes nothing", () => {
    const state = makeState();
    assert.equal(answersTo(state, "0331ff0002"), "0306");
    assert.deepEqual(enabledOf(state), [0, 1, 2]);
    assert.equal(state.parameters.dataRate, 5);
  });

  it("refuses an empty mask, and a power that does not exist", () => {
    assert.equal(answersTo(makeState(), "0351000001"), "0306");
    assert.equal(answersTo(makeState(), "0358070001"), "0303");
  });

  it("takes adjacent LinkADRReq as one block from 1.0.2 on, and answers each", () => {
    const block = "033000007103300200 01 0330ff0001".replaceAll(" ", "");
    const state = makeState("US915", "1.0.2");
    assert.equal(answersTo(state, block), "0307 0307 0307");
    assert.deepEqual(enabledOf(state), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(answersTo(makeState("US915", "1.0.1"), "0330000071"), "0306");
  });

  it("keeps data rate and power where a LoRaWAN 1.0.4 network says 15", () => {
    const state = makeState("EU868", "1.0.4");
    assert.equal(answersTo(state, "03ff070000"), "0307");
    assert.equal(state.parameters.dataRate, 5);
    assert.equal(state.parameters.nbTrans, 1);
  });

  it("adds, moves and removes channels, except the default ones", () => {
    const state = makeState();
    assert.equal(answersTo(state, "0703184f8450"), "0703");
    assert.equal(state.parameters.channels[3]?.frequency, 867_100_000);
    assert.equal(answersTo(state, "0a03d2ad84"), "0703 0a03");
    assert.equal(state.parameters.channels[3]?.downlinkFrequency, 869_525_000);
    assert.deepEqual(
      state.answers.map(({ sticky }) => sticky),
      [false, true],
    );
    state.answers.length = 0;
    assert.equal(answersTo(state, "0700184f8450"), "0702");
    state.answers.length = 0;
    assert.equal(answersTo(state, "070300000050"), "0703");
    assert.deepEqual(enabledOf(state), [0, 1, 2]);
  });

  it("ignores channel commands where the channel list is fixed", () => {
    assert.equal(answersTo(makeState("US915"), "0703184f84500a03d2ad84"), "");
  });

  it("answers status, duty cycle and ADR parameters, and notes the confirmation of its keys", () => {
    const state = makeState();
    assert.equal(answersTo(state, "0604070c560b01"), "06ff1f 04 0c");
    assert.equal(state.parameters.maxDutyCycle, 7);
    assert.equal(state.parameters.adrAckLimit, 32);
    assert.equal(state.parameters.adrAckDelay, 64);
    assert.equal(state.indicationPending, false);
  });

  it("stops at an unknown or cut off command, after obeying what came before", () => {
    const cutOff = splitCommands(Uint8Array.of(6, 3, 0x50));
    assert.deepEqual(
      cutOff.commands.map(({ cid }) => cid),
      [6],
    );
    assert.deepEqual(cutOff.rest, Uint8Array.of(3, 0x50));
    assert.deepEqual(splitCommands(Uint8Array.of(0x77, 6)).rest, Uint8Array.of(0x77, 6));
  });

  it("gives up power, then data rate, then its channel mask when the network is silent", () => {
    const { parameters, region } = makeState();
    Object.assign(parameters, { txPowerIndex: 3, dataRate: 1, nbTrans: 3, enabled: [true, false, false] });
    const steps: unknown[] = [];
    for (let step = 0; step < 3; step++) {
      backOff(parameters, region);
      const { txPowerIndex, dataRate, nbTrans } = parameters;
      steps.push([txPowerIndex, dataRate, nbTrans, parameters.enabled.filter(Boolean).length]);
    }
    assert.deepEqual(steps, [
      [0, 1, 3, 1],
      [0, 0, 3, 1],
      [0, 0, 1, 3],
    ]);
  });
});
