import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type MqttClient } from "mqtt";
import { publishOf } from "./raw-client.fixture.ts";
import { eventually, TestServer } from "./test-server.fixture.ts";

const mqtt = new TestServer();
const options = { timeout: 60_000 };

beforeEach(() => mqtt.restart());
after(() => mqtt.close());

describe("publishing", options, () => {
  test("acknowledges QoS 0, 1 and 2 as each demands", async () => {
    const client = await mqtt.connected("id");
    client.socket.write(publishOf("t", "zero"));
    client.socket.write(publishOf("t", "one", { qos: 1, id: 7 }));
    assert.deepEqual(await client.receive(), Buffer.from([0x40, 2, 0, 7]));
    client.socket.write(publishOf("t", "two", { qos: 2, id: 8 }));
    assert.deepEqual(await client.receive(), Buffer.from([0x50, 2, 0, 8]));
    client.send(0x62, 0, 8);
    assert.deepEqual(await client.receive(), Buffer.from([0x70, 2, 0, 8]));
    assert.deepEqual(
      mqtt.backend.published.map(({ payload, qos }) => `${payload} ${qos}`),
      ["zero 0", "one 1", "two 2"],
    );
  });

  test("takes a repeated QoS 2 message once, and its identifier anew after PUBREL", async () => {
    const client = await mqtt.connected("id");
    client.socket.write(publishOf("t", "first", { qos: 2, id: 1 }));
    await client.receive();
    client.socket.write(publishOf("t", "first", { qos: 2, id: 1, dup: true }));
    assert.deepEqual(await client.receive(), Buffer.from([0x50, 2, 0, 1]));
    client.send(0x62, 0, 1);
    await client.receive();
    client.send(0x62, 0, 1);
    assert.deepEqual(await client.receive(), Buffer.from([0x70, 2, 0, 1]));
    client.socket.write(publishOf("t", "second", { qos: 2, id: 1 }));
    await client.receive();
    assert.deepEqual(
      mqtt.backend.published.map(({ payload }) => String(payload)),
      ["first", "second"],
    );
  });

  test("takes a QoS 2 message once across connections of a persistent session", async () => {
    const first = await mqtt.connected("id", { clean: false });
    first.socket.write(publishOf("t", "once", { qos: 2, id: 5 }));
    await first.receive();
    first.socket.destroy();
    const second = await mqtt.connected("id", { clean: false });
    second.socket.write(publishOf("t", "once", { qos: 2, id: 5, dup: true }));
    assert.deepEqual(await second.receive(), Buffer.from([0x50, 2, 0, 5]));
    second.send(0x62, 0, 5);
    assert.deepEqual(await second.receive(), Buffer.from([0x70, 2, 0, 5]));
    assert.equal(mqtt.backend.published.length, 1);
  });

  test("acknowledges in order, and stops reading while too many are under way", async () => {
    await mqtt.restart({ maxConcurrentPublishes: 3 });
    const client = await mqtt.connected("id");
    const { promise, resolve } = Promise.withResolvers<void>();
    mqtt.backend.publishing = promise;
    for (let id = 1; id <= 10; id++) client.socket.write(publishOf("t", `${id}`, { qos: 1, id }));
    await eventually(() => mqtt.server.counters.published === 3);
    await delay(50);
    assert.equal(mqtt.server.counters.published, 3);
    resolve();
    for (let id = 1; id <= 10; id++) assert.deepEqual(await client.receive(), Buffer.from([0x40, 2, 0, id]));
  });

  test("sends the will when the client is lost, not when it takes its leave", async () => {
    const will = { topic: "will", payload: "gone" };
    const polite = await mqtt.connected("polite", { will });
    polite.send(0xe0);
    await polite.closed;
    const lost = await mqtt.connected("lost", { will });
    lost.socket.destroy();
    await eventually(() => mqtt.backend.published.length > 0);
    await delay(20);
    assert.deepEqual(
      mqtt.backend.published.map(({ topic, payload }) => `${topic} ${payload}`),
      ["will gone"],
    );
  });
});

describe("mqtt.js as a client", options, () => {
  let client: MqttClient;
  let received: string[];
  /** Messages may follow the CONNACK at once, so they are collected from the beginning. */
  const connectClient = async (clientOptions: object): Promise<MqttClient> => {
    const connecting = connect(`mqtt://127.0.0.1:${mqtt.port}`, {
      clientId: "js",
      reconnectPeriod: 0,
      ...clientOptions,
    });
    connecting.on("message", (_topic, message) => received.push(message.toString()));
    await new Promise<void>((resolve) => connecting.once("connect", () => resolve()));
    return connecting;
  };

  for (const qos of [0, 1, 2] as const) {
    test(`sends and receives 500 messages with QoS ${qos}`, async () => {
      received = [];
      client = await connectClient({});
      const granted = await client.subscribeAsync("up/#", { qos });
      assert.equal(granted[0]?.qos, qos);
      const expected = Array.from({ length: 500 }, (_, index) => `${index}`);
      for (const message of expected) mqtt.backend.send("up/a", message);
      await Promise.all(expected.map((message) => client.publishAsync("down", message, { qos })));
      await eventually(() => received.length >= 500 && mqtt.backend.published.length >= 500);
      assert.deepEqual(received, expected);
      assert.deepEqual(
        mqtt.backend.published.map((message) => String(message.payload)),
        expected,
      );
      await client.endAsync();
    });
  }

  test("misses nothing with a persistent session, however often it is cut off", async () => {
    received = [];
    const total = 400;
    let next = 0;
    for (let round = 0; next < total; round++) {
      client = await connectClient({ clean: false });
      if (round === 0) await client.subscribeAsync("up/#", { qos: 1 });
      const until = Math.min(total, next + 50);
      while (next < until) mqtt.backend.send("up/a", `${next++}`);
      await delay(5 + round);
      client.stream.destroy();
      await client.endAsync(true);
      await eventually(() => mqtt.server.connectionCount === 0);
    }
    client = await connectClient({ clean: false });
    await eventually(() => new Set(received).size === total);
    await client.endAsync();
  });
});
