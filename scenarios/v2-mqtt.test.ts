import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import {
  activationOf,
  createApiKey,
  type DeviceDownlink,
  DeviceSession,
  deviceIdentity,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  type SimulatedDevice,
  type SimulatedNetwork,
  setFormatter,
  simulateNetwork,
  V3Client,
} from "@skylark/testkit";
import { connectAsync } from "mqtt";
import { joinRequest } from "./join-request.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder, rxpk } from "./packet-forwarder.ts";
import { shell } from "./shell.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";
import { parsed, type V2Message, type V2Subscriber, v2Publish, v2Subscribe } from "./v2-clients.ts";

// Every line of the two MQTT references of V2, with mosquitto's clients and a device on a real packet forwarder.
// Numbers are those of the list of checks that the two pages became. Check 2 is in tls.test.ts, 35 to 51 in
// sdk-v2.test.ts; 3's keep-alive is in the tests of the MQTT server.

const app = "my-app-id";
const dev = "my-dev-id";
const joinAcceptDelayMs = 5000;
let stack: StackProcess;
let api: V3Client;
let network: SimulatedNetwork;
let device: SimulatedDevice;
let otherDevice: SimulatedDevice;
let key: string;
let otherKey: string;
let everything: V2Subscriber;
/** A device of the same name in an application without payload functions. */
const plain = { ...deviceIdentity(4712, 0), deviceId: dev };
const activation = activationOf(plain, { kind: "abp", version: "1.0.2" });
assert.ok("abp" in activation);
const plainSession = new DeviceSession({ ...activation.abp, is11: false });

const water = {
  water: true,
  analog: [0, 255, 500, 1000],
  gps: { lat: 52.3736735, lon: 4.886663 },
  text: "why are you using text?",
};
const functions = `// v2:decoder
function Decoder(bytes, port) {
  if (port === 10) return ${JSON.stringify(water)};
  if (port === 11) throw new Error("no such sensor");
  return { led: bytes[0] === 1, "a+b#c*": 1 };
}
// v2:converter
function Converter(decoded, port) { decoded.port = port; return decoded; }
// v2:validator
function Validator(converted, port) { return port !== 12; }`;
const encoder = `// v2:encoder
function Encoder(object, port) { return object.bad ? [256] : [object.led ? 1 : 0, port]; }`;

before(async () => {
  stack = await startStackProcess({ flags: ["--ns.desired-rx1-delay=1"] });
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, app);
  await registerApplication(api, "other");
  await setFormatter(api, app, { uplink: functions, downlink: encoder });
  key = `ttn-account-v2.${await createApiKey(api, app)}`;
  otherKey = `ttn-account-v2.${await createApiKey(api, "other")}`;
  network = simulateNetwork({
    server: { host: "127.0.0.1", port: stack.udpPort },
    gateways: 1,
    devices: 2,
    activation: "otaa",
    version: "1.0.2",
  });
  device = network.devices[0]!;
  otherDevice = network.devices[1]!;
  await registerGateway(api, {
    gatewayId: "some-gateway",
    eui: network.gateways[0]!.eui,
    frequencyPlanId: "EU_863_870_TTN",
  });
  await api.call("PUT", "/gateways/some-gateway", {
    gateway: {
      antennas: [{ gain: 2.15, location: { latitude: 52.1234, longitude: 6.1234, altitude: 6 } }],
      location_public: true,
    },
    field_mask: { paths: ["antennas", "location_public"] },
  });
  everything = await v2Subscribe(stack, { user: app, key, filter: "#" });
  for (const [index, deviceId] of [dev, "dev-two"].entries()) {
    await registerOtaaDevice(api, {
      applicationId: app,
      identity: { ...network.identities[index]!, deviceId },
      version: "1.0.2",
      frequencyPlanId: "EU_863_870_TTN",
      macSettings: { rx1_delay: 1, desired_rx1_delay: 1 },
    });
  }
  await registerAbpDevice(api, {
    applicationId: "other",
    identity: plain,
    version: "1.0.2",
    frequencyPlanId: "EU_863_870_TTN",
    // With the channel for FSK, which the network tells no device of.
    factoryPresetFrequencies: [868_100_000, 868_300_000, 868_500_000, 868_800_000],
  });
  await setDevice(dev, {
    locations: { user: { latitude: 52.2345, longitude: 6.2345, altitude: 2, source: "SOURCE_REGISTRY" } },
    attributes: { room: "hall" },
  });
  await setDevice("dev-two", { attributes: { "v2-id": "dev_two" } });
  await network.start();
});

