import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
} from "../identity-server.fixture.ts";

const owners = ["owner1", "owner2", "owner3"];

test("of owners who step down all at once, one is left", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  const admin = { key: server.adminKey };
  await createApplication(server);
  const set = (id: string, rights: readonly string[], key = server.adminKey) =>
    server.call("PUT", "/applications/app1/collaborators", {
      key,
      body: { collaborator: { ids: { user_ids: { user_id: id } }, rights } },
    });
  for (const id of owners) {
    await createUser(server, id);
    assert.equal((await set(id, ["RIGHT_APPLICATION_ALL"])).status, 200);
  }
  await server.call("PUT", "/applications/app1", {
    ...admin,
    body: {
      application: {
        administrative_contact: { user_ids: { user_id: "owner1" } },
        technical_contact: { user_ids: { user_id: "owner1" } },
      },
      field_mask: "administrative_contact,technical_contact",
    },
  });
  const leave = await server.call("DELETE", "/applications/app1/collaborator/user/admin", admin);
  assert.equal(leave.status, 200, JSON.stringify(leave.body));

  const answers = await Promise.all(owners.map((id) => set(id, ["RIGHT_APPLICATION_INFO"])));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 400]);
  const refused = answers.find(({ status }) => status === 400);
  assert.equal(refused && errorName(refused), "pkg/identityserver:application_needs_collaborator");
});

test("eleven attributes are one too many, and a key is not given rights that its maker lacks", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const attributes = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`abc${index}`, "x"]));
  const refused = await server.call("PUT", "/applications/app1", {
    key: server.adminKey,
    body: { application: { attributes }, field_mask: "attributes" },
  });
  assert.equal(errorName(refused), "pkg/errors:validation");
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_SETTINGS_API_KEYS"]);
  const more = await server.call("POST", "/applications/app1/api-keys", {
    key,
    body: { name: "more", rights: ["RIGHT_APPLICATION_INFO"] },
  });
  assert.deepEqual(more.body.details[0].attributes.missing, ["RIGHT_APPLICATION_INFO"]);
});
