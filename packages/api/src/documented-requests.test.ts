import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AppAs,
  AsEndDeviceRegistry,
  allowedFieldMaskPaths,
  assign,
  create,
  type DescMethod,
  EndDeviceSchema,
  forbiddenFieldMaskPaths,
  fromJSON,
  GatewayRegistry,
  JsEndDeviceRegistry,
  NsEndDeviceRegistry,
  nonZeroPath,
  type SetEndDeviceRequestSchema,
  toJSON,
  validate,
} from "./index.ts";

const ids = { device_id: "newdev1", dev_eui: "70B3D57ED000ABCD", join_eui: "70B3D57ED0000001" };
const key = "000102030405060708090A0B0C0D0E0F";

/** What the platform does with a request before it asks who calls. */
function check(method: DescMethod, json: object) {
  const request = fromJSON(method.input, json) as ReturnType<typeof fromJSON> & {
    fieldMask?: { paths: string[] };
  };
  const paths = request.fieldMask?.paths ?? [];
  assert.deepEqual(forbiddenFieldMaskPaths(method, paths), []);
  assert.equal(nonZeroPath(method, request, paths), undefined);
  assert.equal(validate(method.input, request), undefined);
  return request;
}

const otaa: readonly (readonly [DescMethod, object, string])[] = [
  [
    JsEndDeviceRegistry.method.set,
    { network_server_address: "thethings.example.com", root_keys: { app_key: { key } } },
    "network_server_address,ids.device_id,ids.dev_eui,ids.join_eui,root_keys.app_key.key",
  ],
  [
    NsEndDeviceRegistry.method.set,
    {
      supports_join: true,
      lorawan_version: "1.0.2",
      lorawan_phy_version: "1.0.2-b",
      frequency_plan_id: "EU_863_870_TTN",
    },
    "supports_join,lorawan_version,ids.device_id,ids.dev_eui,ids.join_eui,lorawan_phy_version,frequency_plan_id",
  ],
  [AsEndDeviceRegistry.method.set, {}, "ids.device_id,ids.dev_eui,ids.join_eui"],
];

test("the registration of an OTAA device passes on each server", () => {
  for (const [method, parts, mask] of otaa) {
    const endDevice = { ids: { ...ids, application_ids: { application_id: "app1" } }, ...parts };
    check(method, { end_device: endDevice, field_mask: { paths: mask.split(",") } });
    check(method, { endDevice, fieldMask: mask });
  }
});

test("the registration of an ABP device keeps what it says, and ignores the field that is in the wrong place", () => {
  const request = check(NsEndDeviceRegistry.method.set, {
    end_device: {
      supports_join: false,
      lorawan_version: "1.0.2",
      ids: { device_id: "newdev1", dev_eui: ids.dev_eui, application_ids: { application_id: "app1" } },
      session: { keys: { f_nwk_s_int_key: { key } }, dev_addr: "26011234" },
      mac_settings: {
        resets_f_cnt: true,
        factory_preset_frequencies: ["868100000", "868300000", "868500000", "867100000"],
      },
      resets_f_cnt: false,
      lorawan_phy_version: "1.0.2-b",
      frequency_plan_id: "EU_863_870_TTN",
    },
    field_mask: {
      paths: [
        "supports_join",
        "session.keys.f_nwk_s_int_key.key",
        "session.dev_addr",
        "mac_settings.resets_f_cnt",
        "mac_settings.factory_preset_frequencies",
      ],
    },
  });
  const { endDevice, fieldMask } = request as unknown as ReturnType<
    typeof create<typeof SetEndDeviceRequestSchema>
  >;
  assert.ok(endDevice && fieldMask);
  assert.deepEqual(
    toJSON(EndDeviceSchema, assign(EndDeviceSchema, create(EndDeviceSchema), endDevice, fieldMask.paths)),
    {
      mac_settings: {
        resets_f_cnt: true,
        factory_preset_frequencies: ["868100000", "868300000", "868500000", "867100000"],
      },
      session: { dev_addr: "26011234", keys: { f_nwk_s_int_key: { key } } },
    },
  );
});

test("the downlinks and the gateway of the page pass", () => {
  const endDeviceIds = { device_id: "dev1", application_ids: { application_id: "app1" } };
  check(AppAs.method.downlinkQueuePush, {
    end_device_ids: endDeviceIds,
    downlinks: [{ frm_payload: "vu8=", f_port: 42 }],
  });
  check(AppAs.method.downlinkQueueReplace, {
    end_device_ids: endDeviceIds,
    downlinks: [
      {
        decoded_payload: { bytes: [1, 2, 3] },
        priority: "HIGH",
        confirmed: true,
        correlation_ids: ["my-id"],
      },
    ],
  });
  check(GatewayRegistry.method.create, {
    gateway: {
      ids: { gateway_id: "gtw1", eui: ids.dev_eui },
      name: "my gateway",
      gateway_server_address: "thethings.example.com",
      frequency_plan_id: "EU_863_870_TTN",
    },
    collaborator: { user_ids: { user_id: "user1" } },
  });
  assert.ok(allowedFieldMaskPaths("EndDeviceRegistry.Get").has("locations"));
});