after(async () => {
  everything?.stop();
  await network?.stop();
  api?.close();
  await stack?.stop();
});

function setDevice(deviceId: string, fields: Readonly<Record<string, object>>): Promise<unknown> {
  return api.call("PUT", `/applications/${app}/devices/${deviceId}`, {
    end_device: { ids: { device_id: deviceId, application_ids: { application_id: app } }, ...fields },
    field_mask: { paths: Object.keys(fields) },
  } as never);
}

/** The next message of my-dev-id on a topic, as its own subscriber sees it. */
const next = (kind: string, matches?: (body: V2Message) => boolean): Promise<V2Message> =>
  everything.next(`${app}/devices/${dev}/${kind}`, matches);
const down = (body: string | object, user = app, deviceId = dev) =>
  v2Publish(stack, { user, key, topic: `${app}/devices/${deviceId}/down`, body });
const uplink = (fPort: number, payload: readonly number[], more: object = {}) =>
  device.sendUplink({ fPort, payload: Uint8Array.from(payload), ...more });
const hex = (downlink: DeviceDownlink | undefined) => Buffer.from(downlink?.payload ?? []).toString("hex");

describe("E. activations", () => {
  it("27. tells of a join, with addresses in upper case and how the request came in", async () => {
    assert.equal(await device.join(), true);
    const activation = await next("events/activations");
    const identity = network.identities[0]!;
    assert.deepEqual(Object.keys(activation), ["app_eui", "dev_eui", "dev_addr", "metadata"]);
    assert.equal(activation.app_eui, identity.joinEui.toUpperCase());
    assert.equal(activation.dev_eui, identity.devEui.toUpperCase());
    assert.match(activation.dev_addr, /^[0-9A-F]{8}$/);
    const { metadata } = activation;
    assert.match(metadata.time, /^\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?Z$/);
    assert.ok(metadata.frequency > 867 && metadata.frequency < 869);
    assert.equal(metadata.gateways[0].gtw_id, "some-gateway");
  });

  it("28. says that a DevNonce was used", async () => {
    const forwarder = await PacketForwarder.open(stack, network.gateways[0]!.eui);
    const frame = joinRequest(network.identities[1]!, 77);
    await forwarder.pushFrames(frame);
    await everything.next(`${app}/devices/dev_two/events/activations`);
    // Until then it is one more copy of the same transmission.
    await setTimeout(joinAcceptDelayMs + 1000);
    await forwarder.pushFrames(frame);
    const used = "Activation DevNonce not valid: already used";
    const failed = await everything.next(
      `${app}/devices/dev_two/events/activations/errors`,
      ({ error }) => error === used,
    );
    assert.equal(failed.dev_eui, network.identities[1]!.devEui.toUpperCase());
    assert.deepEqual(failed.metadata, { time: "" });
    await forwarder.close();
  });
});

