import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ClientHttp2Session } from "node:http2";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client, credentials } from "@grpc/grpc-js";
import { EndDeviceRegistry, Events } from "@skylark/api";
import {
  beginCall,
  connectFrom,
  mostHeld,
  rawConnection,
  startVictim,
  type Victim,
  victimBytes,
  victimCalls,
} from "./grpc-attack.fixture.ts";
import { callUnary, pathOf, toBytes } from "./grpc-platform.fixture.ts";

/** By hand, more of them. */
const smallCalls = Number(process.env.SMALL_CALLS ?? 5_000);

const MiB = 1024 * 1024;
const { list } = EndDeviceRegistry.method;
const path = pathOf(list);
const request = toBytes(list, {});
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const [settings, ping, headers] = [4, 6, 1];

function prefixOf(size: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(size, 1);
  return prefix;
}

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function attackers(victim: Victim, count: number, addresses = 1): ClientHttp2Session[] {
  return Array.from({ length: count }, (_, index) =>
    connectFrom(`127.0.1.${1 + (index % addresses)}`, victim.port),
  );
}

/** Calls of somebody else go on until the attack is over, and each is answered; gives how many, and the slowest. */
async function whileOthersCall(victim: Victim, attack: Promise<unknown>) {
  const client = new Client(`127.0.0.1:${victim.port}`, credentials.createInsecure());
  let isOver = false;
  const ended = attack.finally(() => {
    isOver = true;
  });
  let [answered, slowestMs] = [0, 0];
  do {
    const beganAt = performance.now();
    await callUnary(client, list, request, { authorization: "Bearer admin" });
    answered++;
    slowestMs = Math.max(slowestMs, performance.now() - beganAt);
    await delay(5);
  } while (!isOver);
  await ended;
  client.close();
  return { answered, slowestMs };
}

// Other systems do not let everyone be several clients.
const skip = process.platform !== "linux";

