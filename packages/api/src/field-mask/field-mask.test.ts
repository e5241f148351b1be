import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { arbitraryMessage } from "../json/arbitrary-message.fixture.ts";
import { toJSON } from "../json/json.ts";
import type { EndDevice } from "../schema.ts";
import { ADRSettingsSchema, ApplicationUpSchema, EndDeviceSchema } from "../schema.ts";
import { assign, parseFieldMask, pick } from "./field-mask.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const device = create(EndDeviceSchema, {
  ids: { deviceId: "dev1", applicationIds: { applicationId: "app1" } },
  name: "thermometer",
  attributes: { floor: "2" },
  session: {
    devAddr: Uint8Array.of(1, 2, 3, 4),
    keys: { appSKey: { kekLabel: "a" }, fNwkSIntKey: { kekLabel: "f" } },
  },
});
const json = (value: EndDevice) => toJSON(EndDeviceSchema, value);

test("a comma-separated list is read with spaces and empty parts", () => {
  assert.deepEqual(parseFieldMask(" name, ,ids.dev_eui,"), ["name", "ids.dev_eui"]);
});

describe("pick", () => {
  test("takes the named fields, parents with all below them, and leaves the source alone", () => {
    const picked = pick(EndDeviceSchema, device, ["name", "session.keys.app_s_key", "ids"]);
    assert.deepEqual(json(picked), {
      ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
      name: "thermometer",
      session: { keys: { app_s_key: { kek_label: "a" } } },
    });
    assert.deepEqual(device.attributes, { floor: "2" });
  });

  test("does not make what is not there, and skips names that no field has", () => {
    assert.deepEqual(json(pick(EndDeviceSchema, device, ["mac_state.lorawan_version", "no.such"])), {});
  });

  test("a parent covers its children in either order", () => {
    for (const paths of [
      ["ids", "ids.device_id"],
      ["ids.device_id", "ids"],
    ]) {
      assert.deepEqual(json(pick(EndDeviceSchema, device, paths)), { ids: json(device).ids });
    }
  });

  test("follows a oneof by its own name and its member's", () => {
    const up = create(ApplicationUpSchema, { up: { case: "uplinkMessage", value: { fPort: 1, fCnt: 2 } } });
    assert.deepEqual(
      toJSON(ApplicationUpSchema, pick(ApplicationUpSchema, up, ["up.uplink_message.f_port"])),
      {
        uplink_message: { f_port: 1 },
      },
    );
    assert.deepEqual(toJSON(ApplicationUpSchema, pick(ApplicationUpSchema, up, ["up.join_accept"])), {});
    assert.deepEqual(toJSON(ApplicationUpSchema, pick(ApplicationUpSchema, up, ["up"])), {
      uplink_message: { f_port: 1, f_cnt: 2 },
    });
  });
});

describe("assign", () => {
  test("sets the named fields and keeps the others", () => {
    const source = create(EndDeviceSchema, {
      name: "hygrometer",
      session: { keys: { appSKey: { kekLabel: "b" } } },
    });
    const assigned = assign(EndDeviceSchema, device, source, ["name", "session.keys.app_s_key"]);
    assert.deepEqual(json(assigned), {
      ...json(device),
      name: "hygrometer",
      session: {
        dev_addr: "01020304",
        keys: { f_nwk_s_int_key: { kek_label: "f" }, app_s_key: { kek_label: "b" } },
      },
    });
    assert.equal(device.name, "thermometer");
  });

  test("clears what the source does not have", () => {
    const assigned = assign(EndDeviceSchema, device, create(EndDeviceSchema), [
      "name",
      "attributes",
      "session.keys",
    ]);
    assert.deepEqual(json(assigned), { ids: json(device).ids, session: { dev_addr: "01020304" } });
  });

  test("a parent path replaces everything below it", () => {
    const source = create(EndDeviceSchema, { session: { keys: { appSKey: { kekLabel: "b" } } } });
    assert.deepEqual(json(assign(EndDeviceSchema, device, source, ["session"])).session, {
      keys: { app_s_key: { kek_label: "b" } },
    });
  });

  test("changes the member of a oneof, and clears it when the source has another", () => {
    const dynamic = create(ADRSettingsSchema, {
      mode: { case: "dynamic", value: { minNbTrans: 1, maxNbTrans: 3 } },
    });
    const disabled = create(ADRSettingsSchema, { mode: { case: "disabled", value: {} } });
    const changed = assign(
      ADRSettingsSchema,
      dynamic,
      create(ADRSettingsSchema, { mode: { case: "dynamic", value: { minNbTrans: 2 } } }),
      ["mode.dynamic.min_nb_trans"],
    );
    assert.deepEqual(toJSON(ADRSettingsSchema, changed), { dynamic: { min_nb_trans: 2, max_nb_trans: 3 } });
    assert.deepEqual(toJSON(ADRSettingsSchema, assign(ADRSettingsSchema, dynamic, disabled, ["mode"])), {
      disabled: {},
    });
    assert.deepEqual(
      toJSON(ADRSettingsSchema, assign(ADRSettingsSchema, dynamic, disabled, ["mode.dynamic"])),
      {},
    );
  });

  test("of everything is the source, and picking what was assigned gives the source's", () => {
    const paths = ["ids.device_id", "name", "mac_settings", "session.keys.app_s_key"];
    const arbitrary = arbitraryMessage(EndDeviceSchema, 3) as fc.Arbitrary<EndDevice>;
    fc.assert(
      fc.property(arbitrary, arbitrary, (target, source) => {
        const everything = EndDeviceSchema.members.map(({ name }) => name);
        assert.deepEqual(json(assign(EndDeviceSchema, target, source, everything)), json(source));
        const twice = assign(EndDeviceSchema, assign(EndDeviceSchema, target, source, paths), source, paths);
        assert.deepEqual(json(twice), json(assign(EndDeviceSchema, target, source, paths)));
        assert.deepEqual(json(twice).name, json(source).name);
        assert.deepEqual(json(twice).mac_settings, json(source).mac_settings);
        assert.deepEqual(json(twice).locations, json(target).locations);
      }),
      { numRuns: 50 },
    );
  });
});