describe("B. uplinks", () => {
  it("8 to 14. carry every member of both references", async () => {
    const sent = await uplink(1, [1, 2, 3, 4]);
    const up = await next("up");
    assert.equal(up.app_id, app);
    assert.equal(up.dev_id, dev);
    assert.equal(up.hardware_serial, network.identities[0]!.devEui.toUpperCase());
    assert.equal(up.port, 1);
    assert.equal(up.counter, sent.fCnt);
    assert.equal(up.payload_raw, "AQIDBA==");
    assert.deepEqual(up.payload_fields, { "a+b#c*": 1, led: true, port: 1 });
    assert.equal("confirmed" in up || "is_retry" in up, false);
    assert.deepEqual(up.attributes, { room: "hall" });
    const { metadata } = up;
    assert.match(metadata.time, /^\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?Z$/);
    assert.match(String(metadata.frequency), /^86\d\.\d{1,3}$/);
    assert.equal(metadata.modulation, "LORA");
    assert.match(metadata.data_rate, /^SF\d+BW125$/);
    assert.equal(metadata.coding_rate, "4/5");
    assert.equal("bit_rate" in metadata, false);
    assert.ok(Number.isInteger(metadata.airtime) && metadata.airtime > 40_000_000);
    assert.deepEqual(
      [metadata.latitude, metadata.longitude, metadata.altitude, metadata.location_source],
      [52.2345, 6.2345, 2, "registry"],
    );
    assert.equal(metadata.gateways.length, 1);
    const [gateway] = metadata.gateways;
    assert.equal(gateway.id, "some-gateway");
    assert.equal(gateway.gtw_id, "some-gateway");
    assert.ok(gateway.timestamp > 0);
    for (const name of ["channel", "rssi", "snr", "rf_chain"])
      assert.equal(typeof gateway[name], "number", name);
    assert.equal("time" in gateway, false);
    assert.deepEqual([gateway.latitude, gateway.longitude, gateway.altitude], [52.1234, 6.1234, 6]);
  });

  it("10. marks what is confirmed, and what is sent again", async () => {
    const { reach } = network.air;
    const sent = uplink(1, [7], { confirmed: true, transmissions: 2 });
    const up = await next("up", (body) => body.confirmed === true);
    network.air.reach = () => undefined;
    // Longer than RX2, which an answer that missed RX1 goes into, and shorter than the device waits.
    await setTimeout(2500);
    network.air.reach = reach;
    const again = await next("up", (body) => body.is_retry === true);
    await sent;
    assert.equal(again.counter, up.counter);
    assert.equal(again.payload_raw, up.payload_raw);
    assert.equal(up.is_retry, undefined);
  });

  it("11. says why a payload could not be decoded, and publishes it without fields", async () => {
    await uplink(11, [1]);
    const up = await next("up", ({ port }) => port === 11);
    assert.equal("payload_fields" in up, false);
    const { error } = await next("events/up/errors");
    assert.equal(
      error,
      "Unable to decode payload fields: Internal error: Decoder threw error: Error: no such sensor",
    );
  });

  it("11. drops what the validator refuses, and says so", async () => {
    const { fCnt } = await uplink(12, [1]);
    const { error } = await next("events/up/errors", (body) => body.error.startsWith("Payload"));
    assert.equal(error, "Payload not valid: payload validator function returned false");
    await uplink(13, [1]);
    assert.equal((await next("up", ({ port }) => port === 13)).counter, fCnt + 1);
    assert.equal(
      everything.lines.some((line) => line.includes('"port":12')),
      false,
    );
  });

  it("16. publishes frames without payload", async () => {
    await device.sendUplink({ fPort: 14, payload: new Uint8Array(0) });
    const up = await next("up", ({ port }) => port === 14);
    assert.equal(up.payload_raw, null);
  });

  it("11, 12, 13, 18. carry FSK by its bit rate, and each antenna that heard it, and no fields without functions", async () => {
    const others = await v2Subscribe(stack, { user: "other", key: otherKey, filter: "other/#" });
    // Its first uplink: later ones are not waited for longer than the gateways that heard it before need.
    const payload = nextFrame(plainSession, { fPort: 9, payload: Uint8Array.of(1, 2, 3) });
    const fsk = { modu: "FSK", datr: 50_000, freq: 868.8, codr: undefined, lsnr: undefined, tmst: 123_456 };
    const signal = (ant: number, rssis: number) => ({ ant, chan: 8, rssic: rssis, lsnr: 0 });
    const antennas = { rsig: [signal(0, -50), signal(1, -51)], time: "2026-11-22T03:00:00.5Z" };
    const forwarders = await Promise.all(
      [network.gateways[0]!.eui, "02534C00000000AB"].map((eui) => PacketForwarder.open(stack, eui)),
    );
    await Promise.all([
      forwarders[0]!.push({ rxpk: [rxpk(payload, fsk)] }),
      forwarders[1]!.push({ rxpk: [rxpk(payload, { ...fsk, ...antennas })] }),
    ]);
    const up = await others.next(`other/devices/${dev}/up`);
    assert.equal(up.hardware_serial, plain.devEui.toUpperCase());
    assert.deepEqual([up.port, up.payload_raw], [9, "AQID"]);
    assert.equal("payload_fields" in up || "attributes" in up, false);
    const { metadata } = up;
    assert.deepEqual([metadata.modulation, metadata.bit_rate, metadata.frequency], ["FSK", 50_000, 868.8]);
    assert.equal("data_rate" in metadata || "coding_rate" in metadata || "latitude" in metadata, false);
    // As V2 counted it: what is around the PHYPayload is 11 bytes.
    assert.equal(metadata.airtime, Math.round(((payload.length + 11) * 8e9) / 50_000));
    const gateways = metadata.gateways.map((gateway: V2Message) => [
      gateway.gtw_id,
      gateway.antenna ?? 0,
      gateway.time,
      gateway.rssi,
      gateway.timestamp,
      gateway.id === gateway.gtw_id,
    ]);
    assert.deepEqual(gateways.sort(), [
      ["eui-02534c00000000ab", 0, "2026-11-22T03:00:00.500Z", -50, 123_456, true],
      ["eui-02534c00000000ab", 1, "2026-11-22T03:00:00.500Z", -51, 123_456, true],
      ["some-gateway", 0, undefined, -60, 123_456, true],
    ]);
    await uplink(17, [1]);
    await next("up", ({ port }) => port === 17);
    assert.equal(others.published.length, 1, others.published.join("\n"));
    others.stop();
    for (const forwarder of forwarders) await forwarder.close();
  });

  it("16. publishes frames of MAC commands", async () => {
    const forwarder = await PacketForwarder.open(stack, network.gateways[0]!.eui);
    const others = await v2Subscribe(stack, { user: "other", key: otherKey, filter: "+/devices/+/up" });
    await forwarder.pushFrames(nextFrame(plainSession, { fPort: 0, payload: Uint8Array.of(2) }));
    const up = await others.next(`other/devices/${dev}/up`);
    assert.deepEqual([up.port, up.counter, up.payload_raw], [0, plainSession.fCntUp - 1, null]);
    others.stop();
    await forwarder.close();
  });

  it("7. retains nothing", async () => {
    const late = await v2Subscribe(stack, { user: app, key, filter: `${app}/devices/${dev}/up` });
    await uplink(15, [1]);
    assert.equal((await late.next(`${app}/devices/${dev}/up`)).port, 15);
    late.stop();
  });
});

