import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient, type SkylarkClient } from "@skylark/sdk";
import {
  ApplicationClient,
  DiscoveryClient,
  HandlerClient,
  MQTTClient,
  TTNConnectionError,
  TTNError,
  type UplinkMessage,
} from "@skylark/sdk/v2";
import { stubs } from "@skylark/sdk/v2/testing";
import {
  type DeviceDownlink,
  type SimulatedDevice,
  type SimulatedNetwork,
  simulateNetwork,
} from "@skylark/testkit";
import { Arrivals } from "./arrivals.ts";
import { openInbox } from "./mqtt-inbox.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Our own SDK for V2 against the whole stack. Numbers are those of the checks that the Python SDK's page became, and
// those of the Node SDK's as far as they ask anything of the server: 49 is 20, 23, 25 and 38, 51 is 41, 52 is 40, and
// the addresses of 50 are in packages/stack/src/main/v2-applications.test.ts.

const app = "my-app-id";
const dev = "my-dev-id";
let stack: StackProcess;
let api: SkylarkClient;
let network: SimulatedNetwork;
let device: SimulatedDevice;
let key: string;
let certificate: string;
let mqttAddress: string;
let discoveryAddress: string;

before(async () => {
  stack = await startStackProcess({ flags: ["--ns.desired-rx1-delay=1"] });
  mqttAddress = `127.0.0.1:${stack.mqttPort}`;
  discoveryAddress = `127.0.0.1:${stack.v2DiscoveryPort}`;
  api = createClient({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await api.applications.create({ ids: { application_id: app } });
  key = `ttn-account-v2.${await keyWith("RIGHT_APPLICATION_ALL")}`;
  network = simulateNetwork({
    server: { host: "127.0.0.1", port: stack.udpPort },
    gateways: 1,
    devices: 1,
    activation: "otaa",
    version: "1.0.2",
  });
  device = network.devices[0]!;
  await network.start();
  certificate = readFileSync(join(stack.dataDirectory, "v2-certificate.pem"), "utf8");
});

after(async () => {
  await network?.stop();
  assert.equal(await stack?.stop(), 0);
});

async function keyWith(...rights: Parameters<SkylarkClient["applications"]["collaborators"]["set"]>[2]) {
  return (await api.applications.apiKeys.create(app, { name: "key", rights })).key ?? "";
}

const application = (accessKey = key) =>
  new ApplicationClient(app, accessKey, {
    discoveryAddress,
    discovery: { certificate },
  });

const rejects = (promise: Promise<unknown>, message: string) =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof TTNError, String(error));
    assert.equal(error.message, message, error.details);
    return true;
  });

const hex = (downlink: DeviceDownlink | undefined) => Buffer.from(downlink?.payload ?? []).toString("hex");
const uplink = (fPort: number, ...payload: readonly number[]) =>
  device.sendUplink({ fPort, payload: Uint8Array.from(payload) });

