import assert from "node:assert/strict";
import { test } from "node:test";
import { createKey, createUser, errorName } from "../identity-server.fixture.ts";
import {
  createOrganization,
  missingRights,
  organizationIds,
  setCollaborator,
  startWithMembers,
  userIds,
} from "./organizations.fixture.ts";

test("who creates an organization owns it and is its contact; its id is taken from users too", async (t) => {
  const server = await startWithMembers(t);
  const created = await createOrganization(server, "org1", { name: "First", attributes: { a12: "b" } });
  assert.equal(created.body.name, "First");
  assert.deepEqual(created.body.administrative_contact, userIds("user1"));
  assert.deepEqual(created.body.technical_contact, userIds("user1"));
  const list = await server.call("GET", "/organizations/org1/collaborators", { key: server.user1 });
  assert.deepEqual(list.body.collaborators, [{ ids: userIds("user1"), rights: ["RIGHT_ALL"] }]);

  const body = { organization: { ids: { organization_id: "user2" } } };
  const taken = await server.call("POST", "/users/user1/organizations", { key: server.user1, body });
  assert.equal(errorName(taken), "pkg/util/store:id_taken");
  const user = { ids: { user_id: "org1" }, password: "Secret Words 7", primary_email_address: "a@b.example" };
  const asUser = await server.call("POST", "/users", { key: server.adminKey, body: { user } });
  assert.equal(errorName(asUser), "pkg/util/store:id_taken");
  const forbidden = { organization: { ids: { organization_id: "admin" } } };
  const blocked = await server.call("POST", "/users/user1/organizations", {
    key: server.user1,
    body: forbidden,
  });
  assert.equal(errorName(blocked), "pkg/identityserver/blocklist:forbidden_id");
  const contact = { organization: { ids: { organization_id: "org2" }, technical_contact: userIds("user2") } };
  const stranger = await server.call("POST", "/users/user1/organizations", {
    key: server.user1,
    body: contact,
  });
  assert.equal(errorName(stranger), "pkg/identityserver:contact_no_collaborator");
});

test("organizations are created by admins alone where the option says so, and under one's own account", async (t) => {
  const server = await startWithMembers(t, ["--is.user-rights.create-organizations=false"]);
  const body = { organization: { ids: { organization_id: "org1" } } };
  const create = (user: string, key: string) =>
    server.call("POST", `/users/${user}/organizations`, { key, body });
  assert.equal(
    errorName(await create("user1", server.user1)),
    "pkg/identityserver:admins_create_organizations",
  );
  assert.equal(errorName(await create("user2", server.user1)), "pkg/auth/rights:no_user_rights");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_INFO"]);
  assert.deepEqual(missingRights(await create("user1", key)), ["RIGHT_USER_ORGANIZATIONS_CREATE"]);
  assert.equal((await create("user1", server.adminKey)).status, 200);
});

test("strangers see an organization's public fields only", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1", { name: "First", description: "ours" });
  const get = (key: string | undefined, mask: string) =>
    server.call("GET", `/organizations/org1?field_mask=${mask}`, key === undefined ? {} : { key });
  assert.equal((await get(server.user1, "description")).body.description, "ours");
  assert.equal((await get(server.user2, "name,administrative_contact")).body.name, "First");
  assert.equal(
    errorName(await get(server.user2, "name,description")),
    "pkg/auth/rights:no_organization_rights",
  );
  assert.equal(errorName(await get(undefined, "name")), "pkg/identityserver:unauthenticated");
  const missing = await server.call("GET", "/organizations/org2", { key: server.user2 });
  assert.equal(errorName(missing), "pkg/identityserver/store:organization_not_found");
  const derived = await get(server.user1, "contact_info");
  assert.deepEqual(
    derived.body.contact_info.map((each: { value: string }) => each.value),
    ["user1@example.com", "user1@example.com"],
  );
  assert.equal((await get(server.user2, "contact_info")).body.contact_info, undefined);

  // The admin of a new installation has no e-mail address.
  const key = server.adminKey;
  const organization = { ids: { organization_id: "org3" } };
  await server.call("POST", "/users/admin/organizations", { key, body: { organization } });
  const mask = "contact_info,technical_contact";
  const ofAdmin = await server.call("GET", `/organizations/org3?field_mask=${mask}`, { key });
  assert.deepEqual(ofAdmin.body.technical_contact, userIds("admin"));
  assert.equal(ofAdmin.body.contact_info, undefined);
});

