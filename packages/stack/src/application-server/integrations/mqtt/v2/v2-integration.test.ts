import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { defineEvent } from "../../../../events/events.ts";
import { RawClient } from "../../../../mqtt/raw-client.fixture.ts";
import { eventually } from "../../../../mqtt/test-server.fixture.ts";
import { ids, startIntegration, type TestIntegration } from "../mqtt-integration.fixture.ts";

let running: TestIntegration;
const clients: MqttClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  await running.close();
});

async function login(username = "app1", more: IClientOptions = {}) {
  const received: string[] = [];
  const client = await connectAsync(`mqtt://127.0.0.1:${running.port}`, {
    username,
    password: "good",
    reconnectPeriod: 0,
    ...more,
  });
  clients.push(client);
  client.on("message", (topic, payload) => received.push(`${topic} ${payload}`));
  return { client, received };
}

const up = (port: number, fields?: object) =>
  JSON.stringify({
    end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
    uplink_message: { f_port: port, ...(fields !== undefined && { decoded_payload: fields }) },
  });
const topicsOf = (received: readonly string[]) => received.map((line) => line.slice(0, line.indexOf(" ")));

test("devices have the names that V2 gave them", async () => {
  running = await startIntegration();
  running.deviceAttributes.set("dev-1", { "v2-id": "dev_1" });
  const { client, received } = await login("app1");
  await client.subscribeAsync(["+/devices/+/up", "app1/devices/dev_1/events/#"]);
  await running.emit("dev-1", "up", up(1));
  await eventually(() => received.length === 1);
  assert.equal(topicsOf(received)[0], "app1/devices/dev_1/up");
  await client.publishAsync("app1/devices/dev_1/down", '{"payload_raw":"AQ=="}', { qos: 1 });
  await client.publishAsync("app1/devices/dev-1/down", '{"payload_raw":"Ag=="}', { qos: 1 });
  assert.deepEqual(
    running.queued.map(({ operation, deviceId }) => [operation, deviceId]),
    [["replace", "dev-1"]],
  );
  running.deviceAttributes.delete("dev-1");
  running.events.publish(deviceDeleted, { kind: "device", ids: { ...ids, deviceId: "dev-1" } });
  await eventually(() => received.length === 2);
  assert.equal(received[1], "app1/devices/dev_1/events/delete null");
});

const deviceDeleted = defineEvent("end_device.delete", "delete end device", []);
const batchDeleted = defineEvent("end_device.batch.delete", "batch delete end devices", []);

test("of devices that are deleted at once each is told of, by the name that V2 gave it", async () => {
  running = await startIntegration();
  running.deviceAttributes.set("dev-1", { "v2-id": "dev_1" });
  const { client, received } = await login("app1");
  await client.subscribeAsync("app1/devices/+/events/#");
  const end_device_ids = ["dev-1", "dev2"].map((device_id) => ({
    device_id,
    application_ids: { application_id: "app1" },
  }));
  running.events.publish(batchDeleted, { kind: "application", ids }, () => ({
    data: { typeName: "ttn.lorawan.v3.EndDeviceIdentifiersList", json: { end_device_ids } },
  }));
  await eventually(() => received.length === 2);
  assert.deepEqual(received, [
    "app1/devices/dev_1/events/delete null",
    "app1/devices/dev2/events/delete null",
  ]);
});

test("an application may be named as V2 spelt it, and then means its topics by `#`", async () => {
  running = await startIntegration();
  running.keys.set("good", new Set(["RIGHT_APPLICATION_TRAFFIC_READ"]));
  await assert.rejects(login("a__b"), { code: 5 });
  await assert.rejects(login("a_b_c"), { code: 5 }, "no such application");
  const plain = await login("app1");
  await plain.client.subscribeAsync("#");
  const v2 = await login("app1", { password: "ttn-account-v2.good" });
  await v2.client.subscribeAsync("#");
  await running.emit("dev1", "up", up(1));
  await eventually(() => plain.received.length === 1 && v2.received.length === 1);
  assert.deepEqual(topicsOf(plain.received), ["v3/app1/devices/dev1/up"]);
  assert.deepEqual(topicsOf(v2.received), ["app1/devices/dev1/up"]);
});

test("a persistent session goes on with its V2 subscriptions, and with what V3 sent meanwhile", async () => {
  running = await startIntegration();
  const session = { clientId: "kept", clean: false };
  const first = await login("app1", session);
  await first.client.subscribeAsync("app1/devices/+/up", { qos: 1 });
  await first.client.subscribeAsync("v3/+/devices/+/up", { qos: 1 });
  await first.client.endAsync();
  await running.emit("dev1", "up", up(1));
  const received: string[] = [];
  const raw = new RawClient(running.port);
  await raw.connect("kept", { clean: false, password: "good" });
  const next = async () => {
    const packet = (await raw.receive())!;
    received.push(`${(packet[0]! >> 1) & 3} ${/(v3\/)?app1\/[a-z0-9/]+/.exec(packet.toString())?.[0]}`);
  };
  await next();
  await running.emit("dev1", "up", up(2));
  await next();
  await next();
  assert.deepEqual(received.slice(0, 1), ["1 v3/app1/devices/dev1/up"]);
  assert.deepEqual(received.slice(1).sort(), ["0 app1/devices/dev1/up", "1 v3/app1/devices/dev1/up"]);
  raw.socket.destroy();
});

