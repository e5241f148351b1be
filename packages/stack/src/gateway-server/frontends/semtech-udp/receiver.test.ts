import assert from "node:assert/strict";
import { test } from "node:test";
import { datagram, multiAntennaRxpk, pushData, stat, sx1301Rxpk, sx1302Rxpk } from "./datagrams.fixture.ts";
import { dropReasons, packetTypes } from "./packet.ts";
import { counterCount, Receiver, type ReceiverLimits, receiverCounters } from "./receiver.ts";
import { BatchReader, recordKinds } from "./records.ts";

const defaultLimits: ReceiverLimits = {
  datagramsPerSecond: 1000,
  burst: 2000,
  addressChangeBlockMs: 60_000,
  connectionExpiryMs: 180_000,
  maxGateways: 100,
  evictionsPerSecond: 1000,
  maxBatches: 4,
  maxQueuedPerGateway: 1000,
};

function createTestReceiver(limits: Partial<ReceiverLimits> = {}) {
  const counters = new Float64Array(counterCount);
  const sent: { bytes: Buffer; port: number; address: string }[] = [];
  const batches: ArrayBuffer[] = [];
  const time = { now: 1_000_000 };
  const receiver: Receiver = new Receiver({
    limits: { ...defaultLimits, ...limits },
    counters,
    now: () => time.now,
    send: (bytes, length, { port, address }) =>
      sent.push({ bytes: Buffer.from(bytes.subarray(0, length)), port, address }),
    post: (batch) => batches.push(batch),
    scheduleFlush: () => {},
  });
  const count = (name: string): number =>
    counters[[...receiverCounters, ...dropReasons].indexOf(name as never)]!;
  /** The kinds of the records of all batches so far, which go back to the receiver. */
  const takeKinds = (): number[] => {
    receiver.flush();
    const kinds: number[] = [];
    for (const batch of batches.splice(0)) {
      const reader = new BatchReader(batch);
      while (reader.next()) kinds.push(reader.kind);
      receiver.recycle(batch);
    }
    return kinds;
  };
  return { receiver, sent, batches, time, count, takeKinds };
}

const { gateway, uplink, status, pullData, txAck, gone, drop } = recordKinds;

test("acknowledges PUSH_DATA and PULL_DATA to where they came from", () => {
  const { receiver, sent } = createTestReceiver();
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  receiver.handleDatagram(
    datagram(packetTypes.pullData, undefined, { token: 7, version: 1 }),
    5001,
    "10.0.0.1",
  );
  assert.deepEqual(sent, [
    { bytes: Buffer.from([2, 0x12, 0x34, packetTypes.pushAck]), port: 5000, address: "10.0.0.1" },
    { bytes: Buffer.from([1, 0, 7, packetTypes.pullAck]), port: 5001, address: "10.0.0.1" },
  ]);
});

test("acknowledges PUSH_DATA whose body it cannot read", () => {
  const { receiver, sent, count } = createTestReceiver();
  receiver.handleDatagram(pushData("{"), 5000, "10.0.0.1");
  assert.equal(sent.length, 1);
  assert.equal(count("json"), 1);
});

test("packs what a datagram holds, the gateway first", () => {
  const { receiver, takeKinds } = createTestReceiver();
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk, sx1302Rxpk], stat }), 5000, "10.0.0.1");
  receiver.handleDatagram(datagram(packetTypes.pullData), 5001, "10.0.0.1");
  receiver.handleDatagram(datagram(packetTypes.txAck), 5001, "10.0.0.1");
  assert.deepEqual(takeKinds(), [gateway, uplink, uplink, status, pullData, txAck]);
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5002, "10.0.0.1");
  assert.deepEqual(takeKinds(), [uplink]);
});

test("gives a frame unchanged to the other side", () => {
  const { receiver, batches, time } = createTestReceiver();
  receiver.handleDatagram(pushData({ rxpk: [multiAntennaRxpk] }), 5000, "10.0.0.1");
  receiver.flush();
  const reader = new BatchReader(batches[0]!);
  assert.ok(reader.next());
  assert.deepEqual([reader.field(0), reader.field(1), reader.text(2)], [0xaa555a00 | 0, 0x101, "10.0.0.1"]);
  assert.ok(reader.next());
  assert.equal(reader.receivedAt, time.now);
  assert.equal(reader.field(0), multiAntennaRxpk.tmst);
  assert.equal(Buffer.from(reader.payload()).toString("base64"), multiAntennaRxpk.data);
  assert.deepEqual([reader.signal(0, 2), reader.signal(1, 2), reader.signal(1, 4)], [-90, -95, 3.25]);
  assert.ok(!reader.next());
});