describe("H. ApplicationClient and HandlerClient", () => {
  it("41, 51. find the handler over TLS, and what it announces", async () => {
    const discovery = new DiscoveryClient(discoveryAddress, certificate);
    const handler = await discovery.getByAppId(app);
    assert.equal(handler.net_address, `127.0.0.1:${stack.v2HandlerPort}`);
    assert.equal(handler.mqtt_address, mqttAddress);
    assert.equal(handler.certificate, certificate);
    assert.deepEqual(
      (await discovery.getAll("handler")).map(({ id }) => id),
      [handler.id],
    );
    assert.equal((await discovery.get("handler", handler.id)).service_name, "handler");
    await assert.rejects(discovery.getByAppId("unknown"), { code: "NOT_FOUND" });
    discovery.close();
    const unknown = HandlerClient.open("unknown", key, { discoveryAddress, certContent: certificate });
    await assert.rejects(unknown, { name: "TTNError", code: "NOT_FOUND" });
    const certPath = join(stack.dataDirectory, "v2-certificate.pem");
    const opened = await new HandlerClient(app, key, { discoveryAddress, certPath }).open();
    const client = opened.application();
    assert.equal((await client.get()).app_id, app);
    await client.close();
    const data = opened.data();
    await data.connect();
    await data.close();
  });

  it("42. need the certificate with an address", async () => {
    const handlerAddress = `127.0.0.1:${stack.v2HandlerPort}`;
    assert.throws(() => new ApplicationClient(app, key, handlerAddress), {
      message: "You need to provide credentials",
    });
    const client = new ApplicationClient(app, key, handlerAddress, certificate);
    assert.equal((await client.get()).app_id, app);
    await client.close();
  });

  it("43, 44, 45, 50. get and change formats and functions, and keep the rest", async () => {
    const client = application();
    const functions = {
      decoder: "function Decoder(payload) { return { led: payload[0] }; }",
      encoder: "function Encoder(object, port) { return [object.led ? 1 : 0, port]; }",
      converter: "function Converter(decoded, port) { return { led: decoded.led, port: port }; }",
      validator: "function Validator(converted) { return converted.led !== 99; }",
    };
    await client.setPayloadFormat("cayennelpp");
    assert.equal((await client.get()).payload_format, "cayennelpp");
    await client.setCustomPayloadFunctions({ decoder: functions.decoder });
    const { decoder: _, ...others } = functions;
    await client.setCustomPayloadFunctions({ ...others, decoder: "" });
    assert.deepEqual(await client.get(), {
      app_id: app,
      payload_format: "custom",
      ...functions,
      register_on_join_access_key: "",
    });
    const link = await api.applications.link(app);
    assert.equal(link.default_formatters?.up_formatter, "FORMATTER_JAVASCRIPT");
    await client.close();
  });

  it("29, 46, 48, 50. register, show, list, change and delete devices, which MQTT tells of", async () => {
    const client = application();
    const events = await openInbox(stack, {
      username: app,
      password: key,
      filter: "+/devices/+/events/#",
    });
    await client.registerDevice("foo", stubs.devicetest);
    const made = await client.device("foo");
    assert.deepEqual([made.latitude, made.longitude, made.altitude], [100, 200, 10]);
    assert.deepEqual(made.attributes, { room: "lab" });
    const { lorawan_device: lorawan } = made;
    assert.equal(lorawan.app_eui, stubs.devicetest.appEui);
    assert.equal(lorawan.dev_eui, stubs.devicetest.devEui);
    assert.equal(lorawan.dev_addr, stubs.devicetest.devAddr);
    assert.equal(lorawan.nwk_s_key, stubs.devicetest.nwkSKey);
    assert.equal(lorawan.app_s_key, stubs.devicetest.appSKey);
    assert.equal(lorawan.app_key, stubs.devicetest.appKey);
    assert.deepEqual([lorawan.f_cnt_up, lorawan.f_cnt_down], [1, 2]);
    assert.deepEqual([lorawan.disable_f_cnt_check, lorawan.uses32_bit_f_cnt], [true, true]);
    assert.deepEqual(
      (await client.devices()).map(({ dev_id }) => dev_id),
      ["foo"],
    );
    await client.updateDevice("foo", { devEui: "1100223344556677" });
    const changed = await client.device("foo");
    assert.deepEqual(changed, { ...made, lorawan_device: { ...lorawan, dev_eui: "1100223344556677" } });
    assert.equal((await api.endDevices.get(app, "foo")).ids?.dev_eui, "1100223344556677");
    for (let times = 0; times < 4; times++)
      await client.updateDevice("foo", { description: `change ${times}` });
    await client.deleteDevice("foo");
    await events.message("/foo/events/delete");
    const told = events.messages.map(({ topic }) => topic.replace("my-app-id/devices/foo/events/", ""));
    // Another DevEUI makes another device of V3.
    assert.deepEqual(told, ["create", "delete", "create", ...Array(4).fill("update"), "delete"]);
    const { latitude, longitude, altitude } = events.messages[0]?.body ?? {};
    assert.deepEqual([latitude, longitude, altitude], [100, 200, 10]);
    assert.match(events.messages[0]?.body.update_at, /^\d{4}-.+Z$/);
    assert.equal(events.messages.at(-1)?.body, null);
    await events.stop();
    await rejects(client.device("foo"), "Error while getting the device: NOT_FOUND");
    await rejects(
      api.endDevices.get(app, "foo").catch((error: Error) => {
        throw new TTNError(error.name);
      }),
      "end_device_not_found",
    );
    await client.close();
  });

  it("47. say what is missing from a key", async () => {
    const reader = application(await keyWith("RIGHT_APPLICATION_TRAFFIC_READ"));
    await rejects(reader.get(), "Error while getting the application: PERMISSION_DENIED");
    await rejects(reader.devices(), "Error while getting the list of devices: PERMISSION_DENIED");
    await rejects(reader.registerDevice("foo", {}), "Error when updating the device: PERMISSION_DENIED");
    await rejects(reader.unregister(), "Error while deleting the application: PERMISSION_DENIED");
    await reader.close();
    const nobody = application("");
    await rejects(nobody.get(), "Error while getting the application: INVALID_ARGUMENT");
    await nobody.close();
  });
});

