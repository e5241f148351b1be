import assert from "node:assert/strict";
import { connect as connectSocket } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  activationOf,
  createApiKey,
  type DeviceIdentity,
  DeviceSession,
  deviceIdentity,
  randomBytes,
  randomInteger,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  seededRandom,
  setFormatter,
  V3Client,
} from "@skylark/testkit";
import mqtt from "mqtt";
import { call, type EventStream, metrics, type Parsed, streamEvents } from "./api-client.ts";
import { joinRequest } from "./join-request.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder, rxpk } from "./packet-forwarder.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Whatever comes in by any port gets a clear answer, changes nothing, and hurts nobody else.

const frequencyPlanId = "EU_863_870_TTN";
const gatewayEui = "02534C0000BAD001";
const healthy = "function decodeUplink(input) { return { data: { first: input.bytes[0] } }; }";

let stack: StackProcess;
let api: V3Client;
let forwarder: PacketForwarder;
let inbox: Inbox;
let neighbours: Inbox;
let events: EventStream;
let gatewayEvents: EventStream;
const [dev1, dev2, joiner] = [0, 1, 2].map((index) => deviceIdentity(77, index)) as [
  DeviceIdentity,
  DeviceIdentity,
  DeviceIdentity,
];
const session = sessionOf(dev1);
const neighbourSession = sessionOf(dev2);

function sessionOf(identity: DeviceIdentity): DeviceSession {
  const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
  assert.ok("abp" in activation);
  return new DeviceSession({ ...activation.abp, is11: false });
}

before(async () => {
  stack = await startStackProcess();
  api = new V3Client({ url: `http://127.0.0.1:${stack.httpPort}`, apiKey: stack.adminKey });
  for (const applicationId of ["app1", "app2"]) {
    await registerApplication(api, applicationId);
    await setFormatter(api, applicationId, { uplink: healthy });
  }
  const device = { version: "1.0.3", frequencyPlanId } as const;
  await registerAbpDevice(api, { ...device, applicationId: "app1", identity: { ...dev1, deviceId: "dev1" } });
  await registerAbpDevice(api, { ...device, applicationId: "app2", identity: { ...dev2, deviceId: "dev2" } });
  await registerOtaaDevice(api, {
    ...device,
    applicationId: "app1",
    identity: { ...joiner, deviceId: "joiner" },
  });
  await registerGateway(api, { gatewayId: "gtw1", eui: gatewayEui, frequencyPlanId });
  inbox = await openInbox(stack, { username: "app1", password: stack.adminKey });
  neighbours = await openInbox(stack, { username: "app2", password: stack.adminKey });
  events = await streamEvents(stack, [{ application_ids: { application_id: "app1" } }]);
  gatewayEvents = await streamEvents(stack, [{ gateway_ids: { gateway_id: "gtw1" } }]);
  forwarder = await PacketForwarder.open(stack, gatewayEui);
  assert.equal(await forwarder.pull(), true);
});

after(async () => {
  events?.close();
  gatewayEvents?.close();
  await Promise.all([inbox?.stop(), neighbours?.stop(), forwarder?.close()]);
  api?.close();
  assert.equal(await stack?.stop(), 0);
});

const devicePath = "/applications/app1/devices/dev1";
const pushPath = `/as${devicePath}/down/push`;

/** Everything that bad input might have changed. */
async function state(): Promise<Parsed> {
  const paths = [
    "/applications",
    "/gateways?field_mask=name,gateway_server_address",
    "/applications/app1/devices?field_mask=name",
    "/applications/app1/api-keys",
    `/as${devicePath}/down`,
    `/ns${devicePath}?field_mask=session.last_f_cnt_up,session.dev_addr`,
    "/js/applications/app1/devices/joiner?field_mask=last_dev_nonce,last_join_nonce",
  ];
  const answers = await Promise.all(paths.map((path) => call(stack, "GET", path)));
  return Object.fromEntries(answers.map(({ status, body }, index) => [paths[index], { status, body }]));
}

