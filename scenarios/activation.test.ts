import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  assertAllTransmitted,
  assertCountersRise,
  assertInWindow,
  assertNoViolations,
  type DeviceIdentity,
  type DeviceRegistration,
  deviceIdentity,
  type LoRaWANVersion,
  type NetworkOptions,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  type SimulatedDevice,
  type SimulatedNetwork,
  simulateNetwork,
  V3Client,
} from "@skylark/testkit";
import { call, type Parsed } from "./api-client.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Devices of every version of LoRaWAN, activated in both ways, in both regions, over real packet forwarders.

const versions: readonly LoRaWANVersion[] = ["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0"];
const regions = { EU868: "EU_863_870_TTN", US915: "US_902_928_FSB_2" } as const;
/** FSB 2: channels 8 to 15 and 65. */
const subBand2 = [8, 9, 10, 11, 12, 13, 14, 15, 65];

let stack: StackProcess;
let api: V3Client;
let inbox: Inbox;
const networks: SimulatedNetwork[] = [];

before(async () => {
  stack = await startStackProcess({ flags: ["--ns.desired-rx1-delay=1"] });
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, "app1");
  inbox = await openInbox(stack, { username: "app1", password: stack.adminKey });
});

after(async () => {
  await inbox?.stop();
  await Promise.all(networks.map((network) => network.stop()));
  api?.close();
  assert.equal(await stack?.stop(), 0);
});

type Story = Pick<NetworkOptions, "seed" | "devices" | "activation"> & {
  readonly region: keyof typeof regions;
  readonly version: LoRaWANVersion;
  readonly macSettings?: DeviceRegistration["macSettings"];
} & Partial<NetworkOptions>;

/** Gateways and devices on an air of their own, registered and switched on. */
async function onAir(story: Story): Promise<SimulatedNetwork> {
  const { region, version, activation, gateways = 1, macSettings = {} } = story;
  const network = simulateNetwork({
    server: { host: "127.0.0.1", port: stack.udpPort },
    ...(region === "US915" ? { factory: { enabledChannels: subBand2 } } : {}),
    ...story,
    gateways,
  });
  networks.push(network);
  const frequencyPlanId = regions[region];
  for (const { eui } of network.gateways) {
    await registerGateway(api, { gatewayId: `gtw-${eui.toLowerCase()}`, eui, frequencyPlanId });
  }
  const register = activation === "otaa" ? registerOtaaDevice : registerAbpDevice;
  for (const identity of network.identities) {
    await register(api, { applicationId: "app1", identity, version, frequencyPlanId, macSettings });
  }
  await network.start();
  return network;
}

const upOf = ({ deviceId }: DeviceIdentity, payload: string): Promise<Parsed> =>
  inbox.message(`/${deviceId}/up`, ({ uplink_message }) => uplink_message.frm_payload === payload);

const push = (deviceId: string, downlink: object) =>
  inbox.client.publishAsync(
    `v3/app1/devices/${deviceId}/down/push`,
    JSON.stringify({ downlinks: [downlink] }),
    { qos: 1 },
  );

/** Up and down, unconfirmed and confirmed. */
async function talk(device: SimulatedDevice, identity: DeviceIdentity): Promise<void> {
  await device.sendUplink({ fPort: 7, payload: Uint8Array.of(1, 2) });
  const up = await upOf(identity, "AQI=");
  assert.equal(up.uplink_message.f_port, 7);

  const confirmed = await device.sendUplink({ fPort: 7, payload: Uint8Array.of(3), confirmed: true });
  assert.equal(confirmed.acknowledged, true);
  assert.equal(confirmed.transmissions, 1);
  assert.equal((await upOf(identity, "Aw==")).uplink_message.confirmed, true);

  await push(identity.deviceId, { f_port: 9, frm_payload: "vu8=" });
  await inbox.message(`/${identity.deviceId}/down/queued`);
  const first = (await device.sendUplink({ fPort: 7, payload: Uint8Array.of(4) })).downlink;
  assertInWindow(first, "rx1");
  assert.deepEqual([first.fPort, ...first.payload], [9, 0xbe, 0xef]);

  await push(identity.deviceId, { f_port: 10, frm_payload: "AQ==", confirmed: true });
  await inbox.message(
    `/${identity.deviceId}/down/queued`,
    ({ downlink_queued }) => downlink_queued.confirmed,
  );
  const second = (await device.sendUplink({ fPort: 7, payload: Uint8Array.of(5) })).downlink;
  assert.equal(second?.confirmed, true);
  await device.sendUplink({ fPort: 7, payload: Uint8Array.of(6) });
  const ack = await inbox.message(`/${identity.deviceId}/down/ack`);
  assert.equal(ack.downlink_ack.f_port, 10);
}

