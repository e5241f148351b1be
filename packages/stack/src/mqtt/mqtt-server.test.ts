import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "mqtt";
import { ManualClock } from "../clock/manual-clock.ts";
import { connectPacket, packetOf, RawClient } from "./raw-client.fixture.ts";
import { eventually, TestServer } from "./test-server.fixture.ts";
import { testCertificate } from "./tls-certificate.fixture.ts";

const mqtt = new TestServer();
const options = { timeout: 60_000 };

beforeEach(() => mqtt.restart());
after(() => mqtt.close());

describe("connecting", options, () => {
  test("accepts MQTT 3.1 and 3.1.1", async () => {
    assert.deepEqual(await mqtt.newClient().connect("id1"), Buffer.from([0x20, 2, 0, 0]));
    const old = mqtt.newClient();
    old.send(0x10, "MQIsdp", 3, 2, 0, 60, "id2");
    assert.deepEqual(await old.receive(), Buffer.from([0x20, 2, 0, 0]));
  });

  test("refuses other protocols with code 1 and closes", async () => {
    const client = mqtt.newClient();
    client.send(0x10, "MQTT", 5, 2, 0, 60, 0, "id1");
    assert.deepEqual(await client.receive(), Buffer.from([0x20, 2, 0, 1]));
    assert.equal(await client.receive(), undefined);
  });

  test("refuses a wrong password with the mqtt.backend's code and closes", async () => {
    const client = mqtt.newClient();
    assert.deepEqual(await client.connect("id1", { password: "wrong" }), Buffer.from([0x20, 2, 0, 5]));
    assert.equal(await client.receive(), undefined);
  });

  test("accepts an empty client identifier for a clean session only", async () => {
    assert.equal((await mqtt.newClient().connect(""))?.[3], 0);
    assert.equal((await mqtt.newClient().connect(""))?.[3], 0);
    assert.equal((await mqtt.newClient().connect("", { clean: false }))?.[3], 2);
  });

  test("refuses with code 3 beyond the limit of connections", async () => {
    await mqtt.restart({ maxConnections: 2 });
    await mqtt.connected("id1");
    await mqtt.connected("id2");
    assert.equal((await mqtt.newClient().connect("id3"))?.[3], 3);
  });

  test("closes a connection that sends no CONNECT in time", async () => {
    await mqtt.restart({ connectTimeoutMs: 50 });
    await mqtt.newClient().closed;
    const slow = mqtt.newClient();
    slow.socket.write(Buffer.from([0x10]));
    await slow.closed;
  });

  test("closes a client that is silent for one and a half times its keep-alive, not one that pings", async () => {
    const clock = new ManualClock();
    await mqtt.restart({}, clock);
    const silent = await mqtt.connected("silent", { keepAlive: 1 });
    const alive = await mqtt.connected("alive", { keepAlive: 1 });
    const ping = async () => {
      alive.send(0xc0);
      assert.deepEqual(await alive.receive(), Buffer.from([0xd0, 0]));
    };
    await clock.advance(1499);
    await ping();
    assert.equal(mqtt.server.connectionCount, 2);
    await clock.advance(1);
    await silent.closed;
    for (let pings = 0; pings < 5; pings++) {
      await ping();
      await clock.advance(1499);
    }
    assert.equal(mqtt.server.connectionCount, 1);
    await clock.advance(1);
    await alive.closed;
  });

  test("lets a second connection of the same client take over", async () => {
    const first = await mqtt.connected("same");
    const second = await mqtt.connected("same");
    await first.closed;
    second.send(0xc0);
    assert.deepEqual(await second.receive(), Buffer.from([0xd0, 0]));
    assert.equal(mqtt.server.connectionCount, 1);
  });

  test("leaves one connection when many of the same client come at once", async () => {
    const rivals = Array.from({ length: 20 }, () => mqtt.newClient());
    await Promise.all(rivals.map((rival) => rival.connect("same", { clean: false })));
    await eventually(() => mqtt.backend.closed.length === 19);
    assert.equal(mqtt.server.connectionCount, 1);
  });

  test("handles what follows CONNECT in the same segment", async () => {
    const client = mqtt.newClient();
    client.socket.write(Buffer.concat([connectPacket("id1"), packetOf(0x82, 0, 1, "#", 0), packetOf(0xc0)]));
    assert.equal((await client.receive())?.[0], 0x20);
    const answers = [(await client.receive())?.[0], (await client.receive())?.[0]];
    assert.deepEqual(new Set(answers), new Set([0x90, 0xd0]));
  });
});

