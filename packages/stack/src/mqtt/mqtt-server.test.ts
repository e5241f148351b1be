import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type MqttClient } from "mqtt";
import type { MqttLimits } from "./limits.ts";
import {
  connectPacket,
  type MemoryBackend,
  memoryBackend,
  packetOf,
  RawClient,
  startServer,
} from "./memory-backend.fixture.ts";
import type { MqttServer } from "./mqtt-server.ts";

let backend: MemoryBackend;
let server: MqttServer;
let port: number;
const clients: RawClient[] = [];
const options = { timeout: 20_000 };

async function restart(limits: Partial<MqttLimits> = {}): Promise<void> {
  for (const client of clients.splice(0)) client.socket.destroy();
  await server?.close();
  backend = memoryBackend();
  ({ server, port } = await startServer(backend, limits));
}

function newClient(): RawClient {
  const client = new RawClient(port);
  clients.push(client);
  return client;
}

async function connected(clientId: string, connectOptions = {}): Promise<RawClient> {
  const client = newClient();
  const connack = await client.connect(clientId, connectOptions);
  assert.equal(connack?.[3], 0, "refused");
  return client;
}

async function subscribed(clientId: string, filter: string, qos: number, clean = true): Promise<RawClient> {
  const client = await connected(clientId, { clean });
  client.send(0x82, 0, 1, filter, qos);
  assert.deepEqual(await client.receive(), Buffer.from([0x90, 3, 0, 1, qos]));
  return client;
}

const publishOf = (topic: string, payload: string, { qos = 0, id = 0, dup = false } = {}): Buffer =>
  packetOf(
    0x30 | (dup ? 8 : 0) | (qos << 1),
    topic,
    ...(qos > 0 ? [id >> 8, id & 255] : []),
    Buffer.from(payload),
  );

/** Until what the server does of itself is done. */
async function eventually(check: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (check()) return;
    await delay(10);
  }
  assert.ok(check(), "did not come about in time");
}

beforeEach(() => restart());
after(async () => {
  for (const client of clients) client.socket.destroy();
  await server.close();
});

describe("connecting", options, () => {
  test("accepts MQTT 3.1 and 3.1.1", async () => {
    assert.deepEqual(await newClient().connect("id1"), Buffer.from([0x20, 2, 0, 0]));
    const old = newClient();
    old.send(0x10, "MQIsdp", 3, 2, 0, 60, "id2");
    assert.deepEqual(await old.receive(), Buffer.from([0x20, 2, 0, 0]));
  });

  test("refuses other protocols with code 1 and closes", async () => {
    const client = newClient();
    client.send(0x10, "MQTT", 5, 2, 0, 60, 0, "id1");
    assert.deepEqual(await client.receive(), Buffer.from([0x20, 2, 0, 1]));
    assert.equal(await client.receive(), undefined);
  });

  test("refuses a wrong password with the backend's code and closes", async () => {
    const client = newClient();
    assert.deepEqual(await client.connect("id1", { password: "wrong" }), Buffer.from([0x20, 2, 0, 5]));
    assert.equal(await client.receive(), undefined);
  });

  test("accepts an empty client identifier for a clean session only", async () => {
    assert.equal((await newClient().connect(""))?.[3], 0);
    assert.equal((await newClient().connect(""))?.[3], 0);
    assert.equal((await newClient().connect("", { clean: false }))?.[3], 2);
  });

  test("refuses with code 3 beyond the limit of connections", async () => {
    await restart({ maxConnections: 2 });
    await connected("id1");
    await connected("id2");
    assert.equal((await newClient().connect("id3"))?.[3], 3);
  });

  test("closes a connection that sends no CONNECT in time", async () => {
    await restart({ connectTimeoutMs: 50 });
    await newClient().closed;
    const slow = newClient();
    slow.socket.write(Buffer.from([0x10]));
    await slow.closed;
  });

  test("closes a client that is silent for one and a half times its keep-alive, not one that pings", async () => {
    const silent = await connected("silent", { keepAlive: 1 });
    const alive = await connected("alive", { keepAlive: 1 });
    let pongs = 0;
    const startedAt = Date.now();
    const pinging = (async () => {
      for (let ping = 0; ping < 5; ping++) {
        alive.send(0xc0);
        assert.deepEqual(await alive.receive(), Buffer.from([0xd0, 0]));
        pongs++;
        await delay(500);
      }
    })();
    await silent.closed;
    assert.ok(Date.now() - startedAt >= 1400);
    await pinging;
    assert.equal(pongs, 5);
  });

  test("lets a second connection of the same client take over", async () => {
    const first = await connected("same");
    const second = await connected("same");
    await first.closed;
    second.send(0xc0);
    assert.deepEqual(await second.receive(), Buffer.from([0xd0, 0]));
    assert.equal(server.connectionCount, 1);
  });

  test("leaves one connection when many of the same client come at once", async () => {
    const rivals = Array.from({ length: 20 }, () => newClient());
    await Promise.all(rivals.map((rival) => rival.connect("same", { clean: false })));
    await eventually(() => backend.closed.length === 19);
    assert.equal(server.connectionCount, 1);
  });

  test("handles what follows CONNECT in the same segment", async () => {
    const client = newClient();
    client.socket.write(Buffer.concat([connectPacket("id1"), packetOf(0x82, 0, 1, "#", 0), packetOf(0xc0)]));
    assert.equal((await client.receive())?.[0], 0x20);
    const answers = [(await client.receive())?.[0], (await client.receive())?.[0]];
    assert.deepEqual(new Set(answers), new Set([0x90, 0xd0]));
  });
});

