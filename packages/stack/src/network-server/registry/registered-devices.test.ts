import assert from "node:assert/strict";
import { test } from "node:test";
import { EndDeviceSchema, NsEndDeviceRegistry, Right, toJSON } from "@skylark/api";
import { aesKey, devAddr, expandKey } from "@skylark/lorawan";
import { statement } from "../../store/store.ts";
import { startNetwork } from "../network-server.fixture.ts";
import { uplinkFrame } from "../simulated-device.fixture.ts";
import {
  abp,
  abpPaths,
  apiIds,
  ids,
  keys,
  message,
  multicast,
  multicastPaths,
  otaa,
  otaaPaths,
  payload,
  shown,
  start,
  withSettings,
} from "./registered-devices.fixture.ts";
import { touchesKeys } from "./services.ts";

test("registers an ABP device as on the documentation's page, and hears it on all its channels", async (context) => {
  const { net, devices } = await start(context);
  net.hear(uplinkFrame(devAddr(0x01020304), keys, { fCnt: 1, fPort: 1, payload }));
  await net.settle();
  await devices.set(ids, message(abp), abpPaths);
  net.hear(uplinkFrame(devAddr(0x01020304), keys, { fCnt: 2, fPort: 1, payload }), {
    frequency: 867_900_000,
  });
  await net.advance(250);
  assert.equal(net.applicationServer.uplinks[0]?.ids.devEui, "70B3D57ED0000001");
  const device = await shown(devices);
  assert.equal(device.session?.dev_addr, "01020304");
  assert.equal(device.session?.last_f_cnt_up, 2);
  assert.equal(device.lorawan_version, "MAC_V1_0_2");
  assert.equal(device.mac_settings?.resets_f_cnt, true);
  assert.deepEqual(
    device.mac_settings?.factory_preset_frequencies,
    abp.mac_settings.factory_preset_frequencies,
  );
  const keysShown = device.session?.keys as Record<string, { key: string }>;
  assert.equal(keysShown.s_nwk_s_int_key?.key, "07070707070707070707070707070707");
});

test("registers an OTAA device, which has no session until it joins", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(otaa), otaaPaths);
  const device = await shown(devices);
  assert.equal(device.session, undefined);
  assert.equal(device.supports_join, true);
  const found = await net.server.devices.cache.holdByIds(ids);
  assert.equal(found?.settings.frequencyPlanId, "EU_863_870_TTN");
});

test("names the field that is wrong", async (context) => {
  const { devices } = await start(context);
  const cases: readonly [field: string, device: object, paths: readonly string[]][] = [
    ["frequency_plan_id", { ...otaa, frequency_plan_id: "XX" }, otaaPaths],
    ["frequency_plan_id", otaa, otaaPaths.filter((path) => path !== "frequency_plan_id")],
    ["lorawan_version", otaa, otaaPaths.filter((path) => path !== "lorawan_version")],
    ["lorawan_phy_version", otaa, otaaPaths.filter((path) => path !== "lorawan_phy_version")],
    ["ids.join_eui", { ...otaa, ids: apiIds }, otaaPaths],
    ["session.dev_addr", abp, abpPaths.filter((path) => !path.startsWith("session"))],
    [
      "session.keys.f_nwk_s_int_key.key",
      abp,
      abpPaths.filter((path) => path !== "session.keys.f_nwk_s_int_key.key"),
    ],
    [
      "session.keys.s_nwk_s_int_key.key",
      { ...abp, lorawan_version: "1.1", lorawan_phy_version: "1.1-b" },
      abpPaths,
    ],
    [
      "mac_settings.rx2_data_rate_index.value",
      { ...abp, mac_settings: { rx2_data_rate_index: 14 } },
      [...abpPaths, "mac_settings.rx2_data_rate_index"],
    ],
    [
      "pending_session",
      { ...abp, pending_session: { dev_addr: "01020304" } },
      [...abpPaths, "pending_session.dev_addr"],
    ],
  ];
  for (const [field, device, paths] of cases) {
    await assert.rejects(devices.set(ids, message(device), paths), (error: Error) => {
      assert.equal(error.name, "pkg/networkserver:field_value");
      assert.match(error.message, new RegExp(`\`${field}\``));
      return true;
    });
  }
  await assert.rejects(devices.get(ids), { name: "pkg/redis:not_found" });
});

