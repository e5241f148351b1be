import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedFieldMaskPaths, EndDeviceSchema, type JsonObject, toJSON } from "@skylark/api";
import { fieldJSON, sampleDevice } from "../../rpc/sample-field.fixture.ts";
import { createApplication, startIdentityServer } from "../identity-server.fixture.ts";

const values = {
  "version_ids.band_id": "EU_863_870",
  service_profile_id: "profile",
  network_server_address: "example.com",
  application_server_address: "example.com",
  join_server_address: "example.com",
};

test("each path that Update allows is stored, shown, and cleared again", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const key = server.adminKey;
  const path = "/applications/app1/devices";
  await server.call("POST", path, { key, body: { end_device: { ids: { device_id: "dev1" } } } });
  // Pictures are shown by an address of their own.
  const paths = [...allowedFieldMaskPaths("EndDeviceRegistry.Update")].filter((each) => each !== "picture");
  assert.ok(paths.length > 20);
  for (const each of paths) {
    const sample = sampleDevice(each, values);
    const update = (device: JsonObject) =>
      server.call("PUT", `${path}/dev1`, {
        key,
        body: { end_device: device, field_mask: { paths: [each] } },
      });
    const read = async () => {
      const { body } = await server.call("GET", `${path}/dev1?field_mask=${each}`, { key });
      const { ids: _, created_at: __, updated_at: ___, ...shown } = body;
      return shown;
    };
    const set = await update(toJSON(EndDeviceSchema, sample) as JsonObject);
    assert.equal(set.status, 200, `${each}: ${JSON.stringify(set.body)}`);
    assert.deepEqual(await read(), fieldJSON(sample, each), each);
    assert.equal((await update({})).status, 200, each);
    // What is above a field that was cleared may stay, empty.
    assert.doesNotMatch(JSON.stringify(await read()), /":[^{]/, each);
  }
});
