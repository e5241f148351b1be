import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseEUI64 } from "@skylark/lorawan";
import { Browser, logIn } from "../account/browser.fixture.ts";
import {
  createUser,
  errorName,
  pageDevice,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";

const adminKey = "14596c0bdb9b11f6a97273e7c09167531571efa5898274e48660ee8d08f62b67";
const withKey = ["--tenancy.enabled=true", `--tenancy.admin-keys=${adminKey}`];
const asTenantAdmin = { headers: { Authorization: `TenantAdminKey ${adminKey}` } };

function manage(server: TestServer, verb: string, path: string, body?: unknown) {
  return server.call(verb, path, { ...asTenantAdmin, body });
}

/** Creates a tenant without an initial user; gives back how its admin, whom the server makes, calls it. */
async function found(server: TestServer, id: string, more: object = {}) {
  const created = await manage(server, "POST", "/tenants", { tenant: { ids: { tenant_id: id }, ...more } });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const key = (await readFile(join(server.dataDirectory, `admin-api-key@${id}`), "utf8")).trim();
  const host = `${id}.example.com`;
  return (verb: string, path: string, body?: unknown) => server.call(verb, path, { key, host, body });
}

const application = (id = "app1") => ({ application: { ids: { application_id: id }, name: id } });

test("creates, shows, changes and deletes tenants, each of which works at once", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const call = await found(server, "tenant1", { name: "One", attributes: { plan: "gold" } });
  assert.equal((await call("POST", "/users/admin/applications", application())).status, 200);
  assert.equal((await server.call("GET", "/applications/app1", { key: server.adminKey })).status, 404);

  const shown = await manage(server, "GET", "/tenants/tenant1?field_mask=name,attributes,state");
  assert.deepEqual(
    [shown.body.name, shown.body.attributes, shown.body.state],
    ["One", { plan: "gold" }, "STATE_APPROVED"],
  );
  const changed = await manage(server, "PUT", "/tenants/tenant1", {
    tenant: { name: "First" },
    field_mask: "name",
  });
  assert.equal(changed.body.name, "First");
  const listed = await manage(server, "GET", "/tenants?order=-tenant_id&field_mask=name");
  assert.deepEqual(
    listed.body.tenants.map((tenant: { ids: object; name?: string }) => [tenant.ids, tenant.name]),
    [
      [{ tenant_id: "tenant1" }, "First"],
      [{ tenant_id: "default" }, undefined],
    ],
  );
  assert.equal(listed.headers["x-total-count"], "2");
  const again = await manage(server, "POST", "/tenants", { tenant: { ids: { tenant_id: "tenant1" } } });
  assert.equal(errorName(again), "pkg/util/store:id_taken");

  assert.equal((await manage(server, "DELETE", "/tenants/tenant1")).status, 200);
  assert.equal(
    errorName(await manage(server, "GET", "/tenants/tenant1")),
    "skylark/tenancy:tenant_not_found",
  );
  // Without base domains the host of a tenant that is gone is a host like any other.
  assert.equal(errorName(await call("GET", "/applications/app1")), "pkg/identityserver:api_key_not_found");
  const byDefault = await manage(server, "DELETE", "/tenants/default");
  assert.equal(errorName(byDefault), "skylark/tenancy:default_tenant");
  const stillTaken = await manage(server, "POST", "/tenants", { tenant: { ids: { tenant_id: "tenant1" } } });
  assert.equal(errorName(stillTaken), "pkg/util/store:id_taken");
});

test("makes the initial user an admin of the tenant, and nobody else", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const create = (initial_user: object) =>
    manage(server, "POST", "/tenants", { tenant: { ids: { tenant_id: "tenant1" } }, initial_user });
  const alice = {
    ids: { user_id: "alice" },
    primary_email_address: "alice@example.com",
    password: "Secret Words 7",
  };
  const { password: _, ...withoutPassword } = alice;
  assert.equal(errorName(await create(withoutPassword)), "skylark/tenancy:initial_user_without_password");
  const weak = await create({ ...alice, password: "short" });
  assert.equal(errorName(weak), "pkg/identityserver:password_strength_min_length");
  assert.equal((await create(alice)).status, 200);
  const totals = await manage(server, "GET", "/tenants/tenant1/registry-totals");
  assert.equal(Number(totals.body.users), 1);
  await assert.rejects(readFile(join(server.dataDirectory, "admin-api-key@tenant1")));
});

