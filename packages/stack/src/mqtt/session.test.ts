import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectPacket, packetOf, publishOf } from "./raw-client.fixture.ts";
import { eventually, TestServer } from "./test-server.fixture.ts";

const mqtt = new TestServer();
const options = { timeout: 60_000 };

beforeEach(() => mqtt.restart());
after(() => mqtt.close());

describe("subscriptions", options, () => {
  test("grants what was asked for, and refuses filter by filter", async () => {
    const client = await mqtt.connected("id");
    client.send(0x82, 0, 9, "a", 0, "secret/a", 1, "b", 1, "c/#", 2);
    assert.deepEqual(await client.receive(), Buffer.from([0x90, 6, 0, 9, 0, 0x80, 1, 2]));
  });

  test("refuses beyond the limit", async () => {
    await mqtt.restart({ maxSubscriptions: 2 });
    const client = await mqtt.connected("id");
    client.send(0x82, 0, 1, "a", 0, "b", 0, "c", 0);
    assert.deepEqual(await client.receive(), Buffer.from([0x90, 5, 0, 1, 0, 0, 0x80]));
  });

  test("delivers a message once however many subscriptions match, until it unsubscribes", async () => {
    const client = await mqtt.connected("id");
    client.send(0x82, 0, 1, "a/#", 0, "+/b", 0, "a/b", 0);
    await client.receive();
    mqtt.backend.send("a/b", "one");
    assert.deepEqual(await client.receive(), publishOf("a/b", "one"));
    client.send(0xa2, 0, 2, "a/#", "+/b", "not/there");
    assert.deepEqual(await client.receive(), Buffer.from([0xb0, 2, 0, 2]));
    mqtt.backend.send("a/c", "two");
    mqtt.backend.send("a/b", "three");
    assert.deepEqual(await client.receive(), publishOf("a/b", "three"));
  });

  test("delivers nothing while the client may not read", async () => {
    const client = await mqtt.subscribed("id", "#", 1);
    mqtt.backend.mayRead = false;
    mqtt.backend.send("a", "hidden");
    mqtt.backend.mayRead = true;
    mqtt.backend.send("a", "shown");
    assert.deepEqual(await client.receive(), publishOf("a", "shown", { qos: 1, id: 1 }));
  });

  test("delivers many messages of one tick in order", async () => {
    const receivers = [await mqtt.subscribed("id1", "#", 0), await mqtt.subscribed("id2", "a/+", 0)];
    for (let index = 0; index < 5000; index++) mqtt.backend.send("a/b", `message ${index}`);
    for (const receiver of receivers) {
      for (let index = 0; index < 5000; index++) {
        assert.deepEqual(await receiver.receive(), publishOf("a/b", `message ${index}`));
      }
    }
  });
});

describe("delivery with QoS 1 and 2", options, () => {
  test("keeps at most a window of messages under way, and goes on as they are acknowledged", async () => {
    await mqtt.restart({ maxInFlight: 3 });
    const client = await mqtt.subscribed("id", "#", 1);
    for (let index = 1; index <= 10; index++) mqtt.backend.send("a", `${index}`);
    for (let index = 1; index <= 3; index++) {
      assert.deepEqual(await client.receive(), publishOf("a", `${index}`, { qos: 1, id: index }));
    }
    await delay(30);
    assert.equal(client.waiting, 0);
    for (let index = 1; index <= 10; index++) {
      client.send(0x40, 0, index);
      if (index + 3 <= 10) {
        assert.deepEqual(await client.receive(), publishOf("a", `${index + 3}`, { qos: 1, id: index + 3 }));
      }
    }
    mqtt.backend.send("a", "live again");
    assert.deepEqual(await client.receive(), publishOf("a", "live again", { qos: 1, id: 11 }));
  });

  test("walks through the four steps of QoS 2", async () => {
    const client = await mqtt.subscribed("id", "#", 2);
    mqtt.backend.send("a", "x");
    assert.deepEqual(await client.receive(), publishOf("a", "x", { qos: 2, id: 1 }));
    client.send(0x50, 0, 1);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 1]));
    client.send(0x70, 0, 1);
    mqtt.backend.send("a", "y");
    assert.deepEqual(await client.receive(), publishOf("a", "y", { qos: 2, id: 2 }));
  });

  test("ignores acknowledgements of what was never sent", async () => {
    const client = await mqtt.subscribed("id", "#", 1);
    for (const type of [0x40, 0x70]) client.send(type, 0, 99);
    client.send(0x50, 0, 99);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 99]));
    mqtt.backend.send("a", "x");
    assert.deepEqual(await client.receive(), publishOf("a", "x", { qos: 1, id: 1 }));
  });
});

