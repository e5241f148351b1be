import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  ApplicationRegistry,
  createClient,
  decodeBase64,
  type EndDevice,
  type Event,
  NsEndDeviceRegistry,
  type SkylarkClient,
  SkylarkError,
  type Uplink,
} from "@skylark/sdk";
import { activationOf, DeviceSession, deviceIdentity } from "@skylark/testkit";
import { Arrivals } from "./arrivals.ts";
import { openInbox } from "./mqtt-inbox.ts";
import { nextFrame, PacketForwarder } from "./packet-forwarder.ts";
import { lastingPorts, type StackProcess, startStackProcess } from "./stack-process.ts";

// Our own SDK for V3 against the whole stack.

let stack: StackProcess;
let client: SkylarkClient;
let url: string;
const identity = deviceIdentity(91, 0);
const activation = activationOf(identity, { kind: "abp", version: "1.0.3" });
assert.ok("abp" in activation);
const session = new DeviceSession({ ...activation.abp, is11: false });
const personalized: EndDevice = {
  ids: { device_id: "abp1", dev_eui: identity.devEui },
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  session: {
    dev_addr: identity.devAddr,
    keys: { f_nwk_s_int_key: { key: identity.fNwkSIntKey }, app_s_key: { key: identity.appSKey } },
  },
};
const otaa: EndDevice = {
  ids: { device_id: "otaa1", dev_eui: "70B3D57ED0000091", join_eui: "0000000000000001" },
  name: "Door",
  attributes: { floor: "2" },
  lorawan_version: "MAC_V1_0_3",
  lorawan_phy_version: "PHY_V1_0_3_REV_A",
  frequency_plan_id: "EU_863_870_TTN",
  supports_join: true,
  root_keys: { app_key: { key: "01010101010101010101010101010101" } },
  mac_settings: { rx2_data_rate_index: 3 },
};

before(async () => {
  stack = await startStackProcess();
  url = `http://127.0.0.1:${stack.httpPort}`;
  client = createClient({ url, apiKey: stack.adminKey });
});

after(async () => {
  assert.equal(await stack?.stop(), 0);
});

const rejects = (promise: Promise<unknown>, code: string, name?: string) =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof SkylarkError, String(error));
    assert.equal(error.code, code, error.message);
    if (name !== undefined) assert.equal(error.name, name);
    return true;
  });

describe("entities", () => {
  it("creates, gets, changes, finds, deletes and restores each kind", async () => {
    await client.applications.create({
      ids: { application_id: "app1" },
      name: "first",
      attributes: { place: "roof" },
    });
    const app = await client.applications.update("app1", { description: "of the SDK", attributes: {} });
    assert.equal(app.description, "of the SDK");
    const whole = await client.applications.get("app1");
    assert.deepEqual([whole.name, whole.description, whole.attributes], ["first", "of the SDK", undefined]);
    assert.equal((await client.applications.get("app1", { fields: ["name"] })).description, undefined);

    const organization = { ids: { organization_id: "org1" }, name: "Org" };
    await client.organizations.create(organization, { owner: { user: "admin" } });
    const gateway = {
      ids: { gateway_id: "gtw1", eui: "00800000A0000091" },
      frequency_plan_ids: ["EU_863_870_TTN"],
    };
    await client.gateways.create(gateway, { owner: { organization: "org1" } });
    assert.deepEqual((await client.gateways.get("gtw1")).frequency_plan_ids, ["EU_863_870_TTN"]);
    assert.deepEqual(
      (await client.gateways.list({ collaborator: { organization: "org1" } }).all()).map(
        ({ ids }) => ids?.gateway_id,
      ),
      ["gtw1"],
    );
    await client.clients.create({ ids: { client_id: "client1" }, grants: ["GRANT_AUTHORIZATION_CODE"] });
    assert.deepEqual((await client.clients.get("client1")).grants, ["GRANT_AUTHORIZATION_CODE"]);
    await client.users.create({
      ids: { user_id: "user1" },
      primary_email_address: "u@example.com",
      password: "Passw0rd1234",
    });
    assert.equal((await client.users.update("user1", { name: "One" })).name, "One");
    assert.equal((await client.users.search({ name_contains: "On" }).all()).length, 1);
    const found = await client.applications.search({ attributes_contain: { place: "roof" } }).all();
    assert.equal(found.length, 0, "the attributes were cleared");

    await client.organizations.delete("org1");
    await rejects(client.organizations.get("org1"), "NOT_FOUND", "organization_not_found");
    assert.equal((await client.organizations.list({ deleted: true }).all()).length, 1);
    await client.organizations.restore("org1");
    assert.equal((await client.organizations.get("org1")).name, "Org");
  });

  it("walks through lists of several pages", async () => {
    const names = Array.from({ length: 7 }, (_, index) => `many-${index}`);
    for (const name of names) await client.applications.create({ ids: { application_id: name } });
    const listed = client.applications.list({ pageSize: 3, order: "application_id" });
    const found: string[] = [];
    for await (const { ids } of listed) found.push(ids?.application_id ?? "");
    assert.deepEqual(found, ["app1", ...names]);
    assert.equal(await listed.count(), 8);
    const generic = client.list(ApplicationRegistry.List, { limit: 5, field_mask: "name" });
    assert.equal((await generic.all()).length, 8);
    for (const name of names) await client.applications.purge(name);
  });

  it("manages API keys and collaborators, and says what a key may do", async () => {
    const { apiKeys, collaborators } = client.applications;
    const made = await apiKeys.create("app1", { name: "reader", rights: ["RIGHT_APPLICATION_INFO"] });
    const reader = createClient({ url, apiKey: async () => made.key ?? "" });
    assert.deepEqual(await reader.applications.rights("app1"), ["RIGHT_APPLICATION_INFO"]);
    await rejects(reader.applications.delete("app1"), "PERMISSION_DENIED");
    await apiKeys.update("app1", made.id ?? "", { name: "renamed" });
    assert.deepEqual((await apiKeys.get("app1", made.id ?? "")).rights, ["RIGHT_APPLICATION_INFO"]);
    assert.deepEqual(
      (await apiKeys.list("app1").all()).map(({ name }) => name),
      ["renamed"],
    );
    await apiKeys.delete("app1", made.id ?? "");
    await rejects(reader.applications.rights("app1"), "UNAUTHENTICATED");

    await collaborators.set("app1", "user1", ["RIGHT_APPLICATION_INFO"]);
    assert.deepEqual((await collaborators.get("app1", { user: "user1" })).rights, ["RIGHT_APPLICATION_INFO"]);
    assert.equal((await collaborators.list("app1").all()).length, 2);
    await collaborators.delete("app1", { user: "user1" });
    assert.equal((await client.authInfo()).is_admin, true);
  });
});

