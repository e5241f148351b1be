import assert from "node:assert/strict";
import { test } from "node:test";
import { createApplication, errorName, startIdentityServer } from "../identity-server.fixture.ts";

test("devices are deleted in batches, those that there are, and unless told otherwise on every server", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const batches: unknown[] = [];
  server.events.subscribe(
    { subjects: [{ kind: "application", ids: { tenantId: "default", applicationId: "app1" } }] },
    ({ definition, data }) => {
      if (definition.name.includes("delete")) batches.push([definition.name, data?.json]);
    },
  );
  for (const id of ["dev-a", "dev-b", "dev-c"]) {
    const body = { end_device: { ids: { device_id: id } } };
    await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  }
  const batch = (ids: string, headers = {}) =>
    server.call("DELETE", `/applications/app1/devices/batch?${ids}`, { key: server.adminKey, headers });
  assert.equal((await batch("device_ids=missing")).status, 200);
  assert.deepEqual(batches, []);
  assert.equal((await batch("device_ids=dev-b&device_ids=dev-a&device_ids=missing")).status, 200);
  const application_ids = { application_id: "app1" };
  const end_device_ids = [
    { device_id: "dev-a", application_ids },
    { device_id: "dev-b", application_ids },
  ];
  assert.deepEqual(batches, [["end_device.batch.delete", { end_device_ids }]]);
  assert.deepEqual(
    server.forgotten.map(({ deviceId }) => deviceId),
    ["dev-a", "dev-b"],
  );
  assert.equal((await batch("device_ids=dev-c", { "X-Skylark-Cascade": "false" })).status, 200);
  assert.equal(server.forgotten.length, 2);
});

test("lists page, sort and count", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  for (let index = 0; index < 5; index++) {
    const body = { end_device: { ids: { device_id: `dev-${index}` }, name: `name ${9 - index}` } };
    await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  }
  const ids = async (query: string) => {
    const answer = await server.call("GET", `/applications/app1/devices?${query}`, { key: server.adminKey });
    assert.equal(answer.headers["x-total-count"], "5", JSON.stringify(answer.body));
    return answer.body.end_devices.map((each: { ids: { device_id: string } }) => each.ids.device_id);
  };
  assert.deepEqual(await ids("limit=2&page=2"), ["dev-2", "dev-3"]);
  assert.deepEqual(await ids("order=-device_id&limit=2"), ["dev-4", "dev-3"]);
  assert.deepEqual(await ids("order=name&limit=1"), ["dev-4"]);
  const wrong = await server.call("GET", "/applications/app1/devices?order=secret", { key: server.adminKey });
  assert.equal(wrong.status, 400);
  const many = await server.call("GET", "/applications/app1/devices?limit=1001", { key: server.adminKey });
  assert.equal(errorName(many), "pkg/errors:validation");
});

test("a change of a device is an event that names the changed fields, to those who may read the device", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const events: unknown[] = [];
  server.events.subscribe(
    { subjects: [{ kind: "application", ids: { tenantId: "default", applicationId: "app1" } }] },
    ({ definition, data }) => events.push([definition.name, ...definition.visibility, data?.json]),
  );
  const path = "/applications/app1/devices";
  const body = { end_device: { ids: { device_id: "dev1" } } };
  await server.call("POST", path, { key: server.adminKey, body });
  await server.call("PUT", `${path}/dev1`, {
    key: server.adminKey,
    body: { end_device: { name: "x" }, field_mask: { paths: ["name"] } },
  });
  await server.call("DELETE", `${path}/dev1`, { key: server.adminKey });
  const right = "RIGHT_APPLICATION_DEVICES_READ";
  assert.deepEqual(events, [
    ["end_device.create", right, undefined],
    ["end_device.update", right, ["name"]],
    ["end_device.delete", right, undefined],
  ]);
});

