import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  errorName,
  pageDevice,
  startIdentityServer,
} from "./identity-server.fixture.ts";

test("registers the page's pageDevice, with the field mask in its body ignored, and reads it back", async (t) => {
  const server = await startIdentityServer(t);
  assert.equal((await createApplication(server)).status, 200);
  const { key } = await createKey(server, "/applications/app1", [
    "RIGHT_APPLICATION_DEVICES_READ",
    "RIGHT_APPLICATION_DEVICES_WRITE",
  ]);
  const created = await server.call("POST", "/applications/app1/devices", { key, body: pageDevice });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  assert.equal(created.body.ids.dev_eui, "70B3D57ED0000001");
  assert.equal(created.body.network_server_address, "thethings.example.com");

  const path = "/applications/app1/devices/newdev1";
  const plain = await server.call("GET", path, { key });
  assert.deepEqual(Object.keys(plain.body).sort(), ["created_at", "ids", "updated_at"]);
  const put = await server.call("PUT", path, {
    key,
    body: {
      end_device: {
        name: "First",
        description: "Hall",
        locations: { user: { latitude: 52.1, longitude: 4.9 } },
      },
      field_mask: "name,description,locations",
    },
  });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  const got = await server.call("GET", `${path}?field_mask=name,description,locations`, { key });
  assert.equal(got.status, 200);
  assert.equal(got.body.name, "First");
  assert.equal(got.body.locations.user.latitude, 52.1);
  assert.equal(got.body.network_server_address, undefined);

  const list = await server.call("GET", "/applications/app1/devices?field_mask=name", { key });
  assert.equal(list.headers["x-total-count"], "1");
  assert.equal(list.body.end_devices[0].name, "First");
});

test("the page's errors are those of the original", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_DEVICES_WRITE"]);
  const bad = structuredClone(pageDevice);
  bad.end_device.ids.device_id = "NewDev_1";
  const invalid = await server.call("POST", "/applications/app1/devices", { key, body: bad });
  assert.equal(invalid.status, 400);
  assert.equal(
    invalid.body.message,
    "error:pkg/errors:validation (invalid `end_device`: embedded message failed validation)",
  );
  const forbidden = await server.call("GET", "/applications/app1/devices/newdev1?field_mask=nam", { key });
  assert.equal(errorName(forbidden), "pkg/rpcmiddleware/validator:field_mask_paths");
  const insufficient = await server.call("GET", "/applications/app1/devices/newdev1", { key });
  assert.equal(insufficient.status, 403);
  assert.equal(errorName(insufficient), "pkg/auth/rights:insufficient_application_rights");
  assert.deepEqual(insufficient.body.details[0].attributes, {
    missing: ["RIGHT_APPLICATION_DEVICES_READ"],
    uid: "app1",
  });
});

test("an application keeps its id while it is deleted, and loses it when an admin purges it", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const owner = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_ALL"]);
  await server.call("POST", "/applications/app1/devices", { key: owner.key, body: pageDevice });
  const occupied = await server.call("DELETE", "/applications/app1", { key: owner.key });
  assert.equal(occupied.status, 400);
  assert.equal(errorName(occupied), "pkg/identityserver:application_has_devices");
  assert.equal(occupied.body.details[0].attributes.count, 1);

  await server.call("DELETE", "/applications/app1/devices/newdev1", { key: owner.key });
  assert.equal(server.forgotten[0]?.devEui, "70B3D57ED0000001");
  assert.equal((await server.call("DELETE", "/applications/app1", { key: owner.key })).status, 200);
  assert.equal(errorName(await createApplication(server)), "pkg/util/store:id_taken");
  assert.equal((await server.call("GET", "/applications/app1", { key: server.adminKey })).status, 404);
  const deleted = await server.call("GET", "/applications?deleted=true", { key: server.adminKey });
  assert.equal(deleted.body.applications[0].ids.application_id, "app1");
  assert.equal((await server.call("POST", "/applications/app1/restore", { key: owner.key })).status, 200);
  assert.equal((await server.call("GET", "/applications/app1", { key: owner.key })).status, 200);

  await server.call("DELETE", "/applications/app1", { key: owner.key });
  await server.clock.advance(25 * 3_600_000);
  const late = await server.call("POST", "/applications/app1/restore", { key: owner.key });
  assert.equal(errorName(late), "pkg/identityserver:restore_window_expired");
  const notAdmin = await server.call("DELETE", "/applications/app1/purge", { key: owner.key });
  assert.equal(errorName(notAdmin), "pkg/identityserver:admins_purge_applications");
  assert.equal(
    (await server.call("DELETE", "/applications/app1/purge", { key: server.adminKey })).status,
    200,
  );
  assert.equal((await createApplication(server)).status, 200);
  const old = await server.call("GET", "/applications/app1", { key: owner.key });
  assert.equal(errorName(old), "pkg/identityserver:api_key_not_found");
});

