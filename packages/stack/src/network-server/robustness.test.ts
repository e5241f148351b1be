import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { appendMIC, cryptFRMPayload, legacyDataMIC, macCommands } from "@skylark/lorawan";
import {
  abpSettings,
  address,
  type Network,
  otaaSettings,
  register,
  startNetwork,
} from "./network-server.fixture.ts";
import { joinRequestFrame, keysOf, uplinkFrame } from "./simulated-device.fixture.ts";

const fills = [7, 7, 7] as const;
const keys = keysOf(fills);
const payload = Uint8Array.of(1, 2, 3);

/** Mulberry32: the same seed finds the same fault again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomBytes(random: (below: number) => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

async function withDevice(context: TestContext, settings = abpSettings): Promise<Network> {
  const net = await startNetwork();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  context.after(async () => {
    await net.close();
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });
  await register(net, { settings, deviceId: "dev1", session: { devAddr: address, keys: fills } });
  return net;
}

/** Nothing that was thrown inside ended up as a failure of the server. */
function assertUnharmed(net: Network): void {
  const { uplinks, downlinks } = net.server.counters;
  assert.equal(uplinks.failed, 0);
  assert.equal(downlinks.notScheduled, 0);
}

/** A frame with any FOpts and payload, its MIC right, its layout as given. */
function signed(fCnt: number, fCtrl: number, rest: Uint8Array): Uint8Array {
  const header = [0x40, 4, 3, 2, 1, fCtrl, fCnt & 0xff, fCnt >>> 8];
  const message = Uint8Array.of(...header, ...rest);
  return appendMIC(message, legacyDataMIC(keys.f, { direction: "uplink", devAddr: address, fCnt, message }));
}

test("delivers no frame of which a bit was turned", async (context) => {
  const net = await withDevice(context);
  const frame = uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload, fOpts: Uint8Array.of(2) });
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    const mutated = frame.slice();
    mutated[bit >>> 3]! ^= 1 << (bit & 7);
    net.hear(mutated);
  }
  await net.advance(500);
  assert.equal(net.applicationServer.uplinks.length, 0);
  assert.equal(net.sent.length, 0);
  net.hear(frame);
  await net.advance(500);
  assert.equal(net.applicationServer.uplinks.length, 1, "the frame itself is taken");
  assertUnharmed(net);
});

test("takes random bytes, mutations and joins of strangers without harm, and forgets them", async (context) => {
  const net = await withDevice(context);
  const random = seeded(20260101);
  const models = [
    uplinkFrame(address, keys, { fCnt: 1, fPort: 1, payload }),
    joinRequestFrame({ joinEui: "00000000000000AA" as never, devEui: "00000000000000DD" as never }, 1),
  ];
  for (let round = 0; round < 2000; round++) {
    const model = models[random(models.length)]!;
    const bytes =
      random(2) === 0 ? randomBytes(random, random(256)) : model.slice(0, 1 + random(model.length));
    for (let times = random(4); times > 0 && bytes.length > 0; times--) {
      bytes[random(bytes.length)] = random(256);
    }
    if (Buffer.compare(bytes, models[0]!) !== 0)
      net.hear(bytes, { frequency: 868_100_000 + 1000 * random(900) });
    if (round % 200 === 0) await net.advance(50);
  }
  await net.advance(10_000);
  assert.equal(net.applicationServer.uplinks.length, 0);
  assert.equal(net.applicationServer.joins.length, 0);
  assert.equal(net.sent.length, 0);
  assert.ok(net.server.counters.devicesInMemory <= 1);
  assertUnharmed(net);
});

test("reads any MAC commands in FOpts and on port 0, cut off, repeated or unasked", async (context) => {
  const net = await withDevice(context, { ...abpSettings, factory: {}, statusCountPeriodicity: 3 });
  const random = seeded(7);
  const ids = Object.values(macCommands).map(({ cid }) => cid);
  for (let fCnt = 1; fCnt <= 300; fCnt++) {
    const commands: number[] = [];
    for (let count = random(8); count > 0; count--) {
      commands.push(
        random(8) === 0 ? random(256) : ids[random(ids.length)]!,
        ...randomBytes(random, random(5)),
      );
    }
    const onPort0 = random(3) === 0;
    const fOpts = Uint8Array.from(commands.slice(0, 15));
    const sealed = cryptFRMPayload(keys.e, {
      direction: "uplink",
      devAddr: address,
      fCnt,
      payload: Uint8Array.from(commands),
    });
    net.hear(
      onPort0
        ? signed(fCnt, 0, Uint8Array.of(0, ...sealed))
        : signed(fCnt, fOpts.length, Uint8Array.of(...fOpts, 1, 9)),
    );
    await net.advance(fCnt % 10 === 0 ? 2500 : 250);
  }
  assert.equal(net.applicationServer.uplinks.length, 300);
  assert.ok(
    net.applicationServer.uplinks.every(({ fPort, frmPayload }) => fPort !== 0 || frmPayload.length === 0),
  );
  const [entry] = net.server.devices.cache.byDevAddr(address)!;
  const { mac } = entry!.state.current!;
  assert.ok(
    mac.current.channels.length <= 16 && mac.refused.length <= 20 && mac.pendingRequests.length <= 20,
  );
  assertUnharmed(net);
});

test("refuses FOpts that are longer than the frame, or that come with port 0", async (context) => {
  const net = await withDevice(context);
  net.hear(signed(1, 15, Uint8Array.of(2, 2)));
  net.hear(signed(2, 1, Uint8Array.of(2, 0, 2)));
  await net.advance(2000);
  assert.equal(net.applicationServer.uplinks.length, 0);
  assert.equal(net.sent.length, 0);
  net.hear(signed(3, 1, Uint8Array.of(2)));
  await net.advance(2000);
  assert.equal(net.applicationServer.uplinks.length, 1);
  assert.equal(net.sent.length, 1);
});

test("keeps nothing of a stranger's join-requests and addresses", async (context) => {
  const net = await withDevice(context, { ...otaaSettings, supportsJoin: false });
  const random = seeded(3);
  for (let round = 0; round < 3000; round++) {
    const frame = signed(1, 0, Uint8Array.of(1, 1));
    frame.set(randomBytes(random, 4), 1);
    net.hear(frame);
    if (round % 500 === 0) await net.advance(20);
  }
  await net.advance(10_000);
  assert.equal(net.server.counters.uplinks.unmatched, net.server.counters.uplinks.received);
  assert.ok(net.server.counters.devicesInMemory <= 1);
});