/** Nothing is different afterwards. */
async function changesNothing(action: () => Promise<void>): Promise<void> {
  const before = await state();
  await action();
  assert.deepEqual(await state(), before);
}

interface Expected {
  readonly status: number;
  readonly message: RegExp;
}

async function refused(
  method: string,
  path: string,
  options: Parameters<typeof call>[3],
  { status, message }: Expected,
): Promise<Parsed> {
  const answer = await call(stack, method, path, options);
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  assert.match(answer.body.message, message, `${method} ${path}`);
  assert.equal(typeof answer.body.code, "number");
  return answer.body;
}

/** A frame of each application's device arrives decoded. */
async function bothAreServed(): Promise<void> {
  const [mine, other] = [session.fCntUp, neighbourSession.fCntUp];
  await forwarder.pushFrames(
    nextFrame(session, { payload: Uint8Array.of(42) }),
    nextFrame(neighbourSession, { payload: Uint8Array.of(43) }),
  );
  const up = await inbox.message("/up", ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === mine);
  assert.deepEqual(up.uplink_message.decoded_payload, { first: 42 });
  const others = await neighbours.message(
    "/up",
    ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === other,
  );
  assert.deepEqual(others.uplink_message.decoded_payload, { first: 43 });
}

describe("bad input over HTTP", () => {
  it("is answered when it is no JSON, or JSON of the wrong shape", () =>
    changesNothing(async () => {
      const bodies: [string | Uint8Array, RegExp][] = [
        ["{", /./],
        ['{"downlinks":[}', /./],
        ["nonsense", /./],
        ["[]", /./],
        ["null", /./],
        ['"text"', /./],
        ['{"downlinks":7}', /downlinks/],
        ['{"downlinks":{"f_port":1}}', /downlinks/],
        ['{"downlinks":[7]}', /downlinks/],
        ['{"downlinks":[{"f_port":"x"}]}', /f_port/],
        ['{"downlinks":[{"f_port":1.5}]}', /f_port/],
        ['{"downlinks":[{"f_port":-1}]}', /f_port/],
        ['{"downlinks":[{"f_port":1e99}]}', /f_port/],
        ['{"downlinks":[{"f_port":1,"frm_payload":"***"}]}', /frm_payload/],
        ['{"downlinks":[{"f_port":1,"frm_payload":[1]}]}', /frm_payload/],
        ['{"downlinks":[{"f_port":1,"priority":"SOON"}]}', /priority/],
        ['{"downlinks":[{"f_port":1,"confirmed":"perhaps"}]}', /confirmed/],
        [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, /./],
        [`${'{"downlinks":['.repeat(5000)}`, /./],
        [Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /UTF-8/],
      ];
      for (const [body, message] of bodies) {
        await refused("POST", pushPath, { body }, { status: 400, message });
      }
      const strange = await call(stack, "POST", pushPath, {
        body: '{"downlinks":[],"__proto__":{"f_port":1}}',
      });
      assert.ok(strange.status === 200 || strange.status === 400);
    }));

  it("names what does not exist", () =>
    changesNothing(async () => {
      const notFound = { status: 404, message: /not_?\s?found/i };
      await refused("GET", "/applications/app1/devices/nobody", {}, notFound);
      await refused("GET", "/ns/applications/app1/devices/nobody", {}, notFound);
      await refused("GET", "/as/applications/app1/devices/nobody", {}, notFound);
      await refused("GET", "/js/applications/app1/devices/nobody", {}, notFound);
      await refused("DELETE", "/applications/app1/devices/nobody", {}, notFound);
      await refused("GET", "/applications/nowhere", {}, notFound);
      const body = { downlinks: [{ f_port: 1, frm_payload: "vu8=" }] };
      await refused("POST", "/as/applications/app1/devices/nobody/down/push", { body }, notFound);
      await refused("GET", "/no/such/thing", {}, { status: 404, message: /Not Found/ });
    }));

  it("is refused with an EUI of the wrong length, or one that is taken", () =>
    changesNothing(async () => {
      for (const devEui of ["70B3D5", "70B3D57ED000000100", "70B3D57ED000000G", "", 7]) {
        const body = { end_device: { ids: { device_id: "dev9", dev_eui: devEui } } };
        if (devEui === "") continue;
        await refused("POST", "/applications/app1/devices", { body }, { status: 400, message: /dev_eui/ });
      }
      const session = { dev_addr: "26011", keys: { f_nwk_s_int_key: { key: "0011" } } };
      const short = { end_device: { session }, field_mask: "session.dev_addr,session.keys" };
      await refused("PUT", `/ns${devicePath}`, { body: short }, { status: 400, message: /dev_addr|key/ });
      const taken = (applicationId: string) => ({
        body: {
          end_device: {
            ids: {
              device_id: "dev9",
              application_ids: { application_id: applicationId },
              dev_eui: joiner.devEui,
              join_eui: joiner.joinEui,
            },
          },
        },
      });
      for (const applicationId of ["app1", "app2"]) {
        await refused("POST", `/applications/${applicationId}/devices`, taken(applicationId), {
          status: 409,
          message: /end_device_euis_taken/,
        });
      }
      const gateway = { gateway: { ids: { gateway_id: "gtw2", eui: gatewayEui } } };
      await refused("POST", "/users/admin/gateways", { body: gateway }, { status: 409, message: /eui/ });
      const again = { application: { ids: { application_id: "app1" } } };
      await refused("POST", "/users/admin/applications", { body: again }, { status: 409, message: /taken/ });
    }));

  it("is refused when it is too large, however it is sent", () =>
    changesNothing(async () => {
      const tooLarge = { status: 400, message: /too large/ };
      const huge = `{"downlinks":[{"frm_payload":"${"A".repeat(17 * 1024 * 1024)}"}]}`;
      await refused("POST", pushPath, { body: huge }, tooLarge);
      const status = await new Promise<string>((resolve, reject) => {
        const socket = connectSocket(stack.httpPort, "127.0.0.1");
        socket.once("data", (bytes) => resolve(bytes.toString().split("\r\n")[0]!));
        socket.once("error", reject);
        socket.write(
          `POST /api/v3${pushPath} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${stack.adminKey}\r\nContent-Length: 99999999999\r\n\r\n`,
        );
      });
      assert.match(status, /HTTP\/1.1 (400|413)/);
      const longMask = `?field_mask=${"name,".repeat(5000)}name`;
      const long = await call(stack, "GET", `${devicePath}${longMask}`);
      assert.ok([200, 400, 414, 431].includes(long.status));
    }));

  it("is refused with a key that is wrong, lacks the right, has expired or is deleted", () =>
    changesNothing(async () => {
      const key = await createApiKey(api, "app1", { rights: ["RIGHT_APPLICATION_INFO"] });
      const { api_keys: keys } = (await call(stack, "GET", "/applications/app1/api-keys")).body;
      const id = keys.at(-1).id;
      const body = { downlinks: [{ f_port: 1, frm_payload: "vu8=" }] };
      const missing = await refused("POST", pushPath, { body, key }, { status: 403, message: /rights/ });
      assert.deepEqual(missing.details[0].attributes.missing, ["RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"]);
      await refused(
        "GET",
        "/applications/app2?field_mask=description",
        { key },
        { status: 403, message: /rights/ },
      );
      const unauthenticated = { status: 401, message: /./ };
      for (const wrong of ["x", "NNSXS.AAA"]) {
        await refused("GET", "/applications/app1", { key: wrong }, { status: 400, message: /token/ });
      }
      for (const wrong of ["NNSXS.AAA.BBB", `${key}A`, key.slice(0, -1), `${key}\u00e9`]) {
        await refused("GET", "/applications/app1", { key: wrong }, unauthenticated);
      }
      await refused("POST", pushPath, { body, key: "" }, { status: 401, message: /not authenticated/ });
      assert.equal((await call(stack, "GET", "/applications/app1", { key })).status, 200);
      assert.equal((await call(stack, "DELETE", `/applications/app1/api-keys/${id}`)).status, 200);
      await refused("GET", "/applications/app1", { key }, unauthenticated);

      const short = await call(stack, "POST", "/applications/app1/api-keys", {
        body: {
          name: "short",
          rights: ["RIGHT_APPLICATION_INFO"],
          expires_at: new Date(Date.now() + 3000).toISOString(),
        },
      });
      const expiring = { key: short.body.key };
      assert.equal((await call(stack, "GET", "/applications/app1", expiring)).status, 200);
      await sleep(3100);
      await refused("GET", "/applications/app1", expiring, { status: 401, message: /expired/ });
      assert.equal((await call(stack, "DELETE", `/applications/app1/api-keys/${short.body.id}`)).status, 200);
    }));
});

