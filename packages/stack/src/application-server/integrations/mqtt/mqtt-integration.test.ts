import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { connect, connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { ManualClock } from "../../../clock/manual-clock.ts";
import type { Event } from "../../../events/events.ts";
import { packetOf, RawClient } from "../../../mqtt/raw-client.fixture.ts";
import { eventually } from "../../../mqtt/test-server.fixture.ts";
import { ids, startIntegration, type TestIntegration, type TestOptions } from "./mqtt-integration.fixture.ts";

const options = { timeout: 60_000 };
let running: TestIntegration;
const clients: MqttClient[] = [];

async function start(testOptions: TestOptions = {}): Promise<void> {
  running = await startIntegration(testOptions);
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await running.close();
});

/** Messages may follow the CONNACK at once, so they are collected from the beginning. */
const collected = new WeakMap<MqttClient, string[]>();

async function login(username: string, password: string, more: IClientOptions = {}): Promise<MqttClient> {
  const client = connect(`mqtt://127.0.0.1:${running.port}`, {
    username,
    password,
    reconnectPeriod: 0,
    ...more,
  });
  clients.push(client);
  const messages: string[] = [];
  collected.set(client, messages);
  client.on("message", (topic, payload) => messages.push(`${topic} ${payload}`));
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
  });
  return client;
}

const refusedWith = (code: number) => (error: unknown) => {
  assert.equal((error as { readonly code?: number }).code, code);
  return true;
};

function errorName(data: Event["data"]): unknown {
  return (data?.json as { readonly name?: string } | undefined)?.name;
}

function received(client: MqttClient): string[] {
  return collected.get(client)!;
}

function watchEvents(): Event[] {
  const seen: Event[] = [];
  running.events.subscribe({ subjects: [{ kind: "application", ids }] }, (event) => seen.push(event));
  return seen;
}

describe("logging in", options, () => {
  test("takes the application as user and an API key as password", async () => {
    await start();
    const events = watchEvents();
    const client = await login("app1", "good");
    await client.endAsync();
    await eventually(() => events.length === 2);
    assert.deepEqual(
      events.map(({ definition }) => definition.name),
      ["as.mqtt.connect", "as.mqtt.disconnect"],
    );
  });

  test("refuses with code 5, with 4 for keys of V2 and with 3 under load; and the application sees why", async () => {
    await start();
    const events = watchEvents();
    await assert.rejects(login("app1", "bad"), refusedWith(5));
    await assert.rejects(login("app1", "ttn-account-v2.abc"), refusedWith(4));
    await assert.rejects(login("app1", "overloaded"), refusedWith(3));
    await assert.rejects(login("app1", ""), refusedWith(5));
    await assert.rejects(login("app2", "good"), refusedWith(5));
    await assert.rejects(login("Not An Application", "good"), refusedWith(5));
    await assert.rejects(login("app1@nowhere", "good"), refusedWith(5));
    const url = `mqtt://127.0.0.1:${running.port}`;
    await assert.rejects(connectAsync(url, { reconnectPeriod: 0 }, false), refusedWith(5));
    assert.deepEqual(
      events.map(({ definition, data }) => [definition.name, errorName(data)]),
      [
        ["as.mqtt.connect.fail", "wrong_key"],
        ["as.mqtt.connect.fail", "wrong_key"],
        ["as.mqtt.connect.fail", "overloaded"],
        ["as.mqtt.connect.fail", "no_password"],
      ],
    );
  });

  test("ends the connection of a key that was deleted also when it only listens", async () => {
    await start({ clock: new ManualClock() });
    const client = new RawClient(running.port);
    const connack = client.connect("listener", { password: "good" });
    assert.equal((await connack)?.[3], 0);
    running.keys.set("good", new Set(["RIGHT_APPLICATION_INFO"]));
    running.accessChanged();
    client.send(0xc0);
    assert.deepEqual(await client.receive(), Buffer.from([0xd0, 0]));
    running.keys.delete("good");
    running.accessChanged();
    assert.equal(await client.receive(), undefined);
  });

  test("ends the connection of a key that was deleted when it publishes", async () => {
    await start();
    const client = await login("app1", "good");
    const closed = once(client.stream, "close");
    running.keys.delete("good");
    client.publish("v3/app1/devices/dev1/down/push", '{"downlinks":[{"f_port":1,"frm_payload":"AA=="}]}');
    await closed;
    assert.deepEqual(running.queued, []);
  });
});

