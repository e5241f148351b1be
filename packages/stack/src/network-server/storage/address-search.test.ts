import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../../store/sqlite-store.ts";
import { statement } from "../../store/store.ts";
import { createAddressSearch } from "./address-search.ts";
import { networkServerMigrations } from "./migrations.ts";

const device = statement(
  `INSERT INTO ns_devices (device_no, tenant_id, application_id, device_id, settings, registration, created_at, updated_at)
   VALUES (?, ?, ?, ?, '{}', ?, 0, 0)`,
);
const session = statement(
  `INSERT INTO ns_sessions (device_no, slot, tenant_id, dev_addr, session_key_id, keys, mac, started_at)
   VALUES (?, ?, ?, ?, ?, ?, '', 0)`,
);
const none = new Uint8Array();

test("finds the devices of one application by some or all digits of their addresses", async (t) => {
  const store = await openMemoryStore({ ns: networkServerMigrations });
  t.after(() => store.close());
  await store.write((writer) => {
    writer.run(device, 1, "one", "app1", "dev1", none);
    writer.run(session, 1, 0, "one", 0x26011abc, none, none);
    writer.run(session, 1, 1, "one", 0x26011abd, none, none);
    writer.run(device, 2, "one", "app1", "dev2", none);
    writer.run(session, 2, 0, "one", 0x00000abc, none, none);
    writer.run(device, 3, "two", "app1", "dev3", none);
    writer.run(session, 3, 0, "two", 0x26011abc, none, none);
  });
  const find = createAddressSearch(store);
  const application = { tenantId: "one", applicationId: "app1" };
  assert.deepEqual((await find(application, "abc")).toSorted(), ["dev1", "dev2"]);
  assert.deepEqual(await find(application, "26011A"), ["dev1"]);
  assert.deepEqual(await find(application, "00000ABC"), ["dev2"]);
  assert.deepEqual(await find(application, "26011ABD"), ["dev1"]);
  assert.deepEqual(await find(application, "%"), []);
});