describe("bad input over UDP", () => {
  it("is dropped when its MIC is wrong or its counter was used, and shows as an event", async () => {
    session.fCntUp = 5;
    const older = nextFrame(session, { payload: Uint8Array.of(41) });
    await forwarder.pushFrames(older);
    const latest = nextFrame(session, { payload: Uint8Array.of(42) });
    await forwarder.pushFrames(latest);
    await inbox.message("/up", ({ uplink_message }) => uplink_message.f_cnt === 6);
    const forged = nextFrame(session);
    forged[forged.length - 1]! ^= 0x01;
    session.fCntUp--;
    // What comes sooner is a copy by another gateway.
    await sleep(1500);
    await changesNothing(async () => {
      const delivered = inbox.messages.length;
      const unmatched = async () => (await metrics(stack)).skylark_network_server_uplinks_unmatched!;
      const before = await unmatched();
      assert.equal(await forwarder.pushFrames(forged), true, "the gateway itself did nothing wrong");
      assert.equal(await forwarder.pushFrames(older), true);
      const tooLow = await events.event("ns.up.data.drop", ({ data }) => data.name === "f_cnt_too_low");
      assert.equal(tooLow.identifiers[0].device_ids.device_id, "dev1");
      assert.equal(await forwarder.pushFrames(latest), true);
      await events.event("ns.up.data.drop", ({ data }) => data.name === "duplicate_uplink");
      assert.equal(await unmatched(), before + 1);
      assert.equal(inbox.messages.length, delivered, "nothing was delivered");
    });
  });

  it("refuses a join-request with a wrong MIC, and one that is replayed", async () => {
    const forged = joinRequest(joiner, 7);
    forged[forged.length - 1]! ^= 0x01;
    await changesNothing(async () => {
      assert.equal(await forwarder.pushFrames(forged), true);
      const dropped = await events.event("ns.up.join.drop");
      assert.equal(dropped.identifiers[0].device_ids.device_id, "joiner");
    });
    const genuine = joinRequest(joiner, 8);
    assert.equal(await forwarder.pushFrames(genuine), true);
    await inbox.message("devices/joiner/join");
    // Longer than copies from other gateways are taken for copies.
    await sleep(7000);
    await changesNothing(async () => {
      const seen = events.events.filter(({ name }) => name === "ns.up.join.drop").length;
      assert.equal(await forwarder.pushFrames(genuine), true);
      const drops = () => events.events.filter(({ name }) => name === "ns.up.join.drop");
      for (let waited = 0; drops().length === seen && waited < 100; waited++) await sleep(50);
      assert.match(JSON.stringify(drops().at(-1)?.data), /nonce/);
    });
    const joins = inbox.messages.filter(({ topic }) => topic.endsWith("devices/joiner/join"));
    assert.equal(joins.length, 1);
  });

  it("drops datagrams that are cut off, too long or not of the protocol", () =>
    changesNothing(async () => {
      const counters = await metrics(stack);
      const good = Buffer.concat([
        Buffer.from([2, 1, 2, 0]),
        Buffer.from(gatewayEui, "hex"),
        Buffer.from(JSON.stringify({ rxpk: [rxpk(nextFrame(session))] })),
      ]);
      session.fCntUp--;
      for (const length of [0, 1, 3, 4, 11]) await forwarder.sendRaw(good.subarray(0, length));
      for (const length of [12, 13, 40, good.length - 1]) await forwarder.sendRaw(good.subarray(0, length));
      await forwarder.sendRaw(Buffer.concat([good, Buffer.alloc(60_000, 0x20)]));
      for (const version of [0, 3, 255]) await forwarder.sendRaw(Buffer.from([version, ...good.subarray(1)]));
      for (const type of [1, 3, 4, 6, 255]) {
        await forwarder.sendRaw(Buffer.from([2, 0, 0, type, ...good.subarray(4)]));
      }
      assert.equal(await forwarder.pull(), true);
      const now = await metrics(stack);
      const grown = (name: string) => {
        const metric = Object.keys(now).find((key) => key.endsWith(`dropped_${name}`))!;
        return now[metric]! - counters[metric]!;
      };
      assert.equal(grown("too_short"), 5);
      assert.equal(grown("too_long"), 1);
      assert.equal(grown("protocol_version"), 3);
      assert.equal(grown("packet_type"), 5);
      assert.equal(grown("json"), 4);
    }));

  it("drops a frame that its gateway describes wrongly, and the others beside it are taken", async () => {
    const strange: Record<string, Record<string, unknown>> = {
      "02534C0000BAD101": { data: "###" },
      "02534C0000BAD102": { data: 7 },
      "02534C0000BAD103": { datr: "SF99BW125" },
      "02534C0000BAD104": { datr: null },
      "02534C0000BAD105": { freq: "high" },
      "02534C0000BAD106": { tmst: "later" },
      "02534C0000BAD107": { freq: -1 },
      "02534C0000BAD108": { data: "A".repeat(2000) },
    };
    for (const [eui, changes] of Object.entries(strange)) {
      const gatewayId = `eui-${eui.toLowerCase()}`;
      const stream = await streamEvents(stack, [{ gateway_ids: { gateway_id: gatewayId } }]);
      const one = await PacketForwarder.open(stack, eui);
      assert.equal(await one.pull(), true);
      const { fCntUp } = session;
      const bad = rxpk(Uint8Array.of(1, 2, 3), changes);
      assert.equal(await one.push({ rxpk: [bad, rxpk(nextFrame(session))] }), true);
      const dropped = await stream.event("gs.up.drop");
      assert.ok(dropped.data.attributes.reason.length > 0, JSON.stringify(changes));
      await inbox.message("/up", ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === fCntUp);
      stream.close();
      await one.close();
    }
  });
});