describe("persistent sessions", options, () => {
  test("keep subscriptions and what was missed, also of QoS 0", async () => {
    const client = mqtt.newClient();
    assert.deepEqual(await client.connect("id", { clean: false }), Buffer.from([0x20, 2, 0, 0]));
    client.send(0x82, 0, 1, "a", 1, "b", 0);
    await client.receive();
    client.send(0xe0);
    await client.closed;
    await eventually(() => mqtt.server.connectionCount === 0);
    for (let index = 0; index < 250; index++) mqtt.backend.send(index % 2 === 0 ? "a" : "b", `${index}`);
    const again = mqtt.newClient();
    assert.deepEqual(await again.connect("id", { clean: false }), Buffer.from([0x20, 2, 1, 0]));
    for (let index = 0; index < 250; index++) {
      const packet = await again.receive();
      assert.ok(packet?.toString("latin1").endsWith(`${index}`), `${index}: ${packet}`);
      if (index % 2 === 0) again.send(0x40, ...packet!.subarray(5, 7));
    }
    mqtt.backend.send("b", "live");
    assert.deepEqual(await again.receive(), publishOf("b", "live"));
  });

  test("send again what was not acknowledged, with its identifier and DUP, before what is new", async () => {
    const client = await mqtt.subscribed("id", "#", 1, false);
    for (const payload of ["one", "two", "three"]) mqtt.backend.send("a", payload);
    for (let index = 0; index < 3; index++) await client.receive();
    client.send(0x40, 0, 2);
    client.send(0xc0);
    await client.receive();
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    mqtt.backend.send("a", "four");
    const again = await mqtt.connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "one", { qos: 1, id: 1, dup: true }));
    assert.deepEqual(await again.receive(), publishOf("a", "three", { qos: 1, id: 3, dup: true }));
    assert.deepEqual(await again.receive(), publishOf("a", "four", { qos: 1, id: 4 }));
  });

  test("resume QoS 2 where it stood: PUBLISH before PUBREC, PUBREL after it", async () => {
    const client = await mqtt.subscribed("id", "#", 2, false);
    mqtt.backend.send("a", "one");
    mqtt.backend.send("a", "two");
    await client.receive();
    await client.receive();
    client.send(0x50, 0, 1);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 1]));
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    const again = await mqtt.connected("id", { clean: false });
    assert.deepEqual(await again.receive(), Buffer.from([0x62, 2, 0, 1]));
    assert.deepEqual(await again.receive(), publishOf("a", "two", { qos: 2, id: 2, dup: true }));
  });

  test("give every message its identifier again after a crash", async () => {
    const client = await mqtt.subscribed("id", "a", 2, false);
    const atCrash = structuredClone(mqtt.backend.stored.get("id")!);
    for (let index = 1; index <= 5; index++) {
      mqtt.backend.send("other", "not subscribed");
      mqtt.backend.send("a", `${index}`);
    }
    for (let index = 1; index <= 5; index++) await client.receive();
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    // As if nothing after the subscription had been saved.
    assert.ok(atCrash.connected);
    mqtt.backend.stored.set("id", atCrash);
    const again = await mqtt.connected("id", { clean: false });
    for (let index = 1; index <= 5; index++) {
      assert.deepEqual(await again.receive(), publishOf("a", `${index}`, { qos: 2, id: index, dup: true }));
    }
  });

  test("pass over messages that are no longer kept", async () => {
    const client = await mqtt.subscribed("id", "#", 1, false);
    mqtt.backend.send("a", "lost");
    await client.receive();
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    const kept = mqtt.backend.send("a", "kept");
    mqtt.backend.forgetBefore(kept.position);
    const again = await mqtt.connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "kept", { qos: 1, id: 2 }));
  });

  test("do not deliver what came before a subscription", async () => {
    const client = await mqtt.subscribed("id", "a", 1, false);
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    mqtt.backend.send("a", "missed");
    mqtt.backend.send("b", "before");
    const again = mqtt.newClient();
    again.socket.write(
      Buffer.concat([
        connectPacket("id", { clean: false }),
        packetOf(0x82, 0, 1, "a", 1),
        packetOf(0x82, 0, 2, "b", 0),
      ]),
    );
    const packets: (Buffer | undefined)[] = [];
    for (let index = 0; index < 4; index++) packets.push(await again.receive());
    assert.ok(packets.some((packet) => packet?.equals(publishOf("a", "missed", { qos: 1, id: 1 }))));
    mqtt.backend.send("b", "after");
    assert.deepEqual(await again.receive(), publishOf("b", "after"));
  });

  test("end with a clean session", async () => {
    const client = await mqtt.subscribed("id", "#", 1, false);
    client.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    const clean = await mqtt.connected("id");
    clean.socket.destroy();
    await eventually(() => mqtt.server.connectionCount === 0);
    mqtt.backend.send("a", "missed");
    const again = mqtt.newClient();
    assert.deepEqual(await again.connect("id", { clean: false }), Buffer.from([0x20, 2, 0, 0]));
    again.send(0xc0);
    assert.deepEqual(await again.receive(), Buffer.from([0xd0, 0]));
  });

  test("survive a stop of the server", async () => {
    const client = await mqtt.subscribed("id", "#", 1, false);
    mqtt.backend.send("a", "one");
    await client.receive();
    await mqtt.server.close();
    await client.closed;
    assert.equal(mqtt.backend.stored.get("id")?.connected, false);
    await mqtt.startAgain();
    const again = await mqtt.connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "one", { qos: 1, id: 1, dup: true }));
  });
});
