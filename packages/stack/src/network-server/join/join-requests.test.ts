import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type EUI64, encodeMACCommands, expandKey, parseEUI64 } from "@skylark/lorawan";
import {
  joinKeys,
  type Network,
  otaaSettings,
  type Registered,
  register,
  startNetwork,
} from "../network-server.fixture.ts";
import { joinRequestFrame, uplinkFrame } from "../simulated-device.fixture.ts";

async function withDevice(
  context: TestContext,
  settings = otaaSettings,
): Promise<{ net: Network; device: Registered; euis: { joinEui: EUI64; devEui: EUI64 } }> {
  const net = await startNetwork();
  context.after(() => net.close());
  const device = await register(net, { settings });
  const { joinEui, devEui } = device.ids;
  return { net, device, euis: { joinEui: joinEui!, devEui: devEui! } };
}

const schedule = expandKey(joinKeys.fNwkSIntKey);
const sessionKeys = { f: schedule, s: schedule, e: schedule };

test("joins a device and sends the join-accept in RX1", async (context) => {
  const { net, euis } = await withDevice(context);
  const frame = joinRequestFrame(euis, 1);
  net.hear(frame, { gatewayId: "far", rssi: -110 });
  await net.settle();
  net.hear(frame, { gatewayId: "near", rssi: -50 });
  await net.advance(4550);
  assert.equal(net.sent.length, 0);
  await net.advance(100);
  assert.equal(net.sent[0]?.request.windows[0]?.delayMs, 5000);
  assert.equal(net.sent[0]?.request.paths[0]?.gateway.ids.gatewayId, "near");
  assert.equal(net.joinRequests.length, 1, "the copy is not a second join");
  assert.equal(net.joinRequests[0]?.cfList?.length, 16);
  assert.deepEqual(net.applicationServer.joins[0]?.appSKey, joinKeys.appSKey);
  const { devAddr } = net.applicationServer.joins[0]!.ids;
  net.hear(uplinkFrame(devAddr!, sessionKeys, { fCnt: 1, fPort: 1, payload: Uint8Array.of(1) }), {
    frequency: 867_900_000,
  });
  await net.advance(300);
  assert.equal(net.applicationServer.uplinks[0]?.ids.devAddr, devAddr, "also on a channel of the CFList");
  assert.ok(net.eventNames().includes("ns.up.join.accept.forward"));
});

test("keeps the old session until the device uses the new one", async (context) => {
  const { net, device, euis } = await withDevice(context);
  const join = async (devNonce: number) => {
    net.hear(joinRequestFrame(euis, devNonce));
    await net.advance(7000);
    return net.applicationServer.joins.at(-1)!.ids.devAddr!;
  };
  const speak = async (devAddr: Parameters<typeof uplinkFrame>[0], fCnt: number) => {
    net.hear(uplinkFrame(devAddr, sessionKeys, { fCnt, fPort: 1, payload: Uint8Array.of(1) }));
    await net.advance(300);
  };
  const first = await join(1);
  await speak(first, 1);
  const second = await join(2);
  assert.notEqual(first, second);
  await speak(first, 2);
  assert.equal(net.applicationServer.uplinks.length, 2);
  await speak(second, 0);
  await speak(first, 3);
  assert.equal(net.applicationServer.uplinks.length, 3, "the old session has ended");
  const stored = await net.server.devices.reader.findByIds(device.ids);
  assert.equal(stored?.state.current?.session.devAddr, second);
  assert.equal(stored?.state.pending, undefined);
});