test("drops frames without a good checksum, and counts them", () => {
  const { receiver, takeKinds, count } = createTestReceiver();
  receiver.handleDatagram(
    pushData({
      rxpk: [
        { ...sx1301Rxpk, stat: -1 },
        { ...sx1302Rxpk, stat: 0 },
      ],
    }),
    5000,
    "10.0.0.1",
  );
  assert.deepEqual(takeKinds(), [gateway]);
  assert.equal(count("crc"), 2);
});

test("keeps the strongest of a frame that one datagram has several times", () => {
  const { receiver, batches, count } = createTestReceiver();
  const copies = [-100, -60, -80].map((rssi, chan) => ({ ...sx1301Rxpk, chan, rssi }));
  receiver.handleDatagram(pushData({ rxpk: [...copies, sx1302Rxpk] }), 5000, "10.0.0.1");
  receiver.flush();
  const reader = new BatchReader(batches[0]!);
  const signals: number[] = [];
  while (reader.next()) if (reader.kind === uplink) signals.push(reader.signal(0, 2));
  assert.deepEqual(signals, [-60, -101]);
  assert.equal(count("repeated"), 2);
});

const malformed: readonly (readonly [reason: string, bytes: Buffer])[] = [
  ["too_short", Buffer.alloc(0)],
  ["too_short", Buffer.from([2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7])],
  ["too_long", Buffer.concat([pushData(""), Buffer.alloc(20_000)])],
  ["protocol_version", datagram(packetTypes.pushData, {}, { version: 0 })],
  ["protocol_version", datagram(packetTypes.pushData, {}, { version: 3 })],
  ["packet_type", datagram(packetTypes.pushAck)],
  ["packet_type", datagram(packetTypes.pullResp)],
  ["packet_type", datagram(200)],
];
for (const [reason, bytes] of malformed) {
  test(`drops a datagram of ${bytes.length} bytes for ${reason} without an answer`, () => {
    const { receiver, sent, count, takeKinds } = createTestReceiver();
    receiver.handleDatagram(bytes, 5000, "10.0.0.1");
    assert.equal(count(reason), 1);
    assert.equal(sent.length, 0);
    assert.deepEqual(takeKinds(), []);
  });
}

test("sends downlinks to the last PULL_DATA address, which may have another port each time", () => {
  const { receiver, sent, takeKinds } = createTestReceiver();
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  assert.equal(receiver.sendPullResp(1, Uint8Array.of(2, 0, 0, 3)), false);
  receiver.handleDatagram(datagram(packetTypes.pullData), 5001, "10.0.0.1");
  receiver.handleDatagram(datagram(packetTypes.pullData), 5002, "10.0.0.1");
  assert.equal(receiver.sendPullResp(1, Uint8Array.of(2, 0, 0, 3)), true);
  assert.deepEqual(sent.at(-1), { bytes: Buffer.from([2, 0, 0, 3]), port: 5002, address: "10.0.0.1" });
  assert.equal(receiver.sendPullResp(2, Uint8Array.of(2, 0, 0, 3)), false);
  assert.equal(takeKinds().length, 4);
});

test("a stranger cannot speak for a gateway until its address was silent", () => {
  const { receiver, sent, time, count, takeKinds } = createTestReceiver();
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  receiver.handleDatagram(datagram(packetTypes.pullData), 5001, "10.0.0.1");
  receiver.handleDatagram(datagram(packetTypes.pullData), 6000, "10.6.6.6");
  receiver.handleDatagram(pushData({ rxpk: [sx1302Rxpk] }), 6000, "10.6.6.6");
  receiver.handleDatagram(datagram(packetTypes.txAck), 6000, "10.6.6.6");
  assert.equal(count("address_change"), 3);
  receiver.sendPullResp(1, Uint8Array.of(2, 0, 0, 3));
  assert.deepEqual([sent.length, sent.at(-1)?.address], [3, "10.0.0.1"]);
  assert.deepEqual(takeKinds(), [gateway, uplink, pullData, drop]);
  time.now += 60_000;
  receiver.handleDatagram(datagram(packetTypes.pullData), 6000, "10.6.6.6");
  receiver.sendPullResp(1, Uint8Array.of(2, 0, 0, 3));
  assert.equal(sent.at(-1)?.address, "10.6.6.6");
});

test("takes a new address at once where the block is 0", () => {
  const { receiver, takeKinds } = createTestReceiver({ addressChangeBlockMs: 0 });
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  receiver.handleDatagram(pushData({ rxpk: [sx1302Rxpk] }), 5000, "10.0.0.2");
  assert.deepEqual(takeKinds(), [gateway, uplink, gateway, uplink]);
});

