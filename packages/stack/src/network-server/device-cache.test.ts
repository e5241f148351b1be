import assert from "node:assert/strict";
import { test } from "node:test";
import { type DevAddr, devAddr, parseEUI64 } from "@skylark/lorawan";
import { type DeviceState, freshCounters } from "./device.ts";
import { DeviceCache } from "./device-cache.ts";
import type { DeviceEntry } from "./device-entry.ts";
import { personalizedMACState } from "./join/join-parameters.ts";
import { abpSettings } from "./network-server.fixture.ts";
import { keysOf } from "./simulated-device.fixture.ts";
import type { DeviceReader, StoredDevice } from "./storage/device-store.ts";

const { f } = keysOf([1, 1, 1]);

function stored(deviceNo: number, address: DevAddr): StoredDevice {
  const ids = { tenantId: "default", applicationId: "app1", deviceId: `dev${deviceNo}` };
  const session = {
    ids: { ...ids, devAddr: address },
    devAddr: address,
    sessionKeyId: new Uint8Array(0),
    startedAt: 0,
    fNwkSIntKey: f,
    sNwkSIntKey: f,
    nwkSEncKey: f,
  };
  const mac = personalizedMACState(abpSettings, { rx1Delay: 1 });
  const state: DeviceState = { current: { session, counters: freshCounters, mac } };
  return { deviceNo, ids, settings: abpSettings, state };
}

/** A store whose answers wait until they are let go. */
class SlowReader implements DeviceReader {
  devices: StoredDevice[] = [];
  readonly asked: (readonly DevAddr[])[] = [];
  beforeAnswer: (() => void) | undefined;

  async findByDevAddrs(devAddrs: readonly DevAddr[]): Promise<readonly StoredDevice[]> {
    this.asked.push(devAddrs);
    const found = this.devices.filter(({ state }) => devAddrs.includes(state.current!.session.devAddr));
    await new Promise((resolve) => setImmediate(resolve));
    const then = this.beforeAnswer;
    this.beforeAnswer = undefined;
    then?.();
    return found;
  }
  async findByIds({ deviceId }: { readonly deviceId: string }): Promise<StoredDevice | undefined> {
    return this.devices.find(({ ids }) => ids.deviceId === deviceId);
  }
  findByEuis = async (): Promise<StoredDevice | undefined> => undefined;
  findByDevEui = async (): Promise<undefined> => undefined;
  findRegistered = async (): Promise<undefined> => undefined;
  listApplication = async (): Promise<[]> => [];
  lastDeviceNo = async (): Promise<number> => 0;
}

const [a, b] = [devAddr(1), devAddr(2)];

async function load(cache: DeviceCache, address: DevAddr): Promise<readonly DeviceEntry[]> {
  const loading = cache.loadDevAddr(address);
  assert.ok(loading !== undefined);
  return loading;
}

test("asks for the addresses of one moment together, and for each only once", async () => {
  const reader = new SlowReader();
  reader.devices = [stored(1, a), stored(2, a)];
  const cache = new DeviceCache(reader, 100);
  const loads = [cache.loadDevAddr(a), cache.loadDevAddr(b), cache.loadDevAddr(a)];
  const [first, nobody] = await Promise.all(loads);
  assert.deepEqual(reader.asked, [[a, b]]);
  assert.deepEqual(
    first?.map(({ deviceNo }) => deviceNo),
    [1, 2],
  );
  assert.deepEqual(nobody, []);
  assert.equal(cache.byDevAddr(a), first);
  assert.deepEqual(cache.byDevAddr(b), []);
});

test("has one entry for a device, whichever way it is found", async () => {
  const reader = new SlowReader();
  reader.devices = [stored(1, a)];
  const cache = new DeviceCache(reader, 100);
  const held = await cache.holdByIds(reader.devices[0]!.ids);
  const [entry] = await load(cache, a);
  assert.equal(entry, held);
  assert.equal(cache.peek(entry!.ids), entry);
});