test("keeps tenants over a restart, with those that the configuration names", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  await found(server, "tenant1");
  await found(server, "tenant2");
  await manage(server, "DELETE", "/tenants/tenant2");
  const key = (await readFile(join(server.dataDirectory, "admin-api-key@tenant1"), "utf8")).trim();
  await server.stop();
  const again = await startIdentityServer(t, {
    dataDirectory: server.dataDirectory,
    args: [...withKey, "--tenancy.tenants=default,tenant3", "--tenancy.base-domains=example.com"],
  });
  const status = async (host: string) =>
    errorName(await again.call("GET", "/applications", { key, host: `${host}.example.com` }));
  assert.equal(await status("tenant1"), "200 without details");
  assert.equal(await status("tenant2"), "skylark/tenancy:tenant_not_found");
  assert.equal(await status("tenant3"), "pkg/identityserver:api_key_not_found");
});

test("a tenant that is not approved can be used by nobody, and its gateways cannot connect", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const call = await found(server, "tenant1");
  await call("POST", "/users/admin/applications", application());
  const eui = "AABBCCDDEEFF0011";
  await call("POST", "/users/admin/gateways", { gateway: { ids: { gateway_id: "gtw1", eui } } });
  const key = (await readFile(join(server.dataDirectory, "admin-api-key@tenant1"), "utf8")).trim();
  const login = () =>
    server.identityServer.authenticateApplication(
      { tenantId: "tenant1", applicationId: "app1" },
      key,
      "127.0.0.1",
    );
  assert.ok((await login()).rights.has("RIGHT_APPLICATION_INFO"));
  const mustAuthenticate = async () =>
    (await server.identityServer.gatewayRegistry.findByEui(parseEUI64(eui)))?.requireAuthenticatedConnection;
  assert.equal(await mustAuthenticate(), false);
  const told: (boolean | undefined)[] = [];
  server.identityServer.gatewayRegistry.onGatewayChanged((_, gateway) =>
    told.push(gateway?.requireAuthenticatedConnection),
  );
  const set = async (state: string) => {
    const answer = await manage(server, "PUT", "/tenants/tenant1", {
      tenant: { state },
      field_mask: "state",
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  };
  for (const state of ["suspended", "rejected", "requested"]) {
    await set(`STATE_${state.toUpperCase()}`);
    assert.equal(errorName(await call("GET", "/applications/app1")), `skylark/tenancy:tenant_${state}`);
    await assert.rejects(login(), { name: `skylark/tenancy:tenant_${state}` });
    assert.equal(await mustAuthenticate(), true);
  }
  await set("STATE_APPROVED");
  assert.equal((await call("GET", "/applications/app1")).status, 200);
  assert.equal(await mustAuthenticate(), false);
  assert.deepEqual(told, [true, true, true, false]);
});

test("lets in tenant admins only: by key, or as admins of the default tenant while there is no key", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const call = await found(server, "tenant1");
  const name = async (headers: Record<string, string>) =>
    errorName(await server.call("GET", "/tenants", { headers }));
  assert.equal(await name({ Authorization: `tenantadminkey ${adminKey}` }), "200 without details");
  assert.equal(
    await name({ Authorization: `TenantAdminKey ${adminKey.replace("1", "2")}` }),
    "skylark/tenancy:invalid_tenant_admin_key",
  );
  assert.equal(await name({}), "pkg/identityserver:unauthenticated");
  const denied = "skylark/tenancy:not_tenant_admin";
  assert.equal(errorName(await server.call("GET", "/tenants", { key: server.adminKey })), denied);
  assert.equal(errorName(await call("GET", "/tenants")), denied);
  // The key opens tenants, not what is in them.
  const inside = await server.call("GET", "/applications/app1", asTenantAdmin);
  assert.equal(inside.status, 401);
  assert.equal((await server.call("GET", "/search/applications", asTenantAdmin)).status, 401);

  const keyless = await startIdentityServer(t, { args: ["--tenancy.tenants=default,tenant1"] });
  assert.equal((await keyless.call("GET", "/tenants", { key: keyless.adminKey })).status, 200);
  const other = (await readFile(join(keyless.dataDirectory, "admin-api-key@tenant1"), "utf8")).trim();
  const byOther = await keyless.call("GET", "/tenants", { key: other, host: "tenant1.example.com" });
  assert.equal(errorName(byOther), denied);

  const single = await startIdentityServer(t);
  const off = await single.call("GET", "/tenants", { key: single.adminKey });
  assert.equal(errorName(off), "skylark/tenancy:tenancy_not_enabled");
});

