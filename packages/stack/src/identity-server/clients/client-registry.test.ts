import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretHasher } from "../access/secret-hash.ts";
import { createKey, errorName } from "../identity-server.fixture.ts";
import {
  createOrganization,
  type Members,
  missingRights,
  organizationIds,
  setCollaborator,
  startWithMembers,
  userIds,
} from "../organizations/organizations.fixture.ts";
import { createClientSecrets } from "./client-secrets.ts";

const secretsOf = ({ store }: Members) => createClientSecrets(store, createSecretHasher());

function createClient(server: Members, more: object = {}, key = server.user1, account = "users/user1") {
  return server.call("POST", `/${account}/clients`, {
    key,
    body: { client: { ids: { client_id: "client1" }, ...more } },
  });
}

test("a client of a user waits for approval, and shows its secret this once", async (t) => {
  const server = await startWithMembers(t);
  const asked = {
    state: "STATE_APPROVED",
    endorsed: true,
    skip_authorization: true,
    grants: ["GRANT_REFRESH_TOKEN"],
  };
  const created = await createClient(server, asked);
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const { state, state_description, endorsed, skip_authorization, grants, secret } = created.body;
  // STATE_REQUESTED is the zero value, which answers leave out.
  assert.deepEqual([state, endorsed, skip_authorization], [undefined, undefined, undefined]);
  assert.equal(state_description, "admin approval required");
  assert.deepEqual(grants, ["GRANT_REFRESH_TOKEN"]);
  assert.match(secret, /^[A-Z2-7]{52}$/);
  assert.deepEqual(created.body.administrative_contact, userIds("user1"));

  const clientSecrets = secretsOf(server);
  assert.equal(await clientSecrets.verify("default", "client1", secret), true);
  assert.equal(
    await clientSecrets.verify("default", "client1", `${secret.slice(0, -1)}A`),
    secret.endsWith("A"),
  );
  assert.equal(await clientSecrets.verify("default", "client1", ""), false);
  const rows = await server.store.query({ sql: "SELECT data FROM clients", parameters: 0 });
  assert.equal(Buffer.from(rows[0]?.data as Uint8Array).includes(secret), false);
  const masked = await server.call("GET", "/clients/client1?field_mask=secret", { key: server.user1 });
  assert.equal(errorName(masked), "pkg/rpcmiddleware/validator:field_mask_paths");
});

test("an admin creates clients in any state, with a secret of choice", async (t) => {
  const server = await startWithMembers(t);
  const asked = { state: "STATE_APPROVED", endorsed: true, secret: "chosen" };
  const created = await createClient(server, asked, server.adminKey);
  assert.equal(created.body.state, "STATE_APPROVED");
  assert.equal(created.body.endorsed, true);
  assert.equal(created.body.secret, "chosen");
  assert.equal(await secretsOf(server).verify("default", "client1", "chosen"), true);
});

test("users create clients where the option lets them, or in organizations", async (t) => {
  const server = await startWithMembers(t, ["--is.user-rights.create-clients=false"]);
  assert.equal(errorName(await createClient(server)), "pkg/identityserver:admins_create_clients");
  await createOrganization(server);
  const inOrganization = await createClient(server, {}, server.user1, "organizations/org1");
  assert.deepEqual(inOrganization.body.technical_contact, organizationIds("org1"));
  const foreign = await createClient(server, {}, server.user2, "organizations/org1");
  assert.equal(errorName(foreign), "pkg/auth/rights:no_organization_rights");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_INFO"]);
  assert.deepEqual(missingRights(await createClient(server, {}, key)), ["RIGHT_USER_CLIENTS_CREATE"]);
});

test("admins alone decide over a client's state, grants and trust; a new state drops the old description", async (t) => {
  const server = await startWithMembers(t);
  await createClient(server);
  const update = (key: string, client: object, mask: string) =>
    server.call("PUT", "/clients/client1", { key, body: { client, field_mask: mask } });
  for (const [field, value] of Object.entries({
    state: "STATE_APPROVED",
    state_description: "so be it",
    skip_authorization: true,
    endorsed: true,
    grants: ["GRANT_AUTHORIZATION_CODE"],
  })) {
    const refused = await update(server.user1, { [field]: value }, `name,${field}`);
    assert.equal(errorName(refused), "pkg/identityserver:update_admin_field");
    assert.deepEqual(refused.body.details[0].attributes, { field });
  }
  const approved = await update(server.adminKey, { state: "STATE_APPROVED" }, "state");
  assert.equal(approved.body.state, "STATE_APPROVED");
  assert.equal(approved.body.state_description, undefined);
  const suspended = { state: "STATE_SUSPENDED", state_description: "abuse" };
  await update(server.adminKey, suspended, "state,state_description");
  const got = await server.call("GET", "/clients/client1?field_mask=state,state_description", {
    key: server.user1,
  });
  assert.equal(got.body.state_description, "abuse");
  assert.deepEqual(
    (await update(server.user1, { redirect_uris: ["/a"] }, "redirect_uris")).body.redirect_uris,
    ["/a"],
  );
  assert.equal(errorName(await update(server.user2, {}, "name")), "pkg/auth/rights:no_client_rights");
});

