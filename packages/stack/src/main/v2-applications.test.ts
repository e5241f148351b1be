import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { v2 } from "@skylark/api";
import { startTestStack } from "./running-stack.fixture.ts";
import { failureOf, openV2Client, startV2Stack } from "./v2-surface.fixture.ts";

const { Discovery, ApplicationManager, DevAddrManager, HandlerManager } = v2;
const settings = ["RIGHT_APPLICATION_SETTINGS_BASIC"];
const appId = "my-app";

test("discovery tells where the handler and MQTT are, by the name under which it was reached", async (t) => {
  const stack = await startV2Stack(t);
  const { announcement, discovery } = stack;
  assert.equal(announcement.id, "ttn-handler-skylark");
  assert.equal(announcement.serviceName, "handler");
  assert.equal(announcement.netAddress, `localhost:${stack.ports.v2Handler}`);
  assert.equal(announcement.mqttAddress, `localhost:${stack.ports.mqtt}`);
  assert.match(announcement.certificate, /^-----BEGIN CERTIFICATE-----\n/);
  assert.deepEqual(announcement.metadata, []);
  for (const serviceName of ["handler", "broker", "router"]) {
    const { services } = await discovery.call(Discovery.method.getAll, { serviceName });
    assert.deepEqual(
      services.map(({ id }) => id),
      [`ttn-${serviceName}-skylark`],
    );
    const one = await discovery.call(Discovery.method.get, { serviceName, id: services[0]!.id });
    assert.deepEqual(one, services[0]);
  }
  assert.deepEqual((await discovery.call(Discovery.method.getAll, { serviceName: "nothing" })).services, []);
  const unknown = { serviceName: "handler", id: "ttn-handler-eu" };
  assert.match(await failureOf(discovery.call(Discovery.method.get, unknown)), /^NOT_FOUND: /);
});

test("discovery knows which applications, gateways and AppEUIs there are", async (t) => {
  const stack = await startV2Stack(t);
  const { discovery } = stack;
  const by = Discovery.method;
  assert.match(await failureOf(discovery.call(by.getByAppID, { appId: "other" })), /^NOT_FOUND: /);
  assert.match(await failureOf(discovery.call(by.getByAppID, { appId: "NO ID" })), /^NOT_FOUND: /);
  const gateway = { gateway: { ids: { gateway_id: "gw1" } } };
  assert.equal((await stack.call("POST", "/users/admin/gateways", { body: gateway })).status, 200);
  assert.equal((await discovery.call(by.getByGatewayID, { gatewayId: "gw1" })).serviceName, "router");
  assert.match(await failureOf(discovery.call(by.getByGatewayID, { gatewayId: "gw2" })), /^NOT_FOUND: /);
  const appEui = Buffer.from("0102030405060708", "hex");
  assert.match(await failureOf(discovery.call(by.getByAppEUI, { appEui })), /^NOT_FOUND: /);
  const end_device = {
    ids: { device_id: "dev1", join_eui: "0102030405060708", dev_eui: "0102030405060708" },
  };
  assert.equal(
    (await stack.call("POST", "/applications/my-app/devices", { body: { end_device } })).status,
    200,
  );
  assert.equal((await discovery.call(by.getByAppEUI, { appEui })).serviceName, "handler");
  assert.match(
    await failureOf(discovery.call(by.getByAppEUI, { appEui: Buffer.of(1) })),
    /^INVALID_ARGUMENT: /,
  );
  assert.match(await failureOf(discovery.call(by.announce, { id: "mine" })), /^PERMISSION_DENIED: /);
});

