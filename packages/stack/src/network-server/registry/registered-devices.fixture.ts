import type { TestContext } from "node:test";
import { EndDeviceSchema, fromJSON, toJSON } from "@skylark/api";
import { createEventBus } from "../../events/event-bus.ts";
import { type Network, startNetwork } from "../network-server.fixture.ts";
import { keysOf } from "../simulated-device.fixture.ts";
import { RegisteredDevices } from "./registered-devices.ts";

export const ids = { tenantId: "default", applicationId: "app1", deviceId: "newdev1" };
export const apiIds = {
  device_id: "newdev1",
  application_ids: { application_id: "app1" },
  dev_eui: "70B3D57ED0000001",
};

export const abp = {
  supports_join: false,
  lorawan_version: "1.0.2",
  ids: apiIds,
  session: {
    keys: { f_nwk_s_int_key: { key: "07070707070707070707070707070707" } },
    dev_addr: "01020304",
  },
  mac_settings: {
    resets_f_cnt: true,
    factory_preset_frequencies: [
      "868100000",
      "868300000",
      "868500000",
      "867100000",
      "867300000",
      "867500000",
      "867700000",
      "867900000",
    ],
  },
  lorawan_phy_version: "1.0.2-b",
  frequency_plan_id: "EU_863_870_TTN",
};
export const abpPaths = [
  "supports_join",
  "lorawan_version",
  "ids.device_id",
  "ids.dev_eui",
  "session.keys.f_nwk_s_int_key.key",
  "session.dev_addr",
  "mac_settings.resets_f_cnt",
  "mac_settings.factory_preset_frequencies",
  "lorawan_phy_version",
  "frequency_plan_id",
];
const { session: _, mac_settings: __, ...common } = abp;
export const otaa = { ...common, supports_join: true, ids: { ...apiIds, join_eui: "0000000000000001" } };
export const otaaPaths = [
  "supports_join",
  "lorawan_version",
  "lorawan_phy_version",
  "frequency_plan_id",
  "ids.join_eui",
];

export const message = (json: object) => fromJSON(EndDeviceSchema, json as Parameters<typeof fromJSON>[1]);
export const keys = keysOf([7, 7, 7]);
export const payload = Uint8Array.of(1);

export async function start(context: TestContext): Promise<{ net: Network; devices: RegisteredDevices }> {
  const net = await startNetwork();
  context.after(() => net.close());
  return { net, devices: devicesOf(net) };
}

function devicesOf({ clock, store, server }: Network): RegisteredDevices {
  return new RegisteredDevices({
    clock,
    store,
    ...server.devices,
    events: createEventBus(clock),
    desiredRx1Delay: 5,
    addresses: { owns: () => true },
  });
}

export const shown = async (devices: RegisteredDevices) =>
  toJSON(EndDeviceSchema, await devices.get(ids)) as Record<string, Record<string, unknown>>;

export const multicast = {
  ...abp,
  multicast: true,
  supports_class_c: true,
  ids: { ...apiIds, dev_eui: undefined },
};
export const multicastPaths = [...abpPaths, "multicast", "supports_class_b", "supports_class_c"];
export const withSettings = (mac_settings: object) => ({ ...otaa, mac_settings });
