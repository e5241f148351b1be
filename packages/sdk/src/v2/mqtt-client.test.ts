import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { MQTTClient, TTNConnectionError, TTNError, type UplinkMessage } from "./index.ts";
import { parseMQTTAddress } from "./mqtt-address.ts";
import { MockBroker } from "./testing.ts";
import { startV2Broker } from "./v2-broker.fixture.ts";

/** Resolves with the value of the next call of a callback that `set` installs. */
function next<Value>(set: (callback: (value: Value) => void) => void): Promise<Value> {
  return new Promise((resolve) => set(resolve));
}

const uplink = {
  app_id: "app1",
  dev_id: "dev1",
  port: 3,
  counter: 9,
  payload_raw: "AQL/",
  payload_fields: { class: "A", "my-field": 1, _x: 2 },
  metadata: { time: "2020-01-01T00:00:00Z", frequency: 868.1, gateways: [{ gtw_id: "g", rssi: -25 }] },
};

test("connects as the application, subscribes, and calls every callback", async (t) => {
  const broker = await startV2Broker(t);
  const client = new MQTTClient("app1", "key", broker.address);
  t.after(() => client.close());
  const calls: string[] = [];
  client.setConnectCallback((ok, given) => calls.push(`connect ${ok} ${given === client}`));
  client.setConnectCallback((ok) => calls.push(`second ${ok}`));
  await client.connect();
  await client.connect();
  assert.deepEqual(calls, ["connect true true", "second true"]);
  assert.deepEqual(broker.subscriptions, ["app1/devices/+/up"]);
  assert.deepEqual(broker.connects, [{ username: "app1", password: "key", keepalive: 60 }]);
  const message = next<UplinkMessage>((callback) => client.setUplinkCallback(callback));
  const raw = next<{ topic: string; payload: Buffer }>((callback) => client.setUplinkRawCallback(callback));
  broker.publish("app1/devices/dev1/up", "no JSON");
  broker.publish("app1/devices/dev1/up", JSON.stringify(uplink));
  const { payload_raw, ...rest } = await message;
  assert.equal(payload_raw.toString("hex"), "0102ff");
  const { payload_raw: _, ...sent } = uplink;
  assert.deepEqual(rest, sent);
  assert.equal(rest.metadata.gateways?.[0]?.rssi, -25);
  assert.equal(
    (await raw).payload.toString(),
    "no JSON",
    "the raw callback gets what is no uplink message too",
  );
});

test("sends text, bytes, numbers and fields, and numbers the messages from 1", async (t) => {
  const broker = await startV2Broker(t);
  const client = new MQTTClient("app1", "key", { mqttAddress: `mqtt://${broker.address}` });
  t.after(() => client.close());
  await assert.rejects(client.send("dev1", "AQ=="), new TTNError("client not connected"));
  await client.connect();
  const mids: number[] = [];
  client.setDownlinkCallback((mid) => mids.push(mid));
  assert.equal(await client.send("dev1", "AQ=="), 1);
  await client.send("dev1", "0102");
  await client.send("dev1", "0102", { encoding: "base64" });
  await client.send("dev1", { led_state: "on", counter: 1 });
  await client.send("dev1", Uint8Array.of(1, 2), 2, true, "first");
  await client.send("dev1", [255], { port: 9, schedule: "last", confirmation: true });
  while (broker.downlinks.length < 6) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(mids, [1, 2, 3, 4, 5, 6]);
  const plain = { port: 1, confirmed: false, schedule: "replace" };
  assert.deepEqual(
    broker.downlinks.map(({ message }) => message),
    [
      { ...plain, payload_raw: "AQ==" },
      { ...plain, payload_raw: "AQI=" },
      { ...plain, payload_raw: "0102" },
      { ...plain, payload_fields: { led_state: "on", counter: 1 } },
      { port: 2, confirmed: true, schedule: "first", payload_raw: "AQI=" },
      { port: 9, confirmed: true, schedule: "last", payload_raw: "/w==" },
    ],
  );
  assert.deepEqual(new Set(broker.downlinks.map(({ topic }) => topic)), new Set(["app1/devices/dev1/down"]));
});

test("refuses what no handler would take", async () => {
  const broker = new MockBroker();
  const client = new MQTTClient("app1", "key", { mqttAddress: "mock", openConnection: broker.open });
  await client.connect();
  await assert.rejects(client.send("dev1", "xyz"), TypeError);
  await assert.rejects(client.send("dev1", "AQ==", { encoding: "hex" }), TypeError);
  await assert.rejects(client.send("dev1", [256]), RangeError);
  await assert.rejects(client.send("dev1", "AQ==", 256), RangeError);
  await assert.rejects(client.send("dev1", "AQ==", -1), RangeError);
  await assert.rejects(client.send("a/b", "AQ=="), TypeError);
  await assert.rejects(client.send("dev1", "AQ==", 1, false, "soon" as "last"), RangeError);
  assert.deepEqual(broker.downlinks, []);
});