describe("C. field topics", () => {
  it("17, 18, 19. show each field, and the fields in fields, after the uplink", async () => {
    const fields = await v2Subscribe(stack, { user: app, key, filter: `${app}/devices/${dev}/up/#` });
    // What V2's Node SDK subscribes to.
    const one = await v2Subscribe(stack, { user: app, key, filter: "+/devices/+/up/gps/lat" });
    await uplink(10, [0]);
    const topic = `${app}/devices/${dev}/up`;
    await fields.line(`${topic}/port `);
    assert.equal(fields.published[0]?.startsWith(`${topic} {`), true);
    assert.deepEqual(fields.published.slice(1), [
      `${topic}/water true`,
      `${topic}/analog [0,255,500,1000]`,
      `${topic}/gps {"lat":52.3736735,"lon":4.886663}`,
      `${topic}/gps/lat 52.3736735`,
      `${topic}/gps/lon 4.886663`,
      `${topic}/text "why are you using text?"`,
      `${topic}/port 10`,
    ]);
    await one.line(`${topic}/gps/lat `);
    assert.deepEqual(one.published, [`${topic}/gps/lat 52.3736735`]);
    fields.stop();
    one.stop();
  });

  it("18. leaves out names that no topic may have", async () => {
    const fields = await v2Subscribe(stack, { user: app, key, filter: "+/devices/+/up/+" });
    await uplink(1, [1]);
    await fields.line(`${app}/devices/${dev}/up/port `);
    assert.deepEqual(fields.published, [
      `${app}/devices/${dev}/up/led true`,
      `${app}/devices/${dev}/up/port 1`,
    ]);
    fields.stop();
  });
});

