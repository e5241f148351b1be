import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedFieldMaskPaths, type EndDevice, EndDeviceSchema, fromJSON } from "@skylark/api";
import { ManualClock } from "../clock/manual-clock.ts";
import { createKeyVault } from "../component/key-vault.ts";
import { createEventBus } from "../events/event-bus.ts";
import { fieldJSON, sampleDevice } from "../rpc/sample-field.fixture.ts";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { RegisteredDevices } from "./registered-devices.ts";
import { joinServerMigrations } from "./storage/migrations.ts";
import { createJoinDeviceReader, createJoinDeviceWriter } from "./storage/sql-device-store.ts";

const message = (json: object): EndDevice =>
  fromJSON(EndDeviceSchema, json as Parameters<typeof fromJSON>[1]) as EndDevice;

test("each path that Set allows is stored and shown; only identifiers name the device and stay", async (context) => {
  const store = await openMemoryStore({ "join-server": joinServerMigrations });
  context.after(() => store.close());
  const clock = new ManualClock();
  const vault = createKeyVault(new Uint8Array(32));
  const devices = new RegisteredDevices({
    clock,
    store,
    reader: createJoinDeviceReader(store, vault),
    writer: createJoinDeviceWriter(vault),
    events: createEventBus(clock),
    coversJoinEui: () => true,
  });
  const paths = [...allowedFieldMaskPaths("JsEndDeviceRegistry.Set")].filter(
    (path) => path !== "ids" && !path.startsWith("ids."),
  );
  assert.ok(paths.length > 20);
  for (const [index, path] of paths.entries()) {
    const ids = { tenantId: "default", applicationId: "app1", deviceId: `dev-${index}` };
    const identified = message({
      ids: { join_eui: "0000000000000001", dev_eui: index.toString(16).padStart(16, "0").replace(/^0/, "7") },
    });
    // A root key in the mask has to be one.
    const sample = sampleDevice(path === "root_keys.app_key" ? "root_keys.app_key.key" : path);
    await devices.set(ids, { ...sample, ids: identified.ids! }, [path]);
    assert.deepEqual(fieldJSON(await devices.get(ids), path), fieldJSON(sample, path), path);
    if (path.startsWith("root_keys.app_key")) continue;
    await devices.set(ids, identified, [path]);
    // What is above a field that was cleared may stay, empty.
    assert.doesNotMatch(JSON.stringify(fieldJSON(await devices.get(ids), path)), /":[^{]/, path);
  }
});