test("a configured host is announced to everyone, and the certificate is for it", async (t) => {
  const stack = await startTestStack(t, [
    "--v2.discovery.listen=127.0.0.1:0",
    "--v2.handler.listen=127.0.0.1:0",
    "--v2.public-host=lora.example.com",
  ]);
  const roots = await readFile(`${stack.dataDirectory}/v2-certificate.pem`);
  const discovery = openV2Client(`localhost:${stack.ports.v2Discovery}`, roots);
  t.after(() => discovery.close());
  const id = "ttn-handler-skylark";
  const announcement = await discovery.call(Discovery.method.get, { serviceName: "handler", id });
  assert.match(announcement.netAddress, /^lora\.example\.com:\d+$/);
  assert.equal(
    new X509Certificate(announcement.certificate).checkHost("lora.example.com"),
    "lora.example.com",
  );
});

test("who says nothing, or the wrong thing, of himself is refused in V2's words", async (t) => {
  const { handler, keyWith } = await startV2Stack(t);
  const get = (metadata: Record<string, string>, id = appId) =>
    failureOf(handler.call(ApplicationManager.method.getApplication, { appId: id }, metadata));
  assert.equal(await get({}), "INVALID_ARGUMENT: Metadata not valid: neither token nor key present");
  assert.match(await get({ key: "ttn-account-v2.nonsense" }), /^PERMISSION_DENIED: permission denied: /);
  const wrong = {
    key: "NNSXS.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFG.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRST",
  };
  assert.match(await get(wrong), /^PERMISSION_DENIED: permission denied: /);
  const devices = await keyWith("RIGHT_APPLICATION_DEVICES_READ");
  assert.equal(
    await get({ key: devices }),
    `PERMISSION_DENIED: permission denied: No "settings" rights to Application "my-app"`,
  );
  const key = await keyWith(...settings);
  assert.equal(await get({ key }), "OK");
  assert.equal(await get({ key: `ttn-account-v2.${key}` }), "OK");
  assert.equal(await get({ token: key, key: "nonsense" }), "OK");
  assert.match(await get({ key }, "other-app"), /^NOT_FOUND: /);
  assert.match(await get({ key }, "Not An ID"), /^INVALID_ARGUMENT: AppID not valid: /);
  assert.match(await get({ key }, ""), /^INVALID_ARGUMENT: AppID not valid: /);
});

test("functions are set one by one, and are the formatters of V3", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings);
  const set = (change: object) =>
    stack.handler.call(ApplicationManager.method.setApplication, { appId, ...change }, { key });
  const get = async () => {
    const { $typeName: _, ...shown } = await stack.handler.call(
      ApplicationManager.method.getApplication,
      { appId },
      { key },
    );
    return shown;
  };
  const nothing = { decoder: "", converter: "", validator: "", encoder: "", registerOnJoinAccessKey: "" };
  assert.deepEqual(await get(), { appId, payloadFormat: "", ...nothing });
  const decoder = "function Decoder(bytes) { return { led: bytes[0] === 1 }; }";
  const encoder = "function Encoder(object) { return [object.led ? 1 : 0]; }";
  await set({ decoder });
  await set({ payloadFormat: "custom", encoder });
  assert.deepEqual(await get(), { appId, ...nothing, payloadFormat: "custom", decoder, encoder });
  const link = await stack.call("GET", "/as/applications/my-app/link?field_mask=default_formatters");
  assert.deepEqual(link.body.default_formatters, {
    up_formatter: "FORMATTER_JAVASCRIPT",
    up_formatter_parameter: `// v2:decoder\n${decoder}`,
    down_formatter: "FORMATTER_JAVASCRIPT",
    down_formatter_parameter: `// v2:encoder\n${encoder}`,
  });
  await set({ payloadFormat: "cayennelpp" });
  assert.deepEqual(await get(), { appId, ...nothing, payloadFormat: "cayennelpp", decoder, encoder });
  await set({});
  assert.equal((await get()).payloadFormat, "");
  await set({ payloadFormat: "custom" });
  assert.deepEqual(await get(), { appId, ...nothing, payloadFormat: "custom", decoder, encoder });
  assert.equal(
    await failureOf(set({ payloadFormat: "xml" })),
    "INVALID_ARGUMENT: PayloadFormat not valid: unknown",
  );
});

