import assert from "node:assert/strict";
import { test } from "node:test";
import { createKey, errorName } from "../identity-server.fixture.ts";
import {
  createOrganization,
  everyRight,
  type Members,
  missingRights,
  organizationIds,
  setCollaborator,
  startWithMembers,
  userIds,
} from "./organizations.fixture.ts";

async function rightsOf(server: Members, path: string, key: string): Promise<string[]> {
  const answer = await server.call("GET", `${path}/rights`, { key });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.rights ?? [];
}

async function createIn(
  server: Members,
  account: string,
  kind: "application" | "gateway" | "client",
  id: string,
) {
  const answer = await server.call("POST", `/${account}/${kind}s`, {
    key: server.user1,
    body: { [kind]: { ids: { [`${kind}_id`]: id }, name: `name of ${id}` } },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}

test("a member has the rights that both the organization and the member hold, and loses them with either", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server);
  await createIn(server, "users/user1", "application", "app1");
  await setCollaborator(server, "/applications/app1", organizationIds("org1"), ["RIGHT_APPLICATION_ALL"]);
  const ofUser2 = () => rightsOf(server, "/applications/app1", server.user2);
  const setUser2 = (rights: string[]) =>
    setCollaborator(server, "/organizations/org1", userIds("user2"), rights);
  assert.deepEqual(await ofUser2(), []);

  await setUser2(["RIGHT_APPLICATION_INFO", "RIGHT_APPLICATION_DEVICES_READ", "RIGHT_GATEWAY_INFO"]);
  assert.deepEqual(await ofUser2(), ["RIGHT_APPLICATION_INFO", "RIGHT_APPLICATION_DEVICES_READ"]);
  await setUser2(["RIGHT_APPLICATION_INFO"]);
  assert.deepEqual(await ofUser2(), ["RIGHT_APPLICATION_INFO"]);

  await setCollaborator(server, "/applications/app1", organizationIds("org1"), [
    "RIGHT_APPLICATION_DEVICES_READ",
  ]);
  assert.deepEqual(await ofUser2(), []);
  await setUser2(["RIGHT_APPLICATION_ALL"]);
  assert.deepEqual(await ofUser2(), ["RIGHT_APPLICATION_DEVICES_READ"]);

  await server.call("DELETE", "/organizations/org1/collaborators/user/user2", { key: server.user1 });
  assert.deepEqual(await ofUser2(), []);
  await setUser2(everyRight);
  assert.deepEqual(await ofUser2(), ["RIGHT_APPLICATION_DEVICES_READ"]);
  await server.call("DELETE", "/organizations/org1", { key: server.user1 });
  assert.deepEqual(await ofUser2(), []);
  await server.call("POST", "/organizations/org1/restore", { key: server.user1 });
  assert.deepEqual(await ofUser2(), ["RIGHT_APPLICATION_DEVICES_READ"]);
});

test("direct rights and those through several organizations add up, within those of the token", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server, "org1");
  await createOrganization(server, "org2");
  await createIn(server, "users/user1", "gateway", "gtw1");
  await setCollaborator(server, "/gateways/gtw1", organizationIds("org1"), ["RIGHT_GATEWAY_INFO"]);
  await setCollaborator(server, "/gateways/gtw1", organizationIds("org2"), ["RIGHT_GATEWAY_LINK"]);
  await setCollaborator(server, "/gateways/gtw1", userIds("user2"), ["RIGHT_GATEWAY_STATUS_READ"]);
  for (const id of ["org1", "org2"]) {
    await setCollaborator(server, `/organizations/${id}`, userIds("user2"), ["RIGHT_GATEWAY_ALL"]);
  }
  const all = ["RIGHT_GATEWAY_INFO", "RIGHT_GATEWAY_LINK", "RIGHT_GATEWAY_STATUS_READ"];
  assert.deepEqual(await rightsOf(server, "/gateways/gtw1", server.user2), all);
  const { key } = await createKey(server, "/users/user2", ["RIGHT_GATEWAY_LINK"], server.user2);
  assert.deepEqual(await rightsOf(server, "/gateways/gtw1", key), [
    "RIGHT_GATEWAY_INFO",
    "RIGHT_GATEWAY_LINK",
  ]);
  const list = await server.call("GET", "/gateways/gtw1/collaborators?order=-id", { key: server.user1 });
  assert.deepEqual(
    list.body.collaborators.map((each: { ids: object }) => each.ids),
    [userIds("user2"), userIds("user1"), organizationIds("org2"), organizationIds("org1")],
  );
  const one = await server.call("GET", "/gateways/gtw1/collaborator/organization/org2", {
    key: server.user1,
  });
  assert.deepEqual(one.body, { ids: organizationIds("org2"), rights: ["RIGHT_GATEWAY_LINK"] });
  await server.call("DELETE", "/gateways/gtw1/collaborators/organization/org2", { key: server.user1 });
  assert.deepEqual(await rightsOf(server, "/gateways/gtw1", server.user2), [
    "RIGHT_GATEWAY_INFO",
    "RIGHT_GATEWAY_STATUS_READ",
  ]);
});

