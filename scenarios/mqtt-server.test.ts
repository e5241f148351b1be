import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type GatewayDownlink,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  type SimulatedDevice,
  type SimulatedNetwork,
  setFormatter,
  simulateNetwork,
  V3Client,
} from "@skylark/testkit";
import { type RunningCommand, runCommand, shell } from "./shell.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Every topic of the page "MQTT Server", with mosquitto's own clients and a device that joins over a real packet forwarder.

let stack: StackProcess;
let network: SimulatedNetwork;
let device: SimulatedDevice;
let subscriber: RunningCommand;
let api: V3Client;
const transmitted: GatewayDownlink[] = [];

const formatter = `function decodeUplink(input) {
  return { data: { temperature: input.bytes[0] / 2, latitude: 52.37, longitude: 4.89, altitude: 3 } };
}`;

before(async () => {
  stack = await startStackProcess({ flags: ["--ns.desired-rx1-delay=1"] });
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, "app1");
  await setFormatter(api, "app1", { uplink: formatter });
  network = simulateNetwork({
    server: { host: "127.0.0.1", port: stack.udpPort },
    gateways: 1,
    devices: 1,
    activation: "otaa",
    version: "1.0.3",
    gateway: { onDownlink: (downlink) => transmitted.push(downlink) },
  });
  device = network.devices[0]!;
  await registerGateway(api, {
    gatewayId: "gtw1",
    eui: network.gateways[0]!.eui,
    frequencyPlanId: "EU_863_870_TTN",
  });
  await registerOtaaDevice(api, {
    applicationId: "app1",
    identity: { ...network.identities[0]!, deviceId: "dev1" },
    version: "1.0.3",
    frequencyPlanId: "EU_863_870_TTN",
    macSettings: { rx1_delay: 1, desired_rx1_delay: 1 },
  });
  // mosquitto_sub does not flush what `-d` says of its subscription into a pipe.
  subscriber = runCommand("stdbuf", [
    ...["-oL", "mosquitto_sub"],
    ...["-h", "127.0.0.1", "-p", String(stack.mqttPort), "-t", "#", "-u", "app1", "-P", stack.adminKey],
    ...["-F", "%t %p"],
    "-d",
  ]);
  await subscriber.line((line) => line.includes("Subscribed"));
  await network.start();
});

after(async () => {
  subscriber?.stop();
  await network?.stop();
  api?.close();
  await stack?.stop();
});

// biome-ignore lint/suspicious/noExplicitAny: the shape is what the test asserts
type Message = any;

/** The next message on a topic of dev1 that satisfies `matches`. */
async function message(kind: string, matches: (body: Message) => boolean = () => true): Promise<Message> {
  const topic = `v3/app1/devices/dev1/${kind} `;
  const parse = (line: string): Message => JSON.parse(line.slice(topic.length));
  return parse(await subscriber.line((line) => line.startsWith(topic) && matches(parse(line))));
}

async function publish(topic: string, body: string): Promise<void> {
  const { code, stderr } = await shell(
    `mosquitto_pub -h 127.0.0.1 -p ${stack.mqttPort} -t "v3/app1/devices/dev1/${topic}" -u "app1" -P "${stack.adminKey}" -m '${body}' -d`,
  );
  assert.equal(code, 0, stderr);
}

