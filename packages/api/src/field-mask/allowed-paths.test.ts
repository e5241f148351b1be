import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { digestOf, fieldMaskFacts, referenceFolder } from "../public-facts.fixture.ts";
import {
  AppAs,
  AsEndDeviceRegistry,
  EndDeviceRegistry,
  type EndDeviceSchema,
  NsEndDeviceRegistry,
  SetEndDeviceRequestSchema,
  TenantRegistry,
  UpdateEndDeviceRequestSchema,
} from "../schema.ts";
import {
  allowedFieldMaskPaths,
  forbiddenFieldMaskPaths,
  methodByName,
  nonZeroPath,
} from "./allowed-paths.ts";

const reference = new URL("tts-fieldmasks.json", referenceFolder);

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

  test("are the public ones, for every method that has any", () => {
    assert.equal(Object.keys(fieldMaskFacts).length, 79);
    for (const [name, fact] of Object.entries(fieldMaskFacts)) {
      const paths = [...allowedFieldMaskPaths(name)].sort();
      const found = `${paths.length} ${digestOf(paths)}`;
      assert.equal(found, fact, `${name} is ${found} now: see CONTRIBUTING.md on fields`);
    }
  });

  test("are the public ones path by path", { skip: !existsSync(reference) && "no reference here" }, () => {
    const lists = JSON.parse(readFileSync(reference, "utf8")) as Record<string, { allowed: string[] }>;
    assert.deepEqual(Object.keys(lists).sort(), Object.keys(fieldMaskFacts).sort());
    for (const [name, { allowed }] of Object.entries(lists)) {
      assert.deepEqual([...allowedFieldMaskPaths(name)].sort(), [...allowed].sort(), name);
    }
  });

  test("are given for methods of every package, by short and by full name", () => {
    const update = allowedFieldMaskPaths("/tti.lorawan.v3.TenantRegistry/Update");
    assert.ok(update.has("max_users.value") || update.has("max_users"));
    assert.equal(methodByName("TenantRegistry.Update"), TenantRegistry.method.update);
    assert.equal(methodByName("ttn.lorawan.v3.NsEndDeviceRegistry.Get"), NsEndDeviceRegistry.method.get);
    assert.ok(allowedFieldMaskPaths("TenantRegistry.GetGatewayInfoForEUI").has("lbs_lns_secret"));
    assert.throws(() => methodByName("Nobody.Knows"), TypeError);
  });
});

describe("a masked parent", () => {
  test("that can only be written as a whole brings what it likes", () => {
    const { update } = EndDeviceRegistry.method;
    const embedded = { mimeType: "image/png", data: Uint8Array.of(1) };
    const request = create(UpdateEndDeviceRequestSchema, { endDevice: { picture: { embedded } } });
    assert.deepEqual(forbiddenFieldMaskPaths(update, ["picture", "picture.embedded"]), ["picture.embedded"]);
    assert.equal(nonZeroPath(update, request, ["picture"]), undefined);
  });

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
