import assert from "node:assert/strict";
import { test } from "node:test";
import { statement } from "../../store/store.ts";
import {
  abp,
  abpPaths,
  apiIds,
  ids,
  message,
  multicast,
  multicastPaths,
  otaa,
  otaaPaths,
  start,
  withSettings,
} from "./registered-devices.fixture.ts";

interface Refused {
  readonly what: string;
  readonly device: object;
  readonly paths: readonly string[];
  readonly field: string;
  readonly cause?: string;
}

const refused: readonly Refused[] = [
  {
    what: "OTAA without DevEUI",
    device: { ...otaa, ids: { ...otaa.ids, dev_eui: undefined } },
    paths: otaaPaths,
    field: "ids.dev_eui",
    cause: "field_is_zero",
  },
  {
    what: "multicast that joins",
    device: { ...otaa, multicast: true },
    paths: [...otaaPaths, "multicast"],
    field: "multicast",
    cause: "field_not_zero",
  },
  {
    what: "ABP without address",
    device: { ...abp, session: { keys: abp.session.keys } },
    paths: abpPaths,
    field: "session.dev_addr",
    cause: "field_is_zero",
  },
  {
    what: "ABP without key",
    device: { ...abp, session: { dev_addr: "01020304" } },
    paths: abpPaths,
    field: "session.keys.f_nwk_s_int_key.key",
    cause: "field_is_zero",
  },
  {
    what: "ABP of LoRaWAN 1.1 with one key only",
    device: { ...abp, lorawan_version: "MAC_V1_1", lorawan_phy_version: "PHY_V1_1_REV_B" },
    paths: abpPaths,
    field: "session.keys.s_nwk_s_int_key.key",
    cause: "field_is_zero",
  },
  {
    what: "ABP of LoRaWAN 1.0.x with two network keys",
    device: {
      ...abp,
      session: {
        ...abp.session,
        keys: { ...abp.session.keys, nwk_s_enc_key: { key: "09090909090909090909090909090909" } },
      },
    },
    paths: [...abpPaths, "session.keys.nwk_s_enc_key.key"],
    field: "session.keys.nwk_s_enc_key.key",
  },
  {
    what: "ABP with the identifier of a joined session",
    device: { ...abp, session: { ...abp.session, keys: { ...abp.session.keys, session_key_id: "AQI=" } } },
    paths: [...abpPaths, "session.keys.session_key_id"],
    field: "session.keys.session_key_id",
    cause: "field_not_zero",
  },
  {
    what: "an address among the identifiers that is not the session's",
    device: { ...abp, ids: { ...apiIds, dev_addr: "01020305" } },
    paths: abpPaths,
    field: "session.dev_addr",
  },
  {
    what: "ABP with the address that is none",
    device: { ...abp, session: { ...abp.session, dev_addr: "00000000" } },
    paths: abpPaths,
    field: "session.dev_addr",
    cause: "field_is_zero",
  },
  {
    what: "US915 with a preset that is no channel",
    device: {
      ...withSettings({ factory_preset_frequencies: ["902300000", "902400000"] }),
      frequency_plan_id: "US_902_928_FSB_2",
    },
    paths: [...otaaPaths, "mac_settings"],
    field: "mac_settings.factory_preset_frequencies",
  },
  {
    what: "multicast of class A",
    device: { ...multicast, supports_class_c: false },
    paths: multicastPaths,
    field: "supports_class_b",
    cause: "field_is_zero",
  },
  {
    what: "multicast with uplinks",
    device: { ...multicast, session: { ...abp.session, last_f_cnt_up: 5 } },
    paths: [...multicastPaths, "session.last_f_cnt_up"],
    field: "session.last_f_cnt_up",
    cause: "field_not_zero",
  },
  {
    what: "class B without ping slot periodicity",
    device: { ...multicast, supports_class_b: true },
    paths: multicastPaths,
    field: "mac_settings.ping_slot_periodicity.value",
    cause: "field_is_zero",
  },
  {
    what: "the band of another plan",
    device: { ...otaa, version_ids: { band_id: "US_902_928" } },
    paths: [...otaaPaths, "version_ids.band_id"],
    field: "version_ids.band_id",
    cause: "device_and_frequency_plan_band_mismatch",
  },
  {
    what: "older and newer settings for ADR together",
    device: withSettings({ adr: { disabled: {} }, use_adr: true }),
    paths: [...otaaPaths, "mac_settings"],
    field: "mac_settings.use_adr",
    cause: "field_not_zero",
  },
  ...[
    [{ adr: { dynamic: { max_data_rate_index: 9 } } }, "adr.mode.dynamic.max_data_rate_index.value"],
    [{ adr: { dynamic: { min_tx_power_index: 15 } } }, "adr.mode.dynamic.min_tx_power_index"],
    [{ adr: { dynamic: { min_nb_trans: 3, max_nb_trans: 1 } } }, "adr.mode.dynamic.max_nb_trans"],
    [
      { adr: { dynamic: { overrides: { data_rate_5: { min_nb_trans: 3, max_nb_trans: 1 } } } } },
      "adr.mode.dynamic.overrides.data_rate_5.max_nb_trans",
    ],
    [{ adr: { static: { data_rate_index: 15 } } }, "adr.mode.static.data_rate_index"],
    [{ adr: { static: { tx_power_index: 15 } } }, "adr.mode.static.tx_power_index"],
    [{ rx2_data_rate_index: 15 }, "rx2_data_rate_index.value"],
    [{ desired_ping_slot_data_rate_index: 15 }, "desired_ping_slot_data_rate_index.value"],
    [{ rx1_data_rate_offset: 7 }, "rx1_data_rate_offset.value"],
    [{ uplink_dwell_time: true }, "uplink_dwell_time.value"],
    [{ factory_preset_frequencies: ["868100000", "915000000"] }, "factory_preset_frequencies"],
  ].map(([settings, field]) => ({
    what: String(field),
    device: withSettings(settings as object),
    paths: [...otaaPaths, "mac_settings"],
    field: `mac_settings.${field}`,
  })),
];

test("refuses what cannot be, naming the field and why", async (context) => {
  const { net, devices } = await start(context);
  for (const { what, device, paths, field, cause } of refused) {
    await assert.rejects(
      devices.set(ids, message(device), paths),
      (error: { readonly name: string; readonly attributes: object; readonly cause?: Error }) => {
        assert.equal(error.name, "pkg/networkserver:field_value", what);
        assert.deepEqual(error.attributes, { field }, what);
        assert.equal(error.cause?.name, cause && `pkg/networkserver:${cause}`, what);
        return true;
      },
    );
  }
  assert.deepEqual(await net.store.query(statement("SELECT device_no FROM ns_devices")), []);
});
