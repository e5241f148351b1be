import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { devAddr, encodeMACCommands } from "@skylark/lorawan";
import { abpSettings, address, type Network, register, startNetwork } from "../network-server.fixture.ts";
import { keysOf, readDownlink, uplinkFrame } from "../simulated-device.fixture.ts";

const fills = [7, 7, 7] as const;
const keys = keysOf(fills);
const payload = Uint8Array.of(1, 2, 3);

async function network(context: TestContext): Promise<Network> {
  const started = await startNetwork();
  context.after(() => started.close());
  return started;
}

async function withDevice(context: TestContext, settings = abpSettings): Promise<Network> {
  const started = await network(context);
  await register(started, { settings, session: { devAddr: address, keys: fills } });
  return started;
}

test("delivers the uplink of an ABP device once its window is over", async (context) => {
  const net = await withDevice(context);
  net.hear(uplinkFrame(address, keys, { fCnt: 5, fPort: 10, payload }));
  await net.settle();
  assert.equal(net.applicationServer.decoded.length, 1, "decoding starts while the window is open");
  assert.equal(net.applicationServer.uplinks.length, 0);
  await net.advance(250);
  const [uplink] = net.applicationServer.uplinks;
  assert.equal(uplink?.fCnt, 5);
  assert.equal(uplink?.fPort, 10);
  assert.deepEqual(uplink?.frmPayload, payload);
  assert.equal(uplink?.consumedAirtimeUs, 51_456);
  assert.equal(uplink?.ids.devAddr, address);
  assert.match(uplink?.correlationIds.join(" ") ?? "", /^gs:conn:gtw1 gs:uplink:1 ns:uplink:[0-9A-Z]{26}$/);
  assert.deepEqual(net.eventNames(), ["ns.up.data.receive", "ns.up.data.process", "ns.up.data.forward"]);
  assert.equal(net.sent.length, 0);
});

test("merges what several gateways say and ends the window once the usual ones have reported", async (context) => {
  const net = await withDevice(context);
  const first = uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload });
  net.hear(first, { gatewayId: "gtw1" });
  await net.settle();
  net.hear(first, { gatewayId: "gtw2" });
  await net.advance(150);
  assert.equal(net.applicationServer.uplinks.length, 0, "the first window is waited for in full");
  await net.advance(100);
  assert.deepEqual(
    net.applicationServer.uplinks[0]?.receptions.map(({ gateway }) => gateway.ids.gatewayId),
    ["gtw1", "gtw2"],
  );
  const second = uplinkFrame(address, keys, { fCnt: 2, fPort: 1, payload });
  net.hear(second, { gatewayId: "gtw1" });
  await net.settle();
  assert.equal(net.applicationServer.uplinks.length, 1);
  net.hear(second, { gatewayId: "gtw2" });
  await net.settle();
  assert.equal(net.applicationServer.uplinks.length, 2, "nobody else usually hears the device");
  net.hear(second, { gatewayId: "gtw3" });
  await net.advance(300);
  assert.equal(net.applicationServer.uplinks.length, 2, "a late copy is dropped");
  assert.equal(net.server.counters.deduplication.late, 1);
  const third = uplinkFrame(address, keys, { fCnt: 3, fPort: 1, payload });
  for (const gatewayId of ["gtw1", "gtw2"]) net.hear(third, { gatewayId });
  await net.settle();
  assert.equal(net.applicationServer.uplinks.length, 2, "the late gateway is waited for from now on");
  net.hear(third, { gatewayId: "gtw3" });
  await net.settle();
  assert.equal(net.applicationServer.uplinks[2]?.receptions.length, 3);
});

test("loses none of the frames of a device that come in a burst, although later windows end sooner", async (context) => {
  const net = await withDevice(context);
  for (const fCnt of [1, 2, 3, 4]) {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload }));
    await net.advance(80);
  }
  await net.settle();
  net.hear(uplinkFrame(address, keys, { fCnt: 5, fPort: 1, payload }));
  await net.advance(300);
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [1, 2, 3, 4, 5],
  );
});