describe("violations", options, () => {
  const cases: Readonly<Record<string, readonly Buffer[]>> = {
    "a packet before CONNECT": [packetOf(0xc0)],
    "a second CONNECT": [connectPacket("id"), connectPacket("id")],
    "a truncated CONNECT": [connectPacket("id").fill(0x20, 1, 2).subarray(0, 12), packetOf(0xc0)],
    "an oversized CONNECT": [connectPacket("x".repeat(20_000))],
    "a packet that only servers send": [connectPacket("id"), packetOf(0x20, 0, 0)],
    "an invalid filter": [connectPacket("id"), packetOf(0x82, 0, 1, "a/#/b", 0)],
    HTTP: [Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    zeros: [Buffer.alloc(1000)],
  };
  for (const [name, packets] of Object.entries(cases)) {
    test(`${name} closes the connection, and the server serves others`, async () => {
      const client = newClient();
      client.socket.write(Buffer.concat(packets));
      client.socket.on("end", () => client.socket.end());
      if (name === "a truncated CONNECT") client.socket.end();
      await client.closed;
      await connected("other");
    });
  }

  test("a packet above the limit closes the connection before it is received", async () => {
    await restart({ maxPacketLength: 1000 });
    const client = await connected("id");
    client.socket.write(Buffer.from([0x30, 0xff, 0xff, 0x7f]));
    await client.closed;
  });

  test("random bytes never stop the server", async () => {
    let seed = 12345;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed >>> 16;
    };
    for (let round = 0; round < 100; round++) {
      const client = newClient();
      const garbage = Buffer.from(Array.from({ length: random() % 200 }, random));
      if (round % 2 === 0) client.socket.write(connectPacket(`fuzz${round}`));
      client.socket.end(garbage);
    }
    await Promise.all(clients.map(({ closed }) => closed));
    await connected("other");
    await eventually(() => server.connectionCount === 1);
  });
});

describe("subscriptions", options, () => {
  test("grants what was asked for, and refuses filter by filter", async () => {
    const client = await connected("id");
    client.send(0x82, 0, 9, "a", 0, "secret/a", 1, "b", 1, "c/#", 2);
    assert.deepEqual(await client.receive(), Buffer.from([0x90, 6, 0, 9, 0, 0x80, 1, 2]));
  });

  test("refuses beyond the limit", async () => {
    await restart({ maxSubscriptions: 2 });
    const client = await connected("id");
    client.send(0x82, 0, 1, "a", 0, "b", 0, "c", 0);
    assert.deepEqual(await client.receive(), Buffer.from([0x90, 5, 0, 1, 0, 0, 0x80]));
  });

  test("delivers a message once however many subscriptions match, until it unsubscribes", async () => {
    const client = await connected("id");
    client.send(0x82, 0, 1, "a/#", 0, "+/b", 0, "a/b", 0);
    await client.receive();
    backend.send("a/b", "one");
    assert.deepEqual(await client.receive(), publishOf("a/b", "one"));
    client.send(0xa2, 0, 2, "a/#", "+/b", "not/there");
    assert.deepEqual(await client.receive(), Buffer.from([0xb0, 2, 0, 2]));
    backend.send("a/c", "two");
    backend.send("a/b", "three");
    assert.deepEqual(await client.receive(), publishOf("a/b", "three"));
  });

  test("delivers nothing while the client may not read", async () => {
    const client = await subscribed("id", "#", 1);
    backend.mayRead = false;
    backend.send("a", "hidden");
    backend.mayRead = true;
    backend.send("a", "shown");
    assert.deepEqual(await client.receive(), publishOf("a", "shown", { qos: 1, id: 1 }));
  });

  test("delivers many messages of one tick in order", async () => {
    const receivers = [await subscribed("id1", "#", 0), await subscribed("id2", "a/+", 0)];
    for (let index = 0; index < 5000; index++) backend.send("a/b", `message ${index}`);
    for (const receiver of receivers) {
      for (let index = 0; index < 5000; index++) {
        assert.deepEqual(await receiver.receive(), publishOf("a/b", `message ${index}`));
      }
    }
  });
});

