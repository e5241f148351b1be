import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
} from "../identity-server.fixture.ts";

test("registers the page's gateway, finds it by its EUI, and tells of its changes", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const { gatewayRegistry } = server.identityServer;
  const changes: (string | undefined)[] = [];
  gatewayRegistry.onGatewayChanged((ids, gateway) =>
    changes.push(`${ids.gatewayId} ${gateway?.frequencyPlanIds.join() ?? "gone"}`),
  );
  const eui = "AABBCCDDEEFF0011" as Parameters<typeof gatewayRegistry.findByEui>[0];
  assert.equal(await gatewayRegistry.findByEui(eui), undefined);
  const created = await server.call("POST", "/users/user1/gateways", {
    key: server.adminKey,
    body: {
      gateway: {
        ids: { gateway_id: "gtw1", eui },
        name: "my gateway",
        gateway_server_address: "thethings.example.com",
        frequency_plan_id: "EU_863_870_TTN",
      },
    },
  });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  assert.deepEqual(created.body.frequency_plan_ids, ["EU_863_870_TTN"]);
  assert.equal((await gatewayRegistry.findByEui(eui))?.ids.gatewayId, "gtw1");

  await server.call("PUT", "/gateways/gtw1", {
    key: server.adminKey,
    body: {
      gateway: { frequency_plan_ids: ["EU_863_870"], enforce_duty_cycle: true },
      field_mask: "frequency_plan_ids,enforce_duty_cycle",
    },
  });
  const found = await gatewayRegistry.findByEui(eui);
  assert.deepEqual(found?.frequencyPlanIds, ["EU_863_870"]);
  assert.equal(found?.enforceDutyCycle, true);
  const got = await server.call("GET", "/gateways/gtw1?field_mask=frequency_plan_id", {
    key: server.adminKey,
  });
  assert.equal(got.body.frequency_plan_id, "EU_863_870");

  await server.call("DELETE", "/gateways/gtw1", { key: server.adminKey });
  assert.equal(await gatewayRegistry.findByEui(eui), undefined);
  assert.deepEqual(changes, ["gtw1 EU_863_870_TTN", "gtw1 EU_863_870", "gtw1 gone"]);
});

test("a gateway's secrets are sealed in the store and read with their own right", async (t) => {
  const server = await startIdentityServer(t);
  const secret = Buffer.from("lns secret of mine").toString("base64");
  await server.call("POST", "/users/admin/gateways", {
    key: server.adminKey,
    body: { gateway: { ids: { gateway_id: "gtw1" }, lbs_lns_secret: { value: secret } } },
  });
  const rows = await server.store.query({ sql: "SELECT data FROM gateways", parameters: 0 });
  assert.equal(Buffer.from(rows[0]?.data as Uint8Array).includes("lns secret of mine"), false);
  const path = "/gateways/gtw1?field_mask=lbs_lns_secret";
  const read = await server.call("GET", path, { key: server.adminKey });
  assert.equal(read.body.lbs_lns_secret?.value, secret, JSON.stringify(read.body));
  const { key } = await createKey(server, "/gateways/gtw1", ["RIGHT_GATEWAY_INFO"]);
  const refused = await server.call("GET", path, { key });
  assert.deepEqual(refused.body.details[0].attributes.missing, ["RIGHT_GATEWAY_READ_SECRETS"]);
});

test("strangers see what a gateway's owner made public, and no more", async (t) => {
  const server = await startIdentityServer(t);
  const create = (id: string, open: boolean) =>
    server.call("POST", "/users/admin/gateways", {
      key: server.adminKey,
      body: {
        gateway: {
          ids: { gateway_id: id },
          name: "roof",
          gateway_server_address: "gs.example.com",
          antennas: [{ gain: 2, location: { latitude: 52.1, longitude: 4.9 } }],
          location_public: open,
          status_public: open,
        },
      },
    });
  await create("closed", false);
  await create("opened", true);
  await createApplication(server);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const get = (id: string, mask: string) => server.call("GET", `/gateways/${id}?field_mask=${mask}`, { key });
  const opened = await get("opened", "name,antennas,gateway_server_address");
  assert.equal(opened.body.antennas[0].location.latitude, 52.1);
  assert.equal(opened.body.gateway_server_address, "gs.example.com");
  const closed = await get("closed", "name,antennas,gateway_server_address");
  assert.equal(closed.body.name, "roof");
  assert.deepEqual(closed.body.antennas, [{ gain: 2 }]);
  assert.equal(closed.body.gateway_server_address, undefined);
  assert.equal(errorName(await get("closed", "attributes")), "pkg/auth/rights:no_gateway_rights");
  const rights = await server.call("GET", "/gateways/opened/rights", { key });
  assert.deepEqual(rights.body.rights, ["RIGHT_GATEWAY_STATUS_READ", "RIGHT_GATEWAY_LOCATION_READ"]);
});

test("where a gateway says it stands is written when its owner wants that and it moved", async (t) => {
  const server = await startIdentityServer(t);
  const { gatewayRegistry } = server.identityServer;
  for (const [id, wanted] of [
    ["moving", true],
    ["fixed", false],
  ] as const) {
    const gateway = { ids: { gateway_id: id }, update_location_from_status: wanted };
    await server.call("POST", "/users/admin/gateways", { key: server.adminKey, body: { gateway } });
  }
  const located = async (id: string) =>
    (await server.call("GET", `/gateways/${id}?field_mask=antennas`, { key: server.adminKey })).body.antennas;
  for (const gatewayId of ["moving", "fixed"]) {
    gatewayRegistry.gatewayLocated({ tenantId: "default", gatewayId }, { latitude: 1, longitude: 2 });
  }
  for (let wait = 0; wait < 2000 && (await located("moving")) === undefined; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal((await located("moving"))[0].location.latitude, 1);
  assert.equal(await located("fixed"), undefined);
});

test("a deleted gateway's EUI can be used again, and then the gateway cannot be restored", async (t) => {
  const server = await startIdentityServer(t);
  const admin = { key: server.adminKey };
  const create = (id: string) =>
    server.call("POST", "/users/admin/gateways", {
      ...admin,
      body: { gateway: { ids: { gateway_id: id, eui: "AABBCCDDEEFF0011" } } },
    });
  await create("gtw1");
  await server.call("DELETE", "/gateways/gtw1", admin);
  assert.equal(errorName(await create("gtw1")), "pkg/util/store:id_taken");
  assert.equal((await create("gtw2")).status, 200);
  const restored = await server.call("POST", "/gateways/gtw1/restore", admin);
  assert.equal(errorName(restored), "pkg/identityserver:gateway_eui_taken");
  assert.deepEqual(restored.body.details[0].attributes, {
    administrative_contact: "admin",
    gateway_eui: "AABBCCDDEEFF0011",
    gateway_id: "gtw2",
  });
  await server.call("DELETE", "/gateways/gtw2/purge", admin);
  assert.equal((await server.call("POST", "/gateways/gtw1/restore", admin)).status, 200);
  const eui = { gateway: { ids: { eui: "AABBCCDDEEFF0022" } }, field_mask: "ids.eui" };
  const changed = await server.call("PUT", "/gateways/gtw1", { ...admin, body: eui });
  assert.equal(changed.body.ids.eui, "AABBCCDDEEFF0022", JSON.stringify(changed.body));
});