describe("subscribing", options, () => {
  test("delivers every kind of message under its topic", async () => {
    await start();
    const client = await login("app1", "good");
    const messages = received(client);
    await client.subscribeAsync("#");
    await running.emit("dev1", "join", "{}");
    await running.emit("dev1", "up", '{"a":1}');
    await running.emit("dev2", "down/queued", "{}");
    await running.emit("dev2", "service/data", "{}");
    await running.emit("dev2", "location/solved", "{}");
    await eventually(() => messages.length === 5);
    assert.deepEqual(messages, [
      "v3/app1/devices/dev1/join {}",
      'v3/app1/devices/dev1/up {"a":1}',
      "v3/app1/devices/dev2/down/queued {}",
      "v3/app1/devices/dev2/service/data {}",
      "v3/app1/devices/dev2/location/solved {}",
    ]);
  });

  test("carries the tenant in the topics of a client that names it", async () => {
    await start();
    const client = await login("app1@default", "good");
    const messages = received(client);
    await client.subscribeAsync("v3/app1@default/devices/+/up");
    await running.emit("dev1", "up", "{}");
    await eventually(() => messages.length === 1);
    assert.deepEqual(messages, ["v3/app1@default/devices/dev1/up {}"]);
    await client.publishAsync("v3/app1@default/devices/dev1/down/replace", '{"downlinks":[]}', { qos: 1 });
    assert.deepEqual(running.queued, [{ operation: "replace", deviceId: "dev1", downlinks: [] }]);
  });

  test("refuses others' topics and keeps the connection", async () => {
    await start();
    const client = await login("app1", "good");
    const raw = new RawClient(running.port);
    await raw.connect("raw", { password: "good" });
    raw.send(0x82, 0, 1, "v3/app2/#", 0, "app2/#", 0, "$SYS/#", 1, "v3/app1/#", 1);
    assert.deepEqual(await raw.receive(), Buffer.from([0x90, 6, 0, 1, 0x80, 0x80, 0x80, 1]));
    raw.socket.destroy();
    assert.ok(client.connected);
  });

  test("delivers nothing to a key without the right to read traffic", async () => {
    await start();
    running.keys.set("writer", new Set(["RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"]));
    const writer = await login("app1", "writer");
    const reader = await login("app1", "good");
    const unseen = received(writer);
    const seen = received(reader);
    await writer.subscribeAsync("#");
    await reader.subscribeAsync("#");
    await running.emit("dev1", "up", "{}");
    await eventually(() => seen.length === 1);
    assert.deepEqual(unseen, []);
  });
});

