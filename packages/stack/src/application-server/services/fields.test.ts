import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AsEndDeviceRegistry,
  allowedFieldMaskPaths,
  EndDeviceSchema,
  type JsonObject,
  toJSON,
} from "@skylark/api";
import { fieldJSON, sampleDevice } from "../../rpc/sample-field.fixture.ts";
import { call, endDeviceJson, openBench, sessionJson } from "../application-server.fixture.ts";

/** A session is one only with its address and key. */
const withSession = { session: { dev_addr: "01DA1F15", keys: { app_s_key: sessionJson.keys.app_s_key } } };
const sessionPaths = ["session.dev_addr", "session.keys.app_s_key.key"];

test("each path that Set allows is stored and shown; only identifiers name the device and stay", async (t) => {
  const bench = await openBench();
  t.after(() => bench.close());
  const paths = [...allowedFieldMaskPaths("AsEndDeviceRegistry.Set")].filter(
    (path) => path !== "ids" && !path.startsWith("ids."),
  );
  assert.ok(paths.length > 15);
  for (const [index, path] of paths.entries()) {
    const ids = { ...endDeviceJson.ids, device_id: `dev-${index}` };
    const set = (device: JsonObject, ...named: string[]) =>
      call(bench, AsEndDeviceRegistry, "set", {
        end_device: { ...device, ids },
        field_mask: { paths: named },
      });
    const isOfSession = path.startsWith("session");
    await set(isOfSession ? withSession : {}, ...(isOfSession ? sessionPaths : []));
    const sample = sampleDevice(path);
    const answer = await set(toJSON(EndDeviceSchema, sample) as JsonObject, path);
    const { ids: _, created_at: __, updated_at: ___, ...echoed } = answer;
    assert.deepEqual(echoed, fieldJSON(sample, path), `answer to ${path}`);
    const request = { end_device_ids: ids, field_mask: { paths: [path] } };
    const {
      ids: _i,
      created_at: _c,
      updated_at: _u,
      ...shown
    } = await call(bench, AsEndDeviceRegistry, "get", request);
    assert.deepEqual(shown, fieldJSON(sample, path), path);
  }
});
