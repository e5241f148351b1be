import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";

type Ids = Readonly<Record<string, string>>;

/** What a search answers, as identifiers, and the total. */
async function search(server: TestServer, path: string, key = server.adminKey) {
  const answer = await server.call("GET", `/search/${path}`, { key });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const list = (Object.values(answer.body)[0] ?? []) as { ids: Ids }[];
  const ids = list.map((each) => {
    const { eui: _, dev_eui: __, join_eui: ___, ...named } = each.ids;
    return Object.values(named).find((value) => typeof value === "string");
  });
  return { ids, total: Number(answer.headers["x-total-count"]), list };
}

/** As `RIGHT_ALL`, which an admin does not hold on users. */
const everything = ["USER", "APPLICATION", "GATEWAY", "CLIENT", "ORGANIZATION"].map(
  (kind) => `RIGHT_${kind}_ALL`,
);

async function made(server: TestServer, path: string, body: object) {
  const answer = await server.call("POST", path, { key: server.adminKey, body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

test("finds applications by each of their texts, whatever the case, and takes wildcards literally", async (t) => {
  const server = await startIdentityServer(t);
  await made(server, "/users/admin/applications", {
    application: {
      ids: { application_id: "river-levels" },
      name: "100% Isère",
      description: "Water_gauges of the north",
      attributes: { region: "Alps North", owner: "Alice" },
    },
  });
  await server.clock.advance(1000);
  await made(server, "/users/admin/applications", {
    application: { ids: { application_id: "parking" }, name: "1000 lots", attributes: { region: "alps" } },
  });
  const ids = async (query: string) => (await search(server, `applications?${query}`)).ids;
  assert.deepEqual(await ids(""), ["parking", "river-levels"]);
  assert.deepEqual(await ids("id_contains=LEVEL"), ["river-levels"]);
  assert.deepEqual(await ids("name_contains=is%C3%88re"), ["river-levels"]);
  assert.deepEqual(await ids("name_contains=100"), ["parking", "river-levels"]);
  assert.deepEqual(await ids("name_contains=100%25"), ["river-levels"]);
  assert.deepEqual(await ids("description_contains=r_g"), ["river-levels"]);
  assert.deepEqual(await ids("description_contains=r_t"), []);
  assert.deepEqual(await ids("name_contains=!"), []);
  assert.deepEqual(await ids("query=north"), ["river-levels"]);
  assert.deepEqual(await ids("query=park"), ["parking"]);
  const withAttributes = (attributes: object) =>
    ids(
      Object.entries(attributes)
        .map(([key, value]) => `attributes_contain[${key}]=${value}`)
        .join("&"),
    );
  assert.deepEqual(await withAttributes({ region: "ALPS" }), ["parking", "river-levels"]);
  assert.deepEqual(await withAttributes({ region: "alps", owner: "ali" }), ["river-levels"]);
  assert.deepEqual(await withAttributes({ owner: "north" }), []);
  assert.deepEqual(await ids("order=-created_at&limit=1&page=2"), ["river-levels"]);
  assert.deepEqual(await ids("order=-name"), ["parking", "river-levels"]);
  assert.equal((await search(server, "applications?limit=1")).total, 2);
  assert.equal(
    (await server.call("GET", "/search/applications?order=size", { key: server.adminKey })).status,
    400,
  );

  const change = { application: { name: "Drôme", attributes: {} }, field_mask: "name,attributes" };
  await server.call("PUT", "/applications/river-levels", { key: server.adminKey, body: change });
  assert.deepEqual(await ids("name_contains=dr%C3%94me"), ["river-levels"]);
  assert.deepEqual(await ids("name_contains=100%25"), []);
  assert.deepEqual(await withAttributes({ owner: "ali" }), []);
  await server.call("DELETE", "/applications/parking", { key: server.adminKey });
  assert.deepEqual(await ids(""), ["river-levels"]);
  assert.deepEqual(await ids("deleted=true"), ["parking"]);
  await server.call("DELETE", "/applications/parking/purge", { key: server.adminKey });
  assert.deepEqual(await ids("deleted=true"), []);
});

test("shows what the caller is a member of, and admins everything", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  await createUser(server, "alice");
  await createUser(server, "bob");
  await createApplication(server, "of-alice", "alice");
  await createApplication(server, "of-bob", "bob");
  const alice = await createKey(server, "/users/alice", everything);
  const weak = await createKey(server, "/users/alice", ["RIGHT_USER_INFO"]);
  assert.deepEqual((await search(server, "applications")).ids, ["of-alice", "of-bob"]);
  const own = await search(server, "applications?field_mask=name", alice.key);
  assert.deepEqual([own.ids, own.total], [["of-alice"], 1]);
  assert.equal((own.list[0] as unknown as { name: string }).name, "My application");
  const shown = await search(server, "applications?field_mask=name", weak.key);
  assert.deepEqual(Object.keys(shown.list[0]!).sort(), ["created_at", "ids", "updated_at"]);

  const forbidden = "pkg/identityserver:search_forbidden";
  const ofApplication = await createKey(server, "/applications/of-bob", ["RIGHT_APPLICATION_ALL"]);
  const byApplication = await server.call("GET", "/search/applications", { key: ofApplication.key });
  assert.equal(errorName(byApplication), forbidden);
  assert.equal(errorName(await server.call("GET", "/search/users", { key: alice.key })), forbidden);
  assert.equal((await server.call("GET", "/search/applications")).status, 401);
  assert.deepEqual((await search(server, "users?query=ali")).ids, ["alice"]);
  assert.deepEqual((await search(server, "users?state=STATE_SUSPENDED")).ids, []);
  assert.deepEqual(
    (await search(server, "users?state=STATE_APPROVED&state=STATE_FLAGGED&order=-user_id")).ids,
    ["bob", "alice", "admin"],
  );
});

test("shows what a member of an organization is a member of through it", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  await createUser(server, "alice");
  await made(server, "/users/admin/organizations", { organization: { ids: { organization_id: "org1" } } });
  await made(server, "/organizations/org1/applications", {
    application: { ids: { application_id: "shared" } },
  });
  const alice = await createKey(server, "/users/alice", everything);
  assert.deepEqual((await search(server, "applications", alice.key)).ids, []);
  const collaborator = {
    collaborator: { ids: { user_ids: { user_id: "alice" } }, rights: ["RIGHT_APPLICATION_INFO"] },
  };
  await server.call("PUT", "/organizations/org1/collaborators", { key: server.adminKey, body: collaborator });
  assert.deepEqual((await search(server, "applications", alice.key)).ids, ["shared"]);
  assert.deepEqual((await search(server, "organizations", alice.key)).ids, ["org1"]);
  const ofOrganization = await createKey(server, "/organizations/org1", ["RIGHT_APPLICATION_INFO"]);
  assert.deepEqual((await search(server, "applications", ofOrganization.key)).ids, ["shared"]);
  await server.call("DELETE", "/organizations/org1", { key: server.adminKey });
  assert.deepEqual((await search(server, "applications", alice.key)).ids, []);
});

test("finds gateways by EUI and never shows their secrets", async (t) => {
  const server = await startIdentityServer(t);
  await made(server, "/users/admin/gateways", {
    gateway: {
      ids: { gateway_id: "gtw1", eui: "AABBCCDDEEFF0011" },
      lbs_lns_secret: { value: "c2VjcmV0" },
      frequency_plan_id: "EU_863_870",
    },
  });
  await made(server, "/users/admin/gateways", { gateway: { ids: { gateway_id: "gtw2" } } });
  assert.deepEqual((await search(server, "gateways?eui_contains=ddee")).ids, ["gtw1"]);
  assert.deepEqual((await search(server, "gateways?query=eeff00")).ids, ["gtw1"]);
  assert.deepEqual((await search(server, "gateways?order=-gateway_eui")).ids, ["gtw1", "gtw2"]);
  const { list } = await search(server, "gateways?query=gtw1&field_mask=lbs_lns_secret,frequency_plan_ids");
  assert.equal("lbs_lns_secret" in list[0]!, false);
  assert.deepEqual((list[0] as unknown as { frequency_plan_ids: string[] }).frequency_plan_ids, [
    "EU_863_870",
  ]);
});

test("finds devices of one application by texts, attributes and EUIs", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createApplication(server, "app2");
  const device = (id: string, dev_eui: string, more: object = {}, application = "app1") =>
    made(server, `/applications/${application}/devices`, {
      end_device: { ids: { device_id: id, dev_eui, join_eui: "0000000000000001" }, ...more },
    });
  await device("dev1", "70B3D57ED0000001", { name: "Tank", attributes: { floor: "3" } });
  await device("dev2", "70B3D57ED0000002", { description: "near the tank" });
  await device("dev3", "70B3D57ED0000003", { name: "Tank" }, "app2");
  const ids = async (query: string) => (await search(server, `applications/app1/devices?${query}`)).ids;
  assert.deepEqual(await ids("query=TANK"), ["dev1", "dev2"]);
  assert.deepEqual(await ids("query=d0000002"), ["dev2"]);
  assert.deepEqual(await ids("dev_eui_contains=ED0000001"), ["dev1"]);
  assert.deepEqual(await ids("join_eui_contains=0001&order=-dev_eui"), ["dev2", "dev1"]);
  assert.deepEqual(await ids("attributes_contain[floor]=3"), ["dev1"]);
  assert.deepEqual(await ids("order=-last_seen_at&limit=1"), ["dev1"]);
  assert.deepEqual(await ids("dev_addr_contains=26"), []);
  await server.call("DELETE", "/applications/app1/devices/dev1", { key: server.adminKey });
  assert.deepEqual(await ids("query=tank"), ["dev2"]);
  const reader = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const refused = await server.call("GET", "/search/applications/app1/devices", { key: reader.key });
  assert.equal(errorName(refused), "pkg/auth/rights:insufficient_application_rights");
});

