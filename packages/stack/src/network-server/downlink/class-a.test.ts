import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  cryptFOpts,
  cryptFRMPayload,
  decodeMACCommands,
  decodePHYPayload,
  downlinkMIC11,
  encodeMACCommands,
  withoutMIC,
} from "@skylark/lorawan";
import type { DeviceSettings } from "../device.ts";
import { abpSettings, address, type Network, register, startNetwork } from "../network-server.fixture.ts";
import { keysOf, readDownlink, uplinkFrame } from "../simulated-device.fixture.ts";
import { downlink, keys, withDevice } from "./activated-device.fixture.ts";

const payload = Uint8Array.of(1, 2, 3);
const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
const uplink = (fCnt: number, content = {}) =>
  uplinkFrame(address, keys, { fCnt, fPort: 1, payload, ...content });

test("sends what was queued before the uplink in RX1, and commits the counter first", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push(downlink);
  net.hear(uplink(1));
  await net.advance(750);
  assert.equal(net.sent.length, 0, "decided as late as the gateway allows");
  await net.advance(100);
  const [sent] = net.sent;
  assert.equal(sent?.request.windows[0]?.delayMs, 1000);
  assert.equal(sent?.request.windows[0]?.frequency, 868_100_000);
  assert.equal(sent?.request.windows[1]?.frequency, 869_525_000);
  const frame = readDownlink(keys, sent!.phyPayload, 0);
  assert.deepEqual([frame.fPort, frame.frmPayload, frame.fCtrl.ack], [42, downlink.frmPayload, false]);
  assert.equal(await sent!.durableNextFCntDown, 1);
  assert.deepEqual(net.applicationServer.results, [{ fCnt: 0, result: "SUCCESS" }]);
});

test("lets an application answer the uplink in the window of that very uplink", async (context) => {
  const net = await withDevice(context);
  net.hear(uplink(1));
  await net.advance(500);
  net.applicationServer.queue.push(downlink);
  net.server.downlinkQueued(ids);
  await net.advance(500);
  assert.equal(net.sent.length, 1);
  await net.advance(5000);
  net.applicationServer.queue.push(downlink);
  net.server.downlinkQueued(ids);
  await net.advance(5000);
  assert.equal(net.sent.length, 1, "there is no window without an uplink");
});

test("sets FPending while more is queued, and never uses a counter twice", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push(downlink, downlink, downlink);
  for (const fCnt of [1, 2, 3]) {
    net.hear(uplink(fCnt, { confirmed: fCnt === 2 }));
    await net.advance(3000);
  }
  const frames = net.sent.map(({ phyPayload }, fCnt) => readDownlink(keys, phyPayload, fCnt));
  assert.deepEqual(
    frames.map(({ fCnt, fCtrl }) => [fCnt, fCtrl.fPending, fCtrl.ack]),
    [
      [0, true, false],
      [1, true, true],
      [2, false, false],
    ],
  );
});

test("takes the ACK bit of the next uplink for the answer to a confirmed downlink", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push({ ...downlink, confirmed: true }, { ...downlink, confirmed: true });
  net.hear(uplink(1));
  await net.advance(3000);
  assert.equal(readDownlink(keys, net.sent[0]!.phyPayload, 0).mType, "confirmedDown");
  net.hear(uplink(2, { ack: true }));
  await net.advance(3000);
  net.hear(uplink(3));
  await net.advance(3000);
  net.hear(uplink(4, { ack: true }));
  await net.advance(3000);
  assert.deepEqual(net.applicationServer.acknowledgments, [
    { fCnt: 0, acknowledged: true },
    { fCnt: 1, acknowledged: false },
  ]);
});

test("leaves the queue as it is when no gateway can send, and tries again after the next uplink", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push(downlink);
  net.refusals.reserve = new Error("conflict");
  net.hear(uplink(1));
  await net.advance(3000);
  assert.equal(net.applicationServer.queue.length, 1);
  assert.ok(net.eventNames().includes("ns.down.data.schedule.fail"));
  net.refusals.reserve = undefined;
  net.hear(uplink(2));
  await net.advance(3000);
  assert.equal(readDownlink(keys, net.sent[0]!.phyPayload, 0).fCnt, 0);
});

test("sends nothing when the counter cannot be committed", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push(downlink);
  net.hear(uplink(1));
  await net.advance(500);
  const { write } = net.store;
  net.store.write = () => Promise.reject(new Error("disk full"));
  await net.advance(500);
  net.store.write = write;
  assert.equal(net.sent.length, 0);
  assert.equal(net.applicationServer.queue.length, 1);
});