test("holds a tenant to its limits, however many try at once", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const call = await found(server, "tenant1", { max_applications: "3", max_gateways: "0", max_users: 1 });
  const ids = ["app1", "app2", "app3", "app4", "app5", "app6"];
  const answers = await Promise.all(
    ids.map((id) => call("POST", "/users/admin/applications", application(id))),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
  const refused = answers.find(({ status }) => status !== 200)!;
  assert.equal(errorName(refused), "skylark/tenancy:tenant_limit_reached");
  assert.equal(refused.status, 400);
  const reached = async (path: string, body: object) => errorName(await call("POST", path, body));
  const limit = "skylark/tenancy:tenant_limit_reached";
  assert.equal(await reached("/users/admin/gateways", { gateway: { ids: { gateway_id: "gtw1" } } }), limit);
  const bob = { ids: { user_id: "bob" }, password: "Secret Words 7", primary_email_address: "b@example.com" };
  assert.equal(await reached("/users", { user: bob }), limit);
  // What is unset is without limit.
  const taken = ids.filter((_, index) => answers[index]!.status === 200);
  const devices = `/applications/${taken[0]}/devices`;
  assert.equal((await call("POST", devices, pageDevice)).status, 200);

  // What is deleted makes room, and cannot come back once the room is taken.
  assert.equal((await call("DELETE", `/applications/${taken[1]}`)).status, 200);
  assert.equal((await call("POST", "/users/admin/applications", application("app7"))).status, 200);
  assert.equal(errorName(await call("POST", `/applications/${taken[1]}/restore`)), limit);
  assert.equal((await call("DELETE", `/applications/${taken[1]}/purge`)).status, 200);
  assert.equal(await reached("/users/admin/applications", application("app8")), limit);
  assert.equal((await call("DELETE", "/applications/app7/purge")).status, 200);
  assert.equal((await call("POST", "/users/admin/applications", application("app8"))).status, 200);

  // A limit below what is there refuses what is new; a higher one lets it in.
  const setLimits = async (tenant: object, field_mask: string) => {
    const answer = await manage(server, "PUT", "/tenants/tenant1", { tenant, field_mask });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  };
  await setLimits({ max_applications: "1", max_end_devices: "1" }, "max_applications,max_end_devices");
  assert.equal(await reached("/users/admin/applications", application("app9")), limit);
  assert.equal(
    (await call("PUT", `/applications/${taken[0]}`, { ...application(), field_mask: "name" })).status,
    200,
  );
  const second = { end_device: { ids: { device_id: "second" } } };
  assert.equal(await reached(devices, second), limit);
  assert.equal((await call("DELETE", `${devices}/newdev1`)).status, 200);
  assert.equal((await call("POST", devices, second)).status, 200);
  await setLimits({}, "max_applications");
  assert.equal((await call("POST", "/users/admin/applications", application("app9"))).status, 200);
});

test("counts what tenants have, and says whose device or gateway has an EUI", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const one = await found(server, "tenant1");
  await found(server, "tenant2");
  await one("POST", "/users/admin/applications", application());
  await one("POST", "/applications/app1/devices", pageDevice);
  const eui = "AABBCCDDEEFF0011";
  const gateway = {
    gateway: { ids: { gateway_id: "gtw1", eui }, name: "Roof", frequency_plan_id: "EU_863_870" },
  };
  await one("POST", "/users/admin/gateways", gateway);

  const totals = await manage(
    server,
    "GET",
    "/tenants/tenant1/registry-totals?field_mask=applications,end_devices",
  );
  assert.deepEqual(totals.body, { applications: "1", end_devices: "1" });
  const batch = await manage(server, "POST", "/tenants/registry-totals", {
    tenant_ids: [{ tenant_id: "tenant1" }, { tenant_id: "tenant2" }],
    field_mask: "gateways,users",
  });
  assert.deepEqual(batch.body.totals, [
    { tenant_ids: { tenant_id: "tenant1" }, totals: { gateways: "1", users: "1" } },
    { tenant_ids: { tenant_id: "tenant2" }, totals: { users: "1" } },
  ]);

  const info = await manage(server, "POST", "/tenants/gateways/info", { eui, field_mask: "name" });
  assert.deepEqual([info.body.tenant_ids, info.body.gateway.name], [{ tenant_id: "tenant1" }, "Roof"]);
  assert.equal((await manage(server, "POST", "/tenants/gateways/release-eui", { eui })).status, 200);
  const gone = await manage(server, "POST", "/tenants/gateways/info", { eui });
  assert.equal(errorName(gone), "pkg/identityserver/store:gateway_not_found_by_eui");
  assert.equal((await one("GET", "/gateways/gtw1")).body.ids.eui, undefined);
  const claimed = await server.call("POST", "/users/admin/gateways", { key: server.adminKey, body: gateway });
  assert.equal(claimed.status, 200, JSON.stringify(claimed.body));
});

