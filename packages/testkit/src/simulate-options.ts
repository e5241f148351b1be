import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { LoRaWANVersion } from "./device-mac.ts";
import type { DeviceRegionName } from "./device-region.ts";
import type { DeviceIdentity } from "./network.ts";

const table = {
  server: { default: "127.0.0.1:1700", description: "where the server listens for Semtech UDP" },
  devices: { default: "100", description: "simulated devices" },
  gateways: { default: "1", description: "simulated gateways" },
  "gateways-per-device": { default: "1", description: "how many gateways hear each device" },
  rate: { default: "10", description: "uplinks per second, over all devices" },
  seconds: { default: "30", description: "how long uplinks are sent" },
  activation: { default: "abp", description: "otaa or abp" },
  version: { default: "1.0.3", description: "1.0.0, 1.0.1, 1.0.2, 1.0.3, 1.0.4 or 1.1.0" },
  region: { default: "EU868", description: "EU868 or US915" },
  confirmed: { default: "0", description: "share of confirmed uplinks, 0 to 1" },
  size: { default: "11", description: "bytes of payload" },
  "rx2-data-rate": { default: "", description: "index of the RX2 data rate that ABP devices were made with" },
  "first-fcnt": { default: "0", description: "first uplink counter of ABP devices" },
  "first-dev-nonce": {
    default: "1",
    description: "first DevNonce of OTAA devices that count it (1.0.4 and 1.1.0)",
  },
  seed: { default: "100", description: "EUIs, addresses and keys follow from it" },
  keys: {
    default: "",
    description: "CSV or JSON file with the devices instead; names as in the API: dev_eui, app_key, …",
  },
  loss: { default: "0", description: "share of datagrams lost between gateway and server" },
  "delay-ms": { default: "0", description: "delay between gateway and server, each way" },
  "api-url": { default: "", description: "register everything here first (The Things Stack V3 API)" },
  "api-key": { default: "", description: "API key for it" },
  user: { default: "admin", description: "owner of what is registered" },
  application: { default: "simulation", description: "application of the registered devices" },
  "frequency-plan": { default: "", description: "EU_863_870 or US_902_928_FSB_2 unless given" },
  json: { default: "", description: "write the report to this file as well" },
} as const;

type OptionName = keyof typeof table;

export interface SimulateOptions {
  readonly server: { readonly host: string; readonly port: number };
  readonly devices: number;
  readonly gateways: number;
  readonly gatewaysPerDevice: number;
  readonly rate: number;
  readonly seconds: number;
  readonly activation: "otaa" | "abp";
  readonly version: LoRaWANVersion;
  readonly region: DeviceRegionName;
  readonly confirmed: number;
  readonly size: number;
  readonly rx2DataRate?: number;
  readonly firstFCnt: number;
  readonly firstDevNonce: number;
  readonly seed: number;
  readonly identities?: readonly DeviceIdentity[];
  readonly loss: number;
  readonly delayMs: number;
  readonly api?: {
    readonly url: string;
    readonly apiKey: string;
    readonly userId: string;
    readonly applicationId: string;
    readonly frequencyPlanId: string;
  };
  readonly json?: string;
}

export const help = [
  "npm run simulate -- [options]",
  "",
  "Sends uplinks of simulated devices over simulated gateways to any LoRaWAN server that speaks Semtech UDP.",
  "",
  ...Object.entries(table).map(
    ([name, entry]) =>
      `  --${name.padEnd(20)} ${entry.description}${entry.default === "" ? "" : ` (${entry.default})`}`,
  ),
].join("\n");

const versions: readonly LoRaWANVersion[] = ["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0"];
const regions: readonly DeviceRegionName[] = ["EU868", "US915"];
const activations = ["otaa", "abp"] as const;