test("refuses EUIs that another device has, and to change one's own", async (context) => {
  const { devices } = await start(context);
  await devices.set(ids, message(otaa), otaaPaths);
  await assert.rejects(devices.set({ ...ids, deviceId: "other" }, message(otaa), otaaPaths), {
    name: "pkg/networkserver:device_exists",
  });
  const changed = { ...otaa, ids: { ...otaa.ids, dev_eui: "70B3D57ED0000002" } };
  await assert.rejects(devices.set(ids, message(changed), otaaPaths), {
    name: "pkg/networkserver/redis:read_only_field",
  });
});

test("follows a changed session at once: the new address is heard, the old one is not", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(abp), abpPaths);
  const hear = async (address: number, fCnt: number) => {
    net.hear(uplinkFrame(devAddr(address), keys, { fCnt, fPort: 1, payload }));
    await net.advance(250);
    return net.applicationServer.uplinks.length;
  };
  assert.equal(await hear(0x01020304, 1), 1);
  assert.equal(await hear(0x0a0b0c0d, 2), 1);
  await devices.set(ids, message({ ...abp, session: { dev_addr: "0A0B0C0D" } }), ["session.dev_addr"]);
  assert.equal(await hear(0x01020304, 3), 1);
  assert.equal(await hear(0x0a0b0c0d, 3), 2);
  await devices.delete(ids);
  assert.equal(await hear(0x0a0b0c0d, 4), 2);
  assert.equal(net.server.counters.devicesInMemory, 0);
  const again = await startNetwork({ store: net.store });
  again.hear(uplinkFrame(devAddr(0x0a0b0c0d), keys, { fCnt: 5, fPort: 1, payload }));
  await again.advance(250);
  assert.equal(again.applicationServer.uplinks.length, 0);
});

test("keeps counters when only settings change", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(abp), abpPaths);
  net.hear(uplinkFrame(devAddr(0x01020304), keys, { fCnt: 9, fPort: 1, payload }));
  await net.advance(250);
  await devices.set(ids, message({ ...abp, mac_settings: { desired_rx1_delay: 3 } }), [
    "mac_settings.desired_rx1_delay",
  ]);
  const device = await shown(devices);
  assert.equal(device.session?.last_f_cnt_up, 9);
  const { desired_parameters: desired } = device.mac_state as {
    desired_parameters: { rx1_delay: number };
  };
  assert.equal(desired.rx1_delay, 3);
  assert.equal(device.mac_settings?.resets_f_cnt, true, "fields outside the mask stay");
});

test("goes on with the counters and parameters that a device brings along", async (context) => {
  const { net, devices } = await start(context);
  const migrated = {
    ...abp,
    session: { ...abp.session, last_f_cnt_up: 100, last_n_f_cnt_down: 50 },
    mac_state: { current_parameters: { rx1_delay: 5, rx2_data_rate_index: 3 } },
  };
  await devices.set(ids, message(migrated), [
    ...abpPaths,
    "session.last_f_cnt_up",
    "session.last_n_f_cnt_down",
    "mac_state.current_parameters.rx1_delay",
    "mac_state.current_parameters.rx2_data_rate_index",
  ]);
  assert.equal((await net.server.downlinkSession(ids))?.minFCnt, 51);
  const entry = await net.server.devices.cache.holdByIds(ids);
  assert.equal(entry?.state.current?.mac.current.rx1Delay, 5);
  assert.equal(entry?.state.current?.mac.current.channels.length, 8);
  assert.equal(entry?.state.current?.counters.fCntUp, 100);
});

test("resets a device to what it was when it was registered", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(abp), abpPaths);
  net.hear(uplinkFrame(devAddr(0x01020304), keys, { fCnt: 9, fPort: 1, payload }));
  await net.advance(250);
  await devices.reset(ids);
  const entry = await net.server.devices.cache.holdByIds(ids);
  assert.equal(entry?.state.current?.counters.fCntUp, -1);
});

test("gives devices created at once numbers of their own", async (context) => {
  const { devices } = await start(context);
  const created = Array.from({ length: 20 }, (_, index) => {
    const eui = `70B3D57ED00001${index.toString(16).padStart(2, "0")}`;
    return devices.set(
      { ...ids, deviceId: `dev-${index}` },
      message({ ...otaa, ids: { ...otaa.ids, dev_eui: eui } }),
      otaaPaths,
    );
  });
  assert.equal(new Set((await Promise.all(created)).map(({ ids: each }) => each?.deviceId)).size, 20);
  await devices.deleteApplication(ids);
  await assert.rejects(devices.get({ ...ids, deviceId: "dev-3" }), { name: "pkg/redis:not_found" });
});

test("wants the rights on keys for masks that cover one", () => {
  assert.equal(touchesKeys(["session.keys.f_nwk_s_int_key.key"]), true);
  assert.equal(touchesKeys(["session.keys"]), true);
  assert.equal(touchesKeys(["session"]), true);
  assert.equal(touchesKeys(["session.dev_addr", "session.keys.session_key_id", "ids"]), false);
});

