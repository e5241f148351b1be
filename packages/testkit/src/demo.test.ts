import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { runInNewContext } from "node:vm";
import { demoFormatter, startDemo } from "./demo.ts";
import { FakeNetworkServer } from "./fake-network-server.ts";
import { deviceIdentity } from "./network.ts";
import { registerAbpDevice, registerApplication, registerOtaaDevice } from "./registration.ts";
import { type JsonObject, V3Client, V3Error } from "./v3-client.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: JsonObject;
}

type Answer = readonly [status: number, body: object, headers?: Record<string, string>];

/** An HTTP API that notes its calls and answers as the test says, 200 and `{}` unless it says otherwise. */
async function fakeApi(t: TestContext, answer: (call: Call) => Answer | undefined = () => undefined) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body: JsonObject = text === "" ? {} : JSON.parse(text);
    const call = {
      method: request.method ?? "",
      path: request.url ?? "",
      authorization: request.headers.authorization,
      body,
    };
    calls.push(call);
    const [status, content, headers] = answer(call) ?? [200, {}];
    response.writeHead(status, headers).end(JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new V3Client({ url, apiKey: "NNSXS.TEST" });
  t.after(() => client.close());
  return { calls, url, client };
}

const common = { applicationId: "app1", identity: deviceIdentity(1, 2), frequencyPlanId: "EU_863_870_TTN" };

describe("registration through the API", () => {
  it("registers an OTAA device in the four calls of the documentation", async (t) => {
    const { calls, client } = await fakeApi(t);
    await registerOtaaDevice(client, { ...common, version: "1.1.0" });
    assert.deepEqual(
      calls.map(({ method, path }) => `${method} ${path}`),
      [
        "POST /api/v3/applications/app1/devices",
        "PUT /api/v3/js/applications/app1/devices/sim-1-2",
        "PUT /api/v3/ns/applications/app1/devices/sim-1-2",
        "PUT /api/v3/as/applications/app1/devices/sim-1-2",
      ],
    );
    assert.equal(calls[0]!.authorization, "Bearer NNSXS.TEST");
    assert.deepEqual(calls[1]!.body.field_mask, {
      paths: [
        "network_server_address",
        "application_server_address",
        "ids.device_id",
        "ids.dev_eui",
        "ids.join_eui",
        "root_keys.app_key.key",
        "root_keys.nwk_key.key",
      ],
    });
  });

  it("registers an ABP device in three calls, with its frequencies as strings", async (t) => {
    const { calls, client } = await fakeApi(t);
    const settings = { resetsFCnt: true, factoryPresetFrequencies: [868_100_000] };
    await registerAbpDevice(client, { ...common, version: "1.0.3", ...settings });
    assert.equal(calls.length, 3);
    const device = calls[1]!.body.end_device as JsonObject;
    assert.deepEqual(device.mac_settings, { resets_f_cnt: true, factory_preset_frequencies: ["868100000"] });
    assert.equal(device.supports_join, false);
    assert.equal((device.session as JsonObject).dev_addr, "00100002");
  });

  it("carries on when the entity exists, and reports any other refusal with the server's words", async (t) => {
    let status = 409;
    const { client } = await fakeApi(t, () => [status, { message: "error:pkg/test:no (no)" }]);
    await registerApplication(client, "app1");
    status = 403;
    await assert.rejects(registerApplication(client, "app1"), (error: unknown) => {
      assert.ok(error instanceof V3Error);
      assert.equal(error.status, 403);
      assert.match(error.message, /error:pkg\/test:no/);
      return true;
    });
  });

  it("waits and repeats a call that the server limits", async (t) => {
    let refusals = 2;
    const { calls, client } = await fakeApi(t, () =>
      refusals-- > 0 ? [429, {}, { "x-rate-limit-retry": "0.01" }] : [200, { dev_addr: "00000001" }],
    );
    assert.deepEqual(await client.get("/ns/dev_addr"), { dev_addr: "00000001" });
    assert.equal(calls.length, 3);
  });
});

describe("the demo", () => {
  it("registers, sends, and prints lines with a key of the application, also on what an earlier run left", async (t) => {
    const network = new FakeNetworkServer();
    await network.start();
    t.after(() => network.stop());
    const { calls, url } = await fakeApi(t, ({ method, path }) => {
      if (path.endsWith("/ns/dev_addr")) return [200, { dev_addr: "00ABCDEF" }];
      if (path.includes("field_mask=last_dev_nonce")) return [200, { last_dev_nonce: 41 }];
      if (path.includes("/api-keys?")) return [200, { api_keys: [{ id: "OLD", name: "demo traffic" }] }];
      if (path.endsWith("/api-keys")) return [200, { key: "NNSXS.APPLICATION" }];
      return method === "POST" ? [409, {}] : undefined;
    });
    const lines: string[] = [];
    const demo = await startDemo({
      httpUrl: url,
      udpPort: network.port,
      mqttPort: 1883,
      apiKey: "NNSXS.ADMIN",
      log: (line) => lines.push(line),
      everyMs: 100,
    });
    t.after(() => demo.stop());
    for (let waited = 0; network.joinRequests.length < 2 && waited < 30_000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const is11 = network.joinRequests.find(({ devEui }) => devEui === "02534B5900000002");
    assert.equal(is11?.devNonce, 42);
    assert.equal(demo.deviceIds.length, 3);
    assert.ok(calls.some(({ method, path }) => method === "DELETE" && path.endsWith("/api-keys/OLD")));
    const text = lines.join("\n");
    assert.match(text, /mosquitto_sub -h 127\.0\.0\.1 -p 1883 -t '#' -u demo -P 'NNSXS\.APPLICATION' -v/);
    assert.match(text, /curl -N -H 'Authorization: Bearer NNSXS\.APPLICATION' .*\/api\/v3\/events/);
    assert.match(text, /\/api\/v3\/as\/applications\/demo\/devices\/thermometer-abp\/down\/push/);
    assert.doesNotMatch(text, /NNSXS\.ADMIN/);
  });

  it("has a formatter that decodes readings, refuses others, and encodes the interval", () => {
    const run = (call: string): unknown =>
      JSON.parse(
        runInNewContext(`${demoFormatter.uplink}\n${demoFormatter.downlink}\nJSON.stringify(${call})`),
      );
    assert.deepEqual(run("decodeUplink({ bytes: [0xff, 0x38, 97, 0x0c, 0xe4], fPort: 1 })"), {
      data: { temperature: -2, humidity: 48.5, battery: 3.3 },
    });
    assert.deepEqual(run("decodeUplink({ bytes: [1], fPort: 1 })"), { errors: ["expected 5 bytes"] });
    assert.deepEqual(run("encodeDownlink({ data: { interval: 600 } })"), { bytes: [2, 88], fPort: 2 });
    assert.deepEqual(run("decodeDownlink({ bytes: [2, 88], fPort: 2 })"), { data: { interval: 600 } });
  });
});