/** What a server answers to raw bytes, and whether it hung up. */
function rawMqtt(
  bytes: Uint8Array,
  { waitMs = 2500 } = {},
): Promise<{ readonly answer: Buffer; readonly closed: boolean }> {
  return new Promise((resolve) => {
    const socket = connectSocket(stack.mqttPort, "127.0.0.1");
    let answer: Buffer = Buffer.alloc(0);
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer, closed });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
    });
    socket.on("error", () => finish(true));
    socket.on("end", () => finish(true));
    socket.write(bytes);
  });
}

function connectPacket(fields: {
  protocol?: string;
  level?: number;
  flags?: number;
  password?: string;
}): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const { protocol = "MQTT", level = 4, flags = 0xc2, password = stack.adminKey } = fields;
  const body = Buffer.concat([
    text(protocol),
    Buffer.from([level, flags, 0, 60]),
    ...[text("raw"), text("app1"), text(password)],
  ]);
  return Buffer.concat([Buffer.from([0x10, 0x80 | (body.length & 0x7f), body.length >> 7]), body]);
}

describe("bad input over MQTT", () => {
  it("ends the connection of who does not speak the protocol", () =>
    changesNothing(async () => {
      const good = connectPacket({});
      const { answer } = await rawMqtt(good, { waitMs: 500 });
      assert.deepEqual([...answer], [0x20, 2, 0, 0]);
      const strange: [string, Uint8Array, readonly number[]][] = [
        ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n"), []],
        ["no CONNECT first", Buffer.from([0xc0, 0]), []],
        ["a length of five bytes", Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x7f]), []],
        ["a CONNECT of 256 MB", Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]), []],
        ["another protocol", connectPacket({ protocol: "MQTX" }), [0x20, 2, 0, 1]],
        ["another version", connectPacket({ level: 9 }), [0x20, 2, 0, 1]],
        ["the reserved flag", connectPacket({ flags: 0xc3 }), []],
        ["a second CONNECT", Buffer.concat([good, good]), [0x20, 2, 0, 0]],
        ["a reserved packet", Buffer.concat([good, Buffer.from([0x00, 0])]), [0x20, 2, 0, 0]],
        ["SUBSCRIBE without a filter", Buffer.concat([good, Buffer.from([0x82, 2, 0, 1])]), [0x20, 2, 0, 0]],
        ["QoS 3", Buffer.concat([good, Buffer.from([0x36, 5, 0, 1, 0x61, 0, 1])]), [0x20, 2, 0, 0]],
        [
          "a topic with a wildcard",
          Buffer.concat([good, Buffer.from([0x30, 3, 0, 1, 0x23])]),
          [0x20, 2, 0, 0],
        ],
        [
          "a topic that is no UTF-8",
          Buffer.concat([good, Buffer.from([0x30, 4, 0, 2, 0xc0, 0x80])]),
          [0x20, 2, 0, 0],
        ],
        [
          "a PUBLISH of 2 MB",
          Buffer.concat([good, Buffer.from([0x30, 0x80, 0x80, 0x80, 1])]),
          [0x20, 2, 0, 0],
        ],
      ];
      for (const [what, bytes, expected] of strange) {
        const { answer, closed } = await rawMqtt(bytes);
        assert.equal(closed, true, what);
        assert.deepEqual([...answer], expected, what);
      }
    }));

  it("refuses a login with a wrong key, and with no right to traffic", async () => {
    const key = await createApiKey(api, "app1", { rights: ["RIGHT_APPLICATION_INFO"] });
    const login = (username: string, password: string) =>
      mqtt.connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, { username, password, reconnectPeriod: 0 });
    await assert.rejects(login("app1", "nonsense"), { code: 5 });
    await assert.rejects(login("App 1", stack.adminKey), { code: 5 });
    await assert.rejects(login("nowhere", stack.adminKey), { code: 5 });
    await assert.rejects(login("app2", key), { code: 5 });
  });

  it("answers a bad downlink with down/failed, and changes nothing", () =>
    changesNothing(async () => {
      const publish = (body: string) =>
        inbox.client.publishAsync("v3/app1/devices/dev1/down/push", body, { qos: 1 });
      const failures = () => inbox.messages.filter(({ topic }) => topic.endsWith("dev1/down/failed")).length;
      const failEvents = () => events.events.filter(({ name }) => /publish\.fail/.test(name)).length;
      for (const body of [
        "{",
        "[]",
        '{"downlinks":7}',
        '{"downlinks":[{"f_port":300,"frm_payload":"AQ=="}]}',
      ]) {
        const [failed, shown] = [failures(), failEvents()];
        await publish(body);
        for (let waited = 0; failures() === failed && failEvents() === shown && waited < 60; waited++)
          await sleep(50);
        assert.ok(failures() > failed || failEvents() > shown, body);
      }
    }));

  it("cuts a session off when its key is deleted, and mutes it when the key loses the right to read", async () => {
    const made = await call(stack, "POST", "/applications/app1/api-keys", {
      body: {
        name: "cut",
        rights: ["RIGHT_APPLICATION_TRAFFIC_READ", "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"],
      },
    });
    const reader = await openInbox(stack, { username: "app1", password: made.body.key });
    const second = await openInbox(stack, { username: "app1", password: made.body.key });
    const path = `/applications/app1/api-keys/${made.body.id}`;
    const changed = await call(stack, "PUT", path, {
      body: { api_key: { rights: ["RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"] }, field_mask: "rights" },
    });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await sleep(5500);
    await bothAreServed();
    await sleep(200);
    assert.equal(reader.messages.length, 0);
    assert.equal((await call(stack, "DELETE", path)).status, 200);
    const inTime = AbortSignal.timeout(8000);
    await Promise.race([
      Promise.all([reader.closed, second.closed]),
      new Promise((_, reject) =>
        inTime.addEventListener("abort", () => reject(new Error("the sessions live on"))),
      ),
    ]);
    await Promise.all([reader.stop(), second.stop()]);
  });

  it("ends a stream of events whose key is deleted", async () => {
    const made = await call(stack, "POST", "/applications/app1/api-keys", {
      body: { name: "watch", rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] },
    });
    const watching = await streamEvents(stack, [{ application_ids: { application_id: "app1" } }], {
      key: made.body.key,
    });
    await bothAreServed();
    await watching.event("as.up.data.forward");
    assert.equal((await call(stack, "DELETE", `/applications/app1/api-keys/${made.body.id}`)).status, 200);
    const seen = watching.events.length;
    await bothAreServed();
    await assert.rejects(watching.event("no.such.event"), /ended/);
    assert.equal(watching.events.filter((event) => event !== undefined).length, seen);
  });
});