test("of two creations at once with one id or EUI, one succeeds and the other is told why", async (t) => {
  const server = await startIdentityServer(t);
  const applications = await Promise.all([createApplication(server), createApplication(server)]);
  assert.deepEqual(applications.map(({ status }) => status).sort(), [200, 409]);

  const create = (deviceId: string) => {
    const body = structuredClone(pageDevice);
    body.end_device.ids.device_id = deviceId;
    return server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  };
  const devices = await Promise.all([create("dev-a"), create("dev-b")]);
  const [won, lost] = devices[0]?.status === 200 ? devices : devices.toReversed();
  assert.equal(won?.status, 200);
  assert.equal(lost?.status, 409);
  assert.equal(errorName(lost!), "pkg/identityserver:end_device_euis_taken");
  assert.deepEqual(lost?.body.details[0].attributes, {
    application_id: "app1",
    dev_eui: "70B3D57ED0000001",
    device_id: won?.body.ids.device_id,
    join_eui: "0000000000000001",
  });

  const gateway = (id: string) =>
    server.call("POST", "/users/admin/gateways", {
      key: server.adminKey,
      body: { gateway: { ids: { gateway_id: id, eui: "AABBCCDDEEFF0011" } } },
    });
  const gateways = await Promise.all([gateway("gtw-a"), gateway("gtw-b")]);
  const refused = gateways.find(({ status }) => status !== 200);
  assert.equal(errorName(refused!), "pkg/identityserver:gateway_eui_taken");
});

test("a device created while its application goes never outlives it", async (t) => {
  const server = await startIdentityServer(t);
  for (let round = 0; round < 10; round++) {
    const id = `race-${round}`;
    await createApplication(server, id);
    const body = structuredClone(pageDevice);
    body.end_device.ids.dev_eui = `70B3D57ED000001${round}`;
    const [created, deleted] = await Promise.all([
      server.call("POST", `/applications/${id}/devices`, { key: server.adminKey, body }),
      server.call("DELETE", `/applications/${id}`, { key: server.adminKey }),
    ]);
    assert.notEqual(created.status === 200, deleted.status === 200, JSON.stringify([created, deleted]));
  }
});

test("reserved and malformed ids are refused", async (t) => {
  const server = await startIdentityServer(t);
  const forbidden = await createApplication(server, "admin");
  assert.equal(errorName(forbidden), "pkg/identityserver/blocklist:forbidden_id");
  assert.equal(errorName(await createApplication(server, "a")), "pkg/errors:validation");
  const short = structuredClone(pageDevice);
  short.end_device.ids.dev_eui = "70B3";
  await createApplication(server);
  const answer = await server.call("POST", "/applications/app1/devices", {
    key: server.adminKey,
    body: short,
  });
  assert.equal(answer.status, 400);
});

test("everything is there again after a restart", async (t) => {
  const first = await startIdentityServer(t);
  await createApplication(first);
  const { key } = await createKey(first, "/applications/app1", ["RIGHT_APPLICATION_ALL"]);
  await first.call("POST", "/applications/app1/devices", { key, body: pageDevice });
  const ids = { tenantId: "default", applicationId: "app1", deviceId: "newdev1" };
  first.identityServer.deviceSeen(ids, first.clock.now());
  first.identityServer.deviceLocated(ids, "frm-payload", { latitude: 1.5, longitude: 2.5 });
  await first.stop();

  const second = await startIdentityServer(t, { dataDirectory: first.dataDirectory });
  assert.equal(second.adminKey, first.adminKey);
  const path = "/applications/app1/devices/newdev1?field_mask=last_seen_at,locations";
  const got = await second.call("GET", path, { key });
  assert.equal(got.status, 200, JSON.stringify(got.body));
  assert.equal(Date.parse(got.body.last_seen_at), first.clock.now());
  assert.equal(got.body.locations["frm-payload"].latitude, 1.5);
  const profile = await second.identityServer.deviceProfile(ids);
  assert.equal(profile.locations["frm-payload"]?.longitude, 2.5);
  assert.equal(second.identityServer.deviceProfile(ids), profile);
});

test("nothing crosses tenants but the uniqueness of EUIs", async (t) => {
  const server = await startIdentityServer(t, { args: ["--tenancy.tenants=one,two"] });
  await createApplication(server);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_ALL"]);
  assert.equal(
    (await server.call("POST", "/applications/app1/devices", { key, body: pageDevice })).status,
    200,
  );
  const elsewhere = await server.call("GET", "/applications/app1", { key, host: "two.example.com" });
  assert.equal(errorName(elsewhere), "pkg/identityserver:api_key_not_found");
  const own = await server.call("GET", "/applications/app1", { key, host: "one.example.com" });
  assert.equal(own.status, 200);
  const two = readFileSync(join(server.dataDirectory, "admin-api-key@two"), "utf8").trim();
  const request = { key: two, host: "two.example.com" };
  const created = await server.call("POST", "/users/admin/applications", {
    ...request,
    body: { application: { ids: { application_id: "app1" } } },
  });
  assert.equal(created.status, 200);
  const taken = await server.call("POST", "/applications/app1/devices", { ...request, body: pageDevice });
  assert.equal(errorName(taken), "pkg/util/store:eui_taken");
  const anonymous = await server.call("GET", "/applications/app1/devices", { host: "two.example.com" });
  assert.equal(anonymous.body.details[0].attributes.uid, "app1@two");
});
