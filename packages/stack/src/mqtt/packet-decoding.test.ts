import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { generate } from "mqtt-packet";
import { PacketDecoder, UnsupportedProtocol } from "./packet-decoding.ts";
import { encodePublish } from "./packet-encoding.ts";
import { MalformedPacket, PacketFramer } from "./packet-framing.ts";
import { connectPacket, packetOf } from "./raw-client.fixture.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const decode = (packet: Uint8Array) => new PacketDecoder().decode(Buffer.from(packet));

describe("reading packets", () => {
  test("reads a CONNECT of MQTT 3.1.1 with everything in it", () => {
    const packet = connectPacket("id1", {
      clean: false,
      keepAlive: 300,
      password: "secret",
      will: { topic: "t", payload: "gone" },
    });
    assert.deepEqual(decode(packet), {
      kind: "connect",
      clientId: "id1",
      cleanSession: false,
      keepAliveSeconds: 300,
      username: "app1",
      password: Buffer.from("secret"),
      will: { topic: "t", payload: Buffer.from("gone"), qos: 0 },
    });
  });

  test("reads a CONNECT of MQTT 3.1", () => {
    const packet = decode(packetOf(0x10, "MQIsdp", 3, 2, 0, 60, "id1"));
    assert.equal(packet.kind, "connect");
  });

  test("tells an unknown protocol or level from nonsense", () => {
    assert.throws(() => decode(packetOf(0x10, "MQTT", 5, 2, 0, 60, 0, "id1")), UnsupportedProtocol);
    assert.throws(() => decode(packetOf(0x10, "MQTT", 3, 2, 0, 60, "id1")), UnsupportedProtocol);
    assert.throws(() => decode(packetOf(0x10, "AMQP", 4, 2, 0, 60, "id1")), UnsupportedProtocol);
    assert.throws(() => decode(Buffer.from([0x10, 2, 0, 99])), MalformedPacket);
  });

  test("refuses what the specification forbids", () => {
    const wrong: Readonly<Record<string, Buffer>> = {
      "reserved CONNECT flag": packetOf(0x10, "MQTT", 4, 3, 0, 60, "id"),
      "password without user name": packetOf(0x10, "MQTT", 4, 0x42, 0, 60, "id", "pw"),
      "will of QoS 3": packetOf(0x10, "MQTT", 4, 0x1e, 0, 60, "id", "t", "m"),
      "will QoS without a will": packetOf(0x10, "MQTT", 4, 0x0a, 0, 60, "id"),
      "bytes behind CONNECT": packetOf(0x10, "MQTT", 4, 2, 0, 60, "id", 0),
      "client identifier not UTF-8": packetOf(0x10, "MQTT", 4, 2, 0, 60, Buffer.from([0, 1, 0xff])),
      "NUL in the user name": packetOf(0x10, "MQTT", 4, 0x82, 0, 60, "id", "a\u0000b"),
      "QoS 3": packetOf(0x36, "t", 0, 1),
      "DUP with QoS 0": packetOf(0x38, "t"),
      "wildcard in a topic": packetOf(0x30, "a/+"),
      "empty topic": packetOf(0x30, ""),
      "topic beyond the packet": packetOf(0x30, Buffer.from([0, 9, 65])),
      "packet identifier 0": packetOf(0x32, "t", 0, 0),
      "PUBLISH without identifier": packetOf(0x32, "t"),
      "PUBACK flags": packetOf(0x41, 0, 1),
      "PUBREL flags": packetOf(0x60, 0, 1),
      "long PUBACK": packetOf(0x40, 0, 1, 0),
      "short PUBACK": packetOf(0x40, 1),
      "SUBSCRIBE flags": packetOf(0x80, 0, 1, "a", 0),
      "SUBSCRIBE without filters": packetOf(0x82, 0, 1),
      "SUBSCRIBE without QoS": packetOf(0x82, 0, 1, "a"),
      "SUBSCRIBE of QoS 3": packetOf(0x82, 0, 1, "a", 3),
      "SUBSCRIBE identifier 0": packetOf(0x82, 0, 0, "a", 0),
      "invalid filter": packetOf(0x82, 0, 1, "a/#/b", 0),
      "UNSUBSCRIBE without filters": packetOf(0xa2, 0, 1),
      "PINGREQ with a body": packetOf(0xc0, 1),
      "DISCONNECT with a body": packetOf(0xe0, 1),
      "CONNACK from a client": packetOf(0x20, 0, 0),
      "SUBACK from a client": packetOf(0x90, 0, 1, 0),
      "PINGRESP from a client": packetOf(0xd0),
      "reserved type 0": packetOf(0x00),
      AUTH: packetOf(0xf0),
    };
    for (const [name, packet] of Object.entries(wrong)) {
      assert.throws(() => decode(packet), MalformedPacket, name);
    }
  });

  test("throws nothing but its own errors, whatever comes", () => {
    const types = fc.integer({ min: 0, max: 255 });
    const bodies = fc.uint8Array({ maxLength: 40 });
    const sound = fc.constantFrom(
      connectPacket("id", { password: "x", will: { topic: "a", payload: "b" } }),
      packetOf(0x82, 0, 1, "a/b", 1, "c/#", 2),
      packetOf(0x34, "topic", 0, 7, Buffer.from("payload")),
    );
    const damaged = fc
      .tuple(sound, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 3 }))
      .map(([packet, at, value, cut]) => {
        const copy = Buffer.from(packet);
        copy[at % copy.length] = value;
        return copy.subarray(0, copy.length - cut);
      });
    const packets = fc.oneof(
      fc.tuple(types, bodies).map(([type, body]) => packetOf(type, body)),
      damaged,
    );
    fc.assert(
      fc.property(packets, (bytes) => {
        try {
          const framer = new PacketFramer(1000);
          framer.push(Buffer.from(bytes));
          for (let frame = framer.next(); frame !== undefined; frame = framer.next()) decode(frame);
        } catch (error) {
          assert.ok(error instanceof MalformedPacket || error instanceof UnsupportedProtocol, String(error));
        }
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 20_000) },
    );
  });
});