test("tells devices with one address apart by their keys, wherever their counters are", async (context) => {
  const net = await network(context);
  const others = [1, 2, 3].map((fill) => [fill, fill, fill] as const);
  for (const each of others) await register(net, { session: { devAddr: address, keys: each } });
  for (const [index, each] of others.entries()) {
    net.hear(uplinkFrame(address, keysOf(each), { fCnt: 10 * index, fPort: 1, payload }));
    await net.advance(250);
  }
  net.hear(uplinkFrame(address, keysOf(others[0]!), { fCnt: 1, fPort: 1, payload }));
  net.hear(uplinkFrame(address, keysOf([99, 99, 99]), { fCnt: 1, fPort: 1, payload }));
  await net.advance(250);
  const names = net.applicationServer.uplinks.map(({ ids }) => ids.deviceId);
  assert.equal(new Set(names.slice(0, 3)).size, 3);
  assert.equal(names[3], names[0]);
  assert.equal(names.length, 4);
  assert.equal(net.server.counters.uplinks.unmatched, 1);
});

test("refuses a replayed frame and says so in an event", async (context) => {
  const net = await withDevice(context);
  const old = uplinkFrame(address, keys, { fCnt: 7, fPort: 1, payload });
  for (const frame of [old, uplinkFrame(address, keys, { fCnt: 8, fPort: 1, payload })]) {
    net.hear(frame);
    await net.advance(2000);
  }
  net.hear(old);
  net.hear(uplinkFrame(address, keys, { fCnt: 8 + 16_385, fPort: 1, payload }));
  await net.advance(250);
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [7, 8],
  );
  const drops = net.events.filter(({ definition }) => definition.name === "ns.up.data.drop");
  assert.deepEqual(
    drops.map(({ data }) => (data as { json: { name: string } }).json.name),
    ["f_cnt_too_low", "f_cnt_gap"],
  );
});

test("tells those who watch a gateway of frames that no session fits, and nobody else", async (context) => {
  const net = await withDevice(context);
  const stranger = devAddr(0x26ff_0001);
  net.hear(uplinkFrame(stranger, keys, { fCnt: 1, fPort: 1, payload }));
  net.hear(uplinkFrame(address, keysOf([99, 99, 99]), { fCnt: 1, fPort: 1, payload }));
  net.hear(uplinkFrame(stranger, keys, { fCnt: 2, fPort: 1, payload }), { gatewayId: "gtw2" });
  await net.advance(250);
  assert.deepEqual(
    net.gatewayEvents.map(({ definition, data, correlationIds }) => [
      definition.name,
      (data as { json: { name: string } }).json.name,
      correlationIds?.[0],
    ]),
    Array(2).fill(["ns.up.data.drop", "device_not_found", "gs:conn:gtw1"]),
  );
  assert.ok(net.gatewayEvents[0]?.definition.visibility.includes("RIGHT_GATEWAY_TRAFFIC_READ"));
  assert.deepEqual(net.eventNames(), []);
  assert.equal(net.server.counters.uplinks.unmatched, 3);
});

test("counts beyond 16 bits", async (context) => {
  const net = await withDevice(context);
  for (const fCnt of [65_535, 65_536, 65_540]) {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload }));
    await net.advance(250);
  }
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [65_535, 65_536, 65_540],
  );
});

test("starts over with a device that resets its counters, and only with such a one", async (context) => {
  const net = await withDevice(context, { ...abpSettings, resetsFCnt: true });
  for (const fCnt of [20, 21, 0, 1]) {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload }));
    await net.advance(250);
  }
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [20, 21, 0, 1],
  );
});

test("answers a repeated confirmed uplink again and delivers it once", async (context) => {
  const net = await withDevice(context);
  const frame = uplinkFrame(address, keys, { fCnt: 3, fPort: 1, payload, confirmed: true });
  net.hear(frame);
  await net.advance(3000);
  net.hear(frame, { frequency: 868_300_000 });
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 1);
  assert.deepEqual(
    net.sent.map(({ phyPayload }, fCnt) => readDownlink(keys, phyPayload, fCnt).fCtrl.ack),
    [true, true],
  );
  assert.equal(net.server.counters.uplinks.retransmitted, 1);
});

test("does not take an unconfirmed frame twice when the device is told to send once", async (context) => {
  const net = await withDevice(context);
  const frame = uplinkFrame(address, keys, { fCnt: 3, fPort: 1, payload });
  net.hear(frame);
  await net.advance(3000);
  net.hear(frame);
  await net.advance(3000);
  assert.equal(net.applicationServer.uplinks.length, 1);
  assert.equal(net.eventNames().at(-1), "ns.up.data.drop");
});

