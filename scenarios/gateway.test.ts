import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  activationOf,
  DeviceSession,
  deviceIdentity,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  simulateNetwork,
  V3Client,
} from "@skylark/testkit";
import { call, metrics, type Parsed, streamEvents } from "./api-client.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder, rxpk } from "./packet-forwarder.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Gateways, registered and not, honest and not.

const frequencyPlanId = "EU_863_870_TTN";
const identities = [0, 1, 2].map((index) => deviceIdentity(61, index));
const sessions = identities.map((identity) => {
  const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
  assert.ok("abp" in activation);
  return new DeviceSession({ ...activation.abp, is11: false });
});

let stack: StackProcess;
let api: V3Client;
let inbox: Inbox;

async function prepare(flags: readonly string[] = []): Promise<void> {
  stack = await startStackProcess({ flags });
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, "app1");
  for (const identity of identities) {
    await registerAbpDevice(api, {
      applicationId: "app1",
      identity,
      version: "1.0.3",
      frequencyPlanId,
      macSettings: { rx1_delay: 1, desired_rx1_delay: 1 },
    });
  }
  inbox = await openInbox(stack, { username: "app1", password: stack.adminKey });
}

async function finish(): Promise<void> {
  await inbox?.stop();
  api?.close();
  assert.equal(await stack?.stop(), 0);
}

const gatewayEvents = (gatewayId: string) =>
  streamEvents(stack, [{ gateway_ids: { gateway_id: gatewayId } }]);

const upOf = (index: number, fCnt: number): Promise<Parsed> =>
  inbox.message(
    `/${identities[index]!.deviceId}/up`,
    ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === fCnt,
  );

const statsPath = (gatewayId: string) => `/gs/gateways/${gatewayId}/connection/stats`;

