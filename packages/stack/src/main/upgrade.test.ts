import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { startTestStack } from "./running-stack.fixture.ts";

const releases = new URL("./releases/", import.meta.url);

/** A data directory as a release left it: the tables as SQL, the secrets in comments before them. */
function readRelease(file: string) {
  const sql = readFileSync(new URL(file, releases), "utf8");
  const secret = (name: string): string => {
    const found = new RegExp(`^-- ${name}: (.+)$`, "m").exec(sql)?.[1];
    assert.ok(found, `${file} names no ${name}`);
    return found;
  };
  return { sql, secret };
}

for (const file of readdirSync(releases)) {
  const { sql, secret } = readRelease(file);
  const start = (t: Parameters<typeof startTestStack>[0], args: readonly string[] = []) =>
    startTestStack(t, args, async (dataDirectory) => {
      const database = new DatabaseSync(join(dataDirectory, "skylark.db"));
      database.exec(sql);
      database.close();
      await writeFile(join(dataDirectory, "installation-key"), `${secret("installation-key")}\n`);
      await writeFile(join(dataDirectory, "admin-api-key"), `${secret("admin-api-key")}\n`);
    });

  describe(`a data directory of the release ${file.replace(".sql", "")}`, () => {
    test("starts, and what it holds can be read, found and changed", { timeout: 60_000 }, async (t) => {
      const stack = await start(t);
      const { body: devices } = await stack.call("GET", "/applications/simulation/devices");
      assert.equal(devices.end_devices.length, 5);
      const found = async (path: string) => (await stack.call("GET", path)).body;
      const applications = await found("/search/applications?attributes_contain[colour]=blue&query=cellar");
      assert.equal(applications.applications[0].ids.application_id, "alice-app");
      const deleted = await found("/search/applications?deleted=true");
      assert.deepEqual(
        deleted.applications.map((each: { ids: object }) => each.ids),
        [{ application_id: "del-app" }],
      );
      const byEui = await found("/search/applications/simulation/devices?dev_eui_contains=4000000&limit=1");
      assert.equal(byEui.end_devices.length, 1);
      const gateways = await found("/search/gateways?name_contains=roof");
      assert.equal(gateways.gateways[0].ids.gateway_id, "gw-old");
      const users = await found("/search/users?query=alice");
      assert.equal(users.users[0].ids.user_id, "alice");
      assert.deepEqual(stack.rows("SELECT * FROM search_unfilled"), []);

      const change = { end_device: { name: "Changed" }, field_mask: { paths: ["name"] } };
      const path = "/applications/simulation/devices/sim-100-0";
      const changed = await stack.call("PUT", path, { body: change });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      const again = await found("/search/applications/simulation/devices?name_contains=changed");
      assert.equal(again.end_devices.length, 1);
    });

    test("keeps its keys, secrets and queues", { timeout: 60_000 }, async (t) => {
      const stack = await start(t);
      const key = secret("application-api-key");
      const device = "applications/simulation/devices/sim-100-0";
      const root = await stack.call("GET", `/js/${device}?field_mask=root_keys`, { key });
      assert.match(root.body.root_keys.app_key.key, /^[0-9A-F]{32}$/);
      const session = await stack.call("GET", `/ns/${device}?field_mask=session,mac_state`, { key });
      assert.match(session.body.session.dev_addr, /^[0-9A-F]{8}$/);
      const queue = await stack.call("GET", `/as/${device}/down`, { key });
      assert.equal(queue.body.downlinks.length, 1);
      const link = await stack.call("GET", "/as/applications/simulation/link?field_mask=default_formatters", {
        key,
      });
      assert.match(link.body.default_formatters.up_formatter_parameter, /decodeUplink/);
      const change = { old: secret("user-password"), new: "Other Words 8" };
      const wrong = { ...change, old: "not this" };
      assert.equal((await stack.call("PUT", "/users/alice/password", { body: wrong })).status, 401);
      assert.equal((await stack.call("PUT", "/users/alice/password", { body: change })).status, 200);
    });

    test("gets the OAuth clients, and knows what it counts", { timeout: 60_000 }, async (t) => {
      const stack = await start(t, ["--tenancy.enabled=true"]);
      const { body } = await stack.call("GET", "/clients");
      assert.deepEqual(
        body.clients.map((client: { ids: object }) => client.ids),
        [{ client_id: "cli" }, { client_id: "console" }],
      );
      const totals = stack.rows("SELECT entity_type, total FROM tenant_totals ORDER BY entity_type");
      assert.deepEqual(
        totals.map((row) => ({ ...row })),
        [
          { entity_type: "application", total: 2 },
          { entity_type: "client", total: 2 },
          { entity_type: "device", total: 5 },
          { entity_type: "gateway", total: 2 },
          { entity_type: "organization", total: 0 },
          { entity_type: "user", total: 3 },
        ],
      );
      // Bob has Alice's address since before that was refused: both can be changed, nobody else takes it.
      for (const id of ["alice", "bob"]) {
        const body = { user: { name: "Changed" }, field_mask: { paths: ["name"] } };
        assert.equal((await stack.call("PUT", `/users/${id}`, { body })).status, 200);
      }
      const user = { ids: { user_id: "carol" }, password: "Secret Words 7" };
      const same = { user: { ...user, primary_email_address: "Alice@example.com" } };
      assert.equal((await stack.call("POST", "/users", { body: same })).status, 409);
      const organization = { organization: { ids: { organization_id: "alice" } } };
      const taken = await stack.call("POST", "/users/admin/organizations", { body: organization });
      assert.equal(taken.status, 409);
    });
  });
}
