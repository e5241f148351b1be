import type { LoRaWANVersion } from "./device-mac.ts";
import type { DeviceIdentity } from "./network.ts";
import { type Json, type JsonObject, type V3Client, V3Error } from "./v3-client.ts";

/** How a device is registered, besides its identity. */
export interface DeviceRegistration {
  readonly applicationId: string;
  readonly identity: DeviceIdentity;
  readonly version: LoRaWANVersion;
  readonly frequencyPlanId: string;
  readonly phyVersion?: string;
  /** Hz; what an ABP device was set up with. */
  readonly factoryPresetFrequencies?: readonly number[];
  readonly resetsFCnt?: boolean;
  /** Further `mac_settings`, in the API's JSON. */
  readonly macSettings?: JsonObject;
}

const defaultPhyVersions: Readonly<Record<LoRaWANVersion, string>> = {
  "1.0.0": "PHY_V1_0",
  "1.0.1": "PHY_V1_0_1",
  "1.0.2": "PHY_V1_0_2_REV_B",
  "1.0.3": "PHY_V1_0_3_REV_A",
  "1.0.4": "RP002_V1_0_1",
  "1.1.0": "PHY_V1_1_REV_B",
};

const apiVersions: Readonly<Record<LoRaWANVersion, string>> = {
  "1.0.0": "MAC_V1_0",
  "1.0.1": "MAC_V1_0_1",
  "1.0.2": "MAC_V1_0_2",
  "1.0.3": "MAC_V1_0_3",
  "1.0.4": "MAC_V1_0_4",
  "1.1.0": "MAC_V1_1",
};

/** Carries on where the entity was registered by an earlier run. */
async function unlessExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof V3Error && error.status === 409)) throw error;
  }
}

export async function registerApplication(
  client: V3Client,
  applicationId: string,
  userId = "admin",
): Promise<void> {
  const application = { ids: { application_id: applicationId }, name: applicationId };
  await unlessExists(client.call("POST", `/users/${userId}/applications`, { application }));
}

/** Creates an API key of an application and returns its secret. */
export async function createApiKey(
  client: V3Client,
  applicationId: string,
  {
    name = "testkit",
    rights = ["RIGHT_APPLICATION_ALL"],
  }: { readonly name?: string; readonly rights?: readonly string[] } = {},
): Promise<string> {
  const created = await client.call("POST", `/applications/${applicationId}/api-keys`, { name, rights });
  if (typeof created.key !== "string") throw new Error("the server created an API key without telling it");
  return created.key;
}

/** Sets the default JavaScript formatters of an application. */
export async function setFormatter(
  client: V3Client,
  applicationId: string,
  scripts: { readonly uplink?: string; readonly downlink?: string },
): Promise<void> {
  const formatters: Record<string, Json> = {};
  const paths: string[] = [];
  for (const [direction, name] of [
    ["uplink", "up"],
    ["downlink", "down"],
  ] as const) {
    const script = scripts[direction];
    if (script === undefined) continue;
    formatters[`${name}_formatter`] = "FORMATTER_JAVASCRIPT";
    formatters[`${name}_formatter_parameter`] = script;
    paths.push(`default_formatters.${name}_formatter`, `default_formatters.${name}_formatter_parameter`);
  }
  await client.call("PUT", `/as/applications/${applicationId}/link`, {
    link: { default_formatters: formatters },
    field_mask: { paths },
  });
}

export async function registerGateway(
  client: V3Client,
  gateway: {
    readonly gatewayId: string;
    readonly eui: string;
    readonly frequencyPlanId: string;
    readonly userId?: string;
  },
): Promise<void> {
  const { gatewayId, eui, frequencyPlanId, userId = "admin" } = gateway;
  await unlessExists(
    client.call("POST", `/users/${userId}/gateways`, {
      gateway: {
        ids: { gateway_id: gatewayId, eui },
        name: gatewayId,
        gateway_server_address: new URL(client.url).hostname,
        frequency_plan_id: frequencyPlanId,
      },
    }),
  );
}

interface Entry {
  readonly device: JsonObject;
  readonly paths: readonly string[];
}

async function set(
  client: V3Client,
  server: "ns" | "as" | "js",
  to: DeviceRegistration,
  entry: Entry,
): Promise<void> {
  const { applicationId, identity } = to;
  await client.call("PUT", `/${server}/applications/${applicationId}/devices/${identity.deviceId}`, {
    end_device: entry.device,
    field_mask: { paths: entry.paths },
  });
}

