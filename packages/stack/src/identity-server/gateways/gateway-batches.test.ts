import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createKey,
  createUser,
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";

/** As `RIGHT_ALL`, which an admin does not hold on users. */
const everything = ["USER", "APPLICATION", "GATEWAY", "CLIENT", "ORGANIZATION"].map(
  (kind) => `RIGHT_${kind}_ALL`,
);

async function createGateway(server: TestServer, id: string, owner: string, more: object = {}) {
  const body = { gateway: { ids: { gateway_id: id }, ...more } };
  const answer = await server.call("POST", `/users/${owner}/gateways`, { key: server.adminKey, body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

/** A list of messages in a query is the JSON of each. */
const inQuery = (ids: readonly string[]) =>
  ids.map((id) => `gateway_ids=${encodeURIComponent(JSON.stringify({ gateway_id: id }))}`).join("&");

const asserting = (ids: readonly string[], rights: readonly string[]) =>
  `/gateways/rights/batch?${inQuery(ids)}&${rights.map((right) => `required.rights=${right}`).join("&")}`;

test("asserts rights on gateways together", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  await createUser(server, "alice");
  await createGateway(server, "gtw1", "alice");
  await createGateway(server, "gtw2", "alice", { status_public: true });
  await createGateway(server, "gtw3", "admin", { status_public: true });
  const { key } = await createKey(server, "/users/alice", everything);
  const ask = async (ids: readonly string[], rights: readonly string[], by = key) => {
    const answer = await server.call("GET", asserting(ids, rights), { key: by });
    return answer.status === 200 ? "granted" : errorName(answer);
  };
  assert.equal(
    await ask(["gtw1", "gtw2", "gtw1"], ["RIGHT_GATEWAY_INFO", "RIGHT_GATEWAY_DELETE"]),
    "granted",
  );
  assert.equal(await ask(["gtw1", "gtw3"], ["RIGHT_GATEWAY_INFO"]), "pkg/identityserver:insufficient_rights");
  assert.equal(await ask(["gtw2", "gtw3"], ["RIGHT_GATEWAY_STATUS_READ"]), "granted");
  assert.equal(await ask(["gtw1", "gtw9"], ["RIGHT_GATEWAY_INFO"]), "pkg/identityserver:insufficient_rights");
  assert.equal(
    await ask(["gtw1", "gtw9"], ["RIGHT_GATEWAY_INFO"], server.adminKey),
    "pkg/identityserver:some_gateways_not_found",
  );
  assert.equal(await ask(["gtw1"], ["RIGHT_APPLICATION_INFO"]), "pkg/identityserver:non_gateway_rights");
  const own = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_INFO"], key);
  assert.equal(
    await ask(["gtw1"], ["RIGHT_GATEWAY_INFO"], own.key),
    "pkg/identityserver:neither_user_nor_organization",
  );
});

test("deletes gateways together or not at all, and frees their EUIs", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all=true"] });
  await createUser(server, "alice");
  await createGateway(server, "gtw1", "alice", { ids: { gateway_id: "gtw1", eui: "AABBCCDDEEFF0011" } });
  await createGateway(server, "gtw2", "alice");
  await createGateway(server, "gtw3", "admin");
  const { key } = await createKey(server, "/users/alice", everything);
  const batch = (...ids: string[]) => server.call("DELETE", `/gateways/batch?${inQuery(ids)}`, { key });
  const changed: string[] = [];
  server.identityServer.gatewayRegistry.onGatewayChanged((ids) => changed.push(ids.gatewayId));

  assert.equal(errorName(await batch("gtw1", "gtw3")), "pkg/identityserver:insufficient_rights");
  assert.equal((await server.call("GET", "/gateways/gtw1", { key })).status, 200);
  const inBody = (ids: readonly string[]) => {
    const body = JSON.stringify({ gateway_ids: ids.map((gateway_id) => ({ gateway_id })) });
    // Of a DELETE, Node does not say how long its body is.
    const headers = { "Content-Type": "application/json", "Content-Length": String(body.length) };
    return server.call("DELETE", "/gateways/batch", { key, headers, body });
  };
  assert.equal(errorName(await inBody(["gtw1", "gtw3"])), "pkg/identityserver:insufficient_rights");
  assert.equal((await batch("gtw1", "gtw2", "gtw1")).status, 200);
  assert.deepEqual(changed.sort(), ["gtw1", "gtw2"]);
  assert.notEqual((await server.call("GET", "/gateways/gtw1", { key })).status, 200);
  await createGateway(server, "gtw4", "alice", { ids: { gateway_id: "gtw4", eui: "AABBCCDDEEFF0011" } });
});