test("tells a wrong key, and a broker that is not there", async (t) => {
  const broker = await startV2Broker(t);
  const client = new MQTTClient("app1", "wrong", broker.address);
  const results: boolean[] = [];
  client.setConnectCallback((ok) => results.push(ok));
  await assert.rejects(client.connect(), (error) => {
    assert.ok(error instanceof TTNConnectionError && error instanceof TTNError);
    assert.deepEqual([error.code, error.message], [4, "connection refused - bad app_id or access_key"]);
    return true;
  });
  assert.deepEqual(results, [false]);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(new MQTTClient("app1", "key", `127.0.0.1:${port}`).connect(), {
    code: "ECONNREFUSED",
  });
  await assert.rejects(new MQTTClient("app1", "key", "a b").connect(), TypeError);
});

test("says whether a connection was closed or lost, connects again, and may be opened again", async (t) => {
  const broker = await startV2Broker(t);
  const client = new MQTTClient("app1", "key", broker.address);
  t.after(() => client.close());
  await client.connect();
  const lost = next<boolean>((callback) => client.setCloseCallback(callback));
  const again = next<boolean>((callback) => client.setConnectCallback(callback));
  broker.drop();
  assert.equal(await lost, false);
  await assert.rejects(client.send("dev1", "AQ=="), /not connected/);
  assert.equal(await again, true);
  assert.equal(broker.subscriptions.length, 2);
  const closed = next<boolean>((callback) => client.setCloseCallback(callback));
  await client.close();
  assert.equal(await closed, true);
  assert.equal(client.connected, false);
  await client.connect();
  assert.equal(broker.subscriptions.length, 3);
});

test("stays away after a loss when it shall not reconnect", async (t) => {
  const broker = await startV2Broker(t);
  const client = new MQTTClient("app1", "key", { mqttAddress: broker.address, reconnect: false });
  await client.connect();
  const lost = next<boolean>((callback) => client.setCloseCallback(callback));
  broker.drop();
  assert.equal(await lost, false);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(broker.connects.length, 1);
});

test("asks the discovery server where the broker is", async () => {
  const broker = new MockBroker();
  const asked: string[] = [];
  const discovery = {
    async getByAppId(appId: string) {
      asked.push(appId);
      return { mqtt_address: "broker.example.com:8883" } as never;
    },
  };
  const client = new MQTTClient("app1", "key", { discovery, openConnection: broker.open });
  await client.connect();
  assert.deepEqual([asked, broker.logins[0]?.url], [["app1"], "mqtts://broker.example.com:8883"]);
});

test("the mock delivers uplinks, keeps downlinks, drops and refuses", async () => {
  const broker = new MockBroker();
  const client = new MQTTClient("app1", "key", { mqttAddress: "mock", openConnection: broker.open });
  const messages: UplinkMessage[] = [];
  const closes: boolean[] = [];
  client.setUplinkCallback((message) => messages.push(message));
  client.setCloseCallback((expected) => closes.push(expected));
  await client.connect();
  broker.uplink("app1", "dev1", { payload_fields: { temperature: 21 } });
  broker.uplink("app2", "dev1");
  assert.deepEqual(
    messages.map(({ dev_id, payload_fields }) => [dev_id, payload_fields]),
    [["dev1", { temperature: 21 }]],
  );
  await client.send("dev1", { led: true });
  assert.deepEqual(broker.downlinks[0]?.message.payload_fields, { led: true });
  broker.drop();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([closes, client.connected], [[false], true]);
  broker.refuse(5);
  await assert.rejects(
    new MQTTClient("app1", "x", { mqttAddress: "mock", openConnection: broker.open }).connect(),
    { code: 5 },
  );
});

test("a callback that throws keeps no other from being called", async (t) => {
  const broker = new MockBroker();
  const client = new MQTTClient("app1", "key", { mqttAddress: "mock", openConnection: broker.open });
  await client.connect();
  const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  let called = 0;
  client.setUplinkCallback(() => {
    throw new Error("of the user");
  });
  client.setUplinkCallback(() => called++);
  broker.uplink("app1", "dev1");
  assert.equal(called, 1);
  assert.equal(((await thrown) as Error).message, "of the user");
});

test("addresses are read in every form in which handlers announce them", () => {
  const forms = {
    "host:1883": ["host", 1883, false],
    host: ["host", 1883, false],
    "host:8883": ["host", 8883, true],
    "mqtt://host": ["host", 1883, false],
    "mqtts://host": ["host", 8883, true],
    "mqtt://host:8883": ["host", 8883, false],
    "[2001:db8::1]:1884": ["[2001:db8::1]", 1884, false],
  } as const;
  for (const [text, expected] of Object.entries(forms)) {
    const { host, port, tls } = parseMQTTAddress(text);
    assert.deepEqual([host, port, tls], expected, text);
  }
  for (const text of ["", "http://host", "host:0", "host:70000", "host:1883/path", "a b"]) {
    assert.throws(() => parseMQTTAddress(text), TypeError, text);
  }
});