describe("publishing downlinks", options, () => {
  const push = "v3/app1/devices/dev1/down/push";

  test("hands them to the queue in order", async () => {
    await start();
    const client = await login("app1", "good");
    const publishes = Array.from({ length: 20 }, (_, index) =>
      client.publishAsync(
        push,
        `{"downlinks":[{"f_port":${index + 1},"frm_payload":"vu8=","priority":"HIGH","confirmed":true,"correlation_ids":["c"]}]}`,
        { qos: 1 },
      ),
    );
    await Promise.all(publishes);
    assert.deepEqual(
      running.queued.map(({ downlinks }) => downlinks[0]?.fPort),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const first = running.queued[0]?.downlinks[0];
    assert.deepEqual(first?.frmPayload, new Uint8Array([0xbe, 0xef]));
    assert.deepEqual([first?.confirmed, first?.correlationIds], [true, ["c"]]);
  });

  test("reports what is refused with its reason, to the device's topic when there is one", async () => {
    await start();
    const events = watchEvents();
    running.keys.set("reader", new Set(["RIGHT_APPLICATION_TRAFFIC_READ"]));
    const client = await login("app1", "good");
    const reader = await login("app1", "reader");
    await client.publishAsync(push, "no json", { qos: 1 });
    await client.publishAsync(push, '{"downlinks":[{"f_port":"x"}]}', { qos: 1 });
    await client.publishAsync(push, '{"downlinks":[{"frm_payload":"***"}]}', { qos: 1 });
    await client.publishAsync(push, `{"downlinks":[{"f_port":1,"frm_payload":"${"A".repeat(400)}"}]}`, {
      qos: 1,
    });
    await client.publishAsync(push, '{"downlinks":[{"f_port":99,"frm_payload":"AA=="}]}', { qos: 1 });
    await reader.publishAsync(push, '{"downlinks":[]}', { qos: 1 });
    assert.deepEqual(
      running.rejected.map(({ deviceId, count, error }) => [deviceId, count, error.definition.name]),
      [
        ["dev1", 0, "invalid_downlinks"],
        ["dev1", 0, "invalid_downlinks"],
        ["dev1", 0, "invalid_downlinks"],
        ["dev1", 0, "validation"],
        ["dev1", 1, "queue_full"],
        ["dev1", 0, "not_authorized"],
      ],
    );
    await client.publishAsync("v3/app1/devices/unknown/down/push", "no json", { qos: 1 });
    await client.publishAsync("v3/app1/devices/dev1/up", "{}", { qos: 1 });
    const failures = events.filter(({ definition }) => definition.name === "as.mqtt.publish.fail");
    assert.deepEqual(
      failures.map(({ data }) => errorName(data)),
      ["invalid_downlinks", "unknown_topic"],
    );
    assert.deepEqual(running.queued, []);
  });

  test("reads the comma too many of the documentation's example", async () => {
    await start();
    const client = await login("app1", "good");
    await client.publishAsync(push, '{"downlinks": [{"frm_payload": "vu8=","f_port": 42,}]}', { qos: 2 });
    assert.equal(running.queued[0]?.downlinks[0]?.fPort, 42);
  });

  test("sends the will as a downlink", async () => {
    await start();
    const client = await login("app1", "good", {
      will: { topic: push, payload: Buffer.from('{"downlinks":[{"f_port":7}]}'), qos: 1, retain: false },
    });
    client.stream.destroy();
    await eventually(() => running.queued.length === 1);
    assert.equal(running.queued[0]?.downlinks[0]?.fPort, 7);
  });
});

describe("persistent sessions on the store", options, () => {
  const directory = mkdtempSync(join(tmpdir(), "skylark-mqtt-"));
  let files = 0;
  const newPath = () => join(directory, `${++files}.db`);
  process.once("exit", () => rmSync(directory, { recursive: true }));

  test("get what was missed, over a restart of the server", async () => {
    const path = newPath();
    await start({ path });
    const persistent = { clientId: "p", clean: false };
    const client = await login("app1", "good", persistent);
    await client.subscribeAsync("v3/+/devices/+/up", { qos: 1 });
    await client.endAsync();
    for (let index = 0; index < 150; index++) await running.emit("dev1", "up", `${index}`);
    await running.close();
    await start({ path });
    for (let index = 150; index < 300; index++) await running.emit("dev1", "up", `${index}`);
    const raw = new RawClient(running.port);
    assert.deepEqual(
      await raw.connect("p", { clean: false, password: "good" }),
      Buffer.from([0x20, 2, 1, 0]),
    );
    raw.send(0xe0);
    await raw.closed;
    await eventually(() => running.integration.connectionCount === 0);
    const again = await login("app1", "good", persistent);
    const messages = received(again);
    await eventually(() => messages.length === 300);
    assert.deepEqual(
      messages,
      Array.from({ length: 300 }, (_, index) => `v3/app1/devices/dev1/up ${index}`),
    );
  });

  test("of different user names are apart", async () => {
    await start({ path: newPath() });
    for (const userName of ["app1", "app1@default"]) {
      const client = await login(userName, "good", { clientId: "same", clean: false });
      await client.subscribeAsync("#", { qos: 1 });
      await client.endAsync();
    }
    await running.emit("dev1", "up", "x");
    for (const userName of ["app1", "app1@default"]) {
      const client = await login(userName, "good", { clientId: "same", clean: false });
      const messages = received(client);
      await eventually(() => messages.length === 1);
      assert.deepEqual(messages, [`v3/${userName}/devices/dev1/up x`]);
      await client.endAsync();
    }
  });

  test("remember QoS 2 messages taken from the client over a restart", async () => {
    const path = newPath();
    await start({ path });
    const publish = packetOf(0x34, "v3/app1/devices/dev1/down/push", 0, 9, Buffer.from('{"downlinks":[]}'));
    const first = new RawClient(running.port);
    await first.connect("q", { clean: false, password: "good" });
    first.socket.write(publish);
    assert.deepEqual(await first.receive(), Buffer.from([0x50, 2, 0, 9]));
    assert.equal(running.queued.length, 1);
    first.socket.destroy();
    await running.close();
    await start({ path });
    const second = new RawClient(running.port);
    await second.connect("q", { clean: false, password: "good" });
    second.socket.write(Buffer.from(publish).fill(0x3c, 0, 1));
    assert.deepEqual(await second.receive(), Buffer.from([0x50, 2, 0, 9]));
    assert.equal(running.queued.length, 0);
    second.send(0x62, 0, 9);
    assert.deepEqual(await second.receive(), Buffer.from([0x70, 2, 0, 9]));
    second.socket.write(publish);
    await second.receive();
    assert.equal(running.queued.length, 1);
    second.socket.destroy();
  });

  test("are dropped with their application", async () => {
    await start({ path: newPath() });
    const client = await login("app1", "good", { clientId: "p", clean: false });
    await client.subscribeAsync("#", { qos: 1 });
    await running.integration.dropApplication(ids);
    await client.endAsync();
    const raw = new RawClient(running.port);
    assert.deepEqual(
      await raw.connect("p", { clean: false, password: "good" }),
      Buffer.from([0x20, 2, 0, 0]),
    );
    raw.socket.destroy();
  });
});