describe("D. downlinks", () => {
  it("20, 30, 31. reach the device after its next uplink, and are told of", async () => {
    await down('{"port":1,"payload_raw":"AQIDBA=="}');
    const scheduled = await next("events/down/scheduled");
    assert.equal(scheduled.port, 1);
    assert.equal(scheduled.payload_raw, "AQIDBA==");
    assert.deepEqual(scheduled.message, { port: 1, payload_raw: "AQIDBA==" });
    const { downlink } = await uplink(1, [1]);
    assert.equal(hex(downlink), "01020304");
    assert.equal(downlink?.fPort, 1);
    const sent = await next("events/down/sent");
    assert.equal(sent.gateway_id, "some-gateway");
    assert.equal(Buffer.from(sent.payload, "base64")[0], 0x60);
    assert.deepEqual([sent.port, sent.payload_raw], [1, "AQIDBA=="]);
    assert.deepEqual(sent.message, { app_id: app, dev_id: dev, port: 1, payload_raw: "AQIDBA==" });
    const { config } = sent;
    assert.equal(config.modulation, "LORA");
    assert.match(config.data_rate, /^SF\d+BW125$/);
    assert.ok(config.airtime > 20_000_000);
    assert.equal(config.counter ?? 0, downlink?.fCnt);
    assert.ok(config.frequency > 867e6 && config.frequency < 870e6);
    assert.ok(Number.isInteger(config.power));
  });

  it("20. go to port 1 where they do not say", async () => {
    await down('{"payload_raw":"BQ=="}');
    const { downlink } = await uplink(1, [1]);
    assert.deepEqual([downlink?.fPort, hex(downlink)], [1, "05"]);
  });

  it("21. are encoded", async () => {
    await down({ port: 2, payload_fields: { led: true } });
    const { downlink } = await uplink(1, [1]);
    assert.deepEqual([downlink?.fPort, hex(downlink)], [2, "0102"]);
    await down({ port: 2, payload_fields: { bad: true } });
    const failed = await next("events/down/errors", ({ error }) => error.startsWith("Encoder"));
    assert.equal(failed.error, "Encoder Output not valid: Numbers in Array should be between 0 and 255");
    assert.deepEqual(failed.message, { port: 2, payload_fields: { bad: true } });
    await setFormatter(api, app, { downlink: "// nothing" });
    await down({ port: 2, payload_fields: { led: true } });
    const expected = "Downlink Payload not valid: fields supplied, but no Encoder function set";
    await next("events/down/errors", ({ error }) => error === expected);
    await setFormatter(api, app, { downlink: encoder });
  });

  it("22, 32. are confirmed, sent again until the device answers, and acknowledged before its uplink", async () => {
    await down({ port: 3, confirmed: true, payload_raw: "CQ==" });
    await next("events/down/scheduled", (body) => body.confirmed === true);
    const { reach } = network.air;
    const deaf = uplink(20, [1]);
    await next("up", ({ port }) => port === 20);
    network.air.reach = () => undefined;
    await deaf;
    network.air.reach = reach;
    const heard = await uplink(21, [1]);
    const received = heard.downlink ?? (await uplink(21, [2])).downlink;
    assert.deepEqual([received?.confirmed, hex(received)], [true, "09"]);
    await uplink(22, [1]);
    assert.deepEqual(await next("events/ack"), {});
    const acknowledged = await next("events/down/acks");
    assert.deepEqual(acknowledged.message, { port: 3, confirmed: true, payload_raw: "CQ==" });
    await next("up", ({ port }) => port === 22);
    const at = (text: string) => everything.published.findIndex((line) => line.includes(text));
    assert.ok(at("events/down/acks") < at('"port":22'));
  });

  it("23, 26. stand in the queue where they ask to", async () => {
    const received: DeviceDownlink[] = [];
    const a = Buffer.from("A").toString("base64");
    const [b, c, d] = ["B", "C", "D"].map((text) => Buffer.from(text).toString("base64"));
    await down({ port: 4, payload_raw: a });
    await down({ port: 4, payload_raw: b, schedule: "last" });
    await down({ port: 4, payload_raw: c, schedule: "first" });
    await next("events/down/scheduled", (body) => body.payload_raw === c);
    for (let count = 0; count < 3; count++) {
      const { downlink } = await uplink(1, [1]);
      if (downlink !== undefined) received.push(downlink);
    }
    assert.equal(received.map(({ payload }) => Buffer.from(payload).toString()).join(""), "CAB");
    assert.deepEqual(
      received.map(({ fPending }) => fPending),
      [true, true, false],
    );
    await down({ port: 4, payload_raw: a, schedule: "last" });
    await down({ port: 4, payload_raw: d, schedule: "replace" });
    await next("events/down/scheduled", (body) => body.payload_raw === d);
    const { downlink } = await uplink(1, [1]);
    assert.deepEqual([downlink?.fPending, Buffer.from(downlink?.payload ?? []).toString()], [false, "D"]);
  });

  it("24. answer an uplink in its own window", async () => {
    const reacting = await openInbox(stack, { username: app, password: key, filter: "+/devices/+/up" });
    reacting.client.on("message", (topic) => {
      void setTimeout(80).then(() =>
        reacting.client.publish(topic.replace(/up$/, "down"), '{"port":5,"payload_raw":"Kg=="}'),
      );
    });
    const { downlink } = await uplink(1, [1]);
    assert.equal(hex(downlink), "2a");
    await reacting.stop();
  });

  it("25. are refused in V2's words, or dropped without any", async () => {
    const both = { port: 6, payload_raw: "AQ==", payload_fields: { led: true } };
    const cases: readonly (readonly [object, string])[] = [
      [{ port: 6 }, "Downlink Payload not valid: empty"],
      [{ port: 6, payload_raw: "AQ==", schedule: "x" }, "ScheduleType not valid: unknown"],
      [both, "Downlink not valid: Both Fields and Payload provided"],
    ];
    for (const [body, text] of cases) {
      await down(body);
      await next("events/down/errors", ({ error }) => error === text);
    }
    const count = () => everything.published.filter((line) => line.includes("/events/down/")).length;
    const before = count();
    for (const body of [
      "{",
      '{"port":"1"}',
      '{"payload_raw":"?"}',
      '{"port":256,"payload_raw":"AQ=="}',
      "[]",
    ]) {
      await down(body);
    }
    await down({ payload_raw: "AQ==" }, app, "unknown");
    await down({ payload_raw: "AQ==" }, app, "dev-two");
    await uplink(1, [1]);
    assert.equal(count(), before);
  });
});