describe("page MQTT Server", () => {
  it("publishes join and up of a device that joins", async () => {
    assert.equal(await device.join(), true);
    const join = await message("join");
    assert.equal(join.end_device_ids.device_id, "dev1");
    assert.equal(join.end_device_ids.application_ids.application_id, "app1");
    assert.match(join.end_device_ids.dev_addr, /^[0-9A-F]{8}$/);
    assert.ok(join.join_accept.session_key_id.length > 0);

    await device.sendUplink({ fPort: 15, payload: Uint8Array.of(42, 1) });
    const up = await message("up");
    assert.equal(up.uplink_message.f_port, 15);
    assert.equal(up.uplink_message.frm_payload, "KgE=");
    assert.equal(up.uplink_message.decoded_payload.temperature, 21);
    assert.equal(up.uplink_message.session_key_id, join.join_accept.session_key_id);
    const [metadata] = up.uplink_message.rx_metadata;
    assert.equal(metadata.gateway_ids.gateway_id, "gtw1");
    assert.ok(metadata.uplink_token.length > 0);
    assert.ok(metadata.timestamp > 0);
    assert.match(up.uplink_message.settings.frequency, /^86\d{7}$/);
    assert.equal(up.uplink_message.settings.data_rate.lora.bandwidth, 125_000);
    assert.equal(up.uplink_message.network_ids.net_id, "000000");
    assert.ok(up.correlation_ids.some((id: string) => id.startsWith("gs:conn:")));
    assert.ok(up.correlation_ids.some((id: string) => id.startsWith("as:up:")));
    const solved = await message("location/solved");
    assert.equal(solved.location_solved.service, "frm-payload");
    assert.equal(solved.location_solved.location.latitude, 52.37);
    assert.equal(solved.location_solved.location.source !== undefined, true);
  });

  it("takes a pushed downlink into the next receive window", async () => {
    await publish("down/push", '{"downlinks":[{"f_port": 15,"frm_payload":"vu8=","priority": "NORMAL"}]}');
    const queued = await message("down/queued");
    assert.equal(queued.downlink_queued.frm_payload, "vu8=");
    assert.equal(queued.downlink_queued.priority, "NORMAL");
    const received = device.nextDownlink();
    await device.sendUplink({ fPort: 1, payload: Uint8Array.of(2) });
    const downlink = await received;
    assert.deepEqual([...downlink.payload], [0xbe, 0xef]);
    assert.equal(downlink.fPort, 15);
    const sent = await message("down/sent");
    assert.equal(sent.downlink_sent.f_cnt ?? 0, downlink.fCnt);
  });

  it("reports the acknowledgment of a confirmed downlink with the caller's correlation ids", async () => {
    await publish(
      "down/push",
      '{"downlinks":[{"f_port":15,"frm_payload":"vu8=","priority":"HIGH","confirmed":true,"correlation_ids":["my-correlation-id"]}]}',
    );
    await message("down/queued", (body) => body.downlink_queued.confirmed === true);
    const received = device.nextDownlink();
    await device.sendUplink({ fPort: 1, payload: Uint8Array.of(3) });
    assert.equal((await received).confirmed, true);
    await device.sendUplink({ fPort: 1, payload: Uint8Array.of(4) });
    const ack = await message("down/ack");
    assert.ok(ack.correlation_ids.includes("my-correlation-id"));
    assert.ok(ack.downlink_ack.correlation_ids.includes("my-correlation-id"));
    assert.equal(ack.downlink_ack.confirmed, true);
    assert.equal(ack.downlink_ack.frm_payload, "vu8=");
  });

  it("reports a confirmed downlink that the device did not hear, and sends it again", async () => {
    await publish("down/push", '{"downlinks":[{"f_port":16,"frm_payload":"AQ==","confirmed":true}]}');
    await message("down/queued", (body) => body.downlink_queued.f_port === 16);
    const { reach } = network.air;
    const before = transmitted.length;
    const deaf = device.sendUplink({ fPort: 1, payload: Uint8Array.of(5) });
    // Out of reach only once the uplink was heard.
    await message("up", (body) => body.uplink_message.frm_payload === "BQ==");
    network.air.reach = () => undefined;
    await deaf;
    network.air.reach = reach;
    assert.ok(transmitted.length > before, "the gateway sent it");
    await device.sendUplink({ fPort: 1, payload: Uint8Array.of(6) });
    const nack = await message("down/nack");
    assert.equal(nack.downlink_nack.f_port, 16);
    const received =
      device.downlinks.find((downlink) => downlink.fPort === 16) ?? (await device.nextDownlink());
    assert.equal(received.fPort, 16);
  });

  it("says why a downlink is refused", async () => {
    await publish("down/push", '{"downlinks":[{"f_port":0,"frm_payload":"vu8="}]}');
    const failed = await message("down/failed");
    assert.equal(failed.downlink_failed.downlink.frm_payload, "vu8=");
    assert.match(failed.downlink_failed.error.message_format, /port/i);
  });

  it("clears the queue with an empty replacement", async () => {
    const queue = async () => (await api.get("/as/applications/app1/devices/dev1/down")).downlinks ?? [];
    await publish(
      "down/push",
      '{"downlinks":[{"f_port":20,"frm_payload":"AQ=="},{"f_port":21,"frm_payload":"Ag=="}]}',
    );
    await message("down/queued", (body) => body.downlink_queued.f_port === 21);
    assert.equal(((await queue()) as unknown[]).length, 2);
    await publish("down/replace", '{"downlinks":[{"f_port":22,"frm_payload":"Aw=="}]}');
    await message("down/queued", (body) => body.downlink_queued.f_port === 22);
    assert.equal(((await queue()) as unknown[]).length, 1);
    await publish("down/replace", '{"downlinks":[]}');
    for (let left = 1; left > 0; ) left = ((await queue()) as unknown[]).length;
  });

  it("publishes service data", async () => {
    await api.call("POST", "/as/applications/app1/devices/dev1/up/simulate", {
      end_device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
      service_data: { service: "my-service", data: { answer: 42 } },
    });
    const data = await message("service/data");
    assert.equal(data.service_data.data.answer, 42);
    assert.equal(data.simulated, true);
  });

  it("tells where the MQTT server is and who to be", async () => {
    assert.deepEqual(await api.get("/as/applications/app1/mqtt-connection-info"), {
      public_address: "localhost:1883",
      public_tls_address: "localhost:8883",
      username: "app1",
    });
  });

  it("refuses a wrong key with return code 5, and shows it as an event", async () => {
    const stream = runCommand("curl", [
      ...["--no-buffer", "--silent", "--header", `Authorization: Bearer ${stack.adminKey}`],
      ...["--data-raw", '{"identifiers":[{"application_ids":{"application_id":"app1"}}]}'],
      `http://127.0.0.1:${stack.httpPort}/api/v3/events`,
    ]);
    await stream.line((line) => line.includes("events.stream.start"));
    const bogus = `NNSXS.${"A".repeat(39)}.${"B".repeat(52)}`;
    const refused = await shell(
      `mosquitto_sub -h 127.0.0.1 -p ${stack.mqttPort} -t '#' -u app1 -P ${bogus} -C 1 -W 5`,
    );
    assert.match(refused.stderr, /not authori[sz]ed/i);
    const event = await stream.line((line) => line.includes("as.mqtt.connect.fail"));
    const { cause } = JSON.parse(event).result.data;
    assert.equal(cause.message_format, "api key with id `{api_key_id}` not found");
    assert.equal(cause.attributes.api_key_id, "A".repeat(39));
    assert.equal(event.includes("B".repeat(52)), false, "the secret is not shown");
    stream.stop();
  });

  it("broke no rule of the radio", () => {
    assert.deepEqual(device.violations, []);
  });
});