test("the answer to who sets times of activity says of them what is read afterwards", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const path = "/applications/app1/devices";
  const key = server.adminKey;
  const times = (fraction: string) => ({
    activated_at: `2026-11-22T01:02:03.${fraction}Z`,
    last_seen_at: `2026-11-22T01:02:04.${fraction}Z`,
  });
  const shown = ({ body }: { body: ReturnType<typeof times> }) => ({
    activated_at: body.activated_at,
    last_seen_at: body.last_seen_at,
  });
  const set = async (verb: string, at: string, end_device: object) => {
    const field_mask = { paths: ["activated_at", "last_seen_at"] };
    const answer = await server.call(verb, at, { key, body: { end_device, field_mask } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const read = await server.call("GET", `${path}/dev1?field_mask=activated_at,last_seen_at`, { key });
    assert.deepEqual(shown(answer), shown(read));
    return shown(read);
  };
  const made = await set("POST", path, { ids: { device_id: "dev1" }, ...times("123456789") });
  assert.deepEqual(made, times("123"));
  assert.deepEqual(await set("PUT", `${path}/dev1`, times("987321123")), times("987"));
});

test("an application that names its servers holds its devices to them", async (t) => {
  const server = await startIdentityServer(t);
  const application = { ids: { application_id: "app1" }, network_server_address: "ns.example.com" };
  await server.call("POST", "/users/admin/applications", { key: server.adminKey, body: { application } });
  const create = (address: string) =>
    server.call("POST", "/applications/app1/devices", {
      key: server.adminKey,
      body: { end_device: { ids: { device_id: "dev1" }, network_server_address: address } },
    });
  assert.equal(
    errorName(await create("other.example.com")),
    "pkg/identityserver:network_server_address_mismatch",
  );
  assert.equal((await create("ns.example.com:8884")).status, 200);
});

test("what was never registered here is not known here, until it is", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
  const { identityServer } = server;
  assert.equal(await identityServer.deviceKnown(ids), false);
  assert.deepEqual(await identityServer.deviceProfile(ids), { locations: {}, attributes: {} });
  const body = { end_device: { ids: { device_id: "dev1" }, attributes: { floor: "3" } } };
  await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  assert.equal(await identityServer.deviceKnown(ids), true);
  assert.deepEqual((await identityServer.deviceProfile(ids)).attributes, { floor: "3" });
  await server.call("DELETE", "/applications/app1/devices/dev1", { key: server.adminKey });
  assert.equal(await identityServer.deviceKnown(ids), false);
});

test("who hears of a deletion can still look up what was remembered of the device", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
  const body = { end_device: { ids: { device_id: "dev1" }, attributes: { floor: "3" } } };
  await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  const remembered = await server.identityServer.deviceProfile(ids);
  const found: unknown[] = [];
  server.events.subscribe({ subjects: [{ kind: "device", ids }] }, ({ definition }) => {
    if (definition.name === "end_device.delete") found.push(server.identityServer.deviceProfile(ids));
  });
  await server.call("DELETE", "/applications/app1/devices/dev1", { key: server.adminKey });
  assert.deepEqual(found, [remembered]);
});

test("of two deletions of one device at once, one finds it gone", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const body = { end_device: { ids: { device_id: "dev1" } } };
  await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body });
  const remove = () => server.call("DELETE", "/applications/app1/devices/dev1", { key: server.adminKey });
  const answers = await Promise.all([remove(), remove()]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404]);
});