describe("end devices", () => {
  it("registers on all servers in one call, and shows, changes and deletes the whole", async () => {
    await client.endDevices.register("app1", otaa);
    await client.endDevices.register("app1", personalized);
    assert.equal((await client.endDevices.check("app1", "otaa1")).complete, true);
    const whole = await client.endDevices.get("app1", "otaa1", { withKeys: true });
    assert.equal(whole.root_keys?.app_key?.key, "01010101010101010101010101010101");
    assert.deepEqual(
      [whole.name, whole.mac_settings, whole.supports_join],
      ["Door", { rx2_data_rate_index: 3 }, true],
    );
    await client.endDevices.update("app1", "otaa1", {
      description: "front",
      mac_settings: { rx1_delay: 5 },
      formatters: { up_formatter: "FORMATTER_CAYENNELPP" },
    });
    const changed = await client.endDevices.get("app1", "otaa1");
    assert.deepEqual(changed.mac_settings, { rx1_delay: 5, rx2_data_rate_index: 3 });
    assert.equal(changed.formatters?.up_formatter, "FORMATTER_CAYENNELPP");
    assert.equal(changed.root_keys, undefined, "keys only when they are asked for");
    const request = { end_device_ids: whole.ids ?? {}, field_mask: "supports_join" };
    assert.equal((await client.call(NsEndDeviceRegistry.Get, request)).supports_join, true);
    assert.equal(await client.endDevices.list("app1").count(), 2);
    assert.equal((await client.endDevices.search("app1", { dev_eui_contains: "0091" }).all()).length, 1);
    await client.endDevices.delete("app1", "otaa1");
    await rejects(client.endDevices.get("app1", "otaa1"), "NOT_FOUND", "end_device_not_found");
  });

  it("says what a server refuses, with its attributes, and leaves nothing behind", async () => {
    await assert.rejects(
      client.endDevices.register("app1", { ...otaa, frequency_plan_id: "XX" }),
      (error) => {
        assert.ok(error instanceof SkylarkError);
        assert.deepEqual(
          [error.code, error.namespace, error.name, error.status],
          ["INVALID_ARGUMENT", "pkg/networkserver", "field_value", 400],
        );
        assert.equal(error.attributes.field, "frequency_plan_id");
        return true;
      },
    );
    await rejects(client.endDevices.get("app1", "otaa1"), "NOT_FOUND");
  });
});