test("finds accounts: collaborators of an entity, everyone else, or anyone who is known by two letters", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  for (const id of ["alice", "alina", "bob"]) await createUser(server, id);
  await made(server, "/users/admin/organizations", {
    organization: { ids: { organization_id: "alice-org" } },
  });
  await createApplication(server, "app1", "alice");
  const alice = await createKey(server, "/users/alice", everything);
  const accounts = async (path: string, key = server.adminKey) => {
    const answer = await server.call("GET", path, { key });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return (answer.body.account_ids ?? []).map(
      (ids: { user_ids?: { user_id: string }; organization_ids?: { organization_id: string } }) =>
        ids.user_ids?.user_id ?? ids.organization_ids?.organization_id,
    );
  };
  assert.deepEqual(await accounts("/search/accounts"), ["admin", "alice", "alice-org", "alina", "bob"]);
  assert.deepEqual(await accounts("/search/accounts?query=ALI&only_users=true", alice.key), [
    "alice",
    "alina",
  ]);
  assert.deepEqual(await accounts("/search/accounts?query=a", alice.key), []);
  assert.deepEqual(await accounts("/applications/app1/collaborators/search", alice.key), ["alice"]);
  assert.deepEqual(
    await accounts("/applications/app1/collaborators/search?complement_collaborators=true&query=ali"),
    ["alice-org", "alina"],
  );
  for (const kind of ["applications", "clients", "gateways", "organizations"]) {
    const answer = await server.call("GET", `/${kind}/nothing/collaborators/search`, { key: alice.key });
    assert.equal(answer.status, 404, kind);
  }
  assert.deepEqual(await accounts("/organizations/alice-org/collaborators/search"), ["admin"]);
});