test("organizations are listed for their members, in the order asked for, page by page", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1", { name: "b" });
  await createOrganization(server, "org2", { name: "a" });
  await createOrganization(server, "org3", { name: "c" });
  const list = (key: string, query = "") => server.call("GET", `/organizations${query}`, { key });
  const idsIn = (answer: { body: { organizations?: { ids: { organization_id: string } }[] } }) =>
    (answer.body.organizations ?? []).map(({ ids }) => ids.organization_id);
  assert.deepEqual(idsIn(await list(server.user1)), ["org1", "org2", "org3"]);
  assert.deepEqual(idsIn(await list(server.user1, "?order=-name")), ["org3", "org1", "org2"]);
  const page = await list(server.user1, "?limit=2&page=2");
  assert.deepEqual(idsIn(page), ["org3"]);
  assert.equal(page.headers["x-total-count"], "3");
  assert.deepEqual(idsIn(await list(server.user2)), []);
  assert.deepEqual(idsIn(await list(server.adminKey)), ["org1", "org2", "org3"]);
  assert.equal(errorName(await list(server.user1, "?limit=1001")), "pkg/errors:validation");
  assert.equal(errorName(await list(server.user1, "?order=description")), "pkg/errors:validation");
  const foreign = await server.call("GET", "/users/user1/organizations", { key: server.user2 });
  assert.equal(errorName(foreign), "pkg/auth/rights:no_user_rights");

  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ORGANIZATIONS_LIST"]);
  const hidden = await list(key, "?field_mask=name,description");
  assert.deepEqual(
    hidden.body.organizations.map((each: { name: string }) => each.name),
    ["b", "a", "c"],
  );
  await server.call("DELETE", "/organizations/org2", { key: server.user1 });
  assert.deepEqual(idsIn(await list(server.user1, "?deleted=true")), ["org2"]);
  assert.deepEqual(idsIn(await list(server.user1)), ["org1", "org3"]);
});

test("an update changes the fields of its mask, and makes no stranger a contact", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1", { name: "First", description: "ours" });
  const update = (organization: object, mask: string, key = server.user1) =>
    server.call("PUT", "/organizations/org1", { key, body: { organization, field_mask: mask } });
  const changed = await update({ name: "Second" }, "name,description,fanout_notifications");
  assert.equal(changed.body.name, "Second", JSON.stringify(changed.body));
  assert.equal(changed.body.description, undefined);
  const stranger = await update({ technical_contact: userIds("user2") }, "technical_contact");
  assert.equal(errorName(stranger), "pkg/identityserver:contact_no_collaborator");
  await setCollaborator(server, "/organizations/org1", userIds("user2"), ["RIGHT_ORGANIZATION_INFO"]);
  const member = await update({ technical_contact: userIds("user2") }, "technical_contact");
  assert.deepEqual(member.body.technical_contact, userIds("user2"));
  const warned = await update({}, "contact_info");
  assert.match(String(warned.headers["x-warning"]), /deprecated/);
  assert.deepEqual(missingRights(await update({ name: "Third" }, "name", server.user2)), [
    "RIGHT_ORGANIZATION_SETTINGS_BASIC",
  ]);
  const contact = await server.call("DELETE", "/organizations/org1/collaborators/user/user2", {
    key: server.user1,
  });
  assert.equal(errorName(contact), "pkg/identityserver:collaborator_is_contact");
});

test("with others as contacts switched off, people make only themselves contacts", async (t) => {
  const server = await startWithMembers(t, ["--is.collaborator-rights.set-others-as-contacts=false"]);
  await createOrganization(server);
  await setCollaborator(server, "/organizations/org1", userIds("user2"), ["RIGHT_ORGANIZATION_ALL"]);
  const update = (key: string, id: string) =>
    server.call("PUT", "/organizations/org1", {
      key,
      body: { organization: { technical_contact: userIds(id) }, field_mask: "technical_contact" },
    });
  assert.equal(
    errorName(await update(server.user1, "user2")),
    "pkg/identityserver/store:contact_info_restricted",
  );
  assert.equal((await update(server.user2, "user2")).status, 200);
  assert.equal((await update(server.adminKey, "user1")).status, 200);
});

test("an organization is deleted, restored by who may delete it, and purged by admins, which frees its id", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server);
  const refused = await server.call("DELETE", "/organizations/org1", { key: server.user2 });
  assert.equal(errorName(refused), "pkg/auth/rights:no_organization_rights");
  assert.equal((await server.call("DELETE", "/organizations/org1", { key: server.user1 })).status, 200);
  const gone = await server.call("GET", "/organizations/org1", { key: server.user1 });
  assert.equal(errorName(gone), "pkg/identityserver/store:organization_not_found");
  const foreign = await server.call("POST", "/organizations/org1/restore", { key: server.user2 });
  assert.equal(errorName(foreign), "pkg/auth/rights:no_organization_rights");
  assert.equal((await server.call("POST", "/organizations/org1/restore", { key: server.user1 })).status, 200);
  assert.equal((await server.call("GET", "/organizations/org1", { key: server.user1 })).status, 200);

  await server.call("DELETE", "/organizations/org1", { key: server.user1 });
  await server.clock.advance(25 * 3_600_000);
  const late = await server.call("POST", "/organizations/org1/restore", { key: server.user1 });
  assert.equal(errorName(late), "pkg/identityserver:restore_window_expired");
  const purge = (key: string) => server.call("DELETE", "/organizations/org1/purge", { key });
  assert.equal(errorName(await purge(server.user1)), "pkg/identityserver:admins_purge_organizations");
  assert.equal((await purge(server.adminKey)).status, 200);
  await createUser(server, "org1");
});