test("the session of a tenant's user works for the API, in its own tenant alone", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  await found(server, "tenant1");
  await createUser(server, "user1");
  const browser = await logIn(server, { userId: "user1" });
  const headers = { Cookie: `_session=${browser.cookies.get("_session")}` };
  const own = await server.call("GET", "/auth_info", { headers });
  assert.equal(own.body.user_session?.user_ids.user_id, "user1", JSON.stringify(own.body));
  const other = await server.call("GET", "/auth_info", { headers, host: "tenant1.example.com" });
  assert.equal(errorName(other), "pkg/identityserver:token_not_found");
});

test("the pages for accounts are there for tenants that are served, and for no others", async (t) => {
  const args = [...withKey, "--tenancy.base-domains=example.com"];
  const server = await startIdentityServer(t, { args });
  await found(server, "tenant1");
  const pageOf = (host: string) => new Browser(server.port, host).get("/oauth/login");
  assert.equal((await pageOf("tenant1.example.com")).status, 200);
  assert.equal((await pageOf("nobody.example.com")).status, 404);
  const suspended = { tenant: { state: "STATE_SUSPENDED" }, field_mask: "state" };
  assert.equal((await manage(server, "PUT", "/tenants/tenant1", suspended)).status, 200);
  assert.equal((await pageOf("tenant1.example.com")).status, 403);
  assert.equal((await pageOf("example.com")).status, 200);
});

test("the limits of every kind hold however many try at once", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  // The admin and the two clients that each tenant has from the start count as well.
  const limits = { max_gateways: "2", max_organizations: "2", max_clients: "4", max_users: "3" };
  const call = await found(server, "tenant1", { ...limits, max_applications: "2", max_end_devices: "2" });
  assert.equal((await call("POST", "/users/admin/applications", application())).status, 200);
  const bodies: Readonly<Record<string, (id: string) => object>> = {
    "/users/admin/gateways": (id) => ({ gateway: { ids: { gateway_id: id } } }),
    "/users/admin/organizations": (id) => ({ organization: { ids: { organization_id: id } } }),
    "/users/admin/clients": (id) => ({ client: { ids: { client_id: id } } }),
    "/users": (id) => ({
      user: { ids: { user_id: id }, password: "Secret Words 7", primary_email_address: `${id}@example.com` },
    }),
    "/applications/app1/devices": (id) => ({ end_device: { ids: { device_id: id } } }),
  };
  for (const [path, bodyOf] of Object.entries(bodies)) {
    const kind = path.split("/").at(-1) ?? "";
    const names = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (count) =>
        errorName(await call("POST", path, bodyOf(`${kind}-${count}`))),
      ),
    );
    assert.deepEqual(
      names.sort(),
      [...Array(2).fill("200 without details"), ...Array(4).fill("skylark/tenancy:tenant_limit_reached")],
      path,
    );
  }
});

test("a tenant that may hold less than it has from the start starts all the same", async (t) => {
  const server = await startIdentityServer(t, { args: withKey });
  const call = await found(server, "tenant1", { max_clients: "0", max_users: "0" });
  assert.equal((await call("GET", "/auth_info")).body.is_admin, true);
  assert.equal((await call("GET", "/clients/cli?field_mask=name")).status, 200);
  await server.stop();
  const again = await startIdentityServer(t, { args: withKey, dataDirectory: server.dataDirectory });
  const key = (await readFile(join(server.dataDirectory, "admin-api-key@tenant1"), "utf8")).trim();
  const info = await again.call("GET", "/auth_info", { key, host: "tenant1.example.com" });
  assert.equal(info.body.is_admin, true);
});