describe("publishing", options, () => {
  test("acknowledges QoS 0, 1 and 2 as each demands", async () => {
    const client = await connected("id");
    client.socket.write(publishOf("t", "zero"));
    client.socket.write(publishOf("t", "one", { qos: 1, id: 7 }));
    assert.deepEqual(await client.receive(), Buffer.from([0x40, 2, 0, 7]));
    client.socket.write(publishOf("t", "two", { qos: 2, id: 8 }));
    assert.deepEqual(await client.receive(), Buffer.from([0x50, 2, 0, 8]));
    client.send(0x62, 0, 8);
    assert.deepEqual(await client.receive(), Buffer.from([0x70, 2, 0, 8]));
    assert.deepEqual(
      backend.published.map(({ payload, qos }) => `${payload} ${qos}`),
      ["zero 0", "one 1", "two 2"],
    );
  });

  test("takes a repeated QoS 2 message once, and its identifier anew after PUBREL", async () => {
    const client = await connected("id");
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
      backend.published.map(({ payload }) => String(payload)),
      ["first", "second"],
    );
  });

  test("takes a QoS 2 message once across connections of a persistent session", async () => {
    const first = await connected("id", { clean: false });
    first.socket.write(publishOf("t", "once", { qos: 2, id: 5 }));
    await first.receive();
    first.socket.destroy();
    const second = await connected("id", { clean: false });
    second.socket.write(publishOf("t", "once", { qos: 2, id: 5, dup: true }));
    assert.deepEqual(await second.receive(), Buffer.from([0x50, 2, 0, 5]));
    second.send(0x62, 0, 5);
    assert.deepEqual(await second.receive(), Buffer.from([0x70, 2, 0, 5]));
    assert.equal(backend.published.length, 1);
  });

  test("acknowledges in order, and stops reading while too many are under way", async () => {
    await restart({ maxConcurrentPublishes: 3 });
    const client = await connected("id");
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.publishing = promise;
    for (let id = 1; id <= 10; id++) client.socket.write(publishOf("t", `${id}`, { qos: 1, id }));
    await delay(50);
    assert.equal(server.counters.published, 3);
    resolve();
    for (let id = 1; id <= 10; id++) assert.deepEqual(await client.receive(), Buffer.from([0x40, 2, 0, id]));
  });

  test("sends the will when the client is lost, not when it takes its leave", async () => {
    const will = { topic: "will", payload: "gone" };
    const polite = await connected("polite", { will });
    polite.send(0xe0);
    await polite.closed;
    const lost = await connected("lost", { will });
    lost.socket.destroy();
    await eventually(() => backend.published.length > 0);
    await delay(20);
    assert.deepEqual(
      backend.published.map(({ topic, payload }) => `${topic} ${payload}`),
      ["will gone"],
    );
  });
});

describe("delivery with QoS 1 and 2", options, () => {
  test("keeps at most a window of messages under way, and goes on as they are acknowledged", async () => {
    await restart({ maxInFlight: 3 });
    const client = await subscribed("id", "#", 1);
    for (let index = 1; index <= 10; index++) backend.send("a", `${index}`);
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
    backend.send("a", "live again");
    assert.deepEqual(await client.receive(), publishOf("a", "live again", { qos: 1, id: 11 }));
  });

  test("walks through the four steps of QoS 2", async () => {
    const client = await subscribed("id", "#", 2);
    backend.send("a", "x");
    assert.deepEqual(await client.receive(), publishOf("a", "x", { qos: 2, id: 1 }));
    client.send(0x50, 0, 1);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 1]));
    client.send(0x70, 0, 1);
    backend.send("a", "y");
    assert.deepEqual(await client.receive(), publishOf("a", "y", { qos: 2, id: 2 }));
  });

  test("ignores acknowledgements of what was never sent", async () => {
    const client = await subscribed("id", "#", 1);
    for (const type of [0x40, 0x70]) client.send(type, 0, 99);
    client.send(0x50, 0, 99);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 99]));
    backend.send("a", "x");
    assert.deepEqual(await client.receive(), publishOf("a", "x", { qos: 1, id: 1 }));
  });
});