test("fields are sent to those who asked for them, until they do no more", async () => {
  running = await startIntegration();
  const { client, received } = await login();
  await client.subscribeAsync(["+/devices/+/up/gps/+", "app1/devices/dev1/up/led"]);
  await running.emit("dev1", "up", up(1, { led: true, gps: { lat: 1.5, lon: 2 }, other: 1 }));
  await eventually(() => received.length === 3);
  assert.deepEqual(received, [
    "app1/devices/dev1/up/led true",
    "app1/devices/dev1/up/gps/lat 1.5",
    "app1/devices/dev1/up/gps/lon 2",
  ]);
  await client.unsubscribeAsync("+/devices/+/up/gps/+");
  await running.emit("dev1", "up", up(2, { led: false, gps: { lat: 3 } }));
  await eventually(() => received.length === 4);
  assert.equal(received[3], "app1/devices/dev1/up/led false");
});

test("messages that make no sense to V2 break nothing", async () => {
  running = await startIntegration();
  const { client, received } = await login();
  await client.subscribeAsync("app1/#");
  for (const text of ["", "{", "null", "[]", "{}", '{"end_device_ids":{}}']) {
    await running.emit("dev1", "up", text);
    await running.emit("dev1", "down/sent", text);
    await running.emit("dev1", "down/failed", text);
  }
  await running.emit("dev1", "up", up(9));
  await eventually(() => received.some((line) => line.includes('"port":9')));
  assert.ok(client.connected);
});

test("a publish of any quality is acknowledged, also when nobody may make it", async () => {
  running = await startIntegration();
  const { client } = await login();
  running.keys.set("reader", new Set(["RIGHT_APPLICATION_TRAFFIC_READ"]));
  const reader = await login("app1", { password: "reader" });
  for (const qos of [0, 1, 2] as const) {
    await client.publishAsync("app1/devices/dev1/down", '{"payload_raw":"AQ==","schedule":"first"}', { qos });
    await client.publishAsync("app1/devices/dev1/up", "{}", { qos });
    await client.publishAsync("app1/devices/unknown/down", "{", { qos });
    await reader.client.publishAsync("app1/devices/dev1/down", '{"payload_raw":"AQ=="}', { qos });
  }
  await eventually(() => running.queued.length === 3);
  assert.ok(running.queued.every(({ operation }) => operation === "pushFirst"));
  assert.deepEqual(running.rejected, []);
});

test("with tenants the application is named as its client does", async () => {
  running = await startIntegration();
  const { client, received } = await login("app1@default");
  await client.subscribeAsync(["+/devices/+/up", "app1@default/devices/dev1/up/led"]);
  const [refused] = await client.subscribeAsync("app1/devices/+/up").catch((error: unknown) => [error]);
  assert.ok(refused instanceof Error);
  await running.emit("dev1", "up", up(1, { led: true }));
  await eventually(() => received.length === 2);
  assert.deepEqual(topicsOf(received), ["app1@default/devices/dev1/up", "app1@default/devices/dev1/up/led"]);
  await client.publishAsync("app1@default/devices/dev1/down", '{"payload_raw":"AQ=="}', { qos: 1 });
  assert.equal(running.queued.length, 1);
});

test("events of the application's devices are shown, in the dialect that it chose last", async () => {
  running = await startIntegration();
  const { client, received } = await login();
  await client.subscribeAsync("app1/devices/+/events/#");
  const publish = (definition: typeof deviceDeleted, json?: unknown) =>
    running.events.publish(definition, { kind: "device", ids: { ...ids, deviceId: "dev1" } }, () =>
      json === undefined ? {} : { data: { typeName: "ttn.lorawan.v3.ErrorDetails", json } },
    );
  publish(scheduleFailed, { message_format: "no path for an answer to MAC commands" });
  await client.publishAsync("app1/devices/dev1/down", '{"payload_raw":"AQ=="}', { qos: 1 });
  publish(scheduleFailed, { message_format: "no downlink path" });
  await eventually(() => received.length === 1);
  publish(joinDropped, { namespace: "pkg/joinserver", name: "dev_nonce_too_small" });
  await eventually(() => received.length === 2);
  assert.deepEqual(received, [
    'app1/devices/dev1/events/down/errors {"error":"No gateways available for downlink"}',
    'app1/devices/dev1/events/activations/errors {"error":"Activation DevNonce not valid: already used","app_eui":"","dev_eui":"","dev_addr":"","metadata":{"time":""}}',
  ]);
  running.applicationAttributes["v2-dialect"] = "late";
  running.events.publish(applicationUpdated, { kind: "application", ids });
  await running.emit("dev1", "down/ack", up(1));
  await eventually(() => received.length >= 3);
  assert.equal(received.at(-1), "app1/devices/dev1/events/down/acks null");
});

const scheduleFailed = defineEvent("ns.down.data.schedule.fail", "fail", []);
const joinDropped = defineEvent("ns.up.join.drop", "drop", []);
const applicationUpdated = defineEvent("application.update", "update", []);
