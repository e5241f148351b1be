import assert from "node:assert/strict";
import { test } from "node:test";
import { credentials, Client as GrpcClient } from "@grpc/grpc-js";
import { fromBinary, GatewayIdentifiersSchema, GatewayRegistry } from "@skylark/api";
import { silentLogger } from "../../log/log.ts";
import { listenGrpc } from "../../rpc/grpc-listener.ts";
import { callUnary, toBytes } from "../../rpc/grpc-platform.fixture.ts";
import { createGrpcPlatform } from "../../rpc/grpc-platform.ts";
import { createKey, errorName, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";
import { missingRights, startWithMembers } from "../organizations/organizations.fixture.ts";

const eui = "AABBCCDDEEFF0011";

async function createGateway(server: TestServer, id = "gtw1", more: object = {}, key = server.adminKey) {
  const gateway = { ids: { gateway_id: id }, ...more };
  return server.call("POST", "/users/admin/gateways", { key, body: { gateway } });
}

test("a gateway's own key changes its antennas and attributes, and nothing else", async (t) => {
  const server = await startIdentityServer(t);
  await createGateway(server);
  const { key } = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_LINK"]);
  const update = (gateway: object, mask: string, withKey = key) =>
    server.call("PUT", "/gateways/gtw1", { key: withKey, body: { gateway, field_mask: mask } });
  const moved = await update({ antennas: [{ gain: 2 }], attributes: { abc: "d" } }, "antennas,attributes");
  assert.equal(moved.status, 200, JSON.stringify(moved.body));
  assert.deepEqual(moved.body.antennas, [{ gain: 2 }]);
  assert.deepEqual(missingRights(await update({ name: "x" }, "antennas,name")), [
    "RIGHT_GATEWAY_SETTINGS_BASIC",
  ]);
  assert.deepEqual(missingRights(await update({}, "")), ["RIGHT_GATEWAY_SETTINGS_BASIC"]);
  const reader = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_INFO"]);
  assert.deepEqual(missingRights(await update({}, "antennas", reader.key)), ["RIGHT_GATEWAY_SETTINGS_BASIC"]);
  const settings = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_SETTINGS_BASIC"]);
  assert.equal((await update({ antennas: [] }, "antennas", settings.key)).status, 200);
  const secret = { lbs_lns_secret: { value: "YQ==" } };
  assert.deepEqual(missingRights(await update(secret, "lbs_lns_secret", settings.key)), [
    "RIGHT_GATEWAY_WRITE_SECRETS",
  ]);
});

test("a claim authentication code needs a secret, and an end after its beginning", async (t) => {
  const server = await startIdentityServer(t);
  const [early, late] = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"];
  const secret = { value: "YWJj" };
  const code = (claim_authentication_code: object) => ({ claim_authentication_code });
  const name = "pkg/identityserver:claim_authentication_code";
  assert.equal(errorName(await createGateway(server, "gtw1", code({ valid_from: early }))), name);
  const backwards = code({ secret, valid_from: late, valid_to: early });
  assert.equal(errorName(await createGateway(server, "gtw1", backwards)), name);
  const created = await createGateway(server, "gtw1", code({ secret, valid_from: early, valid_to: late }));
  assert.equal(created.body.claim_authentication_code.secret.value, "YWJj");
  const update = (gateway: object) =>
    server.call("PUT", "/gateways/gtw1", {
      key: server.adminKey,
      body: { gateway, field_mask: "claim_authentication_code" },
    });
  assert.equal(errorName(await update(backwards)), name);
  assert.equal((await update(code({ secret }))).body.claim_authentication_code.secret.value, "YWJj");
  assert.equal((await update({})).body.claim_authentication_code, undefined);
});

test("a taken EUI tells who has it, and whom to ask", async (t) => {
  const server = await startWithMembers(t);
  await createGateway(server, "gtw1", { ids: { gateway_id: "gtw1", eui } });
  const again = await server.call("POST", "/users/user1/gateways", {
    key: server.user1,
    body: { gateway: { ids: { gateway_id: "gtw2", eui } } },
  });
  assert.equal(errorName(again), "pkg/identityserver:gateway_eui_taken");
  assert.deepEqual(again.body.details[0].attributes, {
    administrative_contact: "admin",
    gateway_eui: eui,
    gateway_id: "gtw1",
  });
});

test("lists are ordered, filtered and paged as the API says, with secrets for those who may read them", async (t) => {
  const server = await startWithMembers(t);
  const admin = { key: server.adminKey };
  await createGateway(server, "gtw1", { name: "b", ids: { gateway_id: "gtw1", eui: "0000000000000002" } });
  await createGateway(server, "gtw2", { name: "a", ids: { gateway_id: "gtw2", eui: "0000000000000001" } });
  const idsIn = (answer: { body: { gateways?: { ids: { gateway_id: string } }[] } }) =>
    (answer.body.gateways ?? []).map(({ ids }) => ids.gateway_id);
  const list = (query: string) => server.call("GET", `/gateways?${query}`, admin);
  assert.deepEqual(idsIn(await list("order=gateway_eui")), ["gtw2", "gtw1"]);
  assert.deepEqual(idsIn(await list("order=-name")), ["gtw1", "gtw2"]);
  const paged = await list("limit=1&page=2");
  assert.deepEqual(idsIn(paged), ["gtw2"]);
  assert.equal(paged.headers["x-total-count"], "2");
  assert.equal(errorName(await list("order=description")), "pkg/errors:validation");

  await server.clock.advance(60_000);
  const since = new Date(server.clock.now() - 30_000).toISOString();
  const secret = { value: "YWJj" };
  await server.call("PUT", "/gateways/gtw2", {
    ...admin,
    body: { gateway: { lbs_lns_secret: secret }, field_mask: "lbs_lns_secret" },
  });
  const body = { filters: [{ updated_since: since }], field_mask: "name,lbs_lns_secret" };
  const filtered = await server.call("POST", "/gateways/filter", { ...admin, body });
  assert.deepEqual(idsIn(filtered), ["gtw2"], JSON.stringify(filtered.body));
  assert.deepEqual(filtered.body.gateways[0].lbs_lns_secret, secret);
  const { key } = await createKey(server, "/gateways/gtw2", ["RIGHT_GATEWAY_INFO"]);
  const own = await server.call("GET", "/gateways?field_mask=name,lbs_lns_secret", { key });
  assert.equal(own.body.gateways[0].name, "a");
  assert.equal(own.body.gateways[0].lbs_lns_secret, undefined);
});

test("collaborators of a gateway may be seen by anyone with a key, their rights by who manages them", async (t) => {
  const server = await startWithMembers(t);
  await createGateway(server);
  const path = "/gateways/gtw1/collaborators";
  const seen = await server.call("GET", path, { key: server.user1 });
  assert.deepEqual(seen.body.collaborators, [{ ids: { user_ids: { user_id: "admin" } } }]);
  const managed = await server.call("GET", path, { key: server.adminKey });
  assert.deepEqual(managed.body.collaborators[0].rights, ["RIGHT_ALL"]);
  assert.equal(errorName(await server.call("GET", path)), "pkg/identityserver:unauthenticated");
  const none = await server.call("GET", "/gateways/gtw2/collaborators", { key: server.user1 });
  assert.equal(errorName(none), "pkg/identityserver/store:gateway_not_found");
});

test("the identifiers for an EUI are found over gRPC", async (t) => {
  const server = await startIdentityServer(t);
  await createGateway(server, "gtw1", { ids: { gateway_id: "gtw1", eui } });
  const platform = createGrpcPlatform({
    services: server.identityServer.services,
    authority: server.identityServer.authority,
    clock: server.clock,
    log: silentLogger,
    tenantOfHost: () => "default",
  });
  const listener = await listenGrpc(platform, { port: 0, host: "127.0.0.1" });
  const client = new GrpcClient(`127.0.0.1:${listener.port}`, credentials.createInsecure());
  t.after(async () => {
    client.close();
    platform.stop();
    await listener.close(100);
  });
  const method = GatewayRegistry.method.getIdentifiersForEUI;
  const find = (text: string, key: string) =>
    callUnary(client, method, toBytes(method, { eui: Buffer.from(text, "hex") }), {
      authorization: `Bearer ${key}`,
    });
  const found = fromBinary(GatewayIdentifiersSchema, (await find(eui, server.adminKey)).bytes);
  assert.equal(found.gatewayId, "gtw1");
  assert.equal(Buffer.from(found.eui).toString("hex").toUpperCase(), eui);
  await assert.rejects(find("0000000000000009", server.adminKey), /gateway_not_found_by_eui/);
  await assert.rejects(find(eui, "NNSXS.AAAA.BBBB"), /api_key_not_found/);
});
