import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";

/** Of each kind: where it is created, and where it lies. */
const kinds = [
  { kind: "application", owned: "/users/admin/applications", path: "/applications" },
  { kind: "gateway", owned: "/users/admin/gateways", path: "/gateways" },
  { kind: "client", owned: "/users/admin/clients", path: "/clients" },
  { kind: "organization", owned: "/users/admin/organizations", path: "/organizations" },
] as const;

const caller = (server: TestServer) => async (verb: string, path: string, body?: object) =>
  server.call(verb, path, { key: server.adminKey, ...(body === undefined ? {} : { body }) });

describe("an entity that was read lately is shown", () => {
  for (const { kind, owned, path } of kinds) {
    test(`as it is after every change: ${kind}`, async (t) => {
      const server = await startIdentityServer(t);
      const call = caller(server);
      const one = `${path}/one1`;
      const create = (name: string) =>
        call("POST", owned, { [kind]: { ids: { [`${kind}_id`]: "one1" }, name } });
      const shown = async () => {
        const answers = [
          await call("GET", `${one}?field_mask=name`),
          await call("GET", `${one}?field_mask=name`),
        ];
        const [first, again] = answers.map(({ status, body }) => (status === 200 ? body.name : status));
        assert.equal(again, first);
        return first;
      };
      assert.equal(await shown(), 404);
      await create("first");
      assert.equal(await shown(), "first");
      await call("PUT", one, { [kind]: { name: "second" }, field_mask: { paths: ["name"] } });
      assert.equal(await shown(), "second");
      await call("DELETE", one);
      assert.equal(await shown(), 404);
      await call("POST", `${one}/restore`);
      assert.equal(await shown(), "second");
      await call("DELETE", `${one}/purge`);
      assert.equal(await shown(), 404);
      await create("third");
      assert.equal(await shown(), "third");
    });
  }

  test("to nobody who lost the right to it", async (t) => {
    const server = await startIdentityServer(t);
    const call = caller(server);
    await createApplication(server);
    await call("POST", "/users/admin/organizations", { organization: { ids: { organization_id: "org1" } } });
    const { key } = await createKey(server, "/organizations/org1", ["RIGHT_APPLICATION_INFO"]);
    const rights = (held: readonly string[]) =>
      call("PUT", "/applications/app1/collaborators", {
        collaborator: { ids: { organization_ids: { organization_id: "org1" } }, rights: held },
      });
    const read = () => server.call("GET", "/applications/app1?field_mask=name", { key });
    await rights(["RIGHT_APPLICATION_INFO"]);
    assert.equal((await read()).body.name, "My application");
    await rights([]);
    assert.equal(errorName(await read()), "pkg/auth/rights:no_application_rights");
  });

  test("without its secrets to who may not read them", async (t) => {
    const server = await startIdentityServer(t);
    const call = caller(server);
    const gateway = { ids: { gateway_id: "gtw1" }, lbs_lns_secret: { value: "c2VjcmV0" } };
    await call("POST", "/users/admin/gateways", { gateway });
    const path = "/gateways/gtw1?field_mask=lbs_lns_secret";
    const { key } = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_INFO"]);
    assert.equal((await call("GET", path)).body.lbs_lns_secret.value, "c2VjcmV0");
    assert.equal(
      errorName(await server.call("GET", path, { key })),
      "pkg/auth/rights:insufficient_gateway_rights",
    );
    assert.equal((await call("GET", path)).body.lbs_lns_secret.value, "c2VjcmV0");
  });

  test("as gone when a batch deleted it", async (t) => {
    const server = await startIdentityServer(t);
    const call = caller(server);
    await call("POST", "/users/admin/gateways", { gateway: { ids: { gateway_id: "gtw1" } } });
    assert.equal((await call("GET", "/gateways/gtw1")).status, 200);
    assert.equal(
      (await call("DELETE", `/gateways/batch?gateway_ids=${encodeURIComponent('{"gateway_id":"gtw1"}')}`))
        .status,
      200,
    );
    assert.equal((await call("GET", "/gateways/gtw1")).status, 404);
  });

  test("without a contact that is purged", async (t) => {
    const server = await startIdentityServer(t);
    const call = caller(server);
    await createApplication(server);
    await createUser(server, "alice");
    await call("PUT", "/applications/app1/collaborators", {
      collaborator: { ids: { user_ids: { user_id: "alice" } }, rights: ["RIGHT_APPLICATION_ALL"] },
    });
    const contact = { user_ids: { user_id: "alice" } };
    const paths = ["technical_contact"];
    const body = { application: { technical_contact: contact }, field_mask: { paths } };
    assert.equal((await call("PUT", "/applications/app1", body)).status, 200);
    const read = async () => (await call("GET", "/applications/app1?field_mask=technical_contact")).body;
    assert.deepEqual((await read()).technical_contact, contact);
    assert.equal((await call("DELETE", "/users/alice/purge")).status, 200);
    assert.notDeepEqual((await read()).technical_contact, contact);
  });

  test("of users too, after every change", async (t) => {
    const server = await startIdentityServer(t);
    const call = caller(server);
    await createUser(server, "alice", { name: "first" });
    const name = async () => (await call("GET", "/users/alice?field_mask=name")).body.name;
    assert.equal(await name(), "first");
    await call("PUT", "/users/alice", { user: { name: "second" }, field_mask: { paths: ["name"] } });
    assert.equal(await name(), "second");
    await call("DELETE", "/users/alice");
    assert.equal((await call("GET", "/users/alice?field_mask=name")).status, 404);
  });
});

describe("a device that was read lately is shown", () => {
  const path = "/applications/app1/devices";
  const start = async (t: Parameters<typeof startIdentityServer>[0]) => {
    const server = await startIdentityServer(t);
    await createApplication(server);
    const call = caller(server);
    const create = (name: string) => call("POST", path, { end_device: { ids: { device_id: "dev1" }, name } });
    const read = async () => (await call("GET", `${path}/dev1?field_mask=name,last_seen_at`)).body;
    await create("first");
    return { server, call, create, read };
  };

  test("as it is after every change", async (t) => {
    const { call, create, read } = await start(t);
    assert.equal((await read()).name, "first");
    assert.equal((await read()).name, "first");
    await call("PUT", `${path}/dev1`, { end_device: { name: "second" }, field_mask: { paths: ["name"] } });
    assert.equal((await read()).name, "second");
    await call("DELETE", `${path}/dev1`);
    assert.equal((await call("GET", `${path}/dev1`)).status, 404);
    await create("third");
    assert.equal((await read()).name, "third");
    await call("DELETE", `${path}/batch?device_ids=dev1`);
    assert.equal((await call("GET", `${path}/dev1`)).status, 404);
  });

  test("with when it was seen, once that is written", async (t) => {
    const { server, read } = await start(t);
    assert.equal((await read()).last_seen_at, undefined);
    const at = server.clock.now();
    server.identityServer.deviceSeen({ tenantId: "default", applicationId: "app1", deviceId: "dev1" }, at);
    await server.clock.advance(61_000);
    // Written by now, or about to be.
    for (let left = 50; (await read()).last_seen_at === undefined && left > 0; left--);
    assert.equal(Date.parse((await read()).last_seen_at), at);
  });

  test("as it is while others change it", async (t) => {
    const { call, read } = await start(t);
    for (let round = 0; round < 20; round++) {
      const name = `round ${round}`;
      const body = { end_device: { name }, field_mask: { paths: ["name"] } };
      const reads = Array.from({ length: 5 }, read);
      await Promise.all([call("PUT", `${path}/dev1`, body), ...reads]);
      assert.equal((await read()).name, name);
    }
  });
});