test("refuses a flood from one gateway, tells of it once, and leaves the others alone", () => {
  const { receiver, sent, time, count, takeKinds } = createTestReceiver({
    datagramsPerSecond: 10,
    burst: 20,
  });
  for (let sequence = 0; sequence < 100; sequence++)
    receiver.handleDatagram(datagram(packetTypes.pullData), 5001, "10.0.0.1");
  receiver.handleDatagram(
    datagram(packetTypes.pullData, undefined, { eui: "0102030405060708" }),
    1,
    "10.0.0.2",
  );
  assert.equal(count("flood"), 80);
  assert.equal(sent.length, 21);
  assert.equal(takeKinds().filter((kind) => kind === drop).length, 1);
  time.now += 1000;
  for (let sequence = 0; sequence < 100; sequence++)
    receiver.handleDatagram(datagram(packetTypes.pullData), 5001, "10.0.0.1");
  assert.equal(count("flood"), 170);
});

const euiOf = (number: number): string => number.toString(16).padStart(16, "0");

test("keeps no more gateways than its limit: the longest silent one makes room", () => {
  const { receiver, count, takeKinds } = createTestReceiver({ maxGateways: 2 });
  const pull = (number: number) =>
    receiver.handleDatagram(datagram(packetTypes.pullData, undefined, { eui: euiOf(number) }), 1, "10.0.0.1");
  for (const number of [1, 2, 1, 3, 1]) pull(number);
  assert.deepEqual(takeKinds(), [
    ...[gateway, pullData, gateway, pullData, pullData],
    ...[gone, gateway, pullData, pullData],
  ]);
  assert.equal(count("too_many_gateways"), 0);
});

test("gives up no registered gateway for another one, until it is silent for long or no more connected", () => {
  const { receiver, time, count, takeKinds } = createTestReceiver({ maxGateways: 2 });
  const pull = (number: number) =>
    receiver.handleDatagram(datagram(packetTypes.pullData, undefined, { eui: euiOf(number) }), 1, "10.0.0.1");
  pull(1);
  pull(2);
  for (const slot of [1, 2]) receiver.mark({ slot, isRegistered: true });
  pull(3);
  assert.equal(count("too_many_gateways"), 1);
  receiver.mark({ slot: 2, isRegistered: false });
  pull(3);
  assert.deepEqual(takeKinds(), [gateway, pullData, gateway, pullData, gone, gateway, pullData]);
  time.now += 180_001;
  pull(1);
  receiver.sweep();
  assert.deepEqual(takeKinds(), [pullData, gone]);
});

test("lets strangers take the place of others only so often each second", () => {
  const { receiver, time, count } = createTestReceiver({ maxGateways: 10, evictionsPerSecond: 5 });
  const flood = (from: number) => {
    for (let number = from; number < from + 100; number++)
      receiver.handleDatagram(
        datagram(packetTypes.pullData, undefined, { eui: euiOf(number) }),
        1,
        "10.0.0.1",
      );
  };
  flood(0);
  assert.equal(count("too_many_gateways"), 85);
  time.now += 1000;
  flood(1000);
  assert.equal(count("too_many_gateways"), 180);
});

test("refuses without acknowledging when the main thread is behind, and goes on when it catches up", () => {
  const { receiver, sent, batches, count, takeKinds } = createTestReceiver({
    maxBatches: 2,
    datagramsPerSecond: 1e6,
    burst: 1e6,
    maxQueuedPerGateway: 1e6,
  });
  for (let sequence = 0; sequence < 2000; sequence++)
    receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  const taken = count("uplinks");
  assert.ok(taken > 200 && taken < 2000);
  assert.equal(count("queue_full"), 2000 - taken);
  assert.equal(sent.length, taken);
  assert.ok(batches.length <= 2);
  assert.equal(takeKinds().filter((kind) => kind === uplink).length, taken);
  receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }), 5000, "10.0.0.1");
  assert.equal(count("uplinks"), taken + 1);
});

test("one gateway cannot fill the queue of all", () => {
  const { receiver, count, takeKinds } = createTestReceiver({ maxQueuedPerGateway: 5 });
  const push = (eui: string) =>
    receiver.handleDatagram(pushData({ rxpk: [sx1301Rxpk] }, { eui }), 5000, "10.0.0.1");
  for (let sequence = 0; sequence < 8; sequence++) push("0000000000000001");
  push("0000000000000002");
  assert.equal(count("gateway_queue_full"), 3);
  assert.equal(count("uplinks"), 6);
  takeKinds();
  push("0000000000000001");
  assert.equal(count("uplinks"), 7);
});
