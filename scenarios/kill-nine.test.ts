import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { decodePHYPayload } from "@skylark/lorawan";
import {
  Air,
  activationOf,
  type DeviceIdentity,
  DeviceSession,
  deviceIdentity,
  type GatewayDownlink,
  inParallel,
  randomInteger,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  SimulatedGateway,
  seededRandom,
  setFormatter,
  systemClock,
  type UplinkTransmission,
  V3Client,
  wait,
} from "@skylark/testkit";
import mqtt from "mqtt";
import { lastingPorts, type StackProcess, startStackProcess } from "./stack-process.ts";

const kills = Number(process.env.KILLS ?? 20);
/** Many, so that each is silent long enough for its receive windows. */
const deviceCount = 700;
/** Several, since each can transmit only one answer at a time. */
const gatewayEuis = Array.from({ length: 5 }, (_, index) => `02534C990000000${index}`);
const formatter =
  "function decodeUplink(input) { return { data: { n: input.bytes[0] * 256 + input.bytes[1] } }; }";

/** A device that only sends: what the network answers is read off the gateway. */
interface Sender {
  /** Of the gateway that hears it. */
  readonly gateway: number;
  readonly identity: DeviceIdentity;
  readonly session: DeviceSession;
}

let stack: StackProcess;
let flags: string[];
let gateways: SimulatedGateway[];
let senders: Sender[];
let subscriber: mqtt.MqttClient;
let sending = true;
const seed = Number(process.env.FUZZ_SEED ?? 1);
const random = seededRandom(seed);
/** Every frame that was ever sent, to be replayed. */
const sent: { readonly gateway: number; readonly transmission: UplinkTransmission }[] = [];
/** `device/fCnt` of each message as often as the durable subscriber got it. */
const received = new Map<string, number>();
/** `devAddr/fCnt` of each downlink as often as the gateway transmitted it. */
const downlinks = new Map<string, number>();
/** The frames that the gateway was given with a counter; one that it refused may come again, for the other window. */
const frames = new Map<string, Set<string>>();

before(async () => {
  flags = await lastingPorts();
  stack = await startStackProcess({ flags });
  senders = await registerSenders();
  gateways = gatewayEuis.map(
    (eui) =>
      new SimulatedGateway({
        eui,
        server: { host: "127.0.0.1", port: stack.udpPort },
        air: new Air({ clock: systemClock }),
        keepAliveMs: 100,
        onDownlink: noteDownlink,
      }),
  );
  await Promise.all(gateways.map((gateway) => gateway.start()));
  subscriber = await durableClient("durable", (topic, payload) => {
    if (!topic.endsWith("/up")) return;
    const message = JSON.parse(payload.toString());
    const counter = message.uplink_message.f_cnt ?? 0;
    assert.equal(message.uplink_message.decoded_payload.n, counter & 0xffff, "the payload of this counter");
    const key = `${message.end_device_ids.device_id}/${counter}`;
    received.set(key, (received.get(key) ?? 0) + 1);
  });
});

after(async () => {
  sending = false;
  await subscriber?.endAsync(true);
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await stack?.kill();
});

async function registerSenders(): Promise<Sender[]> {
  const api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  await registerApplication(api, "app1");
  await setFormatter(api, "app1", { uplink: formatter });
  await inParallel(gatewayEuis.length, 5, (index) =>
    registerGateway(api, {
      gatewayId: `gtw${index}`,
      eui: gatewayEuis[index]!,
      frequencyPlanId: "EU_863_870_TTN",
    }),
  );
  const identities = Array.from({ length: deviceCount }, (_, index) => deviceIdentity(99, index));
  await inParallel(deviceCount, 16, (index) =>
    registerAbpDevice(api, {
      applicationId: "app1",
      identity: identities[index]!,
      version: "1.0.3",
      frequencyPlanId: "EU_863_870_TTN",
      macSettings: { rx1_delay: 1, desired_rx1_delay: 1 },
    }),
  );
  api.close();
  return identities.map((identity, index) => {
    const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
    if (!("abp" in activation)) throw new Error("unreachable");
    const gateway = index % gatewayEuis.length;
    return { gateway, identity, session: new DeviceSession({ ...activation.abp, is11: false }) };
  });
}

function noteDownlink({ payload, error }: GatewayDownlink): void {
  const frame = decodePHYPayload(payload);
  if (frame.mType !== "unconfirmedDown" && frame.mType !== "confirmedDown") return;
  const key = `${frame.devAddr}/${frame.fCnt}`;
  const known = frames.get(key) ?? new Set();
  frames.set(key, known.add(Buffer.from(payload).toString("hex")));
  if (error === undefined) downlinks.set(key, (downlinks.get(key) ?? 0) + 1);
}