describe("D. downlinks that nobody can send", () => {
  it("33. are errors once one of the application waits, and wait on", async () => {
    const forwarder = await PacketForwarder.open(stack, "02534C00000000AB");
    const others = await v2Subscribe(stack, { user: "other", key: otherKey, filter: "+/devices/+/events/#" });
    const topic = (kind: string) => `other/devices/${dev}/${kind}`;
    const body = { port: 3, payload_raw: "AQ==" };
    await v2Publish(stack, { user: "other", key: otherKey, topic: topic("down"), body });
    await others.next(topic("events/down/scheduled"));
    await forwarder.pushFrames(nextFrame(plainSession));
    const failed = await others.next(topic("events/down/errors"));
    assert.deepEqual(failed, { error: "No gateways available for downlink" });
    const { downlinks } = await api.call("GET", `/as/applications/other/devices/${dev}/down`);
    assert.equal((downlinks as readonly unknown[]).length, 1);
    await api.call("POST", `/as/applications/other/devices/${dev}/down/replace`, { downlinks: [] });
    others.stop();
    await forwarder.close();
  });
});

describe("A. connecting", () => {
  const login = (user: string, password: string) =>
    shell(
      `mosquitto_sub -h 127.0.0.1 -p ${stack.mqttPort} -t '#' -W 1 ${user === "" ? "" : `-u '${user}' -P '${password}'`}`,
    );

  it("1, 52. refuses with 4 whoever comes with a bad V2 key, and with 5 whoever comes with another", async () => {
    for (const password of ["ttn-account-v2.wrong", otherKey, "ttn-account"]) {
      assert.match((await login(app, password)).stderr, /bad user name or password/i, password);
    }
    for (const [user, password] of [
      ["", ""],
      [app, "wrong"],
      [app, otherKey.slice("ttn-account-v2.".length)],
      ["unknown", key.slice("ttn-account-v2.".length)],
    ] as const) {
      assert.match((await login(user, password)).stderr, /not authorised/i, password);
    }
    const reader = await createApiKey(api, app, { rights: ["RIGHT_APPLICATION_INFO"] });
    assert.match((await login(app, `ttn-account-v2.${reader}`)).stderr, /bad user name or password/i);
  });

  it("3. takes MQTT 3.1, empty client identifiers and the same user twice", async () => {
    const { code, stderr } = await shell(
      `mosquitto_pub -V mqttv31 -h 127.0.0.1 -p ${stack.mqttPort} -u ${app} -P '${key}' -t ${app}/devices/x/up -m '{}' -q 1`,
    );
    assert.equal(code, 0, stderr);
    const open = () =>
      connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, { username: app, password: key, clientId: "" });
    const both = await Promise.all([open(), open()]);
    await uplink(18, [1]);
    for (const client of both) {
      assert.ok(client.connected);
      await client.endAsync();
    }
  });

  it("4. rewrites filters, and refuses those of others", async () => {
    for (const filter of ["+/devices/+/up", `${app}/devices/+/up`, "#", "+/#"]) {
      const subscriber = await v2Subscribe(stack, { user: app, key, filter });
      assert.ok(subscriber.granted(), filter);
      await uplink(30, [1]);
      await subscriber.next(`${app}/devices/${dev}/up`, ({ port }) => port === 30);
      subscriber.stop();
    }
    const events = await v2Subscribe(stack, { user: app, key, filter: "+/devices/+/events/#" });
    await down('{"port":33,"payload_raw":"AQ=="}');
    await events.next(`${app}/devices/${dev}/events/down/scheduled`, ({ port }) => port === 33);
    assert.ok(events.published.every((line) => line.startsWith(`${app}/devices/`)));
    await uplink(1, [1]);
    events.stop();
    const { stderr } = await shell(
      `mosquitto_sub -h 127.0.0.1 -p ${stack.mqttPort} -u ${app} -P '${key}' -t other/devices/+/up -W 2`,
    );
    assert.match(stderr, /denied/i);
  });

  it("4. ends a subscription by the filter it began with", async () => {
    const inbox = await openInbox(stack, { username: app, password: key, filter: "+/devices/+/up/port" });
    const marker = await openInbox(stack, { username: app, password: key, filter: "+/devices/+/up/port" });
    await uplink(31, [1]);
    await inbox.message("/up/port", (body) => body === 31);
    await inbox.client.unsubscribeAsync("+/devices/+/up/port");
    await uplink(32, [1]);
    await marker.message("/up/port", (body) => body === 32);
    assert.deepEqual(
      inbox.messages.map(({ body }) => body),
      [31],
    );
    await inbox.stop();
    await marker.stop();
  });

  it("5. ignores what is published elsewhere, and never shows downlinks to subscribers", async () => {
    const inbox = await openInbox(stack, {
      username: app,
      password: key,
      filter: `${app}/devices/${dev}/down`,
    });
    for (const topic of [`${app}/devices/x/up`, `other/devices/${dev}/down`, `${app}/devices/${dev}/down`]) {
      await inbox.client.publishAsync(topic, '{"payload_raw":"AQ=="}', { qos: 1 });
    }
    await uplink(1, [1]);
    assert.ok(inbox.client.connected);
    assert.deepEqual(inbox.messages, []);
    assert.ok(everything.published.every((line) => !/\/devices\/x\/|\/down /.test(line)));
    assert.deepEqual(await api.call("GET", `/as/applications/other/devices/${dev}/down`), {});
    await inbox.stop();
  });

  it("6. gives each key what its rights allow", async () => {
    const reader = await createApiKey(api, app, { rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] });
    const writer = await createApiKey(api, app, { rights: ["RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"] });
    const topic = `${app}/devices/${dev}/down`;
    await v2Publish(stack, { user: app, key: reader, topic, body: { port: 40, payload_raw: "AQ==" } });
    const silent = await openInbox(stack, { username: app, password: writer, filter: `${app}/#` });
    await v2Publish(stack, { user: app, key: writer, topic, body: { port: 41, payload_raw: "AQ==" } });
    await next("events/down/scheduled", ({ port }) => port === 41);
    assert.equal(
      everything.lines.some((line) => line.includes('"port":40')),
      false,
    );
    await uplink(1, [1]);
    assert.deepEqual(silent.messages, []);
    await silent.stop();
  });

  it("3. acknowledges a publish of any QoS, and grants QoS 0", async () => {
    const inbox = await openInbox(stack, { username: app, password: key, filter: "v3/+/devices/+/up" });
    const [granted] = await inbox.client.subscribeAsync(`${app}/devices/+/up`, { qos: 1 });
    assert.equal(granted?.qos, 0);
    await inbox.client.publishAsync(`${app}/devices/${dev}/down`, '{"payload_raw":"AQ=="}', { qos: 2 });
    await uplink(1, [1]);
    await inbox.stop();
  });
});

