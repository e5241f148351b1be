import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { parseAESKey, parseEUI64 } from "@skylark/lorawan";
import { FakeNetworkServer } from "./fake-network-server.ts";
import {
  Air,
  activationOf,
  assertAllTransmitted,
  assertCountersRise,
  assertInWindow,
  assertNoViolations,
  assertReceived,
  type DeviceOptions,
  deviceIdentity,
  type GatewayOptions,
  SimulatedDevice,
  SimulatedGateway,
  systemClock,
} from "./index.ts";

const identity = deviceIdentity(7, 1);
const channelNumber = (freq: number): number => Math.round((freq - 868.1) / 0.2);

/** A fake server and an air of the test's own, so that the tests can wait for their windows side by side. */
async function setUp(t: TestContext, gatewayOptions: Partial<GatewayOptions> = {}) {
  const server = new FakeNetworkServer();
  server.channelOf = channelNumber;
  await server.start();
  const air = new Air({ clock: systemClock });
  const eui = "0102030405060708";
  const gateway = new SimulatedGateway({
    eui,
    server: { host: "127.0.0.1", port: server.port },
    air,
    ...gatewayOptions,
  });
  await gateway.start();
  t.after(async () => {
    await gateway.stop();
    await server.stop();
  });
  const makeDevice = (kind: "otaa" | "abp", options: Partial<DeviceOptions> = {}): SimulatedDevice => {
    const version = options.version ?? "1.0.3";
    const activation = activationOf(identity, { kind, version });
    if ("abp" in activation) {
      const { devAddr: address, keys } = activation.abp;
      server.session = { address, is11: version === "1.1.0", keys };
    }
    server.appKey = parseAESKey(identity.appKey);
    if (kind === "otaa" && version === "1.1.0") server.nwkKey = parseAESKey(identity.nwkKey);
    return new SimulatedDevice({ air, devEui: parseEUI64(identity.devEui), version, activation, ...options });
  };
  return { server, air, gateway, makeDevice };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 2000, "it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("simulated devices and gateways", { concurrency: true }, () => {
  it("a confirmed uplink is acknowledged in RX1, through a rollover of the gateway's counter", async (t) => {
    const { server, gateway, makeDevice } = await setUp(t, { startCount: 2 ** 32 - 500_000 });
    const device = makeDevice("abp");
    server.answer = () => ({ fCnt: 0, ack: true });
    const result = await device.sendUplink({ fPort: 3, payload: Uint8Array.of(1, 2, 3), confirmed: true });
    assert.equal(result.acknowledged, true);
    assert.equal(result.transmissions, 1);
    assertInWindow(result.downlink, "rx1");
    assertNoViolations(device);
    assertAllTransmitted(gateway);
    assert.deepEqual(server.uplinks[0]?.payload, Uint8Array.of(1, 2, 3));
    assert.ok(server.uplinks[0]!.packet.tmst > 2 ** 32 - 500_000);
    assert.deepEqual(server.txAcks, [""]);
  });

  it("a device repeats an unanswered confirmed uplink with the same counter and hears RX2", async (t) => {
    const { server, makeDevice } = await setUp(t);
    const device = makeDevice("abp");
    server.answer = (_, index) =>
      index === 0 ? undefined : { fCnt: 5, ack: true, delayMs: 2000, freq: 869.525, datr: "SF12BW125" };
    const result = await device.sendUplink({ fPort: 3, confirmed: true });
    assert.equal(result.transmissions, 2);
    assertInWindow(result.downlink, "rx2");
    assert.deepEqual(
      server.uplinks.map(({ frame }) => frame.fCnt),
      [0, 0],
    );
    assert.equal(device.session?.fCntUp, 1);
    assertNoViolations(device);
  });

  it("a LoRaWAN 1.0.3 device joins and takes RX parameters and channels from the join-accept", async (t) => {
    const { server, makeDevice } = await setUp(t);
    const device = makeDevice("otaa", { firstFCnt: 1 });
    server.joinAccept = {
      dlSettings: { optNeg: false, rx1DROffset: 2, rx2DR: 3 },
      rxDelay: 0,
      cfList: { type: "frequencies", frequencies: [867_100_000, 0, 867_500_000, 0, 0] },
    };
    assert.equal(await device.join({ attempts: 1 }), true);
    assert.equal(device.parameters.rx2DataRate, 3);
    assert.deepEqual(
      device.parameters.channels.map((channel) => channel?.frequency),
      [868_100_000, 868_300_000, 868_500_000, 867_100_000, undefined, 867_500_000, undefined, undefined],
    );
    server.answer = () => ({ fCnt: 0, fPort: 9, payload: Uint8Array.of(0xbe, 0xef), datr: "SF9BW125" });
    const downlink = device.nextDownlink();
    const result = await device.sendUplink();
    assert.equal(result.fCnt, 1);
    assert.equal((await downlink).fPort, 9);
    assertReceived(device, ["BEEF"]);
    assertNoViolations(device);
    assert.deepEqual(server.badFrames, []);
  });

  it("a LoRaWAN 1.1 device joins, indicates the new keys until confirmed, and counts downlinks twice", async (t) => {
    const { server, makeDevice } = await setUp(t);
    const device = makeDevice("otaa", { version: "1.1.0" });
    assert.equal(await device.join({ attempts: 1 }), true);
    assert.equal(server.joinRequests[0]?.devNonce, 1);
    const answers = [
      { fCnt: 0, fPort: 1, payload: Uint8Array.of(7) },
      { fCnt: 0, commands: Uint8Array.of(0x0b, 1) },
      { fCnt: 1, ack: true, confirmed: true },
      { fCnt: 1, fPort: 1, payload: Uint8Array.of(8) },
    ];
    server.answer = (_, index) => answers[index];
    await device.sendUplink({ fPort: 1 });
    await device.sendUplink({ fPort: 1 });
    assert.equal((await device.sendUplink({ fPort: 1, confirmed: true })).acknowledged, true);
    await device.sendUplink({ fPort: 1 });
    assert.deepEqual(
      server.uplinks.map(({ commands }) => [...commands]),
      [[0x0b, 1], [0x0b, 1], [], []],
    );
    assert.equal(server.uplinks[3]?.frame.fCtrl.ack, true);
    assert.deepEqual(server.badFrames, []);
    assertReceived(device, ["07", "08"]);
    assertCountersRise(device);
    assertNoViolations(device);
  });

  it("a device obeys and answers MAC commands, and repeats the sticky answers until a downlink arrives", async (t) => {
    const { server, makeDevice } = await setUp(t);
    const device = makeDevice("abp", { version: "1.0.4", battery: 100, downlinkSnr: -3 });
    const requests = Uint8Array.of(0x06, 0x08, 0x02, 0x05, 0x13, 0xd2, 0xad, 0x84);
    server.answer = (_, index) => (index === 0 ? { fCnt: 0, commands: requests } : undefined);
    await device.sendUplink({ fPort: 1 });
    assert.equal(device.parameters.rx1DelayMs, 2000);
    assert.equal(device.parameters.rx1DROffset, 1);
    assert.equal(device.parameters.rx2DataRate, 3);
    server.answer = (_, index) => (index === 2 ? { fCnt: 1, delayMs: 2000, datr: "SF8BW125" } : undefined);
    await device.sendUplink({ fPort: 1 });
    await device.sendUplink({ fPort: 1 });
    await device.sendUplink({ fPort: 1 });
    assert.deepEqual(
      server.uplinks.map(({ commands }) => [...commands]),
      [[], [0x06, 100, 0x3d, 0x08, 0x05, 7], [0x08, 0x05, 7], []],
    );
    assertNoViolations(device);
  });

  it("a device reports a reused counter, a missed window, a wrong frequency, data rate, polarity and MIC", async (t) => {
    const { server, makeDevice } = await setUp(t);
    const device = makeDevice("abp");
    const answers = [
      { fCnt: 4 },
      { fCnt: 4 },
      { fCnt: 5, delayMs: 1001 },
      { fCnt: 5, freq: 867.1 },
      { fCnt: 5, datr: "SF9BW125" },
      { fCnt: 5, ipol: false },
    ];
    server.answer = (_, index) => answers[index];
    for (const _ of answers) await device.sendUplink({ fPort: 1 });
    const { session } = server;
    server.session = { ...session!, keys: { ...session!.keys, fNwkSIntKey: parseAESKey("00".repeat(16)) } };
    await device.sendUplink({ fPort: 1 });
    assert.deepEqual(
      device.violations.map(({ kind }) => kind),
      ["replay", "time", "frequency", "data_rate", "polarity"],
    );
    assert.equal(server.badFrames.length, 1);
    assert.equal(device.downlinks.length, 1);
  });

  it("a gateway refuses what is late, past, colliding or out of its range, and tells why", async (t) => {
    const { server, gateway } = await setUp(t, { startCount: 1000, transmitRange: [863e6, 870e6] });
    const txpk = {
      freq: 868.1,
      datr: "SF7BW125",
      modu: "LORA",
      codr: "4/5",
      ipol: true,
      size: 1,
      data: "AA==",
    };
    const soon = 3_000_000;
    const send = (changes: object): void =>
      server.pullResp(JSON.stringify({ txpk: { ...txpk, ...changes } }));
    send({ tmst: soon });
    send({ tmst: soon + 10_000 });
    send({ tmst: 2 ** 32 - 5_000_000 });
    send({ tmst: soon + 100_000, freq: 915 });
    send({ tmms: 1e12 });
    send({ size: 2, tmst: soon + 200_000 });
    server.pullResp("{");
    await until(() => server.txAcks.length === 5 && gateway.stats.malformedPullResp === 2);
    send({ tmst: 1000 });
    await until(() => server.txAcks.length === 6);
    const errors = server.txAcks.map((ack) => (ack === "" ? "" : JSON.parse(ack).txpk_ack.error));
    assert.deepEqual(errors.slice(0, 5), ["", "COLLISION_PACKET", "TOO_EARLY", "TX_FREQ", "GPS_UNLOCKED"]);
    assert.match(errors[5], /TOO_LATE|TOO_EARLY/);
    assert.equal(errors.length, 6);
    assert.equal(gateway.stats.malformedPullResp, 2);
  });

  it("a gateway of version 1 sends no TX_ACK", async (t) => {
    const { server, makeDevice } = await setUp(t, { version: 1 });
    const device = makeDevice("abp");
    server.answer = () => ({ fCnt: 0 });
    assertInWindow((await device.sendUplink({ fPort: 1 })).downlink, "rx1");
    assert.deepEqual(server.txAcks, []);
  });

  it("a gateway with GPS reports time and position, and several frames in one PUSH_DATA", async (t) => {
    const { server, gateway, makeDevice } = await setUp(t, {
      gps: { latitude: 52, longitude: 5, altitude: 3 },
      fetchMs: 60,
    });
    const device = makeDevice("abp");
    gateway.reportStatus();
    await device.sendUplink({ fPort: 1 });
    assert.match(server.statuses[0] ?? "", /"lati":52,"long":5,"alti":3/);
    const packet: { time?: string; tmms?: number } = server.uplinks[0]!.packet as object;
    assert.ok(Math.abs(Date.parse(packet.time!) - Date.now()) < 10_000);
    assert.equal(packet.tmms! - (Date.parse(packet.time!) - Date.UTC(1980, 0, 6) + 18_000), 0);
    assert.ok(gateway.stats.pushAckReceived >= 2);
  });

  it("a device out of reach is heard by nobody, and a lossy link loses datagrams", async (t) => {
    const { server, air, gateway, makeDevice } = await setUp(t, { link: { loss: 0.3, delayMs: 5 } });
    const device = makeDevice("abp");
    air.reach = () => undefined;
    await device.sendUplink({ fPort: 1 });
    assert.equal(gateway.stats.framesHeard, 0);
    for (let i = 0; i < 60; i++) gateway.reportStatus();
    await until(() => server.statuses.length + gateway.stats.datagramsLost >= 60);
    assert.ok(gateway.stats.datagramsLost > 5);
    assert.ok(server.statuses.length < 60 && server.statuses.length > 20);
  });
});