describe("persistent sessions", options, () => {
  test("keep subscriptions and what was missed, also of QoS 0", async () => {
    const client = newClient();
    assert.deepEqual(await client.connect("id", { clean: false }), Buffer.from([0x20, 2, 0, 0]));
    client.send(0x82, 0, 1, "a", 1, "b", 0);
    await client.receive();
    client.send(0xe0);
    await client.closed;
    await eventually(() => server.connectionCount === 0);
    for (let index = 0; index < 250; index++) backend.send(index % 2 === 0 ? "a" : "b", `${index}`);
    const again = newClient();
    assert.deepEqual(await again.connect("id", { clean: false }), Buffer.from([0x20, 2, 1, 0]));
    for (let index = 0; index < 250; index++) {
      const packet = await again.receive();
      assert.ok(packet?.toString("latin1").endsWith(`${index}`), `${index}: ${packet}`);
      if (index % 2 === 0) again.send(0x40, ...packet!.subarray(5, 7));
    }
    backend.send("b", "live");
    assert.deepEqual(await again.receive(), publishOf("b", "live"));
  });

  test("send again what was not acknowledged, with its identifier and DUP, before what is new", async () => {
    const client = await subscribed("id", "#", 1, false);
    for (const payload of ["one", "two", "three"]) backend.send("a", payload);
    for (let index = 0; index < 3; index++) await client.receive();
    client.send(0x40, 0, 2);
    client.send(0xc0);
    await client.receive();
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    backend.send("a", "four");
    const again = await connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "one", { qos: 1, id: 1, dup: true }));
    assert.deepEqual(await again.receive(), publishOf("a", "three", { qos: 1, id: 3, dup: true }));
    assert.deepEqual(await again.receive(), publishOf("a", "four", { qos: 1, id: 4 }));
  });

  test("resume QoS 2 where it stood: PUBLISH before PUBREC, PUBREL after it", async () => {
    const client = await subscribed("id", "#", 2, false);
    backend.send("a", "one");
    backend.send("a", "two");
    await client.receive();
    await client.receive();
    client.send(0x50, 0, 1);
    assert.deepEqual(await client.receive(), Buffer.from([0x62, 2, 0, 1]));
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    const again = await connected("id", { clean: false });
    assert.deepEqual(await again.receive(), Buffer.from([0x62, 2, 0, 1]));
    assert.deepEqual(await again.receive(), publishOf("a", "two", { qos: 2, id: 2, dup: true }));
  });

  test("give every message its identifier again after a crash", async () => {
    const client = await subscribed("id", "a", 2, false);
    const atCrash = structuredClone(backend.stored.get("id")!);
    for (let index = 1; index <= 5; index++) {
      backend.send("other", "not subscribed");
      backend.send("a", `${index}`);
    }
    for (let index = 1; index <= 5; index++) await client.receive();
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    // As if nothing after the subscription had been saved.
    assert.ok(atCrash.connected);
    backend.stored.set("id", atCrash);
    const again = await connected("id", { clean: false });
    for (let index = 1; index <= 5; index++) {
      assert.deepEqual(await again.receive(), publishOf("a", `${index}`, { qos: 2, id: index, dup: true }));
    }
  });

  test("pass over messages that are no longer kept", async () => {
    const client = await subscribed("id", "#", 1, false);
    backend.send("a", "lost");
    await client.receive();
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    const kept = backend.send("a", "kept");
    backend.forgetBefore(kept.position);
    const again = await connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "kept", { qos: 1, id: 2 }));
  });

  test("do not deliver what came before a subscription", async () => {
    const client = await subscribed("id", "a", 1, false);
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    backend.send("a", "missed");
    backend.send("b", "before");
    const again = newClient();
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
    backend.send("b", "after");
    assert.deepEqual(await again.receive(), publishOf("b", "after"));
  });

  test("end with a clean session", async () => {
    const client = await subscribed("id", "#", 1, false);
    client.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    const clean = await connected("id");
    clean.socket.destroy();
    await eventually(() => server.connectionCount === 0);
    backend.send("a", "missed");
    const again = newClient();
    assert.deepEqual(await again.connect("id", { clean: false }), Buffer.from([0x20, 2, 0, 0]));
    again.send(0xc0);
    assert.deepEqual(await again.receive(), Buffer.from([0xd0, 0]));
  });

  test("survive a stop of the server", async () => {
    const client = await subscribed("id", "#", 1, false);
    backend.send("a", "one");
    await client.receive();
    await server.close();
    await client.closed;
    assert.equal(backend.stored.get("id")?.connected, false);
    ({ server, port } = await startServer(backend));
    const again = await connected("id", { clean: false });
    assert.deepEqual(await again.receive(), publishOf("a", "one", { qos: 1, id: 1, dup: true }));
  });
});

