import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, createClient, requestToken } from "../account/browser.fixture.ts";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  pageDevice,
  startIdentityServer,
} from "../identity-server.fixture.ts";

test("every kind of bad key gets its own error", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createApplication(server, "app2");
  const rights = ["RIGHT_APPLICATION_DEVICES_READ"];
  const { id, key } = await createKey(server, "/applications/app1", rights);
  const other = await createKey(server, "/applications/app2", rights);
  await server.call("POST", "/applications/app1/devices", { key: server.adminKey, body: pageDevice });
  const path = "/applications/app1/devices/newdev1";
  const get = (withKey?: string) => server.call("GET", path, withKey === undefined ? {} : { key: withKey });

  assert.equal((await get(key)).status, 200);
  const none = await get();
  assert.equal(none.status, 403);
  assert.equal(errorName(none), "pkg/auth/rights:no_application_rights");
  assert.equal(none.body.details[0].attributes.uid, "app1");

  const noToken = await get("hello");
  assert.equal(noToken.status, 400);
  assert.equal(errorName(noToken), "pkg/auth:token");
  const unknownId = await get(key.replace(id, "A".repeat(39)));
  assert.equal(unknownId.status, 401);
  assert.equal(errorName(unknownId), "pkg/identityserver:api_key_not_found");
  const cause = unknownId.body.details[0].cause;
  assert.equal(`${cause.namespace}:${cause.name}`, "pkg/identityserver/store:api_key_not_found");
  assert.equal(cause.attributes.api_key_id, "A".repeat(39));
  const wrongSecret = await get(`${key.slice(0, -4)}AAAA`);
  assert.equal(wrongSecret.status, 401);
  assert.equal(errorName(wrongSecret), "pkg/identityserver:invalid_authorization");
  assert.equal(errorName(await get(other.key)), "pkg/auth/rights:no_application_rights");
  assert.equal(errorName(await get("MFRWG.AAA.BBB")), "pkg/identityserver:token_not_found");
  const basic = await server.call("GET", path, { headers: { Authorization: "Basic YTpi" } });
  assert.equal(errorName(basic), "pkg/identityserver:unsupported_authorization");

  const expiresAt = new Date(server.clock.now() + 60_000).toISOString();
  const keyPath = `/applications/app1/api-keys/${id}`;
  const update = await server.call("PUT", keyPath, {
    key: server.adminKey,
    body: { api_key: { expires_at: expiresAt }, field_mask: "expires_at" },
  });
  assert.equal(update.status, 200, JSON.stringify(update.body));
  assert.equal((await get(key)).status, 200);
  await server.clock.advance(60_000);
  const expired = await get(key);
  assert.equal(expired.status, 401);
  assert.equal(errorName(expired), "pkg/identityserver:api_key_expired");

  assert.equal((await server.call("DELETE", keyPath, { key: server.adminKey })).status, 200);
  assert.equal(errorName(await get(key)), "pkg/identityserver:api_key_not_found");
});

test("rights that are taken from a key are gone with the answer", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { id, key } = await createKey(server, "/applications/app1", [
    "RIGHT_APPLICATION_INFO",
    "RIGHT_APPLICATION_DEVICES_READ",
  ]);
  const list = () => server.call("GET", "/applications/app1/devices", { key });
  assert.equal((await list()).status, 200);
  const changed = await server.call("PUT", `/applications/app1/api-keys/${id}`, {
    key: server.adminKey,
    body: { api_key: { rights: ["RIGHT_APPLICATION_INFO"] }, field_mask: { paths: ["rights"] } },
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.equal(errorName(await list()), "pkg/auth/rights:insufficient_application_rights");
});

test("keys are shown once, and listed without their secret", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { id, key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  assert.match(key, /^NNSXS\./);
  const got = await server.call("GET", `/applications/app1/api-keys/${id}`, { key: server.adminKey });
  assert.equal(got.body.key, undefined);
  assert.deepEqual(got.body.rights, ["RIGHT_APPLICATION_INFO"]);
  const listed = await server.call("GET", "/applications/app1/api-keys", { key: server.adminKey });
  assert.equal(listed.headers["x-total-count"], "1");
  assert.equal(listed.body.api_keys[0].key, undefined);
  const elsewhere = await server.call("GET", `/users/admin/api-keys/${id}`, { key: server.adminKey });
  assert.equal(elsewhere.status, 404);
});

test("nobody hands out rights that they do not have", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_SETTINGS_API_KEYS"]);
  const answer = await server.call("POST", "/applications/app1/api-keys", {
    key,
    body: { rights: ["RIGHT_APPLICATION_DELETE"] },
  });
  assert.equal(errorName(answer), "pkg/auth/rights:insufficient_application_rights");
  assert.deepEqual(answer.body.details[0].attributes.missing, ["RIGHT_APPLICATION_DELETE"]);
});

