import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  pageDevice,
  startIdentityServer,
} from "../identity-server.fixture.ts";

test("keeps bookmarks of every kind of entity, in the order in which they were made", async (t) => {
  const server = await startIdentityServer(t);
  const { adminKey: key } = server;
  await createApplication(server);
  await server.call("POST", "/applications/app1/devices", { key, body: pageDevice });
  const gateway = { gateway: { ids: { gateway_id: "gtw1" } } };
  await server.call("POST", "/users/admin/gateways", { key, body: gateway });
  const device = { device_ids: { device_id: "newdev1", application_ids: { application_id: "app1" } } };
  const entities = [
    { user_ids: { user_id: "admin" } },
    device,
    { gateway_ids: { gateway_id: "gtw1" } },
    { application_ids: { application_id: "app1" } },
  ];
  const add = (entity_ids: object) =>
    server.call("POST", "/users/admin/bookmarks", { key, body: { entity_ids } });
  for (const entity of entities) {
    const answer = await add(entity);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body.entity_ids, entity);
    await server.clock.advance(1000);
  }
  assert.equal(errorName(await add(device)), "pkg/util/store:already_exists");
  assert.equal(
    errorName(await add({ client_ids: { client_id: "none" } })),
    "pkg/identityserver/store:client_not_found",
  );
  const list = async (query = "") => {
    const answer = await server.call("GET", `/users/admin/bookmarks${query}`, { key });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const found = (answer.body.bookmarks ?? []).map((each: { entity_ids: object }) => each.entity_ids);
    return { found, total: answer.headers["x-total-count"] };
  };
  assert.deepEqual(await list(), { found: entities, total: "4" });
  assert.deepEqual((await list("?order=-created_at&limit=2&page=2")).found, [device, entities[0]]);
  assert.deepEqual((await list("?entity_types=gateway&entity_types=end%20device")).found, [
    device,
    entities[2],
  ]);
  assert.equal((await server.call("GET", "/users/admin/bookmarks?entity_types=tree", { key })).status, 400);

  const remove = (path: string) => server.call("DELETE", `/users/admin/bookmarks/${path}`, { key });
  assert.equal((await remove("applications/app1/devices/newdev1")).status, 200);
  assert.equal((await remove("users/admin")).status, 200);
  assert.equal(errorName(await remove("users/admin")), "pkg/identityserver/store:user_bookmark_not_found");
  assert.equal((await list()).total, "2");
  const both = JSON.stringify([entities[2], entities[3]]);
  assert.equal((await remove(`batch?entity_ids=${encodeURIComponent(both)}`)).status, 200);
  assert.equal((await list()).total, "0");
});

test("hides a bookmark while its entity is deleted, and drops it with the entity", async (t) => {
  const server = await startIdentityServer(t);
  const { adminKey: key } = server;
  await createApplication(server);
  const body = { entity_ids: { application_ids: { application_id: "app1" } } };
  await server.call("POST", "/users/admin/bookmarks", { key, body });
  const count = async (query = "") =>
    (await server.call("GET", `/users/admin/bookmarks${query}`, { key })).headers["x-total-count"];
  await server.call("DELETE", "/applications/app1", { key });
  assert.deepEqual([await count(), await count("?deleted=true")], ["0", "1"]);
  await server.call("POST", "/applications/app1/restore", { key });
  assert.deepEqual([await count(), await count("?deleted=true")], ["1", "0"]);
  await server.call("DELETE", "/applications/app1/purge", { key });
  await createApplication(server);
  assert.deepEqual([await count(), await count("?deleted=true")], ["0", "0"]);
});

test("shows bookmarks to their user only", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  await createUser(server, "alice");
  const reader = await createKey(server, "/users/alice", ["RIGHT_USER_INFO"]);
  const body = { entity_ids: { user_ids: { user_id: "alice" } } };
  const refused = await server.call("POST", "/users/alice/bookmarks", { key: reader.key, body });
  assert.equal(errorName(refused), "pkg/auth/rights:insufficient_user_rights");
  assert.equal((await server.call("GET", "/users/alice/bookmarks", { key: reader.key })).status, 200);
  const others = await server.call("GET", "/users/admin/bookmarks", { key: reader.key });
  assert.equal(errorName(others), "pkg/auth/rights:no_user_rights");
});