describe("a client that does not read", options, () => {
  const payload = "x".repeat(10_000);

  test("loses QoS 0 messages beyond the limit, counted, and no one else does", async () => {
    await restart({ maxPendingBytes: 200_000 });
    const stalled = await subscribed("stalled", "#", 0);
    stalled.socket.pause();
    const reading = await subscribed("reading", "#", 0);
    for (let index = 0; index < 2000; index++) {
      backend.send("a", payload);
      assert.ok((await reading.receive()) !== undefined);
    }
    assert.ok(server.counters.dropped > 0);
    assert.equal(server.counters.delivered, 4000 - server.counters.dropped);
  });

  test("with a persistent session gets everything once it reads again", async () => {
    const stalled = await subscribed("stalled", "#", 0, false);
    stalled.socket.pause();
    for (let index = 0; index < 2000; index++) {
      backend.send("a", `${payload}${index}`);
      if (index % 100 === 0) await delay(1);
    }
    assert.ok(server.counters.delivered < 2000, "everything went into buffers");
    stalled.socket.resume();
    for (let index = 0; index < 2000; index++) {
      const packet = await stalled.receive();
      assert.ok(packet?.toString("latin1").endsWith(`x${index}`), `message ${index}`);
    }
    assert.equal(server.counters.dropped, 0);
  });

  test("is not read from either", async () => {
    const stalled = await connected("stalled");
    stalled.socket.pause();
    const ping = Buffer.concat(Array.from({ length: 50_000 }, () => packetOf(0xc0)));
    let sent = 0;
    while (sent < 400 && !stalled.socket.writableNeedDrain) {
      stalled.socket.write(ping);
      sent++;
      await delay(1);
    }
    assert.ok(stalled.socket.writableNeedDrain, "the server took pings without end");
    stalled.socket.destroy();
  });
});

describe("mqtt.js as a client", options, () => {
  let client: MqttClient;
  let received: string[];
  /** Messages may follow the CONNACK at once, so they are collected from the beginning. */
  const connectClient = async (clientOptions: object): Promise<MqttClient> => {
    const connecting = connect(`mqtt://127.0.0.1:${port}`, {
      clientId: "js",
      reconnectPeriod: 0,
      ...clientOptions,
    });
    connecting.on("message", (_topic, message) => received.push(message.toString()));
    await new Promise<void>((resolve) => connecting.once("connect", () => resolve()));
    return connecting;
  };

  before(() => restart());

  for (const qos of [0, 1, 2] as const) {
    test(`sends and receives 500 messages with QoS ${qos}`, async () => {
      received = [];
      client = await connectClient({});
      const granted = await client.subscribeAsync("up/#", { qos });
      assert.equal(granted[0]?.qos, qos);
      const expected = Array.from({ length: 500 }, (_, index) => `${index}`);
      for (const message of expected) backend.send("up/a", message);
      await Promise.all(expected.map((message) => client.publishAsync("down", message, { qos })));
      await eventually(() => received.length >= 500 && backend.published.length >= 500);
      assert.deepEqual(received, expected);
      assert.deepEqual(
        backend.published.map((message) => String(message.payload)),
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
      if (round === 0) await client.subscribeAsync("up/#", { qos: 2 });
      const until = Math.min(total, next + 50);
      while (next < until) backend.send("up/a", `${next++}`);
      await delay(5 + round);
      client.stream.destroy();
      await client.endAsync(true);
      await eventually(() => server.connectionCount === 0);
    }
    client = await connectClient({ clean: false });
    await eventually(() => new Set(received).size === total);
    await client.endAsync();
  });
});