test("an organization's key acts on what the organization collaborates on, while there is the organization", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server);
  await createIn(server, "organizations/org1", "application", "app1");
  await createIn(server, "users/user1", "application", "app2");
  const { key } = await createKey(
    server,
    "/organizations/org1",
    [
      "RIGHT_APPLICATION_INFO",
      "RIGHT_ORGANIZATION_APPLICATIONS_LIST",
      "RIGHT_ORGANIZATION_APPLICATIONS_CREATE",
    ],
    server.user1,
  );
  assert.deepEqual(await rightsOf(server, "/applications/app1", key), ["RIGHT_APPLICATION_INFO"]);
  const foreign = await server.call("GET", "/applications/app2?field_mask=name", { key });
  assert.equal(errorName(foreign), "pkg/auth/rights:no_application_rights");
  const mine = await server.call("GET", "/applications?field_mask=name", { key });
  assert.deepEqual(
    mine.body.applications.map((each: { name: string }) => each.name),
    ["name of app1"],
  );
  const body = { application: { ids: { application_id: "app3" } } };
  const created = await server.call("POST", "/organizations/org1/applications", { key, body });
  assert.deepEqual(created.body.technical_contact, organizationIds("org1"));
  const gateway = { gateway: { ids: { gateway_id: "gtw1" } } };
  const refused = await server.call("POST", "/organizations/org1/gateways", { key, body: gateway });
  assert.deepEqual(missingRights(refused), ["RIGHT_ORGANIZATION_GATEWAYS_CREATE"]);
  await server.call("DELETE", "/organizations/org1", { key: server.user1 });
  const gone = await server.call("GET", "/applications/app1?field_mask=name", { key });
  assert.equal(errorName(gone), "pkg/auth/rights:no_application_rights");
});

test("members list what their organizations have, and the organization's entities by the organization", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server);
  await createIn(server, "organizations/org1", "application", "app1");
  await createIn(server, "organizations/org1", "client", "client1");
  await createIn(server, "users/user1", "application", "app2");
  await setCollaborator(server, "/organizations/org1", userIds("user2"), [
    "RIGHT_ORGANIZATION_APPLICATIONS_LIST",
  ]);
  const namesIn = async (path: string, key: string) => {
    const answer = await server.call("GET", `${path}?field_mask=name`, { key });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return Object.values(answer.body as Record<string, { ids: Record<string, string>; name?: string }[]>)
      .flat()
      .map(({ ids, name }) => `${Object.values(ids)[0]}: ${name ?? "hidden"}`);
  };
  assert.deepEqual(await namesIn("/applications", server.user1), [
    "app1: name of app1",
    "app2: name of app2",
  ]);
  assert.deepEqual(await namesIn("/users/user1/applications", server.user1), ["app2: name of app2"]);
  assert.deepEqual(await namesIn("/organizations/org1/clients", server.user1), ["client1: name of client1"]);
  // The list needs its right alone; what an application is called needs another.
  assert.deepEqual(await namesIn("/organizations/org1/applications", server.user2), ["app1: hidden"]);
  assert.deepEqual(await namesIn("/applications", server.user2), ["app1: hidden"]);
  const clients = await server.call("GET", "/organizations/org1/clients", { key: server.user2 });
  assert.deepEqual(missingRights(clients), ["RIGHT_ORGANIZATION_CLIENTS_LIST"]);
  const body = { application: { ids: { application_id: "app3" } } };
  const refused = await server.call("POST", "/organizations/org1/applications", { key: server.user2, body });
  assert.deepEqual(missingRights(refused), ["RIGHT_ORGANIZATION_APPLICATIONS_CREATE"]);
  const nobody = await server.call("GET", "/organizations/org2/applications", { key: server.user2 });
  assert.equal(errorName(nobody), "pkg/auth/rights:no_organization_rights");
});

test("who takes the id of a purged organization inherits nothing of it", async (t) => {
  const server = await startWithMembers(t);
  await createOrganization(server);
  await createIn(server, "organizations/org1", "application", "app1");
  await setCollaborator(server, "/applications/app1", userIds("user1"), ["RIGHT_APPLICATION_ALL"]);
  const { key } = await createKey(server, "/organizations/org1", ["RIGHT_APPLICATION_ALL"], server.user1);
  assert.equal(
    (await server.call("DELETE", "/organizations/org1/purge", { key: server.adminKey })).status,
    200,
  );
  const gone = await server.call("GET", "/applications/app1", { key });
  assert.equal(errorName(gone), "pkg/identityserver:api_key_not_found");
  const again = await server.call("POST", "/users/user2/organizations", {
    key: server.user2,
    body: { organization: { ids: { organization_id: "org1" } } },
  });
  assert.equal(again.status, 200);
  assert.deepEqual(await rightsOf(server, "/applications/app1", server.user2), []);
  const contacts = "/applications/app1?field_mask=administrative_contact,technical_contact";
  const left = (await server.call("GET", contacts, { key: server.user1 })).body;
  assert.deepEqual([left.administrative_contact, left.technical_contact], [undefined, undefined]);
  const list = await server.call("GET", "/applications/app1/collaborators", { key: server.user1 });
  assert.deepEqual(list.body.collaborators, [{ ids: userIds("user1"), rights: ["RIGHT_APPLICATION_ALL"] }]);
});