test("takes up a session of LoRaWAN 1.1 with RekeyInd only", async (context) => {
  const settings = { ...otaaSettings, macVersion: "MAC_V1_1", phyVersion: "PHY_V1_1_REV_B" } as const;
  const { net, euis } = await withDevice(context, settings);
  net.hear(joinRequestFrame(euis, 1));
  await net.advance(7000);
  const devAddr = net.applicationServer.joins[0]!.ids.devAddr!;
  const v11 = { txDr: 5, txCh: 0 };
  net.hear(uplinkFrame(devAddr, sessionKeys, { fCnt: 0, fPort: 1, payload: Uint8Array.of(1), v11 }));
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 0);
  const fOpts = encodeMACCommands(
    [{ name: "rekey", kind: "request", payload: { minorVersion: 1 } }],
    "uplink",
  );
  net.hear(uplinkFrame(devAddr, sessionKeys, { fCnt: 1, fOpts, v11 }));
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 1);
  assert.equal(net.sent.length, 2, "RekeyConf goes out");
});

test("shows a refused join in an event and sends nothing", async (context) => {
  const { net, euis } = await withDevice(context);
  net.refusals.join = new Error("no");
  net.hear(joinRequestFrame(euis, 1));
  await net.advance(7000);
  assert.equal(net.sent.length, 0);
  assert.deepEqual(net.eventNames(), [
    "ns.up.join.receive",
    "ns.up.join.cluster.attempt",
    "ns.up.join.cluster.fail",
    "ns.up.join.drop",
  ]);
});

test("shows join-requests of devices that it does not know to those who watch the gateway", async (context) => {
  const { net, euis } = await withDevice(context);
  net.hear(joinRequestFrame({ ...euis, devEui: "0123456789ABCDEF" as EUI64 }, 1));
  await net.advance(100);
  assert.equal(net.server.counters.joins.unmatched, 1);
  assert.deepEqual(
    net.gatewayEvents.map(({ definition, data }) => [
      definition.name,
      (data as { json: { name: string } }).json.name,
    ]),
    [["ns.up.join.drop", "device_not_found"]],
  );
  assert.deepEqual(net.eventNames(), []);
});

test("asks the store once for a stranger, until the device is registered", async (context) => {
  const { net, euis } = await withDevice(context);
  const { reader } = net.server.devices;
  const find = context.mock.method(reader, "findByEuis");
  const stranger = { ...euis, devEui: parseEUI64("00000000000000FF") };
  for (let devNonce = 1; devNonce <= 10; devNonce++) {
    net.hear(joinRequestFrame(stranger, devNonce));
    await net.settle();
  }
  assert.equal(find.mock.callCount(), 1);
  assert.equal(net.server.counters.joins.unmatched, 10);
  net.server.devices.cache.deviceAppeared({
    tenantId: "default",
    applicationId: "app1",
    deviceId: "new",
    ...stranger,
  });
  net.hear(joinRequestFrame(stranger, 11));
  await net.settle();
  assert.equal(find.mock.callCount(), 2);
});

test("lets a flood of strangers' join-requests ask only so much at once", async (context) => {
  const { net, euis } = await withDevice(context);
  for (let index = 0; index < 2000; index++) {
    const devEui = parseEUI64(index.toString(16).padStart(16, "0"));
    net.hear(joinRequestFrame({ ...euis, devEui }, index));
  }
  await net.advance(100);
  const { joins } = net.server.counters;
  assert.equal(joins.unmatched + joins.shed, 2000);
  assert.ok(joins.unmatched >= 500 && joins.unmatched < 600, `${joins.unmatched} were looked for`);
  net.hear(joinRequestFrame(euis, 1));
  await net.advance(6000);
  assert.equal(net.sent.length, 1, "and then serves devices as before");
});

test("sends the join-accept in RX2 when the gateway takes it too late for RX1", async (context) => {
  const { net, euis } = await withDevice(context);
  net.refusals.rx1 = "TOO_LATE";
  net.hear(joinRequestFrame(euis, 1));
  await net.advance(6000);
  assert.deepEqual(
    net.sent.map(({ request }) => request.windows.map(({ window }) => window)),
    [[1], [2]],
  );
  assert.equal(net.server.counters.joins.sent, 1);
});