describe("TLS", options, () => {
  test("serves clients over TLS, and no plain ones on that port", async () => {
    const port = await mqtt.server.listen({ host: "127.0.0.1", port: 0 }, testCertificate);
    const client = connect(`mqtts://localhost:${port}`, { ca: testCertificate.cert, reconnectPeriod: 0 });
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
    });
    assert.ok(client.connected);
    await client.endAsync();
    const plain = new RawClient(port);
    assert.equal(await plain.connect("plain"), undefined);
  });

  test("refuses a port that is taken", async () => {
    await assert.rejects(mqtt.server.listen({ host: "127.0.0.1", port: mqtt.port }), { code: "EADDRINUSE" });
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
      const client = mqtt.newClient();
      client.socket.write(Buffer.concat(packets));
      client.socket.on("end", () => client.socket.end());
      if (name === "a truncated CONNECT") client.socket.end();
      await client.closed;
      await mqtt.connected("other");
    });
  }

  test("a packet above the limit closes the connection before it is received", async () => {
    await mqtt.restart({ maxPacketLength: 1000 });
    const client = await mqtt.connected("id");
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
      const client = mqtt.newClient();
      const garbage = Buffer.from(Array.from({ length: random() % 200 }, random));
      if (round % 2 === 0) client.socket.write(connectPacket(`fuzz${round}`));
      client.socket.end(garbage);
    }
    await mqtt.allClosed();
    await mqtt.connected("other");
    await eventually(() => mqtt.server.connectionCount === 1);
  });
});

describe("a client that does not read", options, () => {
  const payload = "x".repeat(10_000);

  test("loses QoS 0 messages beyond the limit, counted, and no one else does", async () => {
    await mqtt.restart({ maxPendingBytes: 200_000 });
    const stalled = await mqtt.subscribed("stalled", "#", 0);
    stalled.socket.pause();
    const reading = await mqtt.subscribed("reading", "#", 0);
    for (let index = 0; index < 2000; index++) {
      mqtt.backend.send("a", payload);
      assert.ok((await reading.receive()) !== undefined);
    }
    assert.ok(mqtt.server.counters.dropped > 0);
    assert.equal(mqtt.server.counters.delivered, 4000 - mqtt.server.counters.dropped);
  });

  test("shares the memory for slow clients with the others", async () => {
    await mqtt.restart({ maxPendingBytes: 8_000_000, maxTotalPendingBytes: 9_000_000 });
    const stalled = [await mqtt.subscribed("s1", "#", 0), await mqtt.subscribed("s2", "#", 0)];
    for (const { socket } of stalled) socket.pause();
    for (let index = 0; index < 3000; index++) {
      mqtt.backend.send("a", payload);
      if (index % 50 === 0) await delay(1);
    }
    assert.equal(mqtt.server.slow.size, 2);
    assert.equal(mqtt.server.pendingLimit, 4_500_000);
    assert.ok(mqtt.server.counters.dropped > 0);
    for (const client of mqtt.server.slow)
      assert.ok(client.pendingBytes < 4_600_000, `${client.pendingBytes}`);
  });

  test("with a persistent session gets everything once it reads again", async () => {
    const stalled = await mqtt.subscribed("stalled", "#", 0, false);
    stalled.socket.pause();
    for (let index = 0; index < 2000; index++) {
      mqtt.backend.send("a", `${payload}${index}`);
      if (index % 100 === 0) await delay(1);
    }
    assert.ok(mqtt.server.counters.delivered < 2000, "everything went into buffers");
    stalled.socket.resume();
    for (let index = 0; index < 2000; index++) {
      const packet = await stalled.receive();
      assert.ok(packet?.toString("latin1").endsWith(`x${index}`), `message ${index}`);
    }
    assert.equal(mqtt.server.counters.dropped, 0);
  });

  test("is not read from either", async () => {
    const stalled = await mqtt.connected("stalled");
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