function assertGoodManners(network: SimulatedNetwork): void {
  for (const device of network.devices) {
    assertNoViolations(device);
    assertCountersRise(device);
  }
  for (const gateway of network.gateways) assertAllTransmitted(gateway);
}

describe("a device", { concurrency: true }, () => {
  let seed = 200;
  for (const region of ["EU868", "US915"] as const) {
    for (const version of versions) {
      for (const activation of ["otaa", "abp"] as const) {
        const own = seed++;
        it(`of LoRaWAN ${version} talks both ways by ${activation.toUpperCase()} in ${region}`, async () => {
          // Seeds that are 32 apart share their addresses, so that sessions of several tests lie behind one DevAddr.
          const network = await onAir({ seed: own, devices: 1, activation, region, version });
          const [device, identity] = [network.devices[0]!, network.identities[0]!];
          if (activation === "otaa") {
            assert.equal(await device.join(), true);
            const join = await inbox.message(`/${identity.deviceId}/join`);
            assert.equal(join.end_device_ids.dev_eui, identity.devEui);
          }
          await talk(device, identity);
          assertGoodManners(network);
        });
      }
    }
  }

  it("joins again and again, with a session of its own each time", async () => {
    const network = await onAir({
      seed: 300,
      devices: 1,
      activation: "otaa",
      region: "EU868",
      version: "1.0.4",
    });
    const [device, identity] = [network.devices[0]!, network.identities[0]!];
    const keys = new Set<string>();
    for (let round = 1; round <= 2; round++) {
      assert.equal(await device.join(), true);
      await device.sendUplink({ fPort: 1, payload: Uint8Array.of(100 + round) });
      const up = await upOf(identity, Buffer.of(100 + round).toString("base64"));
      assert.equal(up.uplink_message.f_cnt ?? 0, 0);
      keys.add(up.uplink_message.session_key_id);
    }
    assert.equal(keys.size, 2);
    assertGoodManners(network);
  });

  it("is told apart from others with its DevAddr", async () => {
    const identities = [0, 1, 2, 3].map((index) => ({
      ...deviceIdentity(301, index),
      devAddr: deviceIdentity(301, 0).devAddr,
    }));
    const network = await onAir({
      seed: 301,
      devices: 4,
      identities,
      activation: "abp",
      region: "EU868",
      version: "1.0.3",
    });
    for (const [index, { deviceId }] of identities.entries()) {
      await push(deviceId, { f_port: 20 + index, frm_payload: "AQ==" });
      await inbox.message(`/${deviceId}/down/queued`);
    }
    // One after the other: a gateway has one transmitter.
    for (const [index, device] of network.devices.entries()) {
      const payload = Uint8Array.of(50 + index);
      const { downlink } = await device.sendUplink({ fPort: 1, payload, confirmed: index % 2 === 1 });
      const up = await upOf(identities[index]!, Buffer.from(payload).toString("base64"));
      assert.equal(up.end_device_ids.dev_eui, identities[index]!.devEui);
      assert.equal(downlink?.fPort, 20 + index);
    }
    assertGoodManners(network);
  });

  it("asks for link, time and is asked for its status", async () => {
    const network = await onAir({
      seed: 302,
      devices: 1,
      activation: "otaa",
      region: "EU868",
      version: "1.0.3",
      device: { battery: 127, downlinkSnr: -3 },
      macSettings: { status_count_periodicity: 2 },
    });
    const [device, identity] = [network.devices[0]!, network.identities[0]!];
    await device.join();
    const askedAt = Date.now();
    await device.sendUplink({ fPort: 1, payload: Uint8Array.of(1), commands: Uint8Array.of(0x02, 0x0d) });
    assert.equal(device.linkChecks.length, 1);
    assert.equal(device.linkChecks[0]!.gateways, 1);
    assert.ok(device.linkChecks[0]!.margin > 0);
    const gpsEpochMs = Date.UTC(1980, 0, 6) - 18_000;
    const [time] = device.deviceTimes;
    assert.ok(
      time !== undefined && Math.abs(time + gpsEpochMs - askedAt) < 2000,
      `told ${time! + gpsEpochMs}, asked at ${askedAt}`,
    );
    for (let sent = 2; sent < 5; sent++)
      await device.sendUplink({ fPort: 1, payload: Uint8Array.of(sent), confirmed: true });
    await upOf(identity, "BA==");
    const path = `/ns/applications/app1/devices/${identity.deviceId}?field_mask=battery_percentage,downlink_margin,last_dev_status_received_at`;
    const { body } = await call(stack, "GET", path);
    assert.ok(body.last_dev_status_received_at !== undefined, JSON.stringify(body));
    assert.ok(Math.abs(body.battery_percentage - 126 / 253) < 0.01, JSON.stringify(body));
    assert.equal(body.downlink_margin, -3);
    assertGoodManners(network);
  });

  it("heard by three gateways is delivered once, with the metadata of all, the best first", async () => {
    const network = await onAir({
      seed: 303,
      devices: 1,
      gateways: 3,
      gatewaysPerDevice: 3,
      activation: "abp",
      region: "EU868",
      version: "1.0.3",
    });
    const [device, identity] = [network.devices[0]!, network.identities[0]!];
    for (let sent = 1; sent <= 3; sent++) {
      const payload = Uint8Array.of(sent);
      await device.sendUplink({ fPort: 1, payload });
      const up = await upOf(identity, Buffer.from(payload).toString("base64"));
      const metadata = up.uplink_message.rx_metadata as Parsed[];
      const euis = metadata.map(({ gateway_ids }) => gateway_ids.eui);
      assert.deepEqual([...euis].sort(), network.gateways.map(({ eui }) => eui).sort());
      const signals = metadata.map(({ rssi }) => rssi);
      assert.deepEqual(
        signals,
        [...signals].sort((a, b) => b - a),
        "sorted by signal",
      );
    }
    const ups = inbox.messages.filter(({ topic }) => topic.endsWith(`/${identity.deviceId}/up`));
    assert.equal(ups.length, 3);
    const check = await device.sendUplink({
      fPort: 1,
      payload: Uint8Array.of(9),
      commands: Uint8Array.of(0x02),
    });
    assert.ok(check.downlink !== undefined);
    assert.equal(device.linkChecks[0]!.gateways, 3);
    const transmitted = network.gateways.map(({ stats }) => stats.transmitted);
    assert.equal(
      Math.max(...transmitted),
      transmitted.reduce((sum, count) => sum + count),
      "by the best one",
    );
    assertGoodManners(network);
  });

  it("hears in RX2 when the gateway is busy in RX1", async () => {
    const network = await onAir({
      seed: 304,
      devices: 2,
      activation: "abp",
      region: "EU868",
      version: "1.0.3",
    });
    for (const { deviceId } of network.identities) {
      await push(deviceId, { f_port: 9, frm_payload: Buffer.alloc(30).toString("base64") });
      await inbox.message(`/${deviceId}/down/queued`);
    }
    const results = await Promise.all(
      network.devices.map((device) => device.sendUplink({ fPort: 1, payload: Uint8Array.of(1) })),
    );
    assert.deepEqual(results.map(({ downlink }) => downlink?.window).sort(), ["rx1", "rx2"]);
    assertGoodManners(network);
  });
});