test("an organization's keys are its own, and hold what they say on it", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1", { description: "ours" });
  const { id, key } = await createKey(
    server,
    "/organizations/org1",
    ["RIGHT_ORGANIZATION_INFO"],
    server.user1,
  );
  const rights = await server.call("GET", "/organizations/org1/rights", { key });
  assert.deepEqual(rights.body.rights, ["RIGHT_ORGANIZATION_INFO"]);
  assert.equal(
    (await server.call("GET", "/organizations/org1?field_mask=description", { key })).body.description,
    "ours",
  );
  const info = await server.call("GET", "/auth_info", { key });
  assert.deepEqual(info.body.api_key.entity_ids, organizationIds("org1"));
  const listed = await server.call("GET", "/organizations/org1/api-keys", { key: server.user1 });
  assert.deepEqual(
    listed.body.api_keys.map((each: { id: string }) => each.id),
    [id],
  );
  assert.deepEqual(missingRights(await server.call("GET", "/organizations/org1/api-keys", { key })), [
    "RIGHT_ORGANIZATION_SETTINGS_API_KEYS",
  ]);
  const changed = await server.call("PUT", `/organizations/org1/api-keys/${id}`, {
    key: server.user1,
    body: { api_key: { rights: ["RIGHT_ORGANIZATION_SETTINGS_BASIC"] }, field_mask: "rights" },
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const one = await server.call("GET", `/organizations/org1/api-keys/${id}`, { key: server.user1 });
  assert.deepEqual(one.body.rights, ["RIGHT_ORGANIZATION_SETTINGS_BASIC"]);
  await server.call("DELETE", `/organizations/org1/api-keys/${id}`, { key: server.user1 });
  const gone = await server.call("GET", "/organizations/org1/rights", { key });
  assert.equal(errorName(gone), "pkg/identityserver:api_key_not_found");
});

test("an organization takes users only, keeps an owner, and shows others who its members are", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1");
  await createOrganization(server, "org2");
  const set = (ids: object, rights: readonly string[]) =>
    setCollaborator(server, "/organizations/org1", ids, rights);
  assert.equal(
    errorName(await set(organizationIds("org2"), ["RIGHT_ORGANIZATION_INFO"])),
    "pkg/identityserver:nested_organizations",
  );
  const unknown = await set(userIds("nobody1"), ["RIGHT_ORGANIZATION_INFO"]);
  assert.equal(errorName(unknown), "pkg/identityserver/store:account_not_found");
  assert.deepEqual(unknown.body.details[0].attributes, { account_id: "nobody1", account_type: "user" });
  assert.equal(
    errorName(await set(userIds("user1"), [])),
    "pkg/identityserver:organization_needs_collaborator",
  );
  assert.equal((await set(userIds("user2"), ["RIGHT_ORGANIZATION_INFO"])).status, 200);
  const path = "/organizations/org1/collaborator/user/user2";
  const one = await server.call("GET", path, { key: server.user1 });
  assert.deepEqual(one.body, { ids: userIds("user2"), rights: ["RIGHT_ORGANIZATION_INFO"] });
  assert.deepEqual(missingRights(await server.call("GET", path, { key: server.user2 })), [
    "RIGHT_ORGANIZATION_SETTINGS_MEMBERS",
  ]);
  const seen = await server.call("GET", "/organizations/org1/collaborators", { key: server.user2 });
  assert.deepEqual(seen.body.collaborators, [{ ids: userIds("user1") }, { ids: userIds("user2") }]);
  const removed = await server.call("DELETE", "/organizations/org1/collaborators/user/user2", {
    key: server.user1,
  });
  assert.equal(removed.status, 200);
  assert.equal(
    errorName(await server.call("GET", path, { key: server.user1 })),
    "pkg/identityserver/store:membership_not_found",
  );
});

test("what happens to an organization is an event of it", async (t) => {
  const server = await startWithMembers(t);
  const names: string[] = [];
  const subject = { kind: "organization", tenantId: "default", organizationId: "org1" } as const;
  const subscription = server.events.subscribe({ subjects: [subject] }, (event) =>
    names.push(event.definition.name),
  );
  await createOrganization(server);
  await setCollaborator(server, "/organizations/org1", userIds("user2"), ["RIGHT_ORGANIZATION_INFO"]);
  await createKey(server, "/organizations/org1", ["RIGHT_ORGANIZATION_INFO"], server.user1);
  await server.call("DELETE", "/organizations/org1", { key: server.user1 });
  subscription.close();
  assert.deepEqual(names, [
    "organization.create",
    "organization.collaborator.update",
    "organization.api-key.create",
    "organization.delete",
  ]);
});