describe("F. management events", () => {
  it("29, 34. follow what any client does with devices", async () => {
    const ids = { device_id: "fresh", application_ids: { application_id: app } };
    await api.call("POST", `/applications/${app}/devices`, {
      end_device: { ids: { ...ids, dev_eui: "00000000000000AA", join_eui: "0000000000000001" } },
    });
    const topic = (kind: string) => `${app}/devices/fresh/events/${kind}`;
    assert.match((await everything.next(topic("create"))).update_at, /Z$/);
    const updates: object[] = [];
    for (const change of [
      { locations: { user: { latitude: 52.2, longitude: 4.9 } } },
      { locations: { user: { latitude: 52.3, longitude: 4.9, altitude: 3 } } },
      { locations: { user: { latitude: 52.3, longitude: 4.9, altitude: 3 } } },
      { attributes: { room: "hall" } },
    ]) {
      await setDevice("fresh", change);
      const { update_at: at, ...moved } = await everything.next(topic("update"));
      assert.match(at, /^\d{4}-.+Z$/);
      updates.push(moved);
    }
    assert.deepEqual(updates, [{ latitude: 52.2, longitude: 4.9 }, { latitude: 52.3, altitude: 3 }, {}, {}]);
    await api.call("DELETE", `/applications/${app}/devices/fresh`);
    assert.equal(await everything.next(topic("delete")), null);
  });
});

