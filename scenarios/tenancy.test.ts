import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  activationOf,
  DeviceSession,
  deviceIdentity,
  registerAbpDevice,
  registerApplication,
  V3Client,
} from "@skylark/testkit";
import mqtt from "mqtt";
import { type Answer, call as callStack, type EventStream, type Parsed, streamEvents } from "./api-client.ts";
import { type Inbox, openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { shell } from "./shell.ts";
import { type StackProcess, startStackProcess } from "./stack-process.ts";

// Two tenants with the same names in both, and nothing crosses.

const tenants = ["tenant1", "tenant2"] as const;
type Tenant = (typeof tenants)[number];

let stack: StackProcess;
const adminKeys = {} as Record<Tenant, string>;
/** One device in each, under the same names. */
const identities = { tenant1: deviceIdentity(31, 1), tenant2: deviceIdentity(31, 2) };
const sessions = {} as Record<Tenant, DeviceSession>;
let forwarder: PacketForwarder;

/** A call to the host of a tenant. */
async function call(
  tenant: Tenant,
  method: string,
  path: string,
  { body, key = adminKeys[tenant] }: { body?: object; key?: string } = {},
): Promise<Answer> {
  return callStack(stack, method, path, {
    key,
    host: `${tenant}.localhost:${stack.httpPort}`,
    ...(body === undefined ? {} : { body }),
  });
}

async function made(tenant: Tenant, method: string, path: string, body: object): Promise<Parsed> {
  const answer = await call(tenant, method, path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

async function register(tenant: Tenant): Promise<void> {
  const identity = identities[tenant];
  const ids = { device_id: "dev1", dev_eui: identity.devEui };
  await made(tenant, "POST", "/users/admin/applications", {
    application: { ids: { application_id: "app1" }, name: `of ${tenant}` },
  });
  await made(tenant, "POST", "/applications/app1/devices", { end_device: { ids, name: `of ${tenant}` } });
  await made(tenant, "PUT", "/ns/applications/app1/devices/dev1", {
    end_device: {
      ids,
      supports_join: false,
      lorawan_version: "MAC_V1_0_3",
      lorawan_phy_version: "PHY_V1_0_3_REV_A",
      frequency_plan_id: "EU_863_870_TTN",
      session: { dev_addr: identity.devAddr, keys: { f_nwk_s_int_key: { key: identity.fNwkSIntKey } } },
    },
    field_mask:
      "supports_join,lorawan_version,lorawan_phy_version,frequency_plan_id,ids.dev_eui,session.dev_addr,session.keys.f_nwk_s_int_key.key",
  });
  await made(tenant, "PUT", "/as/applications/app1/devices/dev1", {
    end_device: {
      ids,
      session: { dev_addr: identity.devAddr, keys: { app_s_key: { key: identity.appSKey } } },
    },
    field_mask: "ids.dev_eui,session.dev_addr,session.keys.app_s_key.key",
  });
  const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
  assert.ok("abp" in activation);
  sessions[tenant] = new DeviceSession({ ...activation.abp, is11: false });
}

describe("a stack with two tenants", () => {
  const inboxes = {} as Record<Tenant, Inbox>;
  const streams = {} as Record<Tenant, EventStream>;

  before(async () => {
    stack = await startStackProcess({ flags: ["--tenancy.tenants=tenant1,tenant2"] });
    adminKeys.tenant1 = stack.adminKey;
    adminKeys.tenant2 = readFileSync(join(stack.dataDirectory, "admin-api-key@tenant2"), "utf8").trim();
    for (const tenant of tenants) {
      await register(tenant);
      inboxes[tenant] = await openInbox(stack, { username: `app1@${tenant}`, password: adminKeys[tenant] });
      streams[tenant] = await streamEvents(stack, [{ application_ids: { application_id: "app1" } }], {
        key: adminKeys[tenant],
        host: `${tenant}.localhost`,
      });
    }
    forwarder = await PacketForwarder.open(stack, "02534C0000000031");
    assert.equal(await forwarder.pull(), true);
  });

  after(async () => {
    for (const tenant of tenants) {
      streams[tenant]?.close();
      await inboxes[tenant]?.stop();
    }
    await forwarder?.close();
    assert.equal(await stack?.stop(), 0);
  });

  it("makes an admin for each, and the first tenant is the default one", async () => {
    assert.notEqual(adminKeys.tenant1, adminKeys.tenant2);
    assert.equal(statSync(join(stack.dataDirectory, "admin-api-key@tenant2")).mode & 0o777, 0o600);
    const byAddress = await callStack(stack, "GET", "/applications/app1?field_mask=name");
    assert.equal(byAddress.body.name, "of tenant1");
  });

  it("tells tenants apart by host name, with the same identifiers in both", async () => {
    for (const tenant of tenants) {
      const application = await call(tenant, "GET", "/applications/app1?field_mask=name");
      assert.equal(application.body.name, `of ${tenant}`);
      const device = await call(tenant, "GET", "/applications/app1/devices/dev1?field_mask=name");
      assert.equal(device.body.ids.dev_eui, identities[tenant].devEui);
      const curl = await shell(
        `curl --silent --resolve ${tenant}.localhost:${stack.httpPort}:127.0.0.1 --header 'Authorization: Bearer ${adminKeys[tenant]}' 'http://${tenant}.localhost:${stack.httpPort}/api/v3/applications/app1?field_mask=name'`,
      );
      assert.equal(JSON.parse(curl.stdout).name, `of ${tenant}`);
    }
  });

  it("knows no key of another tenant", async () => {
    for (const [mine, other] of [tenants, [...tenants].reverse()] as [Tenant, Tenant][]) {
      for (const path of [
        "/applications",
        "/applications/app1",
        "/auth_info",
        "/ns/applications/app1/devices/dev1",
      ]) {
        const answer = await call(mine, "GET", path, { key: adminKeys[other] });
        assert.equal(answer.status, 401, `${path}: ${JSON.stringify(answer.body)}`);
      }
      const events = callStack(stack, "POST", "/events", {
        key: adminKeys[other],
        host: `${mine}.localhost`,
        body: { identifiers: [{ application_ids: { application_id: "app1" } }] },
      });
      assert.equal((await events).status, 401);
      const login = mqtt.connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, {
        username: `app1@${mine}`,
        password: adminKeys[other],
        reconnectPeriod: 0,
      });
      await assert.rejects(login, { code: 5 });
    }
  });

  it("delivers uplinks and events to their own tenant only", async () => {
    for (const tenant of tenants) {
      const payload = Uint8Array.of(tenant === "tenant1" ? 1 : 2);
      assert.equal(await forwarder.pushFrames(nextFrame(sessions[tenant], { payload })), true);
    }
    for (const tenant of tenants) {
      const topic = `v3/app1@${tenant}/devices/dev1/up`;
      const up = await inboxes[tenant].message(topic);
      assert.equal(up.uplink_message.frm_payload, tenant === "tenant1" ? "AQ==" : "Ag==");
      assert.equal(up.end_device_ids.dev_eui, identities[tenant].devEui);
      assert.equal(up.end_device_ids.application_ids.application_id, "app1");
      await streams[tenant].event("as.up.data.forward");
    }
    await sleep(300);
    for (const tenant of tenants) {
      const strange = inboxes[tenant].messages.filter(({ topic }) => !topic.startsWith(`v3/app1@${tenant}/`));
      assert.deepEqual(strange, []);
      const devEuis = new Set(
        streams[tenant].events.flatMap((event) =>
          event.identifiers.flatMap(({ device_ids: ids }: Parsed) => ids?.dev_eui ?? []),
        ),
      );
      assert.deepEqual(
        [...devEuis].filter((eui) => eui !== identities[tenant].devEui),
        [],
      );
    }
  });

  it("takes downlinks under the tenant's topics, and none under another's", async () => {
    const body = (f_port: number) => JSON.stringify({ downlinks: [{ f_port, frm_payload: "vu8=" }] });
    const { client } = inboxes.tenant2;
    await client.publishAsync("v3/app1@tenant1/devices/dev1/down/push", body(1), { qos: 1 });
    await client.publishAsync("v3/app1@tenant2/devices/dev1/down/push", body(2), { qos: 1 });
    const queued = await inboxes.tenant2.message("v3/app1@tenant2/devices/dev1/down/queued");
    assert.equal(queued.downlink_queued.f_port, 2);
    const path = "/as/applications/app1/devices/dev1/down";
    assert.equal((await call("tenant2", "GET", path)).body.downlinks.length, 1);
    assert.equal((await call("tenant1", "GET", path)).body.downlinks, undefined);
  });

  it("grants no subscription to topics of another tenant", async () => {
    for (const filter of ["v3/app1@tenant2/#", "v3/app1/#", "v3/app1@tenant2/devices/+/up"]) {
      const granted = await inboxes.tenant1.client.subscribeAsync(filter).then(
        ([grant]) => grant?.qos,
        () => 128,
      );
      assert.equal(granted, 128, filter);
    }
  });

  it("keeps persistent sessions of the same client identifier apart", async () => {
    const clientId = "same";
    const open = (tenant: Tenant) =>
      openInbox(stack, { username: `app1@${tenant}`, password: adminKeys[tenant], clientId, qos: 1 });
    const both = { tenant1: await open("tenant1"), tenant2: await open("tenant2") };
    assert.equal(both.tenant1.client.connected, true, "one does not take over the other's session");
    for (const tenant of tenants) await both[tenant].client.endAsync();
    const fCnt = sessions.tenant2.fCntUp;
    await forwarder.pushFrames(nextFrame(sessions.tenant2));
    await inboxes.tenant2.message("/up", ({ uplink_message }) => uplink_message.f_cnt === fCnt);
    const again = await open("tenant1");
    const its = await open("tenant2");
    await its.message("/up", ({ uplink_message }) => uplink_message.f_cnt === fCnt);
    assert.deepEqual(again.messages, []);
    await Promise.all([again.stop(), its.stop()]);
  });

  it("refuses a tenant that does not exist", async () => {
    const login = (username: string) =>
      mqtt.connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, {
        username,
        password: adminKeys.tenant1,
        reconnectPeriod: 0,
      });
    await assert.rejects(login("app1@tenant3"), { code: 5 });
    await assert.rejects(login("app1@"), { code: 5 });
    await assert.rejects(login("app1@tenant1@tenant2"), { code: 5 });
  });

  it("deletes in one tenant what the other keeps", async () => {
    assert.equal((await call("tenant2", "DELETE", "/applications/app1/devices/dev1")).status, 200);
    assert.equal((await call("tenant2", "GET", "/ns/applications/app1/devices/dev1")).status, 404);
    assert.equal((await call("tenant1", "GET", "/ns/applications/app1/devices/dev1")).status, 200);
    const { fCntUp } = sessions.tenant1;
    await forwarder.pushFrames(nextFrame(sessions.tenant1), nextFrame(sessions.tenant2));
    await inboxes.tenant1.message("/up", ({ uplink_message }) => uplink_message.f_cnt === fCntUp);
  });
});

describe("a stack without tenants", () => {
  it("accepts the default tenant's name too", async () => {
    const single = await startStackProcess();
    const api = new V3Client({ url: `http://127.0.0.1:${single.httpPort}`, apiKey: single.adminKey });
    try {
      await registerApplication(api, "app1");
      const identity = { ...deviceIdentity(31, 3), deviceId: "dev1" };
      const device = { applicationId: "app1", version: "1.0.3", frequencyPlanId: "EU_863_870_TTN" } as const;
      await registerAbpDevice(api, { ...device, identity });
      const [named, plain] = await Promise.all(
        ["app1@default", "app1"].map((username) =>
          openInbox(single, { username, password: single.adminKey }),
        ),
      );
      const push = (userName: string) =>
        named!.client.publishAsync(
          `v3/${userName}/devices/dev1/down/push`,
          JSON.stringify({ downlinks: [{ f_port: 9, frm_payload: "AQ==" }] }),
        );
      await push("app1@default");
      await named!.message("v3/app1@default/devices/dev1/down/queued");
      await plain!.message("v3/app1/devices/dev1/down/queued");
      await Promise.all([named!.stop(), plain!.stop()]);
    } finally {
      api.close();
      assert.equal(await single.stop(), 0);
    }
  });
});