test("reports a failed transmission and no longer waits for its acknowledgment", async (context) => {
  const net = await withDevice(context);
  net.applicationServer.queue.push({ ...downlink, confirmed: true });
  net.refusals.result = "TOO_LATE";
  net.hear(uplink(1));
  await net.advance(3000);
  net.hear(uplink(2));
  await net.advance(3000);
  assert.deepEqual(net.applicationServer.results, [{ fCnt: 0, result: "TOO_LATE" }]);
  assert.deepEqual(net.applicationServer.acknowledgments, []);
  assert.ok(net.eventNames().includes("ns.down.transmission.fail"));
});

test("prefers the gateway that hears the device best", async (context) => {
  const net = await withDevice(context);
  const frame = uplink(1, { confirmed: true });
  net.hear(frame, { gatewayId: "far", rssi: -120, snr: -5 });
  net.hear(frame, { gatewayId: "near", rssi: -60 });
  net.hear(frame, { gatewayId: "unknown", rssi: 0 });
  await net.advance(2000);
  assert.deepEqual(
    net.sent[0]?.request.paths.map(({ gateway }) => gateway.ids.gatewayId),
    ["near", "far", "unknown"],
  );
});

test("answers LinkCheckReq and DeviceTimeReq", async (context) => {
  const net = await withDevice(context);
  const fOpts = encodeMACCommands(
    [
      { name: "linkCheck", kind: "request", payload: {} },
      { name: "deviceTime", kind: "request", payload: {} },
    ],
    "uplink",
  );
  const sentAt = net.clock.now();
  net.hear(uplink(1, { fOpts }), { snr: 5 });
  await net.advance(2000);
  const frame = readDownlink(keys, net.sent[0]!.phyPayload, 0);
  const seconds = (sentAt - Date.UTC(1980, 0, 6)) / 1000 + 18;
  assert.deepEqual(decodeMACCommands(frame.fOpts, "downlink"), [
    { name: "linkCheck", kind: "answer", payload: { margin: 13, gatewayCount: 1 } },
    { name: "deviceTime", kind: "answer", payload: { seconds, fraction: 0 } },
  ]);
});

test("asks for other receive parameters until the device agrees, then uses them", async (context) => {
  const settings = {
    ...abpSettings,
    frequencyPlanId: "EU_863_870_TTN",
    wanted: { rx1Delay: 5 },
  };
  const net = await withDevice(context, settings);
  net.hear(uplink(1));
  await net.advance(3000);
  const asked = decodeMACCommands(readDownlink(keys, net.sent[0]!.phyPayload, 0).fOpts, "downlink");
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["rxParamSetup", "rxTimingSetup"],
  );
  const fOpts = encodeMACCommands(
    [
      {
        name: "rxParamSetup",
        kind: "answer",
        payload: { rx2FrequencyAck: true, rx2DataRateIndexAck: true, rx1DataRateOffsetAck: true },
      },
      { name: "rxTimingSetup", kind: "answer", payload: {} },
    ],
    "uplink",
  );
  net.hear(uplink(2, { fOpts }));
  await net.advance(7000);
  assert.equal(net.sent.length, 2, "sticky answers are repeated until a downlink comes");
  const windows = net.sent[1]!.request.windows;
  assert.deepEqual(
    windows.map(({ delayMs }) => delayMs),
    [5000, 6000],
  );
  assert.deepEqual(windows[1]!.dataRate, {
    modulation: "LORA",
    spreadingFactor: 9,
    bandwidth: 125_000,
    codingRate: "4/5",
  });
  net.hear(uplink(3));
  await net.advance(7000);
  assert.equal(net.sent.length, 2);
  assert.ok(net.eventNames().includes("ns.mac.rx_param_setup.answer.accept"));
  assert.ok(net.eventNames().includes("ns.mac.rx_timing_setup.answer"));
});

test("asks a silent device less and less often", async (context) => {
  const net = await withDevice(context, { ...abpSettings, wanted: { rx1Delay: 5 } });
  for (let fCnt = 1; fCnt <= 32; fCnt++) {
    net.hear(uplink(fCnt));
    await net.advance(3000);
  }
  assert.ok(net.sent.length < 10, `${net.sent.length} downlinks for 32 uplinks`);
});

test("asks for the device's status and keeps it", async (context) => {
  const net = await withDevice(context, { ...abpSettings, statusCountPeriodicity: 2 });
  for (const fCnt of [1, 2]) {
    net.hear(uplink(fCnt));
    await net.advance(3000);
  }
  assert.equal(net.sent.length, 1);
  const fOpts = encodeMACCommands(
    [{ name: "devStatus", kind: "answer", payload: { battery: 254, margin: 7 } }],
    "uplink",
  );
  net.hear(uplink(3, { fOpts }));
  await net.advance(3000);
  const stored = await net.server.devices.reader.findByIds(ids);
  assert.deepEqual([stored?.state.status?.batteryPercentage, stored?.state.status?.margin], [100, 7]);
});

