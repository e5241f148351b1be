import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
} from "../identity-server.fixture.ts";
import { knownStatement } from "../storage/rows.ts";

test("a suspended user's key does nothing more, a deleted user's is gone", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL", "RIGHT_APPLICATION_ALL"]);
  const create = (id: string) =>
    server.call("POST", "/users/user1/applications", {
      key,
      body: { application: { ids: { application_id: id } } },
    });
  assert.equal((await create("app1")).status, 200);
  await server.call("PUT", "/users/user1", {
    key: server.adminKey,
    body: {
      user: { state: "STATE_SUSPENDED", state_description: "unpaid" },
      field_mask: "state,state_description",
    },
  });
  const suspended = await create("app2");
  assert.equal(errorName(suspended), "pkg/auth/rights:insufficient_user_rights");
  assert.match(String(suspended.headers["x-warning"]), /suspension: unpaid/);
  const read = await server.call("GET", "/applications/app1", { key });
  assert.equal(errorName(read), "pkg/identityserver:user_suspended");
  await server.call("DELETE", "/users/user1", { key: server.adminKey });
  assert.equal(errorName(await create("app3")), "pkg/identityserver:api_key_not_found");
});

test("passwords follow the rules, change with the old one, and are never shown", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  const weak = (password: string) =>
    server.call("POST", "/users", {
      key: server.adminKey,
      body: { user: { ids: { user_id: "user1" }, password, primary_email_address: "a@example.com" } },
    });
  const names = ["Short1", "nouppercase1", "Nodigitshere", "My-user1-words", "Password123"];
  const errors = await Promise.all(names.map(async (each) => errorName(await weak(each)).split(":")[1]));
  assert.deepEqual(errors, [
    "password_strength_min_length",
    "password_strength_uppercase",
    "password_strength_digits",
    "password_contains_user_id",
    "common_password",
  ]);
  const created = await createUser(server, "user1");
  assert.equal(created.body.password, undefined);
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const change = (old: string, next: string) =>
    server.call("PUT", "/users/user1/password", { key, body: { old, new: next } });
  assert.equal(errorName(await change("Wrong Words 7", "Other Words 8")), "pkg/identityserver:old_password");
  assert.equal((await change("Secret Words 7", "Other Words 8")).status, 200);
  assert.equal(errorName(await change("Secret Words 7", "Third Words 9")), "pkg/identityserver:old_password");
  const admin = await server.call("PUT", "/users/user1", {
    key,
    body: { user: { admin: true }, field_mask: "admin" },
  });
  assert.equal(errorName(admin), "pkg/identityserver:update_admin_field");
  const last = await server.call("DELETE", "/users/admin", { key: server.adminKey });
  assert.equal(errorName(last), "pkg/identityserver/store:last_admin");
});

test("the last admins cannot leave at once, each because of the other", async (t) => {
  const server = await startIdentityServer(t);
  const others = ["admin1", "admin2", "admin3"];
  for (const id of others) await createUser(server, id, { admin: true });
  const everyone = ["admin", ...others];
  await Promise.all(everyone.map((id) => server.call("DELETE", `/users/${id}`, { key: server.adminKey })));
  const left = await server.store.query(
    knownStatement("SELECT user_id FROM users WHERE admin = 1 AND deleted_at IS NULL"),
  );
  assert.notEqual(left.length, 0);
});

test("only admins list and purge users, and a purged user leaves its id, keys and memberships", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  await createApplication(server);
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const member = {
    collaborator: { ids: { user_ids: { user_id: "user1" } }, rights: ["RIGHT_APPLICATION_INFO"] },
  };
  await server.call("PUT", "/applications/app1/collaborators", { key: server.adminKey, body: member });
  assert.equal(errorName(await server.call("GET", "/users", { key })), "pkg/auth/rights:no_admin");
  const listed = await server.call("GET", "/users?order=-user_id&field_mask=admin", { key: server.adminKey });
  assert.equal(listed.headers["x-total-count"], "2");
  assert.equal(listed.body.users[1].admin, true);
  const refused = await server.call("DELETE", "/users/user1/purge", { key });
  assert.equal(errorName(refused), "pkg/identityserver:admins_purge_users");
  assert.equal((await server.call("DELETE", "/users/user1/purge", { key: server.adminKey })).status, 200);
  assert.equal(
    errorName(await server.call("GET", "/users/user1", { key })),
    "pkg/identityserver:api_key_not_found",
  );
  const members = await server.call("GET", "/applications/app1/collaborators", { key: server.adminKey });
  assert.equal(members.body.collaborators.length, 1);
  await createUser(server, "user1");
});

test("anyone registers while registration is open, without rights until approved", async (t) => {
  const user = {
    ids: { user_id: "user1" },
    password: "Secret Words 7",
    primary_email_address: "a@example.com",
    admin: true,
  };
  const closed = await startIdentityServer(t);
  const refused = await closed.call("POST", "/users", { body: { user } });
  assert.equal(errorName(refused), "pkg/identityserver:user_registration_disabled");
  const open = await startIdentityServer(t, { args: ["--is.user-registration.enabled"] });
  const created = await open.call("POST", "/users", { body: { user } });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const stored = await open.call("GET", "/users/user1?field_mask=admin,state", { key: open.adminKey });
  assert.equal(stored.body.admin, undefined);
  assert.equal(stored.body.state, undefined);
  const configuration = (await open.call("GET", "/is/configuration")).body.configuration;
  assert.equal(configuration.user_registration.enabled, true);
  assert.equal(configuration.user_registration.password_requirements.min_length, 8);
});

test("no two users of a tenant have the same primary e-mail address, whatever its case", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  const taken = "pkg/util/store:already_exists";
  const { adminKey: key } = server;
  const create = (id: string, address: string) =>
    server.call("POST", "/users", {
      key,
      body: { user: { ids: { user_id: id }, password: "Secret Words 7", primary_email_address: address } },
    });
  const update = (id: string, address: string) =>
    server.call("PUT", `/users/${id}`, {
      key,
      body: { user: { primary_email_address: address }, field_mask: "primary_email_address" },
    });
  const atOnce = await Promise.all([create("user1", "one@example.com"), create("user2", "One@Example.com")]);
  assert.deepEqual(atOnce.map(({ status }) => status).toSorted(), [200, 409]);
  assert.equal(errorName(atOnce.find(({ status }) => status === 409)!), taken);
  const [holder, other] = atOnce[0]!.status === 200 ? ["user1", "user2"] : ["user2", "user1"];

  assert.equal((await create(other!, "two@example.com")).status, 200);
  assert.equal(errorName(await update(other!, "ONE@example.com")), taken);
  assert.equal((await update(holder!, "ONE@example.com")).status, 200);
  await server.call("DELETE", `/users/${holder}`, { key });
  assert.equal((await update(other!, "one@example.com")).status, 200);
  assert.equal(errorName(await server.call("POST", `/users/${holder}/restore`, { key })), taken);
  assert.equal((await update(other!, "two@example.com")).status, 200);
  assert.equal((await server.call("POST", `/users/${holder}/restore`, { key })).status, 200);
  await server.call("DELETE", `/users/${holder}/purge`, { key });
  assert.equal((await create("user3", "one@example.com")).status, 200);
});