async function registerIdentity(client: V3Client, to: DeviceRegistration, ids: JsonObject): Promise<void> {
  const host = new URL(client.url).hostname;
  const addresses = {
    network_server_address: host,
    application_server_address: host,
    ...("join_eui" in ids ? { join_server_address: host } : {}),
  };
  const paths = [
    ...Object.keys(addresses),
    ...Object.keys(ids)
      .filter((id) => id !== "device_id")
      .map((id) => `ids.${id}`),
  ];
  await unlessExists(
    client.call("POST", `/applications/${to.applicationId}/devices`, {
      end_device: { ids, ...addresses },
      field_mask: { paths },
    }),
  );
}

function networkSettings(
  to: DeviceRegistration,
  ids: JsonObject,
): { device: Record<string, Json>; paths: string[] } {
  const macSettings: Record<string, Json> = { ...to.macSettings };
  if (to.resetsFCnt !== undefined) macSettings.resets_f_cnt = to.resetsFCnt;
  if (to.factoryPresetFrequencies !== undefined) {
    macSettings.factory_preset_frequencies = to.factoryPresetFrequencies.map(String);
  }
  const paths = ["supports_join", "lorawan_version", "lorawan_phy_version", "frequency_plan_id"];
  paths.push(...Object.keys(ids).map((id) => `ids.${id}`));
  paths.push(...Object.keys(macSettings).map((name) => `mac_settings.${name}`));
  const device = {
    ids,
    lorawan_version: apiVersions[to.version],
    lorawan_phy_version: to.phyVersion ?? defaultPhyVersions[to.version],
    frequency_plan_id: to.frequencyPlanId,
    mac_settings: macSettings,
  };
  return { device, paths };
}

/** Registers a device for over-the-air activation on the four servers, in four calls. */
export async function registerOtaaDevice(client: V3Client, to: DeviceRegistration): Promise<void> {
  const { identity } = to;
  const ids = { device_id: identity.deviceId, dev_eui: identity.devEui, join_eui: identity.joinEui };
  const idPaths = ["ids.device_id", "ids.dev_eui", "ids.join_eui"];
  await registerIdentity(client, to, ids);
  const host = new URL(client.url).hostname;
  const is11 = to.version === "1.1.0";
  const rootKeys = {
    app_key: { key: identity.appKey },
    ...(is11 ? { nwk_key: { key: identity.nwkKey } } : {}),
  };
  await set(client, "js", to, {
    device: { ids, network_server_address: host, application_server_address: host, root_keys: rootKeys },
    paths: [
      "network_server_address",
      "application_server_address",
      ...idPaths,
      ...Object.keys(rootKeys).map((name) => `root_keys.${name}.key`),
    ],
  });
  const network = networkSettings(to, ids);
  await set(client, "ns", to, { device: { ...network.device, supports_join: true }, paths: network.paths });
  await set(client, "as", to, { device: { ids }, paths: idPaths });
}

/** Registers a device with its session on three servers, in three calls. */
export async function registerAbpDevice(client: V3Client, to: DeviceRegistration): Promise<void> {
  const { identity } = to;
  const ids = { device_id: identity.deviceId, dev_eui: identity.devEui };
  await registerIdentity(client, to, ids);
  const keys: Record<string, Json> = { f_nwk_s_int_key: { key: identity.fNwkSIntKey } };
  if (to.version === "1.1.0") {
    keys.s_nwk_s_int_key = { key: identity.sNwkSIntKey };
    keys.nwk_s_enc_key = { key: identity.nwkSEncKey };
  }
  const network = networkSettings(to, ids);
  await set(client, "ns", to, {
    device: { ...network.device, supports_join: false, session: { dev_addr: identity.devAddr, keys } },
    paths: [
      ...network.paths,
      "session.dev_addr",
      ...Object.keys(keys).map((name) => `session.keys.${name}.key`),
    ],
  });
  await set(client, "as", to, {
    device: {
      ids,
      session: { dev_addr: identity.devAddr, keys: { app_s_key: { key: identity.appSKey } } },
      skip_payload_crypto: false,
    },
    paths: [
      "ids.device_id",
      "ids.dev_eui",
      "session.keys.app_s_key.key",
      "session.dev_addr",
      "skip_payload_crypto",
    ],
  });
}

/** Runs a task for every number below `count`, a few at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
}