/** Reads the command line; undefined when help was asked for. */
export function readSimulateOptions(args: readonly string[]): SimulateOptions | undefined {
  const options = Object.fromEntries(Object.keys(table).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: "boolean" as const } },
  });
  if (values.help === true) return undefined;
  const text = (name: OptionName): string => {
    const given = (values as Record<string, unknown>)[name];
    return typeof given === "string" ? given : table[name].default;
  };
  const number = (name: OptionName, lowest = 0): number => {
    const value = Number(text(name));
    if (!Number.isFinite(value) || value < lowest)
      throw new TypeError(`--${name} wants a number from ${lowest} up`);
    return value;
  };
  const oneOf = <T extends string>(name: OptionName, allowed: readonly T[]): T => {
    const found = allowed.find((item) => item === text(name));
    if (found === undefined) throw new TypeError(`--${name} wants one of ${allowed.join(", ")}`);
    return found;
  };
  const region = oneOf("region", regions);
  const identities = text("keys") === "" ? undefined : readIdentities(text("keys"));
  const plan = text("frequency-plan") || (region === "EU868" ? "EU_863_870" : "US_902_928_FSB_2");
  const api = {
    url: text("api-url"),
    apiKey: text("api-key"),
    userId: text("user"),
    applicationId: text("application"),
    frequencyPlanId: plan,
  };
  return {
    server: readServer(text("server")),
    devices: identities?.length ?? number("devices", 1),
    gateways: number("gateways", 1),
    gatewaysPerDevice: number("gateways-per-device", 1),
    rate: number("rate", 0.001),
    seconds: number("seconds"),
    activation: oneOf("activation", activations),
    version: oneOf("version", versions),
    region,
    confirmed: number("confirmed"),
    size: number("size"),
    firstFCnt: number("first-fcnt"),
    firstDevNonce: number("first-dev-nonce"),
    seed: number("seed"),
    loss: number("loss"),
    delayMs: number("delay-ms"),
    ...(text("rx2-data-rate") === "" ? {} : { rx2DataRate: number("rx2-data-rate") }),
    ...(identities === undefined ? {} : { identities }),
    ...(api.url === "" ? {} : { api }),
    ...(text("json") === "" ? {} : { json: text("json") }),
  };
}

function readServer(value: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  if (match === null) throw new TypeError("--server wants host:port");
  return { host: match[1]!, port: Number(match[2]) };
}

const columns = {
  deviceId: "device_id",
  devEui: "dev_eui",
  joinEui: "join_eui",
  appKey: "app_key",
  nwkKey: "nwk_key",
  devAddr: "dev_addr",
  fNwkSIntKey: "f_nwk_s_int_key",
  sNwkSIntKey: "s_nwk_s_int_key",
  nwkSEncKey: "nwk_s_enc_key",
  appSKey: "app_s_key",
} as const satisfies Record<keyof DeviceIdentity, string>;

function readIdentities(path: string): DeviceIdentity[] {
  const content = readFileSync(path, "utf8");
  const rows: Record<string, string>[] = /^\s*\[/.test(content) ? JSON.parse(content) : parseCSV(content);
  return rows.map((row, index) => {
    if (row[columns.devEui] === undefined) throw new TypeError(`${path}: device ${index + 1} has no dev_eui`);
    const value = (name: keyof DeviceIdentity): string => row[columns[name]] ?? "";
    const devEui = value("devEui");
    return {
      deviceId: value("deviceId") || `eui-${devEui.toLowerCase()}`,
      devEui,
      joinEui: value("joinEui"),
      appKey: value("appKey"),
      nwkKey: value("nwkKey"),
      devAddr: value("devAddr"),
      fNwkSIntKey: value("fNwkSIntKey"),
      sNwkSIntKey: value("sNwkSIntKey"),
      nwkSEncKey: value("nwkSEncKey"),
      appSKey: value("appSKey"),
    };
  });
}

/** Hexadecimal columns need no quoting, so neither does this reader know it. */
function parseCSV(content: string): Record<string, string>[] {
  const [header = "", ...lines] = content.split(/\r?\n/).filter((line) => line.trim() !== "");
  const separator = header.includes(";") ? ";" : ",";
  const names = header.split(separator).map((name) => name.trim());
  return lines.map((line) => {
    const cells = line.split(separator);
    return Object.fromEntries(names.map((name, index) => [name, cells[index]?.trim() ?? ""]));
  });
}