test("refuses channels and data rates that the device does not have", async (context) => {
  const net = await withDevice(context);
  net.hear(uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload }), { frequency: 869_000_000 });
  net.hear(uplinkFrame(address, keys, { fCnt: 2, fPort: 1, payload }), {
    dataRate: { modulation: "LORA", spreadingFactor: 7, bandwidth: 500_000 },
  });
  await net.advance(250);
  const drops = net.events.filter(({ definition }) => definition.name === "ns.up.data.drop");
  assert.deepEqual(
    drops.map(({ data }) => (data as { json: { name: string } }).json.name),
    ["uplink_channel_not_found", "data_rate_not_found"],
  );
  assert.equal(net.applicationServer.decoded.length, 0);
});

const { factory: _, ...withoutPresets } = abpSettings;
const bandChannelsOnly = { ...withoutPresets, factory: {} };
const channelAnswers = encodeMACCommands(
  Array.from({ length: 5 }, () => ({
    name: "newChannel",
    kind: "answer",
    payload: { frequencyAck: true, dataRateAck: true },
  })),
  "uplink",
);

test("hears a device on a channel that it was just given, before and after its answer", async (context) => {
  const net = await withDevice(context, bandChannelsOnly);
  const hear = async (fCnt: number, frequency: number, fOpts: Uint8Array = new Uint8Array(0)) => {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload, fOpts }), { frequency });
    await net.advance(3000);
  };
  await hear(1, 867_100_000);
  assert.equal(net.applicationServer.uplinks.length, 0, "nobody has given it that channel yet");
  await hear(2, 868_100_000);
  assert.equal(net.sent.length, 1);
  await hear(3, 867_500_000, channelAnswers);
  await hear(4, 867_900_000);
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [2, 3, 4],
  );
  assert.equal(net.sent.length, 1, "nothing is left to be asked");
});

test("hears a device on its new channels although the answer was lost", async (context) => {
  const net = await withDevice(context, bandChannelsOnly);
  const hear = async (fCnt: number, frequency: number) => {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload }), { frequency });
    await net.advance(3000);
  };
  await hear(1, 868_100_000);
  for (const [index, frequency] of [867_100_000, 867_300_000, 867_500_000].entries()) {
    await hear(3 + index, frequency);
  }
  assert.equal(net.applicationServer.uplinks.length, 4);
  const [entry] = net.server.devices.cache.byDevAddr(address)!;
  assert.deepEqual(
    entry?.state.current?.mac.current.channels.slice(3).map(({ uplinkFrequency }) => uplinkFrequency),
    [867_100_000, 867_300_000, 867_500_000],
    "a device that sends on a channel has it",
  );
});

test("signs for the channel of a pending request with LoRaWAN 1.1", async (context) => {
  const net = await network(context);
  const fills11 = [4, 5, 6] as const;
  const keys11 = keysOf(fills11);
  const settings = { ...bandChannelsOnly, macVersion: "MAC_V1_1", phyVersion: "PHY_V1_1_REV_B" } as const;
  await register(net, { settings, session: { devAddr: address, keys: fills11 } });
  net.hear(uplinkFrame(address, keys11, { fCnt: 1, fPort: 1, payload, v11: { txDr: 5, txCh: 0 } }));
  await net.advance(3000);
  const v11 = { txDr: 5, txCh: 4 };
  net.hear(uplinkFrame(address, keys11, { fCnt: 2, fPort: 1, payload, v11, fOpts: channelAnswers }), {
    frequency: 867_300_000,
  });
  await net.advance(3000);
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [1, 2],
  );
});

test("verifies both halves of the MIC of LoRaWAN 1.1", async (context) => {
  const net = await network(context);
  const fills11 = [4, 5, 6] as const;
  const keys11 = keysOf(fills11);
  const settings = { ...abpSettings, macVersion: "MAC_V1_1", phyVersion: "PHY_V1_1_REV_B" } as const;
  await register(net, { settings, session: { devAddr: address, keys: fills11 } });
  const v11 = { txDr: 5, txCh: 1 };
  net.hear(uplinkFrame(address, keys11, { fCnt: 1, fPort: 1, payload, v11 }), { frequency: 868_300_000 });
  net.hear(uplinkFrame(address, keys11, { fCnt: 2, fPort: 1, payload, v11 }), { frequency: 868_500_000 });
  net.hear(uplinkFrame(address, { ...keys11, s: keys11.e }, { fCnt: 3, fPort: 1, payload, v11 }), {
    frequency: 868_300_000,
  });
  await net.advance(250);
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [1],
  );
});