test("a list shows what changed since a time, in each order that the API knows", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const path = "/applications/app1/devices";
  const key = server.adminKey;
  for (const [id, eui] of [
    ["dev-a", "3"],
    ["dev-b", "1"],
    ["dev-c", "2"],
  ]) {
    const ids = { device_id: id, dev_eui: eui!.repeat(16), join_eui: "1".repeat(16) };
    await server.call("POST", path, { key, body: { end_device: { ids, description: `text ${eui}` } } });
    await server.clock.advance(1000);
  }
  const since = new Date(server.clock.now() - 1).toISOString();
  await server.clock.advance(1000);
  await server.call("PUT", `${path}/dev-b`, {
    key,
    body: { end_device: { name: "x" }, field_mask: { paths: ["name"] } },
  });
  await server.clock.advance(1000);
  const idsOf = (answer: { body: { end_devices?: readonly { ids: { device_id: string } }[] } }) =>
    (answer.body.end_devices ?? []).map(({ ids }) => ids.device_id);
  const filtered = await server.call("POST", `${path}/filter`, {
    key,
    body: { filters: [{ updated_since: since }], field_mask: "name" },
  });
  assert.equal(filtered.status, 200, JSON.stringify(filtered.body));
  assert.deepEqual(idsOf(filtered), ["dev-b"]);
  assert.equal(filtered.headers["x-total-count"], "1");
  const orders: readonly [order: string, expected: readonly string[]][] = [
    ["device_id", ["dev-a", "dev-b", "dev-c"]],
    ["-device_id", ["dev-c", "dev-b", "dev-a"]],
    ["dev_eui", ["dev-b", "dev-c", "dev-a"]],
    ["-dev_eui", ["dev-a", "dev-c", "dev-b"]],
    ["description", ["dev-b", "dev-c", "dev-a"]],
    ["created_at", ["dev-a", "dev-b", "dev-c"]],
    ["-created_at", ["dev-c", "dev-b", "dev-a"]],
  ];
  for (const [order, expected] of orders) {
    assert.deepEqual(idsOf(await server.call("GET", `${path}?order=${order}`, { key })), expected, order);
  }
  for (const order of ["join_eui", "name", "last_seen_at"]) {
    assert.equal((await server.call("GET", `${path}?order=-${order}`, { key })).status, 200, order);
  }
});

test("the application's servers hold its devices to them, and reserved identifiers are refused", async (t) => {
  const server = await startIdentityServer(t);
  const key = server.adminKey;
  const application = {
    ids: { application_id: "app1" },
    network_server_address: "ns.example.com",
    application_server_address: "as.example.com",
    join_server_address: "js.example.com",
  };
  await server.call("POST", "/users/admin/applications", { key, body: { application } });
  const create = (end_device: object) =>
    server.call("POST", "/applications/app1/devices", { key, body: { end_device } });
  for (const name of ["network", "application", "join"]) {
    const other = { ids: { device_id: "dev1" }, [`${name}_server_address`]: "other.example.com" };
    assert.equal(errorName(await create(other)), `pkg/identityserver:${name}_server_address_mismatch`);
  }
  const fits = { ids: { device_id: "dev1" }, network_server_address: "NS.example.com:8884" };
  assert.equal((await create(fits)).status, 200);
  const body = {
    end_device: { join_server_address: "other.example.com" },
    field_mask: { paths: ["join_server_address"] },
  };
  const changed = await server.call("PUT", "/applications/app1/devices/dev1", { key, body });
  assert.equal(errorName(changed), "pkg/identityserver:join_server_address_mismatch");
  const reserved = await create({ ids: { device_id: "admin" } });
  assert.equal(errorName(reserved), "pkg/identityserver/blocklist:forbidden_id");
  assert.equal(errorName(await create({ ids: { device_id: "dev1" } })), "pkg/util/store:id_taken");
});

test("a claim authentication code must not end before it begins, nor have an end of nothing", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const key = server.adminKey;
  const [early, late] = ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
  const create = (device_id: string, claim_authentication_code: object) =>
    server.call("POST", "/applications/app1/devices", {
      key,
      body: { end_device: { ids: { device_id }, claim_authentication_code } },
    });
  const refused = "pkg/identityserver:claim_authentication_code";
  assert.equal(errorName(await create("dev1", { value: "A", valid_from: late, valid_to: early })), refused);
  assert.equal((await create("dev1", { value: "A", valid_from: late })).status, 200);
  const change = (claim_authentication_code: object | undefined, ...paths: string[]) =>
    server.call("PUT", "/applications/app1/devices/dev1", {
      key,
      body: { end_device: { claim_authentication_code }, field_mask: { paths } },
    });
  assert.equal(errorName(await change({ valid_to: early }, "claim_authentication_code.valid_to")), refused);
  assert.equal((await change(undefined, "claim_authentication_code")).status, 200);
  const validity = ["valid_from", "valid_to"].map((name) => `claim_authentication_code.${name}`);
  assert.equal(errorName(await change({ valid_from: early, valid_to: late }, ...validity)), refused);
});