test("asks again when a session came up while the store was answering", async () => {
  const reader = new SlowReader();
  const cache = new DeviceCache(reader, 100);
  reader.beforeAnswer = () => {
    reader.devices = [stored(1, a)];
    cache.forgetAddress(a);
  };
  assert.equal((await load(cache, a)).length, 1);
  assert.equal(reader.asked.length, 2);
});

test("does not believe what the store said of a device that changed and left meanwhile", async () => {
  const reader = new SlowReader();
  const old = stored(1, a);
  reader.devices = [old];
  const cache = new DeviceCache(reader, 100);
  const changed = { ...old.state.current!, counters: { ...freshCounters, fCntUp: 5 } };
  const held = await cache.holdByIds(old.ids);
  reader.beforeAnswer = () => {
    reader.devices = [{ ...old, state: { current: changed } }];
    held!.state = { current: changed };
    cache.release(held!);
  };
  const [entry] = await load(cache, a);
  assert.equal(entry?.state.current?.counters.fCntUp, 5);
});

test("drops devices with the address that kept them, unless they are at work", async () => {
  const reader = new SlowReader();
  reader.devices = Array.from({ length: 5 }, (_, index) => stored(index + 1, devAddr(index + 1)));
  const cache = new DeviceCache(reader, 2);
  const [first] = await load(cache, devAddr(1));
  cache.hold(first!);
  for (let address = 2; address <= 5; address++) await cache.loadDevAddr(devAddr(address));
  assert.equal(cache.deviceCount, 3);
  assert.equal(cache.peek(first!.ids), first);
  cache.release(first!);
  assert.equal(cache.deviceCount, 2);
  assert.equal(cache.peek(first!.ids), undefined);
});

test("keeps devices in memory however many addresses of strangers are heard", async () => {
  const reader = new SlowReader();
  reader.devices = [stored(1, devAddr(1)), stored(2, devAddr(2))];
  const cache = new DeviceCache(reader, 2);
  await Promise.all([load(cache, devAddr(1)), load(cache, devAddr(2))]);
  await Promise.all(Array.from({ length: 100 }, (_, index) => load(cache, devAddr(1000 + index))));
  assert.equal(cache.deviceCount, 2);
  assert.equal(cache.byDevAddr(devAddr(1))?.length, 1);
  assert.deepEqual(cache.byDevAddr(devAddr(1000)), []);
});

test("takes no more questions than the store can be asked at once", async () => {
  const cache = new DeviceCache(new SlowReader(), 100);
  const loads = Array.from({ length: 20_001 }, (_, index) => cache.loadDevAddr(devAddr(index)));
  assert.equal(loads.at(-1), undefined);
  assert.deepEqual(await loads[20_000 - 1], []);
  assert.ok(cache.loadDevAddr(devAddr(30_000)) !== undefined);
});

test("does not take EUIs for unknown that were registered while the store was answering", async () => {
  const reader = new SlowReader();
  const cache = new DeviceCache(reader, 100);
  const euis = { joinEui: parseEUI64("00000000000000AA"), devEui: parseEUI64("00000000000000DD") };
  const device = { ...stored(1, a), ids: { ...stored(1, a).ids, ...euis } };
  let asked = 0;
  let answer: StoredDevice | undefined;
  reader.findByEuis = async () => {
    asked++;
    const found = answer;
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  };
  const first = cache.holdByEuis(euis);
  answer = device;
  cache.deviceAppeared(device.ids);
  assert.equal(await first, undefined);
  assert.equal((await cache.holdByEuis(euis))?.deviceNo, 1);
  assert.equal(asked, 2);
});

test("runs the tasks of a device one after another, failures included", async () => {
  const reader = new SlowReader();
  reader.devices = [stored(1, a)];
  const entry = (await new DeviceCache(reader, 10).holdByIds(reader.devices[0]!.ids))!;
  const log: string[] = [];
  const task = (name: string, fails = false) =>
    entry.run(async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const [first, second, third] = [task("first"), task("second", true), task("third")];
  await assert.rejects(second, /second/);
  assert.deepEqual(await Promise.all([first, third]), ["first", "third"]);
  assert.deepEqual(log, [
    "first begins",
    "first ends",
    "second begins",
    "second ends",
    "third begins",
    "third ends",
  ]);
});