test("serves every method of the registry", async (context) => {
  const { net } = await start(context);
  const service = net.server.services.find(({ descriptor }) => descriptor === NsEndDeviceRegistry);
  assert.deepEqual(Object.keys(service!.methods).sort(), ["delete", "get", "resetFactoryDefaults", "set"]);
  const { set } = service!.methods;
  assert.ok(set !== undefined && "requires" in set);
  const request = { endDevice: message(abp), fieldMask: { paths: abpPaths } };
  const requirement = (set.requires as (request: unknown) => unknown)(request);
  assert.deepEqual(requirement, {
    kind: "rights",
    entity: { type: "application", id: "app1" },
    rights: [Right.APPLICATION_DEVICES_WRITE, Right.APPLICATION_DEVICES_WRITE_KEYS],
  });
});

test("keeps session keys sealed", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(abp), abpPaths);
  const [row] = await net.store.query(statement("SELECT keys FROM ns_sessions"));
  assert.equal(Buffer.from(row?.keys as Uint8Array).includes(Buffer.alloc(16, 7)), false);
  const entry = await net.server.devices.cache.holdByIds(ids);
  assert.deepEqual(entry?.state.current?.session.fNwkSIntKey, expandKey(aesKey(new Uint8Array(16).fill(7))));
});

test("registers multicast groups, LoRaWAN 1.1 by personalization, and classes B and C", async (context) => {
  const { devices } = await start(context);
  await devices.set(ids, message(multicast), multicastPaths);
  const group = await shown(devices);
  assert.equal(group.multicast, true);
  assert.equal(group.supports_class_c, true);
  const keys11 = {
    f_nwk_s_int_key: { key: "01".repeat(16) },
    s_nwk_s_int_key: { key: "02".repeat(16) },
    nwk_s_enc_key: { key: "03".repeat(16) },
  };
  const other = { ...ids, deviceId: "abp11" };
  const abp11 = {
    ...abp,
    lorawan_version: "MAC_V1_1",
    lorawan_phy_version: "PHY_V1_1_REV_B",
    supports_class_b: true,
    session: { dev_addr: "01020304", keys: keys11 },
    mac_settings: { ping_slot_periodicity: "PING_EVERY_8S" },
  };
  const paths = [
    ...abpPaths.filter((path) => !path.startsWith("mac_settings")),
    "session",
    "supports_class_b",
    "mac_settings",
  ];
  await devices.set(other, message(abp11), paths);
  const device = toJSON(EndDeviceSchema, await devices.get(other)) as Record<string, Record<string, unknown>>;
  assert.deepEqual(device.session?.keys, keys11);
  assert.equal(device.supports_class_b, true);
  assert.deepEqual(device.mac_settings, abp11.mac_settings);
});

test("a reset leaves keys and settings, and nothing of what happened since", async (context) => {
  const { net, devices } = await start(context);
  await devices.set(ids, message(abp), abpPaths);
  await devices.set(
    ids,
    message({ ids: apiIds, battery_percentage: 0.5, downlink_margin: 3, session: { last_f_cnt_up: 9 } }),
    ["battery_percentage", "downlink_margin", "session.last_f_cnt_up"],
  );
  const before = await shown(devices);
  assert.equal(before.battery_percentage, 0.5);
  assert.equal(before.session?.last_f_cnt_up, 9);
  const after = toJSON(EndDeviceSchema, await devices.reset(ids)) as Record<string, Record<string, unknown>>;
  assert.equal(after.battery_percentage, undefined);
  assert.equal(after.session?.last_f_cnt_up, undefined);
  assert.deepEqual(after.session?.keys, before.session?.keys);
  assert.deepEqual(after.mac_settings, before.mac_settings);
  assert.deepEqual(after, await shown(devices));
  assert.equal((await net.store.query(statement("SELECT status FROM ns_devices")))[0]?.status, null);
});

test("many changes of one device at once are all made, one after another", async (context) => {
  const { devices } = await start(context);
  const named = ["rx1_delay", "desired_rx1_delay", "status_count_periodicity", "rx2_data_rate_index"];
  await Promise.all(
    named.map((name) =>
      devices.set(ids, message(withSettings({ [name]: 3 })), [...otaaPaths, `mac_settings.${name}`]),
    ),
  );
  assert.deepEqual((await shown(devices)).mac_settings, {
    rx1_delay: 3,
    desired_rx1_delay: 3,
    rx2_data_rate_index: 3,
    status_count_periodicity: 3,
  });
});