describe("a server of gRPC under attack", { skip }, () => {
  let victim: Victim;
  let atRest = 0;
  beforeEach(async () => {
    victim = await startVictim();
    await whileOthersCall(victim, delay(300));
    atRest = (await victim.tell()).rss;
  });
  afterEach(() => victim.stop());

  async function attack(t: TestContext, name: string, run: () => Promise<unknown>) {
    const running = run();
    const calls = whileOthersCall(victim, running);
    const most = await mostHeld(victim, running);
    const others = await calls;
    t.diagnostic(`${name}: ${Math.round((most - atRest) / MiB)} MiB more, ${JSON.stringify(others)}`);
    return { heldBytes: most - atRest, ...others };
  }

  test("half-sent messages hold no more than their share, however many there are", async (t) => {
    const sessions = attackers(victim, 12, 3);
    const message = Buffer.alloc(15.9 * MiB);
    const { heldBytes } = await attack(t, "half-sent", async () => {
      for (const session of sessions) {
        for (let index = 0; index < 20; index++) {
          const stream = beginCall(session, path);
          stream.write(prefixOf(16 * MiB));
          stream.write(message);
        }
      }
      await delay(3_000);
    });
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
    for (const session of sessions) session.destroy();
    for (let told = await victim.tell(); told.freeCalls < victimCalls; told = await victim.tell())
      await delay(50);
    assert.equal((await victim.tell()).freeBytes, victimBytes);
  });

  test("calls that are reset as soon as they began end their connection, not the server", async (t) => {
    const { heldBytes } = await attack(t, "rapid reset", async () => {
      const sessions = attackers(victim, 4, 3);
      for (let left = sessions; left.length > 0; left = left.filter(({ destroyed }) => !destroyed)) {
        for (const session of left) {
          for (let index = 0; index < 100; index++) beginCall(session, path).close();
        }
        await delay(20);
      }
    });
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
  });

  test("pings, settings and headers without an end cost no memory", async (t) => {
    const flood = (frames: Buffer) => async () => {
      const sockets = Array.from({ length: 20 }, () => rawConnection("127.0.2.1", victim.port));
      for (const socket of sockets) {
        socket.write(Buffer.concat([Buffer.from(preface), frame(settings, 0, 0, Buffer.alloc(0))]));
        for (let round = 0; round < 10; round++) socket.write(frames);
      }
      await delay(1_000);
      for (const socket of sockets) socket.destroy();
    };
    const many = (one: Buffer) => Buffer.concat(Array.from({ length: 10_000 }, () => one));
    const long = Buffer.concat([Buffer.from([0, 1, 0x61, 0x7f, 0x81, 0x7d]), Buffer.alloc(16_000, "x")]);
    for (const [name, frames] of [
      ["pings", many(frame(ping, 0, 0, Buffer.alloc(8)))],
      ["settings", many(frame(settings, 0, 0, Buffer.alloc(0)))],
      ["headers", Buffer.concat([frame(headers, 0, 1, long), many(frame(9, 0, 1, long)).subarray(0, MiB)])],
    ] as const) {
      const { heldBytes } = await attack(t, name, flood(frames));
      assert.ok(heldBytes < 100 * MiB, `${name}: ${heldBytes} bytes more`);
    }
  });

  test("calls that nobody ends are so many and no more, and each client has its own", async (t) => {
    const fat = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`x-fat-${index}`, "x".repeat(10_000)]),
    );
    const sessions = attackers(victim, 9, 3);
    const { heldBytes } = await attack(t, "open calls", async () => {
      for (const session of sessions) {
        for (let index = 0; index < 600; index++) beginCall(session, path, index % 10 === 0 ? fat : {});
        await delay(20);
      }
      while ((await victim.tell()).freeCalls >= victimCalls / 2) await delay(50);
      await delay(1_000);
    });
    const { freeCalls } = await victim.tell();
    assert.ok(freeCalls > 0 && freeCalls < victimCalls / 2, `${freeCalls}`);
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
    for (const session of sessions) session.destroy();
  });

  test("answers that nobody takes hold no more than their share", async (t) => {
    const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const symbol = Buffer.from("ttn.lorawan.v3.EndDeviceRegistry");
    const question = Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]);
    const sessions = attackers(victim, 12);
    const { heldBytes } = await attack(t, "untaken", async () => {
      for (const session of sessions) {
        session.settings({ initialWindowSize: 0 });
        for (let index = 0; index < 50; index++) {
          const stream = beginCall(session, reflection);
          for (let asked = 0; asked < 20; asked++)
            stream.write(Buffer.concat([prefixOf(question.length), question]));
        }
        await delay(100);
      }
      while ((await victim.tell()).freeBytes >= 0.6 * victimBytes) await delay(50);
      await delay(1_000);
    });
    const { freeBytes } = await victim.tell();
    assert.ok(freeBytes >= victimBytes / 2 && freeBytes < 0.6 * victimBytes, `${freeBytes}`);
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
    for (const session of sessions) session.destroy();
  });

  test("what takes much more memory than bytes is read of nobody unknown", async (t) => {
    // Eight million messages of no bytes.
    const message = Buffer.alloc(16 * MiB, Buffer.from([0x0a, 0x00]));
    const { heldBytes } = await attack(t, "empty messages", async () => {
      const client = new Client(`127.0.0.1:${victim.port}`, credentials.createInsecure(), {
        "grpc.max_send_message_length": -1,
      });
      const call = callUnary(client, Events.method.stream, message, { authorization: "Bearer x.REFUSED.x" });
      await assert.rejects(call, /invalid credentials/);
      client.close();
    });
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
  });

  test("many small calls leave nothing behind", async (t) => {
    const client = new Client(`127.0.0.1:${victim.port}`, credentials.createInsecure());
    const { heldBytes } = await attack(t, "small calls", async () => {
      let left = smallCalls;
      const worker = async () => {
        while (left-- > 0) await callUnary(client, list, request, { authorization: "Bearer admin" });
      };
      await Promise.all(Array.from({ length: 200 }, worker));
    });
    client.close();
    assert.ok(heldBytes < 400 * MiB, `${heldBytes} bytes more`);
  });
});