test("of a key for registering on join only the public part is remembered", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings);
  const set = (registerOnJoinAccessKey: string) =>
    stack.handler.call(ApplicationManager.method.setApplication, { appId, registerOnJoinAccessKey }, { key });
  const get = () => stack.handler.call(ApplicationManager.method.getApplication, { appId }, { key });
  await stack.handler.call(
    ApplicationManager.method.setApplication,
    { appId, payloadFormat: "custom" },
    { key },
  );
  await set(key);
  const shown = (await get()).registerOnJoinAccessKey;
  assert.equal(shown, key.slice(0, key.lastIndexOf(".")));
  assert.equal((await get()).payloadFormat, "custom");
  await set(shown);
  assert.equal((await get()).registerOnJoinAccessKey, shown);
  assert.ok(
    !JSON.stringify(stack.rows("SELECT * FROM applications")).includes(key.slice(key.lastIndexOf("."))),
  );
});

test("a script that was written for V3 is a decoder of V2", async (t) => {
  const stack = await startV2Stack(t);
  const script = "function decodeUplink(input) { return { data: {} }; }";
  const default_formatters = { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: script };
  const body = { link: { default_formatters }, field_mask: { paths: ["default_formatters"] } };
  assert.equal((await stack.call("PUT", "/as/applications/my-app/link", { body })).status, 200);
  const key = await stack.keyWith(...settings);
  const shown = await stack.handler.call(ApplicationManager.method.getApplication, { appId }, { key });
  assert.equal(shown.decoder, script);
  assert.equal(shown.payloadFormat, "custom");
});

test("an application is unregistered with its devices, and can be registered again", async (t) => {
  const stack = await startV2Stack(t);
  const { handler } = stack;
  const all = { key: await stack.keyWith("RIGHT_APPLICATION_ALL") };
  const end_device = { ids: { device_id: "dev1" } };
  assert.equal(
    (await stack.call("POST", "/applications/my-app/devices", { body: { end_device } })).status,
    200,
  );
  const twice = handler.call(ApplicationManager.method.registerApplication, { appId }, all);
  assert.equal(await failureOf(twice), "ALREADY_EXISTS: Application already exists");
  const poor = { key: await stack.keyWith("RIGHT_APPLICATION_DELETE") };
  const refused = handler.call(ApplicationManager.method.deleteApplication, { appId }, poor);
  assert.match(await failureOf(refused), /^PERMISSION_DENIED: permission denied: No "devices" rights/);
  await handler.call(ApplicationManager.method.deleteApplication, { appId }, all);
  assert.deepEqual(stack.rows("SELECT * FROM end_devices"), []);
  const gone = handler.call(ApplicationManager.method.getApplication, { appId }, all);
  assert.match(await failureOf(gone), /^NOT_FOUND: /);
  await handler.call(ApplicationManager.method.registerApplication, { appId }, all);
  assert.equal((await handler.call(ApplicationManager.method.getApplication, { appId }, all)).appId, appId);
});

test("a user registers an application under a name that only V2 takes", async (t) => {
  const stack = await startV2Stack(t);
  const admin = { token: stack.adminKey };
  await stack.handler.call(ApplicationManager.method.registerApplication, { appId: "my_sensors" }, admin);
  const made = await stack.call("GET", "/applications/my-sensors?field_mask=attributes");
  assert.deepEqual(made.body.attributes, { "v2-id": "my_sensors" });
  const found = await stack.discovery.call(Discovery.method.getByAppID, { appId: "my_sensors" });
  assert.equal(found.serviceName, "handler");
});

