import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { registry } from "../registry.ts";
import {
  AppAs,
  AsEndDeviceRegistry,
  EndDeviceRegistry,
  type EndDeviceSchema,
  NsEndDeviceRegistry,
  SetEndDeviceRequestSchema,
} from "../schema.ts";
import { allowedFieldMaskPaths, forbiddenFieldMaskPaths, nonZeroPath } from "./allowed-paths.ts";

const reference = new URL("../../../../../shared/reference/tts-fieldmasks.json", import.meta.url);

describe("allowed field mask paths", () => {
  test("of devices differ from server to server", () => {
    const is = allowedFieldMaskPaths("EndDeviceRegistry.Get");
    const ns = allowedFieldMaskPaths(NsEndDeviceRegistry.method.get);
    assert.ok(is.has("locations") && !is.has("locations.user") && !ns.has("locations"));
    assert.ok(ns.has("mac_settings.rx1_delay.value") && !is.has("mac_settings"));
    assert.equal(ns.size, 586);
    assert.equal(is.size, 33);
  });

  test("of a method that writes leave out what the server keeps for itself", () => {
    const set = allowedFieldMaskPaths("AsEndDeviceRegistry.Set");
    assert.ok(set.has("session.dev_addr") && set.has("session.keys.app_s_key.key"));
    assert.ok(!set.has("session") && !set.has("session.keys"));
    assert.ok(!allowedFieldMaskPaths(EndDeviceRegistry.method.update).has("ids.device_id"));
  });

  test("include names that the schema no longer has and clients still send", () => {
    assert.ok(allowedFieldMaskPaths("As.SetLink").has("api_key"));
  });

  test("are none for a method without a field mask", () => {
    assert.deepEqual(forbiddenFieldMaskPaths(AppAs.method.downlinkQueuePush, ["name"]), ["name"]);
    assert.deepEqual(forbiddenFieldMaskPaths(NsEndDeviceRegistry.method.get, ["x", "ids", "name"]), [
      "x",
      "name",
    ]);
  });

  test("are the public ones, for every method that has any", {
    skip: !existsSync(reference) && "no reference here",
  }, () => {
    const lists = JSON.parse(readFileSync(reference, "utf8")) as Record<string, { allowed: string[] }>;
    let compared = 0;
    for (const [name, { allowed }] of Object.entries(lists)) {
      const [service = ""] = name.split("/");
      if (registry.getService(`ttn.lorawan.v3.${service}`) === undefined) continue;
      assert.deepEqual([...allowedFieldMaskPaths(name)].sort(), [...allowed].sort(), name);
      compared++;
    }
    assert.ok(compared >= 26);
  });
});

describe("a masked parent", () => {
  test("may not bring values that the method does not write", () => {
    const nonZero = (paths: string[], endDevice: MessageInitShape<typeof EndDeviceSchema>) =>
      nonZeroPath(AsEndDeviceRegistry.method.set, create(SetEndDeviceRequestSchema, { endDevice }), paths);
    const device = {
      ids: { deviceId: "dev1", devAddr: Uint8Array.of(1, 2, 3, 4) },
      session: { keys: { appSKey: { kekLabel: "label" } } },
    };
    assert.equal(nonZero(["ids"], device), "ids.dev_addr");
    assert.equal(nonZero(["ids.device_id"], device), undefined);
    assert.equal(nonZero(["session.keys.app_s_key"], device), "session.keys.app_s_key.kek_label");
    assert.equal(nonZero(["ids"], { ids: { deviceId: "dev1" } }), undefined);
  });
});