describe("a bad formatter", () => {
  const bad: Record<string, string> = {
    throws: "function decodeUplink() { throw new Error('broken'); }",
    "is no program": "function decodeUplink( {",
    "has no decoder": "var x = 1;",
    "returns nothing": "function decodeUplink() {}",
    "returns text": "function decodeUplink() { return 'x'; }",
    "returns a cycle": "function decodeUplink() { var a = {}; a.a = a; return { data: a }; }",
    "returns data of the wrong type": "function decodeUplink() { return { data: [1, 2] }; }",
    "returns a promise": "async function decodeUplink() { return { data: {} }; }",
    recurses: "function decodeUplink() { return decodeUplink(); }",
    // After these an application has to wait.
    loops: "function decodeUplink() { for (;;) {} }",
    "takes all memory": "function decodeUplink() { var a = []; for (;;) a.push(new Array(1000).fill(1)); }",
  };

  it("that loops in a burst of messages is waited for once, not for each", async () => {
    const identity = deviceIdentity(77, 3);
    await registerApplication(api, "app3");
    await setFormatter(api, "app3", { uplink: "function decodeUplink() { for (;;) {} }" });
    const device = { applicationId: "app3", version: "1.0.3", frequencyPlanId } as const;
    await registerAbpDevice(api, { ...device, identity });
    const third = await openInbox(stack, { username: "app3", password: stack.adminKey });
    const looping = sessionOf(identity);
    const other = session.fCntUp;
    const burst = Array.from({ length: 30 }, () => nextFrame(looping));
    const sentAt = performance.now();
    await forwarder.pushFrames(...burst.slice(0, 15));
    await forwarder.pushFrames(...burst.slice(15));
    await forwarder.pushFrames(nextFrame(session, { payload: Uint8Array.of(7) }));
    const up = await inbox.message("/up", ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === other);
    const delayMs = performance.now() - sentAt;
    assert.deepEqual(up.uplink_message.decoded_payload, { first: 7 });
    // Waited for each of them, they would take three seconds.
    assert.ok(delayMs < 2500, `the other application waited ${delayMs} ms`);
    for (const fCnt of [0, 29])
      await third.message("/up", ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === fCnt);
    assert.equal(third.messages.length, burst.length);
    await third.stop();
  });

  after(async () => {
    await setFormatter(api, "app1", { uplink: healthy });
    // The suspension of the application outlasts the script that brought it about.
    await sleep(2500);
  });

  for (const [what, script] of Object.entries(bad)) {
    it(`that ${what} costs its message the decoded payload, and nobody else anything`, async () => {
      const set = await call(stack, "PUT", "/as/applications/app1/link", {
        body: {
          link: {
            default_formatters: { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: script },
          },
          field_mask: "default_formatters.up_formatter,default_formatters.up_formatter_parameter",
        },
      });
      assert.equal(set.status, 200, JSON.stringify(set.body));
      const [mine, other] = [session.fCntUp, neighbourSession.fCntUp];
      await forwarder.pushFrames(nextFrame(session));
      const sentAt = performance.now();
      await forwarder.pushFrames(nextFrame(neighbourSession, { payload: Uint8Array.of(9) }));
      const others = await neighbours.message(
        "/up",
        ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === other,
      );
      assert.deepEqual(others.uplink_message.decoded_payload, { first: 9 });
      const delayMs = performance.now() - sentAt;
      assert.ok(delayMs < 10_000, `the other application waited ${delayMs} ms`);
      const up = await inbox.message("/up", ({ uplink_message }) => (uplink_message.f_cnt ?? 0) === mine);
      assert.equal(up.uplink_message.frm_payload, "AQ==");
      assert.equal(up.uplink_message.decoded_payload, undefined, JSON.stringify(up.uplink_message));
    });
  }
});