test("a new secret replaces the old one, an empty one makes the client public", async (t) => {
  const server = await startWithMembers(t);
  const { secret } = (await createClient(server)).body;
  const clientSecrets = secretsOf(server);
  const update = (next: string) =>
    server.call("PUT", "/clients/client1", {
      key: server.user1,
      body: { client: { secret: next }, field_mask: "secret" },
    });
  assert.equal((await update("another")).body.secret, "another");
  assert.equal(await clientSecrets.verify("default", "client1", secret), false);
  assert.equal(await clientSecrets.verify("default", "client1", "another"), true);
  await update("");
  assert.equal(await clientSecrets.has("default", "client1"), false);
});

test("strangers see what a consent page shows of a client, and no more", async (t) => {
  const server = await startWithMembers(t);
  await createClient(server, { name: "Dashboard", attributes: { a12: "b" }, redirect_uris: ["/callback"] });
  const get = (key: string, mask: string) =>
    server.call("GET", `/clients/client1?field_mask=${mask}`, { key });
  const seen = await get(server.user2, "name,redirect_uris,state,grants,rights,endorsed");
  assert.equal(seen.body.name, "Dashboard");
  assert.deepEqual(seen.body.redirect_uris, ["/callback"]);
  assert.equal(errorName(await get(server.user2, "attributes")), "pkg/auth/rights:no_client_rights");
  assert.deepEqual((await get(server.user1, "attributes")).body.attributes, { a12: "b" });
  const unknown = await server.call("GET", "/clients/client2", { key: server.user2 });
  assert.equal(errorName(unknown), "pkg/identityserver/store:client_not_found");
});

test("a client is deleted, restored and purged, and its collaborators see to it", async (t) => {
  const server = await startWithMembers(t);
  await createClient(server);
  const path = "/clients/client1";
  assert.equal((await setCollaborator(server, path, userIds("user2"), ["RIGHT_CLIENT_INFO"])).status, 200);
  const rights = await server.call("GET", `${path}/rights`, { key: server.user2 });
  assert.deepEqual(rights.body.rights, ["RIGHT_CLIENT_INFO"]);
  const one = await server.call("GET", `${path}/collaborator/user/user2`, { key: server.user1 });
  assert.deepEqual(one.body.rights, ["RIGHT_CLIENT_INFO"]);
  assert.deepEqual(missingRights(await server.call("DELETE", path, { key: server.user2 })), [
    "RIGHT_CLIENT_DELETE",
  ]);
  assert.equal(
    errorName(await setCollaborator(server, path, userIds("user1"), [])),
    "pkg/identityserver:client_needs_collaborator",
  );
  await server.call("DELETE", path, { key: server.user1 });
  assert.equal(
    errorName(await server.call("GET", path, { key: server.user1 })),
    "pkg/identityserver/store:client_not_found",
  );
  const deleted = await server.call("GET", "/clients?deleted=true", { key: server.user1 });
  assert.equal(deleted.body.clients.length, 1);
  assert.equal((await server.call("POST", `${path}/restore`, { key: server.user1 })).status, 200);
  const purge = (key: string) => server.call("DELETE", `${path}/purge`, { key });
  assert.equal(errorName(await purge(server.user1)), "pkg/identityserver:admins_purge_clients");
  assert.equal((await purge(server.adminKey)).status, 200);
  assert.equal(await secretsOf(server).has("default", "client1"), false);
  assert.equal((await createClient(server, {}, server.user1)).status, 200);
});

test("admins are told of a client that waits for approval, its owner of the decision", async (t) => {
  const server = await startWithMembers(t);
  await createClient(server, { name: "Dashboard" });
  const notified = async (user: string, key: string, type: string) => {
    for (let wait = 0; wait < 2000; wait++) {
      const { body } = await server.call("GET", `/users/${user}/notifications`, { key });
      const all: { notification_type: string }[] = body.notifications ?? [];
      const found = all.find(({ notification_type }) => notification_type === type);
      if (found !== undefined) return found as { entity_ids?: object; data?: Record<string, unknown> };
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`no ${type} for ${user}`);
  };
  const requested = await notified("admin", server.adminKey, "client_requested");
  assert.deepEqual(requested.entity_ids, { client_ids: { client_id: "client1" } });
  assert.equal(JSON.stringify(requested.data).includes("secret"), false);
  await server.call("PUT", "/clients/client1", {
    key: server.adminKey,
    body: { client: { state: "STATE_APPROVED" }, field_mask: "state" },
  });
  const decided = await notified("user1", server.user1, "entity_state_changed");
  assert.equal(decided.data?.state, "STATE_APPROVED");
});