test("what does not exist is hidden from strangers and named to an admin", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_DEVICES_READ"]);
  const stranger = await server.call("GET", "/applications/nothing-here/devices/dev1", { key });
  assert.equal(stranger.status, 403);
  assert.equal(errorName(stranger), "pkg/auth/rights:no_application_rights");
  const admin = await server.call("GET", "/applications/nothing-here/devices/dev1", { key: server.adminKey });
  assert.equal(admin.status, 404);
  assert.equal(errorName(admin), "pkg/identityserver/store:application_not_found");
  const missing = await server.call("GET", "/applications/app1/devices/dev1", { key });
  assert.equal(missing.status, 404);
  assert.equal(errorName(missing), "pkg/identityserver/store:end_device_not_found");
});

test("public fields are for any valid credential, others for collaborators", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createApplication(server, "app2");
  const { key } = await createKey(server, "/applications/app2", ["RIGHT_APPLICATION_INFO"]);
  const open = await server.call("GET", "/applications/app1?field_mask=administrative_contact", { key });
  assert.equal(open.status, 200, JSON.stringify(open.body));
  assert.equal(open.body.administrative_contact.user_ids.user_id, "admin");
  const closed = await server.call("GET", "/applications/app1?field_mask=name", { key });
  assert.equal(errorName(closed), "pkg/auth/rights:no_application_rights");
  const anonymous = await server.call("GET", "/applications/app1");
  assert.equal(anonymous.status, 401);
  assert.equal(errorName(anonymous), "pkg/identityserver:unauthenticated");
});

test("collaborators share an application, and one with all rights always stays", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createUser(server, "user1");
  const set = (userId: string, rights: readonly string[]) =>
    server.call("PUT", "/applications/app1/collaborators", {
      key: server.adminKey,
      body: { collaborator: { ids: { user_ids: { user_id: userId } }, rights } },
    });
  assert.equal((await set("user1", ["RIGHT_APPLICATION_INFO"])).status, 200);
  assert.equal((await set("nobody1", ["RIGHT_APPLICATION_INFO"])).status, 404);
  const listed = await server.call("GET", "/applications/app1/collaborators", { key: server.adminKey });
  assert.deepEqual(
    listed.body.collaborators.map(
      (each: { ids: { user_ids: { user_id: string } } }) => each.ids.user_ids.user_id,
    ),
    ["admin", "user1"],
  );
  assert.equal(errorName(await set("admin", [])), "pkg/identityserver:application_needs_collaborator");
  const one = await server.call("GET", "/applications/app1/collaborator/user/user1", {
    key: server.adminKey,
  });
  assert.deepEqual(one.body.rights, ["RIGHT_APPLICATION_INFO"]);
  const removed = await server.call("DELETE", "/applications/app1/collaborator/user/user1", {
    key: server.adminKey,
  });
  assert.equal(removed.status, 200, JSON.stringify(removed.body));
  const gone = await server.call("GET", "/applications/app1/collaborator/user/user1", {
    key: server.adminKey,
  });
  assert.equal(errorName(gone), "pkg/identityserver/store:membership_not_found");
});

test("auth_info says who calls, without the secret", async (t) => {
  const server = await startIdentityServer(t);
  const anonymous = await server.call("GET", "/auth_info");
  assert.deepEqual(anonymous.body, {});
  const admin = await server.call("GET", "/auth_info", { key: server.adminKey });
  assert.equal(admin.body.is_admin, true);
  assert.equal(admin.body.api_key.entity_ids.user_ids.user_id, "admin");
  assert.equal(admin.body.api_key.api_key.key, undefined);
  assert.ok(admin.body.universal_rights.rights.includes("RIGHT_APPLICATION_DELETE"));
  assert.ok(!admin.body.universal_rights.rights.includes("RIGHT_APPLICATION_DEVICES_READ_KEYS"));
});