describe("V2 and V3 side by side", () => {
  let v3: Inbox;

  before(async () => {
    v3 = await openInbox(stack, { username: app, password: await createApiKey(api, app) });
  });
  after(() => v3.stop());

  it("shows a V3 client with `#` its own topics alone", async () => {
    await uplink(50, [1]);
    await v3.message("/up", (body) => body.uplink_message.f_port === 50);
    assert.ok(v3.messages.every(({ topic }) => topic.startsWith(`v3/${app}/`)));
  });

  it("has one queue for both", async () => {
    const publish = (operation: string, body: object) =>
      v3.client.publishAsync(`v3/${app}/devices/${dev}/down/${operation}`, JSON.stringify(body));
    await publish("replace", { downlinks: [{ f_port: 51, frm_payload: "AQ==" }] });
    const scheduled = await next("events/down/scheduled", ({ port }) => port === 51);
    assert.equal(scheduled.payload_raw, "AQ==");
    await down({ port: 52, payload_raw: "Ag==", schedule: "first" });
    const queued = await v3.message("/down/queued", (body) => body.downlink_queued.f_port === 52);
    assert.equal(queued.downlink_queued.frm_payload, "Ag==");
    const first = (await uplink(1, [1])).downlink;
    const second = (await uplink(1, [1])).downlink;
    assert.deepEqual([first?.fPort, second?.fPort], [52, 51]);
    assert.ok((second?.fCnt ?? 0) === (first?.fCnt ?? 0) + 1);
    await down({ port: 53, schedule: "x", payload_raw: "AQ==" });
    const failed = await v3.message("/down/failed", (body) => body.downlink_failed.downlink.f_port === 53);
    assert.equal(failed.downlink_failed.error.message_format, "ScheduleType not valid: unknown");
  });

  it("speaks the dialect that the application chose", async () => {
    const setDialect = (dialect: string) =>
      api.call("PUT", `/applications/${app}`, {
        application: { attributes: { "v2-dialect": dialect } },
        field_mask: { paths: ["attributes"] },
      });
    const plain = { port: 54, payload_raw: "AQ==" };
    const settled = async (dialect: string, isSpoken: (up: V2Message) => boolean) => {
      await setDialect(dialect);
      for (;;) {
        await uplink(55, [1]);
        if (isSpoken(await next("up", ({ port }) => port === 55))) return;
      }
    };
    await settled("early", (up) => up.app_id === undefined);
    await down(plain);
    assert.deepEqual(await next("events/down/scheduled", (body) => body?.port === 54), plain);
    await uplink(1, [1]);
    assert.deepEqual(await next("events/down/sent", (body) => body.port === 54), plain);
    await settled("late", (up) => up.metadata.gateways[0].id === undefined && up.app_id === app);
    await down(plain);
    assert.equal(await next("events/down/scheduled", (body) => body === null), null);
    await uplink(1, [1]);
    const sent = await next("events/down/sent", (body) => body.port === undefined && body.config);
    assert.deepEqual(Object.keys(sent), ["payload", "gateway_id", "config"]);
    await settled("server", (up) => up.metadata.gateways[0].time === "");
    await down(plain);
    const nested = (body: V2Message) => body?.port === undefined && body?.message?.port === 54;
    assert.deepEqual(await next("events/down/scheduled", nested), { message: plain });
    const hash = await openInbox(stack, { username: app, password: await createApiKey(api, app) });
    await uplink(56, [1]);
    await hash.message(`${app}/devices/${dev}/up`, (body) => body.port === 56);
    assert.ok(hash.messages.every(({ topic }) => topic.startsWith(`${app}/`)));
    await hash.stop();
  });

  it("33. tells of errors in objects that say what was wrong", () => {
    const seen = new Set<string>();
    for (const line of everything.published) {
      const [, kind] = /\/events\/(\S+\/errors) /.exec(line) ?? [];
      if (kind === undefined) continue;
      seen.add(kind);
      assert.equal(typeof parsed(line).error, "string", line);
    }
    assert.deepEqual([...seen].sort(), ["activations/errors", "down/errors", "up/errors"]);
  });

  it("15. has names in uplinks that Python takes for attributes", () => {
    const names = (value: unknown): readonly string[] =>
      typeof value === "object" && value !== null
        ? [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(names)]
        : [];
    const ups = everything.published.filter((line) => /\/up \{/.test(line)).map(parsed);
    assert.ok(ups.length > 20);
    for (const { payload_fields: _, attributes: __, ...up } of ups) {
      for (const name of names(up)) assert.match(name, /^[a-z][a-z_]*$/);
    }
  });

  it("34. reads what was published as JSON by everybody", () => {
    for (const line of everything.published) assert.doesNotThrow(() => parsed(line), line);
    assert.deepEqual(device.violations, []);
    assert.deepEqual(otherDevice.violations, []);
  });
});