describe("traffic", () => {
  it("shows uplinks and events, and queues downlinks", async () => {
    const uplinks = client.uplinks("app1", { deviceId: "abp1" });
    const events = client.events([{ application: "app1" }, { gateway: "gtw1" }], {
      names: ["/^as\\.up\\.data\\./", "gs.up.receive"],
    });
    const nextUplink = uplinks.next();
    const nextEvent = events.next();
    const forwarder = await PacketForwarder.open(stack, "00800000A0000091");
    // Once more until the streams are open.
    const sending = setInterval(() => {
      void forwarder.pushFrames(nextFrame(session, { fPort: 7, payload: Uint8Array.of(1, 2, 254) }));
    }, 300);
    const { value: up } = (await nextUplink) as { value: Uplink };
    const { value: event } = (await nextEvent) as { value: Event };
    clearInterval(sending);
    assert.deepEqual([up.uplink_message.f_port, up.end_device_ids?.device_id], [7, "abp1"]);
    assert.deepEqual([...decodeBase64(up.uplink_message.frm_payload ?? "")], [1, 2, 254]);
    assert.match(event.name ?? "", /^(as\.up\.data\.|gs\.up\.receive)/);
    await Promise.all([uplinks.return(), events.return()]);

    await client.downlinks.push("app1", "abp1", { f_port: 3, frm_payload: Uint8Array.of(1, 2) });
    await client.downlinks.push("app1", "abp1", [{ f_port: 4, frm_payload: "Aw==" }]);
    const queue = await client.downlinks.list("app1", "abp1");
    assert.deepEqual(
      queue.map(({ f_port, frm_payload }) => [f_port, frm_payload]),
      [
        [3, "AQI="],
        [4, "Aw=="],
      ],
    );
    await client.downlinks.clear("app1", "abp1");
    assert.deepEqual(await client.downlinks.list("app1", "abp1"), []);
    await forwarder.close();
  });

  it("simulates uplinks for integrations", async () => {
    const { username = "" } = await client.applications.mqttConnectionInfo("app1");
    const inbox = await openInbox(stack, { username, password: stack.adminKey });
    await client.simulateUplink("app1", "abp1", { f_port: 9, frm_payload: Uint8Array.of(9) });
    const { simulated, uplink_message } = await inbox.message("/devices/abp1/up");
    assert.deepEqual([simulated, uplink_message.f_port, uplink_message.frm_payload], [true, 9, "CQ=="]);
    await inbox.stop();
  });

  it("loses and doubles nothing when the connection breaks", async () => {
    const proxy = await breakingProxy(stack.httpPort);
    const behind = createClient({ url: `http://127.0.0.1:${proxy.port}`, apiKey: stack.adminKey });
    const stop = new AbortController();
    const counts: number[] = [];
    let reconnections = 0;
    const reading = (async () => {
      const options = { signal: stop.signal, onReconnect: () => reconnections++ };
      for await (const { uplink_message } of behind.uplinks("app1", options)) {
        counts.push(uplink_message.f_cnt ?? 0);
        if (counts.length % 5 === 0) proxy.breakAll();
      }
    })();
    await proxy.opened;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const forwarder = await PacketForwarder.open(stack, "00800000A0000091");
    const first = session.fCntUp;
    for (let sent = 0; sent < 20; sent++) {
      // So that each of the interruptions is one of its own.
      while (counts.length < sent - 3) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(await forwarder.pushFrames(nextFrame(session, { fPort: 1 })));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const deadline = Date.now() + 20_000;
    while (counts.length < 20 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort();
    await reading;
    assert.deepEqual(
      counts,
      Array.from({ length: 20 }, (_, index) => first + index),
    );
    assert.ok(reconnections >= 3, String(reconnections));
    await forwarder.close();
    await proxy.close();
  });

  it("goes on when the server was killed and is back", async () => {
    const flags = await lastingPorts();
    const first = await startStackProcess({ flags });
    const { dataDirectory } = first;
    const restarted = createClient({ url: `http://127.0.0.1:${first.httpPort}`, apiKey: first.adminKey });
    await restarted.applications.create({ ids: { application_id: "app2" } });
    await restarted.endDevices.register("app2", personalized);
    const reconnected = new Arrivals<unknown>();
    const events = restarted.events(
      { application: "app2" },
      { onReconnect: (error) => reconnected.add(error) },
    );
    const uplinks = restarted.uplinks("app2");
    const [nextEvent, nextUplink] = [events.next(), uplinks.next()];
    await new Promise((resolve) => setTimeout(resolve, 500));
    await first.kill();
    await reconnected.first(() => true);
    const second = await startStackProcess({ flags, dataDirectory });
    const forwarder = await PacketForwarder.open(second, "00800000A0000093");
    const again = new DeviceSession({ ...activation.abp, is11: false });
    const sending = setInterval(() => void forwarder.pushFrames(nextFrame(again, { fPort: 6 })), 300);
    assert.equal(((await nextUplink).value as Uplink).uplink_message.f_port, 6);
    assert.ok(((await nextEvent).value as Event).name);
    clearInterval(sending);
    await Promise.all([uplinks.return(), events.return()]);
    await forwarder.close();
    assert.equal(await second.stop(), 0);
  });

  it("ends by break, by a signal, and with the error of who may not listen", async () => {
    const signal = AbortSignal.timeout(300);
    for await (const _ of client.events({ application: "app1" }, { signal, names: ["gs.up.receive"] })) {
      assert.fail("nothing happens");
    }
    const stranger = createClient({
      url,
      apiKey: "NNSXS.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAA",
    });
    await rejects(stranger.uplinks("app1").next(), "UNAUTHENTICATED");
    for await (const { name } of client.events({ application: "app1" }, { tail: 1 })) {
      assert.ok(name !== undefined);
      break;
    }
  });
});

/** Hands requests on, and cuts every connection when told to. */
async function breakingProxy(targetPort: number) {
  const { request } = await import("node:http");
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port: targetPort, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
      open();
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    opened,
    breakAll: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
