import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { create, v2 } from "@skylark/api";
import {
  activationOf,
  createApiKey,
  DeviceSession,
  deviceIdentity,
  registerApplication,
  type SimulatedDevice,
  type SimulatedNetwork,
  simulateNetwork,
  V3Client,
} from "@skylark/testkit";
import { openV2Client, type V2Client } from "../packages/stack/src/main/v2-surface.fixture.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";
import { type V2Subscriber, v2Publish, v2Subscribe } from "./v2-clients.ts";

// Devices that were registered by V2's handler alone, on the air: what the radio does to them shows in the handler.

const { getDevice, setDevice, setApplication, simulateUplink } = v2.ApplicationManager.method;
const app = "my-app-id";
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const personalized = deviceIdentity(77, 0);
let stack: StackProcess;
let api: V3Client;
let network: SimulatedNetwork;
let device: SimulatedDevice;
let handler: V2Client;
let key: string;
let subscriber: V2Subscriber;

before(async () => {
  stack = await startStackProcess();
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, app);
  key = await createApiKey(api, app);
  const roots = readFileSync(join(stack.dataDirectory, "v2-certificate.pem"));
  handler = openV2Client(`localhost:${stack.v2HandlerPort}`, roots);
  network = simulateNetwork({
    server: { host: "127.0.0.1", port: stack.udpPort },
    gateways: 1,
    devices: 1,
    activation: "otaa",
    version: "1.0.2",
  });
  device = network.devices[0]!;
  await network.start();
  subscriber = await v2Subscribe(stack, { user: app, key, filter: `+/devices/+/#` });
});

after(async () => {
  subscriber?.stop();
  handler?.close();
  await network?.stop();
  api?.close();
  await stack?.stop();
});

const call: V2Client["call"] = (method, request) => handler.call(method, request, { key });

function register(devId: string, part: Partial<Omit<v2.LorawanDevice, "$typeName">>): Promise<unknown> {
  const value = create(v2.LorawanDeviceSchema, { uses32BitFCnt: true, ...part });
  return call(setDevice, { appId: app, devId, device: { case: "lorawanDevice", value } });
}

async function lorawanPart(devId: string): Promise<v2.LorawanDevice> {
  const { device: part } = await call(getDevice, { appId: app, devId });
  assert.ok(part.value);
  return part.value;
}

const topic = (devId: string, kind: string) => `${app}/devices/${devId}/${kind}`;

describe("a device that joins", () => {
  it("joins, and the handler knows its address and keys", async () => {
    const identity = network.identities[0]!;
    await register("joining", {
      appEui: bytes(identity.joinEui),
      devEui: bytes(identity.devEui),
      appKey: bytes(identity.appKey),
    });
    assert.equal(await device.join(), true);
    const activation = await subscriber.next(topic("joining", "events/activations"));
    const { devAddr, appSKey } = await lorawanPart("joining");
    assert.equal(Buffer.from(devAddr).toString("hex").toUpperCase(), activation.dev_addr);
    assert.ok(appSKey.some((byte) => byte !== 0));
  });

  it("sends uplinks and takes downlinks, and the handler counts them", async () => {
    await call(setApplication, {
      appId: app,
      decoder: "function Decoder(bytes, port) { return { first: bytes[0], port: port }; }",
      encoder: "function Encoder(object, port) { return [object.value]; }",
    });
    await device.sendUplink({ fPort: 3, payload: Uint8Array.of(7) });
    const up = await subscriber.next(topic("joining", "up"));
    assert.deepEqual(up.payload_fields, { first: 7, port: 3 });
    let lastUplink = 0;
    for (const value of [42, 43]) {
      const body = { port: 9, payload_fields: { value } };
      await v2Publish(stack, { user: app, key, topic: topic("joining", "down"), body });
      await subscriber.next(topic("joining", "events/down/scheduled"));
      lastUplink = (await device.sendUplink({ fPort: 3, payload: Uint8Array.of(8) })).fCnt;
      await subscriber.next(topic("joining", "events/down/sent"));
      assert.ok(device.downlinks.some(({ fPort, payload }) => fPort === 9 && payload?.[0] === value));
    }
    const part = await lorawanPart("joining");
    assert.equal(part.fCntUp, lastUplink);
    assert.equal(part.fCntDown, Math.max(...device.downlinks.map(({ fCnt }) => fCnt)) + 1);
  });
});

describe("a personalized device in the middle of its session", () => {
  it("goes on with its counters, and the handler knows when it was heard", async () => {
    await register("moved", {
      appEui: bytes(personalized.joinEui),
      devEui: bytes(personalized.devEui),
      devAddr: bytes(personalized.devAddr),
      nwkSKey: bytes(personalized.fNwkSIntKey),
      appSKey: bytes(personalized.appSKey),
      fCntUp: 70_000,
      fCntDown: 50,
    });
    const activation = activationOf(personalized, { kind: "abp", version: "1.0.2" });
    assert.ok("abp" in activation);
    const session = new DeviceSession({ ...activation.abp, is11: false });
    const forwarder = await PacketForwarder.open(stack, "02534C0000000099");
    session.fCntUp = 70_001;
    assert.equal(await forwarder.pushFrames(nextFrame(session, { fPort: 2 })), true);
    const up = await subscriber.next(topic("moved", "up"));
    assert.equal(up.counter, 70_001);
    const part = await lorawanPart("moved");
    assert.deepEqual([part.fCntUp, part.fCntDown], [70_001, 50]);
    await forwarder.close();
  });

  it("is not heard with a counter that was used", async () => {
    const activation = activationOf(personalized, { kind: "abp", version: "1.0.2" });
    assert.ok("abp" in activation);
    const session = new DeviceSession({ ...activation.abp, is11: false });
    const forwarder = await PacketForwarder.open(stack, "02534C0000000099");
    session.fCntUp = 69_000;
    await forwarder.pushFrames(nextFrame(session, { fPort: 2 }));
    session.fCntUp = 70_002;
    await forwarder.pushFrames(nextFrame(session, { fPort: 4 }));
    const up = await subscriber.next(topic("moved", "up"), ({ counter }) => counter !== 70_001);
    assert.equal(up.counter, 70_002);
    await forwarder.close();
  });
});

describe("an uplink that no device sent", () => {
  it("is published with what the functions make of it", async () => {
    await call(simulateUplink, { appId: app, devId: "moved", payload: Uint8Array.of(5), port: 6 });
    const up = await subscriber.next(topic("moved", "up"), ({ port }) => port === 6);
    assert.equal(up.counter, 0);
    assert.deepEqual(up.payload_fields, { first: 5, port: 6 });
  });
});