test("functions are tried without being stored, with what they write", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings);
  const app = {
    appId,
    payloadFormat: "custom",
    decoder: "function Decoder(bytes, port) { console.log('port', port); return { first: bytes[0] }; }",
    converter: "function Converter(decoded) { return { doubled: decoded.first * 2 }; }",
    validator: "function Validator(converted) { return converted.doubled < 10; }",
    encoder: "function Encoder(object) { return [object.value]; }",
  };
  const up = (payload: Uint8Array) =>
    stack.handler.call(ApplicationManager.method.dryUplink, { app, payload, port: 7 }, { key });
  const fine = await up(Buffer.of(4));
  assert.deepEqual(JSON.parse(fine.fields), { doubled: 8 });
  assert.equal(fine.valid, true);
  assert.deepEqual(
    fine.logs.map(({ function: name, fields }) => [name, fields]),
    [["Decoder", ['"port"', "7"]]],
  );
  assert.equal((await up(Buffer.of(5))).valid, false);
  const down = (message: object) =>
    stack.handler.call(ApplicationManager.method.dryDownlink, { app, port: 1, ...message }, { key });
  assert.deepEqual([...(await down({ fields: '{"value":9}' })).payload], [9]);
  assert.deepEqual([...(await down({ payload: Buffer.of(1, 2) })).payload], [1, 2]);
  for (const wrong of [
    {},
    { fields: "{}", payload: Buffer.of(1) },
    { fields: "no JSON" },
    { fields: "[1]" },
  ]) {
    assert.match(await failureOf(down(wrong)), /^INVALID_ARGUMENT: /);
  }
  const broken = { ...app, decoder: "function Decoder() { throw new Error('no'); }" };
  const failed = stack.handler.call(
    ApplicationManager.method.dryUplink,
    { app: broken, payload: Buffer.of(1) },
    { key },
  );
  assert.match(await failureOf(failed), /no/);
  const stored = await stack.handler.call(ApplicationManager.method.getApplication, { appId }, { key });
  assert.equal(stored.decoder, "");
});

test("CayenneLPP is tried without functions", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings, "RIGHT_APPLICATION_TRAFFIC_READ");
  const app = { appId, payloadFormat: "cayennelpp" };
  const payload = Buffer.from("0367011005670 0ff".replace(" ", ""), "hex");
  const { fields, valid } = await stack.handler.call(
    ApplicationManager.method.dryUplink,
    { app, payload, port: 1 },
    { key },
  );
  assert.deepEqual(JSON.parse(fields), { temperature_3: 27.2, temperature_5: 25.5 });
  assert.equal(valid, true);
  const down = { app, fields: '{"value_1":1.5}', port: 1 };
  const encoded = await stack.handler.call(ApplicationManager.method.dryDownlink, down, { key });
  assert.equal(Buffer.from(encoded.payload).toString("hex"), "010096");
});

test("addresses are handed out of the network's blocks", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings);
  const { prefixes } = await stack.handler.call(DevAddrManager.method.getPrefixes, {}, { key });
  assert.ok(prefixes.length > 0);
  assert.match(prefixes[0]!.prefix, /^[0-9A-F]{8}\/\d+$/);
  assert.ok(prefixes[0]!.usage.includes("abp"));
  const { devAddr } = await stack.handler.call(DevAddrManager.method.getDevAddr, { usage: ["abp"] }, { key });
  assert.equal(devAddr.length, 4);
  assert.match(
    await failureOf(stack.handler.call(DevAddrManager.method.getDevAddr, {})),
    /^INVALID_ARGUMENT: /,
  );
});

test("the handler says how it is doing to those who have a key", async (t) => {
  const stack = await startV2Stack(t);
  const key = await stack.keyWith(...settings);
  const { system, component } = await stack.handler.call(HandlerManager.method.getStatus, {}, { key });
  assert.ok((system?.memory?.total ?? 0n) > 0n);
  assert.ok((component?.memory?.memory ?? 0n) > 0n);
  assert.match(
    await failureOf(stack.handler.call(HandlerManager.method.getStatus, {})),
    /^INVALID_ARGUMENT: /,
  );
});