test("an MQTT login gets the names of its rights, or the error that says why not", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createApplication(server, "app2");
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_TRAFFIC_READ"]);
  const login = (applicationId: string, password: string) =>
    server.identityServer.authenticateApplication(
      { tenantId: "default", applicationId },
      password,
      "127.0.0.1",
    );
  assert.deepEqual((await login("app1", key)).rights, new Set(["RIGHT_APPLICATION_TRAFFIC_READ"]));
  await assert.rejects(login("app2", key), { name: "pkg/auth/rights:no_application_rights" });
  await assert.rejects(login("app1", "nonsense"), { name: "pkg/auth:token" });
  await assert.rejects(login("app1", key.replace(/\.[A-Z0-9]+\./, ".ABC.")), (error: Error) => {
    assert.equal((error.cause as Error).message, "api key with id `ABC` not found");
    return error.name === "pkg/identityserver:api_key_not_found";
  });
  // Not app1 under another name.
  await assert.rejects(login("app1/x", key), { name: "pkg/auth/rights:no_application_rights" });
  await assert.rejects(login("app1/x", server.adminKey), {
    name: "pkg/identityserver/store:application_not_found",
  });
  assert.ok((await login("app1", server.adminKey)).rights.has("RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE"));
});

test("a key of an admin with few rights does none of what only admins do", async (t) => {
  const server = await startIdentityServer(t, {
    args: ["--is.login-tokens.enabled=true", "--is.user-registration.enabled=false"],
  });
  await createApplication(server);
  await createUser(server, "user1");
  const path = "/users/admin";
  const { key } = await createKey(server, path, ["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC"]);
  const call = async (verb: string, target: string, body?: unknown) =>
    errorName(await server.call(verb, target, { key, ...(body === undefined ? {} : { body }) }));
  assert.equal(await call("DELETE", "/users/user1/purge"), "pkg/identityserver:admins_purge_users");
  assert.equal(
    await call("DELETE", "/applications/app1/purge"),
    "pkg/identityserver:admins_purge_applications",
  );
  const user = {
    ids: { user_id: "user2" },
    password: "Secret Words 7",
    primary_email_address: "u@example.com",
  };
  assert.equal(await call("POST", "/users", { user }), "pkg/identityserver:user_registration_disabled");
  const promotion = { user: { admin: true }, field_mask: "admin" };
  assert.match(await call("PUT", "/users/user1", promotion), /:update_admin_field$/);
  const token = await server.call("POST", "/users/user1/login-tokens", { key });
  assert.equal(token.body.token, undefined);
  const info = await server.call("GET", "/auth_info", { key });
  assert.equal(info.body.is_admin, true);

  const full = await createKey(server, path, ["RIGHT_ALL"]);
  const purged = await server.call("DELETE", "/users/user1/purge", { key: full.key });
  assert.equal(purged.status, 200, JSON.stringify(purged.body));
});

test("an address that makes up tokens and codes is not looked up for any more; those who are known go on", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const { key: cold } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const secret = await createClient(server, "client1");
  const browser = new Browser(server.port);
  const madeUp = (prefix: string, id: number) =>
    `${prefix}.${"A".repeat(34)}${id.toString(2).replaceAll("0", "A").replaceAll("1", "B")}.${"A".repeat(52)}`;
  const code = (id: number, client: Record<string, string>) =>
    requestToken(server, { grant_type: "authorization_code", code: madeUp("MF2XI", id), ...client });
  const cli = { client_id: "cli", redirect_uri: "code" };
  for (let id = 0; id < 400; id++) {
    const answer = await server.call("GET", "/auth_info", { key: madeUp("NNSXS", id) });
    assert.equal(answer.status, 401);
    assert.equal((await code(id, cli)).body.error, "invalid_grant");
    const visit = await browser.get("/oauth/", { Cookie: `_session=${madeUp("ONZW4", id)}` });
    assert.equal(visit.status, 302);
  }
  const info = async (key: string) => (await server.call("GET", "/auth_info", { key })).status;
  assert.equal(await info(madeUp("NNSXS", 1000)), 429);
  assert.equal((await code(1000, cli)).body.error, "temporarily_unavailable");
  assert.equal((await browser.get("/oauth/", { Cookie: `_session=${madeUp("ONZW4", 1000)}` })).status, 429);
  assert.equal(await info(cold), 429);
  assert.equal(await info(server.adminKey), 200);
  await server.clock.advance(60_000);
  // What others bring to a client with a secret does not count against it.
  const client = {
    client_id: "client1",
    client_secret: secret,
    redirect_uri: "https://app.example.com/callback",
  };
  for (let id = 0; id < 800; id++) assert.equal((await code(id, client)).body.error, "invalid_grant");
  assert.equal(await info(cold), 200);
});
