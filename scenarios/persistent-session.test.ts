import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  activationOf,
  DeviceSession,
  deviceIdentity,
  registerAbpDevice,
  registerApplication,
  V3Client,
} from "@skylark/testkit";
import type { Parsed } from "./api-client.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { runCommand, shell } from "./shell.ts";
import { lastingPorts, type StackProcess, startStackProcess } from "./stack-process.ts";

// A client that keeps its session misses nothing: not while it is away, and not while the server is down.

let stack: StackProcess;
let forwarder: PacketForwarder;
let flags: string[];
const identity = { ...deviceIdentity(41, 0), deviceId: "dev1" };
const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
assert.ok("abp" in activation);
const session = new DeviceSession({ ...activation.abp, is11: false });
/** A clean session that is always there, to know when a message has been delivered. */
let witness: Inbox;

before(async () => {
  flags = await lastingPorts();
  stack = await startStackProcess({ flags });
  const api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, "app1");
  const device = { applicationId: "app1", version: "1.0.3", frequencyPlanId: "EU_863_870_TTN" } as const;
  await registerAbpDevice(api, { ...device, identity });
  api.close();
  forwarder = await PacketForwarder.open(stack, "02534C0000000041");
  witness = await open();
});

after(async () => {
  await Promise.all([witness?.stop(), forwarder?.close()]);
  assert.equal(await stack?.stop(), 0);
});

function open(more: { clientId?: string; qos?: 0 | 1 | 2; reconnectMs?: number } = {}): Promise<Inbox> {
  return openInbox(stack, {
    username: "app1",
    password: stack.adminKey,
    filter: "v3/+/devices/+/up",
    ...more,
  });
}

const counterOf = (body: Parsed): number => body.uplink_message.f_cnt ?? 0;
const counters = ({ messages }: Pick<Inbox, "messages">) => messages.map(({ body }) => counterOf(body));

/** Sends frames and waits until the server has delivered them; gives their counters. */
async function uplinks(count: number): Promise<number[]> {
  const sent: number[] = [];
  for (let index = 0; index < count; index++) {
    sent.push(session.fCntUp);
    assert.equal(await forwarder.pushFrames(nextFrame(session)), true);
    await sleep(3);
  }
  await witness.message("/up", (body) => counterOf(body) === sent.at(-1));
  return sent;
}

async function untilReceived(inbox: Inbox, last: number): Promise<void> {
  await inbox.message("/up", (body) => counterOf(body) === last);
  // What is delivered twice would come about now.
  await sleep(300);
}

async function killAndRestart(): Promise<void> {
  await stack.kill();
  stack = await startStackProcess({ dataDirectory: stack.dataDirectory, flags });
  await witness.stop();
  witness = await open();
}

for (const qos of [1, 2] as const) {
  describe(`a session of mqtt.js with QoS ${qos}`, () => {
    const clientId = `scenario-${qos}`;
    const reconnect = () => open({ clientId, qos });

    it("gets what it missed while away, in order and once", async () => {
      const first = await reconnect();
      const before = await uplinks(3);
      await untilReceived(first, before.at(-1)!);
      assert.deepEqual(counters(first), before);
      await first.client.endAsync();
      const missed = await uplinks(20);
      const second = await reconnect();
      await untilReceived(second, missed.at(-1)!);
      assert.deepEqual(counters(second), missed);
      await second.client.endAsync();
    });

    it("gets what it missed when its connection was torn, too", async () => {
      const torn = await reconnect();
      torn.client.stream.destroy();
      const missed = await uplinks(10);
      await torn.stop();
      const again = await reconnect();
      await untilReceived(again, missed.at(-1)!);
      assert.deepEqual(counters(again).slice(-10), missed);
      await again.client.endAsync();
    });

    it("gets what it missed before and after the server was killed", async () => {
      const missed = await uplinks(10);
      await killAndRestart();
      missed.push(...(await uplinks(10)));
      const back = await reconnect();
      await untilReceived(back, missed.at(-1)!);
      assert.deepEqual(counters(back), missed);
      await back.client.endAsync();
    });

    it("gets everything while the server is killed under it", async () => {
      const staying = await open({ clientId, qos, reconnectMs: 100 });
      const all: number[] = [];
      for (let round = 0; round < 2; round++) {
        all.push(...(await uplinks(30)));
        await killAndRestart();
      }
      all.push(...(await uplinks(5)));
      await untilReceived(staying, all.at(-1)!);
      const received = counters(staying);
      if (qos === 2) assert.deepEqual(received, all, "exactly once");
      else assert.deepEqual([...new Set(received)], all, "at least once, the first time in order");
      await staying.stop();
    });
  });
}

describe("a session of mosquitto_sub -c", () => {
  const subscribe = (...more: string[]) => [
    ...["-h", "127.0.0.1", "-p", String(stack.mqttPort), "-u", "app1", "-P", stack.adminKey],
    ...["-t", "v3/app1/devices/+/up", "-i", "mosquitto", "-c", "-q", "1", ...more],
  ];

  it("gets what it missed", async () => {
    const there = runCommand("stdbuf", ["-oL", "mosquitto_sub", ...subscribe("-d")]);
    await there.line((line) => line.includes("Subscribed"));
    there.stop();
    const missed = await uplinks(10);
    await killAndRestart();
    missed.push(...(await uplinks(5)));
    const quoted = subscribe("-C", "15", "-W", "20").map((argument) => `'${argument}'`);
    const { stdout, stderr, code } = await shell(`mosquitto_sub ${quoted.join(" ")}`);
    assert.equal(code, 0, stderr);
    const received = stdout
      .trim()
      .split("\n")
      .map((line) => counterOf(JSON.parse(line)));
    assert.deepEqual(received, missed);
  });

  it("is over with a clean session", async () => {
    const clean = subscribe("-E").filter((argument) => argument !== "-c");
    await shell(`mosquitto_sub ${clean.map((argument) => `'${argument}'`).join(" ")}`);
    await uplinks(3);
    const { stdout } = await shell(
      `mosquitto_sub ${subscribe("-W", "1")
        .map((argument) => `'${argument}'`)
        .join(" ")}`,
    );
    assert.equal(stdout, "");
  });
});