test("sends what is too long for FOpts as the payload of port 0, and the application's after it", async (context) => {
  const { frequencies: _, ...factory } = { frequencies: undefined, ...abpSettings.factory };
  const net = await withDevice(context, { ...abpSettings, factory: withoutFrequencies(factory) });
  net.hear(uplink(1));
  await net.advance(3000);
  const frame = readDownlink(keys, net.sent[0]!.phyPayload, 0);
  assert.equal(frame.fPort, 0);
  const commands = decodeMACCommands(
    cryptFRMPayload(keys.e, { direction: "downlink", devAddr: address, fCnt: 0, payload: frame.frmPayload }),
    "downlink",
  );
  assert.deepEqual(
    commands.map(({ name }) => name),
    Array.from({ length: 5 }, () => "newChannel"),
  );
  net.applicationServer.queue.push(downlink);
  net.hear(uplink(2));
  await net.advance(3000);
  const second = readDownlink(keys, net.sent[1]!.phyPayload, 1);
  assert.deepEqual([second.fPort, second.fOpts.length, second.fCtrl.fPending], [42, 12, true]);
});

function withoutFrequencies({
  frequencies: _,
  ...factory
}: DeviceSettings["factory"]): DeviceSettings["factory"] {
  return factory;
}

const fills11 = [4, 5, 6] as const;
const keys11 = keysOf(fills11);
const v11 = { txDr: 5, txCh: 0 };

async function withDevice11(context: TestContext): Promise<Network> {
  const net = await startNetwork();
  context.after(() => net.close());
  const settings = { ...abpSettings, macVersion: "MAC_V1_1", phyVersion: "PHY_V1_1_REV_B" } as const;
  await register(net, { settings, deviceId: "dev1", session: { devAddr: address, keys: fills11 } });
  return net;
}

test("counts and signs downlinks of LoRaWAN 1.1 as that version does", async (context) => {
  const net = await withDevice11(context);
  const fOpts = encodeMACCommands([{ name: "linkCheck", kind: "request", payload: {} }], "uplink");
  const send = async (fCnt: number) => {
    net.hear(uplinkFrame(address, keys11, { fCnt, fPort: 1, payload, confirmed: true, fOpts, v11 }));
    await net.advance(3000);
  };
  await send(1);
  net.applicationServer.queue.push(downlink);
  await send(2);
  const frames = net.sent.map(({ phyPayload }, index) => {
    const frame = decodePHYPayload(phyPayload);
    assert.ok(frame.mType === "unconfirmedDown");
    const mic = downlinkMIC11({
      sNwkSIntKey: keys11.s,
      devAddr: address,
      fCnt: 0,
      confFCnt: index + 1,
      message: withoutMIC(phyPayload),
    });
    assert.equal(frame.mic, mic);
    return frame;
  });
  assert.deepEqual(
    frames.map(({ fCnt }) => fCnt),
    [0, 0],
    "network and application count apart",
  );
  const [network, application] = frames;
  assert.deepEqual(
    decodeMACCommands(
      cryptFOpts(keys11.e, { counter: "nFCntDown", devAddr: address, fCnt: 0, fOpts: network!.fOpts }),
      "downlink",
    ).map(({ name }) => name),
    ["linkCheck"],
  );
  assert.deepEqual(
    decodeMACCommands(
      cryptFOpts(keys11.e, { counter: "aFCntDown", devAddr: address, fCnt: 0, fOpts: application!.fOpts }),
      "downlink",
    ).map(({ name }) => name),
    ["linkCheck"],
  );
});

test("tells the session that a downlink would go to", async (context) => {
  const net = await withDevice(context);
  assert.deepEqual(await net.server.downlinkSession(ids), {
    devAddr: address,
    sessionKeyId: new Uint8Array(0),
    minFCnt: 0,
    separateApplicationCounter: false,
  });
  net.hear(uplink(1, { confirmed: true }));
  await net.advance(3000);
  assert.equal((await net.server.downlinkSession(ids))?.minFCnt, 1);
  assert.equal(await net.server.downlinkSession({ ...ids, deviceId: "other" }), undefined);
});

test("verifies the acknowledgment of LoRaWAN 1.1 with the counter that it acknowledges", async (context) => {
  const net = await withDevice11(context);
  net.applicationServer.queue.push(downlink, { ...downlink, confirmed: true });
  for (const fCnt of [1, 2]) {
    net.hear(uplinkFrame(address, keys11, { fCnt, fPort: 1, payload, v11 }));
    await net.advance(3000);
  }
  const ack = (confFCnt: number) =>
    uplinkFrame(address, keys11, { fCnt: 3, fPort: 1, payload, ack: true, v11: { ...v11, confFCnt } });
  net.hear(ack(0));
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 2);
  net.hear(ack(1));
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 3);
  assert.deepEqual(net.applicationServer.acknowledgments, [{ fCnt: 1, acknowledged: true }]);
});
