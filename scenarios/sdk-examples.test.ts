import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient, type SkylarkClient } from "@skylark/sdk";
import { activationOf, DeviceSession, deviceIdentity } from "@skylark/testkit";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { type RunningCommand, runCommand } from "./shell.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Each example of the SDK, as a user runs it, against the whole stack.

const folder = fileURLToPath(new URL("../packages/sdk/examples", import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const gatewayEui = "00800000A0000092";
let stack: StackProcess;
let client: SkylarkClient;
let session: DeviceSession;
let forwarder: PacketForwarder;
const ran = new Set<string>();

before(async () => {
  stack = await startStackProcess();
  process.env.SKYLARK_URL = `http://127.0.0.1:${stack.httpPort}`;
  process.env.SKYLARK_API_KEY = stack.adminKey;
  client = createClient({ url: process.env.SKYLARK_URL, apiKey: stack.adminKey });
  await client.applications.create({ ids: { application_id: "app1" } });
  const identity = deviceIdentity(92, 0);
  const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
  assert.ok("abp" in activation);
  session = new DeviceSession({ ...activation.abp, is11: false });
  await client.endDevices.register("app1", {
    ids: { device_id: "dev1", dev_eui: identity.devEui },
    lorawan_version: "MAC_V1_0_3",
    lorawan_phy_version: "PHY_V1_0_3_REV_A",
    frequency_plan_id: "EU_863_870_TTN",
    session: {
      dev_addr: identity.devAddr,
      keys: { f_nwk_s_int_key: { key: identity.fNwkSIntKey }, app_s_key: { key: identity.appSKey } },
    },
  });
  forwarder = await PacketForwarder.open(stack, gatewayEui);
});

after(async () => {
  await forwarder?.close();
  assert.equal(await stack?.stop(), 0);
});

/** Its lines, and what its end is known by: the error that waiting for more ends with. */
function start(name: string, ...args: readonly string[]): RunningCommand {
  ran.add(name);
  return runCommand(process.execPath, [join(folder, name), ...args]);
}

async function outputOf(example: RunningCommand): Promise<readonly string[]> {
  await assert.rejects(
    example.line(() => false),
    /ended with 0/,
  );
  return example.lines;
}

const sendUplink = () =>
  forwarder.pushFrames(nextFrame(session, { fPort: 5, payload: Uint8Array.of(1, 2, 3) }));
const v2Key = async () =>
  (await client.applications.apiKeys.create("app1", { name: "v2", rights: ["RIGHT_APPLICATION_ALL"] })).key ??
  "";

describe("examples of the SDK", () => {
  it("have no type errors", () => {
    const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  it("register a device", async () => {
    const lines = await outputOf(start("v3-register-device.ts"));
    assert.deepEqual(lines, ["ready to join", "station-1: On the roof"]);
    assert.equal((await client.endDevices.get("weather", "station-1")).supports_join, true);
  });

  it("answer uplinks", async () => {
    await sendUplink();
    const example = start("v3-answer-uplinks.ts", "app1");
    const again = setInterval(() => void sendUplink(), 500);
    const lines = await outputOf(example);
    clearInterval(again);
    assert.match(lines[0] ?? "", /^dev1 sent 3 bytes/);
  });

  it("watch events", async () => {
    const lines = await outputOf(start("v3-watch-events.ts", "app1", "2"));
    assert.match(lines.join("\n"), /as\.up\.data\.forward/);
  });

  it("talk as in V2", async () => {
    const example = start(
      "v2-uplinks-and-downlinks.ts",
      "app1",
      await v2Key(),
      `127.0.0.1:${stack.mqttPort}`,
    );
    await example.line((line) => line === "connected");
    await sendUplink();
    assert.deepEqual(await outputOf(example), [
      "connected",
      "dev1 sent 010203 on port 5",
      "sent downlink 1",
      "closed",
    ]);
  });

  it("manage devices as in V2", async () => {
    const discovery = `127.0.0.1:${stack.v2DiscoveryPort}`;
    const certificate = join(stack.dataDirectory, "v2-certificate.pem");
    assert.deepEqual(await outputOf(start("v2-devices.ts", "app1", await v2Key(), discovery, certificate)), [
      "payload format: none",
      "70B3D57ED0005678: changed by an example",
      "Error while getting the device: NOT_FOUND",
    ]);
  });

  it("test with mocks", async () => {
    // Within a test runner, one that it starts would report to it.
    delete process.env.NODE_TEST_CONTEXT;
    const lines = await outputOf(start("v2-test-with-mocks.ts"));
    assert.match(lines.join("\n"), /pass 2/);
  });

  it("were all run", () => {
    assert.deepEqual([...ran].sort(), [...examples].sort());
    for (const name of examples) {
      assert.ok(readFileSync(join(folder, name), "utf8").startsWith("// "), `${name} says what it does`);
    }
  });
});