const seed = 20261121;

describe(`random bytes at all ports (seed ${seed})`, () => {
  const random = seededRandom(seed);

  /** A good example with some bytes changed, or bytes without any sense. */
  function mutated(example: Uint8Array): Uint8Array {
    if (random() < 0.3) return randomBytes(random, randomInteger(random, 300));
    const bytes = Uint8Array.from(example);
    for (let changes = randomInteger(random, 6); changes >= 0 && bytes.length > 0; changes--)
      bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
    return bytes.subarray(0, random() < 0.3 ? randomInteger(random, bytes.length) : bytes.length);
  }

  async function garbageOverUdp(count: number): Promise<void> {
    const stranger = await PacketForwarder.open(stack, "02534C0000BAD999");
    const header = Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from("02534C0000BAD999", "hex")]);
    const example = () =>
      Buffer.concat([
        header,
        Buffer.from(JSON.stringify({ rxpk: [rxpk(randomBytes(random, 30))], stat: {} })),
      ]);
    for (let sent = 0; sent < count; sent++) {
      await stranger.sendRaw(mutated(example()));
      if (sent % 50 === 0) await sleep(1);
    }
    await stranger.close();
  }

  /** Sends bytes and hangs up. */
  function hitAndRun(port: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const socket = connectSocket(port, "127.0.0.1");
      const done = () => {
        socket.destroy();
        resolve();
      };
      socket.on("error", done);
      socket.on("close", done);
      socket.on("data", done);
      socket.setTimeout(30, done);
      socket.end(bytes);
    });
  }

  async function garbageOverTcp(count: number): Promise<void> {
    const request = Buffer.from(
      `POST /api/v3${pushPath} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${stack.adminKey.slice(0, -4)}\r\nContent-Length: 15\r\n\r\n{"downlinks":7}`,
    );
    const login = connectPacket({ password: "nonsense" });
    for (let sent = 0; sent < count; sent += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          index % 2 === 0
            ? hitAndRun(stack.httpPort, mutated(request))
            : hitAndRun(stack.mqttPort, mutated(login)),
        ),
      );
    }
  }

  it("leave the server alive, with its memory and its state", async () => {
    await changesNothing(async () => {
      const round = () => Promise.all([garbageOverUdp(2000), garbageOverTcp(400)]);
      await round();
      const before = (await metrics(stack)).skylark_process_resident_memory_bytes!;
      await round();
      await round();
      const now = (await metrics(stack)).skylark_process_resident_memory_bytes!;
      assert.ok(now - before < 50e6, `memory grew by ${Math.round((now - before) / 1e6)} MB`);
    });
    await bothAreServed();
    const errors = stack.log.filter((line) => line.includes('"level":"error"'));
    assert.deepEqual(errors, []);
  });
});