test("tells the application how many of the last uplinks were lost", async (context) => {
  const net = await withDevice(context);
  for (const fCnt of [1, 2, 3, 4, 6, 7, 8, 9, 10]) {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 1, payload }));
    await net.advance(250);
  }
  const rates = net.applicationServer.uplinks.map(({ packetErrorRate }) => packetErrorRate);
  assert.deepEqual([rates[0], rates.at(-1)], [undefined, 1 - 0.9]);
});

test("remembers counters over a restart on the same store", async (context) => {
  const net = await withDevice(context);
  const frame = uplinkFrame(address, keys, { fCnt: 40, fPort: 1, payload, confirmed: true });
  net.hear(frame);
  await net.advance(3000);
  await net.server.close();
  const again = await startNetwork({ store: net.store });
  for (const content of [
    { fCnt: 39, fPort: 1, payload },
    { fCnt: 41, fPort: 1, payload, confirmed: true },
  ]) {
    again.hear(uplinkFrame(address, keys, content));
    await again.advance(3000);
  }
  assert.deepEqual(
    again.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [41],
  );
  assert.equal(readDownlink(keys, again.sent[0]!.phyPayload, 1).fCnt, 1, "FCntDown goes on");
});

test("neither delivers nor advances when the commit fails", async (context) => {
  const net = await withDevice(context);
  const { write } = net.store;
  net.hear(uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload }));
  await net.settle();
  net.store.write = () => Promise.reject(new Error("disk full"));
  await net.advance(250);
  assert.equal(net.applicationServer.uplinks.length, 0);
  net.store.write = write;
  await net.advance(2000);
  net.hear(uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload }));
  await net.advance(250);
  assert.equal(net.applicationServer.uplinks.length, 1);
});

test("remembers that nobody has an address, until somebody gets it", async (context) => {
  const net = await network(context);
  const frame = (fCnt: number) => uplinkFrame(address, keys, { fCnt, fPort: 1, payload });
  net.hear(frame(1));
  await net.settle();
  assert.deepEqual(net.server.devices.cache.byDevAddr(address), []);
  await register(net, { session: { devAddr: address, keys: fills } });
  net.hear(frame(2));
  await net.advance(250);
  assert.equal(net.applicationServer.uplinks.length, 1);
});

test("keeps few devices in memory and loads the others when they speak", async (context) => {
  const net = await startNetwork({ args: ["--ns.device-cache-size=100"] });
  context.after(() => net.close());
  for (let index = 0; index < 150; index++) {
    await register(net, { session: { devAddr: devAddr(index), keys: fills } });
  }
  for (const fCnt of [1, 2]) {
    for (let index = 0; index < 150; index++) {
      net.hear(uplinkFrame(devAddr(index), keys, { fCnt, fPort: 1, payload }));
    }
    await net.advance(6000);
  }
  assert.equal(net.applicationServer.uplinks.length, 300);
  assert.ok(net.server.counters.devicesInMemory <= 100);
});

test("takes anything for an uplink without harm", async (context) => {
  const net = await withDevice(context);
  const frame = uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload });
  for (let length = 0; length < frame.length; length++) net.hear(frame.subarray(0, length));
  for (let header = 0; header < 256; header++) net.hear(Uint8Array.of(header, ...frame.subarray(1)));
  await net.advance(250);
  assert.equal(net.applicationServer.uplinks.length, 1);
});

test("delivers what it has taken before it closes", async (context) => {
  const net = await withDevice(context);
  net.hear(uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload }));
  await net.settle();
  const closed = net.server.close();
  net.hear(uplinkFrame(address, keys, { fCnt: 2, fPort: 1, payload }));
  await net.advance(250);
  await closed;
  assert.deepEqual(
    net.applicationServer.uplinks.map(({ fCnt }) => fCnt),
    [1],
  );
});

test("devices of a tenant that is not served are strangers, until it is served again", async (context) => {
  let served = true;
  const net = await startNetwork({ tenantServed: () => served });
  context.after(() => net.close());
  await register(net, { settings: abpSettings, session: { devAddr: address, keys: fills } });
  const hear = async (fCnt: number) => {
    net.hear(uplinkFrame(address, keys, { fCnt, fPort: 10, payload }));
    await net.advance(250);
    return net.applicationServer.uplinks.map((uplink) => uplink.fCnt);
  };
  assert.deepEqual(await hear(1), [1]);
  served = false;
  assert.deepEqual(await hear(2), [1]);
  assert.equal(net.server.counters.uplinks.unmatched, 1);
  served = true;
  assert.deepEqual(await hear(3), [1, 3]);
});