describe("cutting the stream into packets", () => {
  test("finds the same packets however the bytes arrive", () => {
    const packets = [
      packetOf(0xc0),
      packetOf(0x30, "t", Buffer.alloc(300, 1)),
      packetOf(0x40, 0, 1),
      packetOf(0xe0),
    ];
    const stream = Buffer.concat(packets);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
        const framer = new PacketFramer(1000);
        const found: Buffer[] = [];
        for (let start = 0, turn = 0; start < stream.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          framer.push(stream.subarray(start, start + size));
          start += size;
          for (let packet = framer.next(); packet !== undefined; packet = framer.next()) found.push(packet);
        }
        assert.deepEqual(found, packets);
      }),
    );
  });

  test("refuses a packet that announces too much, and a length that never ends", () => {
    const tooLong = new PacketFramer(100);
    tooLong.push(Buffer.from([0x30, 0xff, 0x01]));
    assert.throws(() => tooLong.next(), MalformedPacket);
    const endless = new PacketFramer(100);
    endless.push(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]));
    assert.throws(() => endless.next(), MalformedPacket);
  });
});

test("encodes PUBLISH as mqtt-packet does", () => {
  for (const length of [0, 1, 100, 117, 118, 119, 127, 128, 16_000, 16_383, 16_384, 70_000]) {
    for (const qos of [0, 1, 2] as const) {
      const payload = Buffer.alloc(length, 7);
      const expected = generate({
        cmd: "publish",
        topic: "v3/app1/dé",
        payload,
        qos,
        dup: qos > 0,
        retain: false,
        messageId: 300,
      });
      const encoded = encodePublish("v3/app1/dé", payload, { qos, packetId: 300, duplicate: qos > 0 });
      assert.deepEqual(encoded, expected);
    }
  }
});