describe("G. MQTTClient", () => {
  const uplinks = new Arrivals<UplinkMessage>();
  const downlinks: number[] = [];
  const connections: boolean[] = [];
  let client: MQTTClient;

  before(async () => {
    const { devEui, joinEui, appKey } = network.identities[0]!;
    const manager = application();
    await manager.registerDevice(dev, { appEui: joinEui, devEui, appKey, attributes: { room: "hall" } });
    await manager.close();
    assert.equal(await device.join(), true);
    client = new MQTTClient(app, key, mqttAddress);
    client.setUplinkCallback((message) => uplinks.add(message));
    client.setDownlinkCallback((mid) => downlinks.push(mid));
    client.setConnectCallback((succeeded, given) => connections.push(succeeded && given === client));
    await client.connect();
  });

  after(() => client.close());

  it("35, 36. connects to an address, and to the one that discovery knows", async () => {
    assert.deepEqual(connections, [true]);
    const proxy = await startProxy(stack.v2DiscoveryPort);
    const found = new MQTTClient(app, key, { discoveryAddress: proxy.address, discovery: { certificate } });
    await found.connect();
    // Who was asked once is let go of.
    await proxy.idle();
    await found.close();
    await proxy.close();
  });

  it("37. shows uplinks with the bytes, the fields and where they were received", async () => {
    await uplink(3, 7, 8);
    const message = await uplinks.first(({ port }) => port === 3);
    assert.deepEqual(
      [message.app_id, message.dev_id, message.payload_raw.toString("hex")],
      [app, dev, "0708"],
    );
    assert.deepEqual(message.payload_fields, { led: 7, port: 3 });
    assert.equal(message.hardware_serial, network.identities[0]!.devEui.toUpperCase());
    assert.equal(typeof message.metadata.gateways?.[0]?.snr, "number");
    assert.equal(message.metadata.modulation, "LORA");
  });

  it("38, 49. sends bytes and fields, in the order that the schedule says", async () => {
    assert.equal(await client.send(dev, "AQ=="), 1);
    assert.deepEqual(downlinks, [1]);
    // What is published is queued a moment later.
    const queued = async (count: number) => {
      for (let waited = 0; waited < 200 && (await api.downlinks.list(app, dev)).length < count; waited++)
        await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const next = async () => (await uplink(1, 1)).downlink;
    await queued(1);
    assert.equal(hex(await next()), "01");
    await client.send(dev, { led: true }, 9);
    await queued(1);
    const fields = await next();
    assert.deepEqual([fields?.fPort, hex(fields)], [9, "0109"]);
    await client.send(dev, "0203");
    await client.send(dev, Buffer.from([4]), { port: 2, confirmation: true, schedule: "first" });
    await client.send(dev, [5], { schedule: "last" });
    await queued(3);
    const received: (string | number | boolean | undefined)[][] = [];
    for (let turn = 0; turn < 6 && received.length < 3; turn++) {
      const downlink = await next();
      if (downlink?.payload !== undefined && downlink.payload.length > 0)
        received.push([hex(downlink), downlink.fPort, downlink.confirmed]);
    }
    assert.deepEqual(received, [
      ["04", 2, true],
      ["0203", 1, false],
      ["05", 1, false],
    ]);
    assert.deepEqual(downlinks, [1, 2, 3, 4, 5]);
  });

  it("39. is closed and opened again, and comes back after a loss", async () => {
    const proxy = await startProxy(stack.mqttPort);
    const other = new MQTTClient(app, key, proxy.address);
    const closes = new Arrivals<boolean>();
    const opens = new Arrivals<boolean>();
    const messages = new Arrivals<UplinkMessage>();
    other.setCloseCallback((expected) => closes.add(expected));
    other.setConnectCallback((succeeded) => opens.add(succeeded));
    other.setUplinkCallback((message) => messages.add(message));
    await other.connect();
    await other.close();
    await other.connect();
    proxy.drop();
    let opened = 0;
    await opens.first(() => ++opened === 3);
    assert.deepEqual(closes.items, [true, false]);
    await uplink(41, 1);
    assert.equal((await messages.first(({ port }) => port === 41)).dev_id, dev);
    await other.close();
    await proxy.close();
  });

  it("40, 52. says that the key is wrong, and that nobody is there", async () => {
    const results: boolean[] = [];
    const wrong = new MQTTClient(app, "ttn-account-v2.wrong", mqttAddress);
    wrong.setConnectCallback((succeeded) => results.push(succeeded));
    await assert.rejects(wrong.connect(), (error) => {
      assert.ok(error instanceof TTNConnectionError);
      assert.deepEqual([error.code, error.message], [4, "connection refused - bad app_id or access_key"]);
      return true;
    });
    assert.deepEqual(results, [false]);
    await assert.rejects(new MQTTClient(app, "wrong", mqttAddress).connect(), { code: 5 });
    await assert.rejects(new MQTTClient(app, key, "127.0.0.1:9").connect(), { code: "ECONNREFUSED" });
  });
});

describe("47. unregister", () => {
  it("removes the application with its devices", async () => {
    const client = application();
    await client.unregister();
    await assert.rejects(client.get(), { code: "NOT_FOUND" });
    await assert.rejects(api.applications.get(app), { code: "NOT_FOUND" });
    await client.close();
  });
});

/** Hands connections on, and cuts them when told to. */
async function startProxy(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const onward = openSocket(port, "127.0.0.1");
    for (const socket of [incoming, onward]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    // A connection that is torn ends no pipe.
    incoming.once("close", () => onward.destroy());
    onward.once("close", () => incoming.destroy());
    incoming.pipe(onward).pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    drop,
    async idle() {
      for (const deadline = Date.now() + 5000; sockets.size > 0; ) {
        assert.ok(Date.now() < deadline, `${sockets.size} connections`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        drop();
      }),
  };
}