async function durableClient(
  clientId: string,
  onMessage: (topic: string, payload: Buffer) => void,
): Promise<mqtt.MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${stack.mqttPort}`, {
    clientId,
    clean: false,
    username: "app1",
    password: stack.adminKey,
    reconnectPeriod: 50,
    connectTimeout: 5000,
  });
  client.on("message", onMessage);
  client.on("error", () => {});
  await new Promise<void>((resolve) => client.once("connect", () => resolve()));
  await client.subscribeAsync("#", { qos: 2 });
  return client;
}

/** Sends the next frame of a device, every third one confirmed so that an answer is due. */
function sendNext({ session, gateway }: Sender): void {
  const fCnt = session.fCntUp;
  const payload = session.sealUplink(
    {
      confirmed: fCnt % 3 === 0,
      fCtrl: { adr: false, adrAckReq: false, ack: false, classB: false },
      commands: new Uint8Array(0),
      fPort: 1,
      payload: Uint8Array.of((fCnt >> 8) & 0xff, fCnt & 0xff),
    },
    { dataRate: 5, channel: 0 },
  );
  session.fCntUp = fCnt + 1;
  const now = systemClock.monotonicMs();
  const transmission: UplinkTransmission = {
    payload,
    frequency: [868_100_000, 868_300_000, 868_500_000][fCnt % 3]!,
    dataRate: "SF7BW125",
    startAt: now - 50,
    endAt: now,
  };
  sent.push({ gateway, transmission });
  gateways[gateway]!.hear(transmission, { rssi: -70, snr: 8 });
}

async function sendUntilStopped(): Promise<void> {
  for (let turn = 0; sending; turn++) {
    sendNext(senders[turn % senders.length]!);
    if (turn % 7 === 0 && subscriber.connected) pushDownlink(senders[turn % senders.length]!);
    await wait(systemClock, 2);
  }
}

function pushDownlink({ identity }: Sender): void {
  subscriber.publish(
    `v3/app1/devices/${identity.deviceId}/down/push`,
    JSON.stringify({ downlinks: [{ f_port: 5, frm_payload: "AQI=" }] }),
    { qos: 1 },
    () => {},
  );
}

/** Whether a message of every device has come whose counter is not below the device's of these. */
function allHeard(since: readonly number[]): boolean {
  return senders.every(({ identity, session }, index) => {
    for (let fCnt = since[index]!; fCnt < session.fCntUp; fCnt++)
      if (received.has(`${identity.deviceId}/${fCnt}`)) return true;
    return false;
  });
}

/** Waits until nothing new has arrived for a while. */
async function untilQuiet(seen: ReadonlyMap<string, number>): Promise<void> {
  for (let size = -1; size !== seen.size; ) {
    size = seen.size;
    await wait(systemClock, 3000);
  }
}

const repeated = (counts: ReadonlyMap<string, number>) => [...counts].filter(([, count]) => count !== 1);

describe(`a stack that is killed ${kills} times under load (seed ${seed})`, () => {
  it("keeps its promises", async () => {
    const traffic = sendUntilStopped();
    for (let kill = 0; kill < kills; kill++) {
      await wait(systemClock, randomInteger(random, 1900) + 100);
      await stack.kill();
      stack = await startStackProcess({ dataDirectory: stack.dataDirectory, flags });
    }
    const isEnough = () => received.size > 100 * kills && downlinks.size > 3 * kills;
    const since = senders.map(({ session }) => session.fCntUp);
    const deadline = systemClock.monotonicMs() + 60_000;
    while (!(isEnough() && allHeard(since)) && systemClock.monotonicMs() < deadline)
      await wait(systemClock, 100);
    sending = false;
    await traffic;
    // What a device sent while the stack was down is behind what is known of it now.
    assert.ok(allHeard(since), "every device is heard at last");
    await untilQuiet(received);

    assert.ok(received.size > 100 * kills, `enough was accepted: ${received.size} of ${sent.length} sent`);
    assert.ok(downlinks.size > 3 * kills, `enough was answered: ${downlinks.size}`);
    assert.deepEqual(repeated(received), [], "every message came exactly once");
    assert.deepEqual(repeated(downlinks), [], "no downlink counter was transmitted twice");
    const reused = [...frames].filter(([, each]) => each.size > 1);
    assert.deepEqual(reused, [], "no downlink counter was used for two frames");
  });

  it("accepts no frame a second time", async () => {
    const accepted = received.size;
    for (const [index, { gateway, transmission }] of sent.entries()) {
      const now = systemClock.monotonicMs();
      gateways[gateway]!.hear({ ...transmission, startAt: now - 50, endAt: now }, { rssi: -70, snr: 8 });
      if (index % 20 === 0) await wait(systemClock, 2);
    }
    await untilQuiet(received);
    assert.deepEqual(repeated(received), []);
    assert.equal(received.size, accepted);
  });

  it("loses nothing that was committed", async () => {
    await stack.stop();
    const database = new DatabaseSync(join(stack.dataDirectory, "skylark.db"), { readOnly: true });
    const rows = database.prepare("SELECT device_id, payload FROM as_messages WHERE kind = 'up'").all();
    database.close();
    const stored = rows.map((row) => {
      const message = JSON.parse(Buffer.from(row.payload as Uint8Array).toString());
      return `${row.device_id}/${message.uplink_message.f_cnt ?? 0}`;
    });
    assert.deepEqual(stored.sort(), [...received.keys()].sort());
  });
});