describe("gateways of an open network", () => {
  before(() => prepare());
  after(finish);

  it("are taken without registration, by their EUI, and an admin can watch them", async () => {
    const gatewayId = "eui-02534c0000006101";
    const events = await gatewayEvents(gatewayId);
    const forwarder = await PacketForwarder.open(stack, "02534C0000006101");
    assert.equal(await forwarder.pull(), true);
    await events.event("gs.gateway.connect");
    const { fCntUp } = sessions[0]!;
    assert.equal(await forwarder.pushFrames(nextFrame(sessions[0]!)), true);
    const up = await upOf(0, fCntUp);
    const [metadata] = up.uplink_message.rx_metadata;
    assert.deepEqual(metadata.gateway_ids, { gateway_id: gatewayId, eui: "02534C0000006101" });
    await events.event("gs.up.receive");
    const stats = await call(stack, "GET", statsPath(gatewayId));
    assert.equal(stats.status, 200, JSON.stringify(stats.body));
    assert.equal(stats.body.uplink_count, "1");
    const missing = await call(stack, "GET", `/gateways/${gatewayId}`);
    assert.equal(missing.status, 404, "it can be watched, but there is no such gateway");
    events.close();
    await forwarder.close();
  });

  it("take up their registered name once they are registered, without a new start", async () => {
    const eui = "02534C0000006102";
    const forwarder = await PacketForwarder.open(stack, eui);
    assert.equal(await forwarder.pull(), true);
    const nameOf = async (fCnt: number): Promise<string> =>
      (await upOf(0, fCnt)).uplink_message.rx_metadata[0].gateway_ids.gateway_id;
    const first = sessions[0]!.fCntUp;
    await forwarder.pushFrames(nextFrame(sessions[0]!));
    assert.equal(await nameOf(first), `eui-${eui.toLowerCase()}`);
    await registerGateway(api, { gatewayId: "late", eui, frequencyPlanId });
    const events = await gatewayEvents("late");
    assert.equal(await forwarder.pull(), true);
    await events.event("gs.gateway.connect");
    const { fCntUp } = sessions[0]!;
    await forwarder.pushFrames(nextFrame(sessions[0]!));
    assert.equal(await nameOf(fCntUp), "late");
    assert.equal((await call(stack, "DELETE", "/gateways/late")).status, 200);
    await forwarder.pull();
    const after = sessions[0]!.fCntUp;
    await forwarder.pushFrames(nextFrame(sessions[0]!));
    assert.equal(await nameOf(after), `eui-${eui.toLowerCase()}`);
    events.close();
    await forwarder.close();
  });

  it("have statistics that count what they did", async () => {
    const network = simulateNetwork({
      server: { host: "127.0.0.1", port: stack.udpPort },
      gateways: 1,
      devices: 1,
      seed: 62,
      activation: "abp",
      version: "1.0.3",
      gateway: { gps: { latitude: 52.37, longitude: 4.89, altitude: 12 }, statusMs: 60_000 },
    });
    const [gateway, device] = [network.gateways[0]!, network.devices[0]!];
    await registerGateway(api, { gatewayId: "counted", eui: gateway.eui, frequencyPlanId });
    await registerAbpDevice(api, {
      applicationId: "app1",
      identity: network.identities[0]!,
      version: "1.0.3",
      frequencyPlanId,
      macSettings: { rx1_delay: 1, desired_rx1_delay: 1 },
    });
    const none = await call(stack, "GET", statsPath("counted"));
    assert.equal(none.status, 404);
    assert.match(none.body.message, /not connected/);
    const startedAt = Date.now();
    await network.start();
    for (let sent = 0; sent < 3; sent++) {
      const { acknowledged } = await device.sendUplink({
        fPort: 1,
        payload: Uint8Array.of(sent),
        confirmed: true,
      });
      assert.equal(acknowledged, true);
    }
    const { body } = await call(stack, "GET", statsPath("counted"));
    assert.equal(body.protocol, "udp");
    assert.equal(body.uplink_count, "3");
    assert.equal(body.downlink_count, "3");
    assert.equal(body.tx_acknowledgment_count, "3");
    assert.equal(body.round_trip_times.count, 3);
    const ms = (duration: string) => 1000 * Number(duration.replace(/s$/, ""));
    const { min, median, max } = body.round_trip_times;
    assert.ok(ms(min) <= ms(median) && ms(median) <= ms(max) && ms(max) < 10_000, JSON.stringify(body));
    for (const at of [
      body.connected_at,
      body.last_uplink_received_at,
      body.last_downlink_received_at,
      body.last_tx_acknowledgment_received_at,
      body.last_status_received_at,
    ]) {
      assert.ok(Date.parse(at) >= startedAt - 1000 && Date.parse(at) <= Date.now(), at);
    }
    assert.ok(Math.abs(body.last_status.antenna_locations[0].latitude - 52.37) < 1e-6);
    assert.deepEqual(body.last_status.ip, ["127.0.0.1"]);
    assert.equal(body.gateway_remote_address.ip, "127.0.0.1");
    const used = body.sub_bands.filter(({ downlink_utilization: used }: Parsed) => used > 0);
    assert.ok(used.length > 0, JSON.stringify(body.sub_bands));
    for (const { downlink_utilization: utilization, downlink_utilization_limit: limit } of used)
      assert.ok(utilization < limit);
    const key = (
      await api.call("POST", "/gateways/counted/api-keys", { name: "k", rights: ["RIGHT_GATEWAY_INFO"] })
    ).key;
    assert.equal((await call(stack, "GET", statsPath("counted"), { key: String(key) })).status, 403);
    await network.stop();
  });

  it("cannot be taken over from another address", async () => {
    const eui = "02534C0000006103";
    await registerGateway(api, { gatewayId: "owned", eui, frequencyPlanId });
    const events = await gatewayEvents("owned");
    const owner = await PacketForwarder.open(stack, eui);
    assert.equal(await owner.pull(), true);
    const { fCntUp } = sessions[0]!;
    await owner.pushFrames(nextFrame(sessions[0]!));
    await upOf(0, fCntUp);
    const thief = await PacketForwarder.open(stack, eui, "127.0.0.2");
    assert.equal(await thief.pull(500), false, "no PULL_ACK");
    const forged = nextFrame(sessions[1]!);
    assert.equal(await thief.push({ rxpk: [rxpk(forged)] }, 500), false, "no PUSH_ACK");
    await events.event("gs.up.drop", ({ data }) => data.name === "already_connected");
    await inbox.client.publishAsync(
      `v3/app1/devices/${identities[0]!.deviceId}/down/push`,
      JSON.stringify({ downlinks: [{ f_port: 3, frm_payload: "AQ==" }] }),
    );
    await inbox.message("/down/queued");
    await owner.pushFrames(nextFrame(sessions[0]!));
    const isPullResp = (datagram: Buffer) => datagram[3] === 3;
    await owner.received.first(isPullResp, 5000);
    assert.equal(thief.received.items.length, 0, "the downlink went to the owner");
    assert.deepEqual(
      inbox.messages.filter(({ topic }) => topic.includes(identities[1]!.deviceId)),
      [],
    );
    sessions[1]!.fCntUp--;
    events.close();
    await Promise.all([owner.close(), thief.close()]);
  });

  it("that flood are slowed down, and do not hurt the others", async (t) => {
    const flooder = await PacketForwarder.open(stack, "02534C0000006104");
    const honest = await PacketForwarder.open(stack, "02534C0000006105");
    assert.equal(await flooder.pull(), true);
    assert.equal(await honest.pull(), true);
    const flood = "skylark_gateway_server_udp_dropped_flood";
    const before = (await metrics(stack))[flood]!;
    const isFlooded = async () => (await metrics(stack))[flood]! - before > 1000;
    const header = Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from("02534C0000006104", "hex")]);
    const junk = Buffer.concat([header, Buffer.from('{"stat":{"rxnb":1}}')]);
    let flooding = true;
    const storm = (async () => {
      while (flooding) {
        for (let sent = 0; sent < 10; sent++) void flooder.sendRaw(junk);
        await sleep(2);
      }
    })();
    t.after(() => {
      flooding = false;
    });
    const latencies: number[] = [];
    for (let sent = 0; sent < 20; sent++) {
      const { fCntUp } = sessions[2]!;
      const at = performance.now();
      assert.equal(await honest.pushFrames(nextFrame(sessions[2]!)), true, "every frame is acknowledged");
      await upOf(2, fCntUp);
      latencies.push(performance.now() - at);
      await sleep(50);
    }
    for (let waited = 0; waited < 300 && !(await isFlooded()); waited++) await sleep(100);
    assert.ok(await isFlooded(), "datagrams were dropped");
    flooding = false;
    await storm;
    latencies.sort((a, b) => a - b);
    assert.ok(latencies[10]! < 2000, `half of the uplinks took more than ${latencies[10]} ms`);
    await Promise.all([flooder.close(), honest.close()]);
  });
});

describe("gateways of a closed network", () => {
  before(async () => {
    for (const session of sessions) session.fCntUp = 0;
    await prepare(["--gs.require-registered-gateways=true"]);
  });
  after(finish);

  it("are refused without registration, which an admin sees, and let in once registered", async () => {
    const eui = "02534C0000006106";
    const events = await gatewayEvents(`eui-${eui.toLowerCase()}`);
    const forwarder = await PacketForwarder.open(stack, eui);
    await forwarder.pull();
    const refused = await events.event("gs.gateway.connect.fail");
    assert.equal(refused.data.name, "gateway_eui_not_registered");
    assert.equal(refused.data.attributes.eui, eui);
    await forwarder.pushFrames(nextFrame(sessions[0]!));
    await sleep(500);
    assert.deepEqual(inbox.messages, []);
    events.close();

    await registerGateway(api, { gatewayId: "welcome", eui, frequencyPlanId });
    await forwarder.pull();
    const { fCntUp } = sessions[0]!;
    await forwarder.pushFrames(nextFrame(sessions[0]!));
    const up = await upOf(0, fCntUp);
    assert.equal(up.uplink_message.rx_metadata[0].gateway_ids.gateway_id, "welcome");
    await forwarder.close();
  });
});
