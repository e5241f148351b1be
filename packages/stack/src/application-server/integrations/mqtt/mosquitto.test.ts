import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { startIntegration, type TestIntegration } from "./mqtt-integration.fixture.ts";

const run = promisify(execFile);
let running: TestIntegration;

const common = (user = "app1", key = "good") => [
  "-h",
  "127.0.0.1",
  "-p",
  `${running.port}`,
  "-u",
  user,
  "-P",
  key,
];

/** Subscribes, and calls `afterwards` once the server has granted it; gives the lines that came. */
async function subscribe(args: readonly string[], afterwards: () => Promise<void>): Promise<string[]> {
  // Its output reaches a pipe in blocks otherwise.
  const child = spawn("stdbuf", ["-oL", "mosquitto_sub", "-d", "-v", "-W", "40", ...common(), ...args]);
  let output = "";
  let begun: Promise<void> | undefined;
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (/Subscribed \(mid|received SUBACK/.test(output)) begun ??= afterwards();
  });
  await new Promise((resolve) => child.once("close", resolve));
  await begun;
  return output.split("\n").filter((line) => line.startsWith("v3/"));
}

describe("mosquitto's clients", { timeout: 120_000 }, () => {
  before(async () => {
    running = await startIntegration();
  });
  after(() => running.close());

  for (const qos of ["0", "1", "2"]) {
    test(`receive 20 messages with QoS ${qos}`, async () => {
      const lines = await subscribe(["-t", "#", "-q", qos, "-C", "20"], async () => {
        for (let index = 0; index < 20; index++) await running.emit("dev1", "up", `${index}`);
      });
      assert.deepEqual(
        lines,
        Array.from({ length: 20 }, (_, index) => `v3/app1/devices/dev1/up ${index}`),
      );
    });
  }

  for (const version of ["mqttv31", "mqttv311"]) {
    test(`speak ${version}`, async () => {
      const lines = await subscribe(
        ["-V", version, "-i", "m", "-t", "v3/app1/devices/+/join", "-C", "1"],
        () => running.emit("dev1", "join", "{}"),
      );
      assert.deepEqual(lines, ["v3/app1/devices/dev1/join {}"]);
    });
  }

  test("publish downlinks with every QoS", async () => {
    for (const qos of ["0", "1", "2"]) {
      const payload = '{"downlinks":[{"f_port": 15,"frm_payload":"vu8=","priority": "NORMAL"}]}';
      const topic = "v3/app1/devices/dev1/down/push";
      await run("mosquitto_pub", [...common(), "-t", topic, "-m", payload, "-q", qos]);
    }
    for (let turn = 0; turn < 2000 && running.queued.length < 3; turn++) await delay(10);
    assert.deepEqual(
      running.queued.map(({ downlinks }) => downlinks[0]?.fPort),
      [15, 15, 15],
    );
  });

  test("get what they missed in a persistent session", async () => {
    const session = ["-c", "-i", "lasting", "-q", "1", "-t", "v3/+/devices/+/up"];
    await run("mosquitto_sub", [...common(), ...session, "-E"]);
    for (let index = 0; index < 30; index++) await running.emit("dev2", "up", `missed ${index}`);
    const lines = await subscribe([...session, "-C", "31"], () => running.emit("dev2", "up", "live"));
    const missed = Array.from({ length: 30 }, (_, index) => `v3/app1/devices/dev2/up missed ${index}`);
    assert.deepEqual(lines, [...missed, "v3/app1/devices/dev2/up live"]);
  });

  test("are told that they are not authorised", async () => {
    const login = run("mosquitto_sub", [...common("app1", "bad"), "-t", "#", "-E"]);
    await assert.rejects(login, /not authorised|Not authorized/i);
  });
});
