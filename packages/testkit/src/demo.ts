import { randomBytes as secureRandomBytes } from "node:crypto";
import { parseEUI64 } from "@skylark/lorawan";
import { Air } from "./air.ts";
import { systemClock, type Timer } from "./clock.ts";
import type { LoRaWANVersion } from "./device-mac.ts";
import { activationOf, type DeviceIdentity } from "./network.ts";
import {
  createApiKey,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  setFormatter,
} from "./registration.ts";
import { SimulatedDevice } from "./simulated-device.ts";
import { SimulatedGateway } from "./simulated-gateway.ts";
import { type JsonObject, V3Client, V3Error } from "./v3-client.ts";

export interface DemoOptions {
  /** Such as `http://localhost:1885`. */
  readonly httpUrl: string;
  readonly udpPort: number;
  readonly mqttPort: number;
  /** With the rights of a user who may create applications and gateways. */
  readonly apiKey: string;
  readonly userId?: string;
  readonly log: (line: string) => void;
  /** Pause between two uplinks of one device. */
  readonly everyMs?: number;
}

export interface Demo {
  readonly applicationId: string;
  readonly applicationKey: string;
  readonly deviceIds: readonly string[];
  stop(): Promise<void>;
}

const applicationId = "demo";
const frequencyPlanId = "EU_863_870_TTN";
const gateway = { gatewayId: "demo-gateway", eui: "02534B59FFFE0000" };
const presetFrequencies = [
  868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000,
];

/** Decodes temperature, humidity and battery, and encodes the reporting interval. */
export const demoFormatter = {
  uplink: `function decodeUplink(input) {
  var bytes = input.bytes;
  if (bytes.length < 5) return { errors: ["expected 5 bytes"] };
  var raw = (bytes[0] << 8) | bytes[1];
  return {
    data: {
      temperature: (raw > 32767 ? raw - 65536 : raw) / 100,
      humidity: bytes[2] / 2,
      battery: ((bytes[3] << 8) | bytes[4]) / 1000,
    },
  };
}`,
  downlink: `function encodeDownlink(input) {
  return { bytes: [input.data.interval >> 8, input.data.interval & 255], fPort: 2 };
}
function decodeDownlink(input) {
  return { data: { interval: (input.bytes[0] << 8) | input.bytes[1] } };
}`,
} as const;

interface DemoDevice {
  readonly identity: DeviceIdentity;
  readonly version: LoRaWANVersion;
  readonly kind: "otaa" | "abp";
}

const key = (): string => secureRandomBytes(16).toString("hex").toUpperCase();

/** Keys are new at every start: the demo leaves no device with a known key behind. */
function demoDevice(
  number: number,
  kind: "otaa" | "abp",
  deviceId: string,
  version: LoRaWANVersion,
): DemoDevice {
  const identity = {
    deviceId,
    devEui: `02534B59000000${number.toString(16).padStart(2, "0")}`.toUpperCase(),
    joinEui: "02534B5900000000",
    appKey: key(),
    nwkKey: key(),
    devAddr: "00000000",
    fNwkSIntKey: key(),
    sNwkSIntKey: key(),
    nwkSEncKey: key(),
    appSKey: key(),
  };
  return { identity, version, kind };
}

async function withDevAddr(client: V3Client, device: DemoDevice): Promise<DemoDevice> {
  const generated = await client.get("/ns/dev_addr");
  if (typeof generated.dev_addr !== "string") throw new Error("the Network Server gave no DevAddr");
  return { ...device, identity: { ...device.identity, devAddr: generated.dev_addr } };
}

async function register(client: V3Client, devices: readonly DemoDevice[], userId: string): Promise<void> {
  await registerApplication(client, applicationId, userId);
  await setFormatter(client, applicationId, demoFormatter);
  await registerGateway(client, { ...gateway, frequencyPlanId, userId });
  for (const { identity, version, kind } of devices) {
    const registration = { applicationId, identity, version, frequencyPlanId };
    if (kind === "otaa") await registerOtaaDevice(client, registration);
    else {
      await registerAbpDevice(client, {
        ...registration,
        resetsFCnt: true,
        factoryPresetFrequencies: presetFrequencies,
        macSettings: { rx1_delay: "RX_DELAY_1", rx2_data_rate_index: "DATA_RATE_3" },
      });
    }
  }
}

/** The DevNonce after the last one that the Join Server knows from an earlier run. */
async function nextDevNonce(client: V3Client, deviceId: string): Promise<number> {
  try {
    const device = await client.get(
      `/js/applications/${applicationId}/devices/${deviceId}?field_mask=last_dev_nonce`,
    );
    return typeof device.last_dev_nonce === "number" ? device.last_dev_nonce + 1 : 1;
  } catch (error) {
    if (error instanceof V3Error) return 1;
    throw error;
  }
}

/** Replaces the key of an earlier run, whose secret nobody can read any more. */
async function replaceApiKey(client: V3Client): Promise<string> {
  const name = "demo traffic";
  const { api_keys: keys } = await client.get(`/applications/${applicationId}/api-keys?limit=100`);
  for (const old of Array.isArray(keys) ? (keys as JsonObject[]) : []) {
    if (old.name === name)
      await client.call("DELETE", `/applications/${applicationId}/api-keys/${String(old.id)}`);
  }
  return createApiKey(client, applicationId, { name });
}

/** A reading that wanders as real ones do, so that dashboards have something to draw. */
function reading(phase: number): Uint8Array {
  const minutes = Date.now() / 60_000;
  const temperature = Math.round(100 * (21 + 3 * Math.sin(minutes / 7 + phase)));
  const humidity = Math.round(2 * (48 + 12 * Math.sin(minutes / 11 + 2 * phase)));
  const battery = Math.round(3300 - 100 * Math.abs(Math.sin(minutes / 500 + phase)));
  return Uint8Array.of((temperature >> 8) & 0xff, temperature & 0xff, humidity, battery >> 8, battery & 0xff);
}

/** Joins where needed and then reports for ever; failures are told and tried again. */
function report(
  device: SimulatedDevice,
  options: { everyMs: number; name: string; log: (line: string) => void },
): () => void {
  let timer: Timer | undefined;
  let stopped = false;
  const phase = Number.parseInt(device.devEui.slice(-2), 16);
  const next = async (): Promise<void> => {
    try {
      if (device.session === undefined) {
        if (await device.join({ attempts: 1 })) options.log(`demo: ${options.name} joined`);
      } else await device.sendUplink({ fPort: 1, payload: reading(phase) });
    } catch (error) {
      options.log(`demo: ${options.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!stopped) timer = systemClock.after(options.everyMs, () => void next());
  };
  timer = systemClock.after(phase * 300, () => void next());
  return () => {
    stopped = true;
    timer?.cancel();
  };
}

/** The lines that a person pastes into a terminal to watch the traffic and to take part in it. */
function demoInstructions(options: {
  readonly httpUrl: string;
  readonly mqttPort: number;
  readonly applicationKey: string;
  readonly deviceId: string;
}): string[] {
  const { httpUrl, mqttPort, applicationKey, deviceId } = options;
  const host = new URL(httpUrl).hostname;
  const authorization = `-H 'Authorization: Bearer ${applicationKey}'`;
  const device = `${httpUrl}/api/v3/applications/${applicationId}/devices/${deviceId}`;
  const events = { identifiers: [{ application_ids: { application_id: applicationId } }] };
  const downlink = { downlinks: [{ decoded_payload: { interval: 60 }, f_port: 2 }] };
  return [
    "Messages as they arrive:",
    `  mosquitto_sub -h ${host} -p ${mqttPort} -t '#' -u ${applicationId} -P '${applicationKey}' -v`,
    "Everything that happens in the application:",
    `  curl -N ${authorization} -H 'Accept: text/event-stream' -H 'Content-Type: application/json' -d '${JSON.stringify(events)}' ${httpUrl}/api/v3/events`,
    "One device:",
    `  curl ${authorization} '${device}?field_mask=name,description,locations'`,
    "Send it a downlink (it comes with the answer to its next uplink):",
    `  curl ${authorization} -H 'Content-Type: application/json' -d '${JSON.stringify(downlink)}' ${httpUrl}/api/v3/as/applications/${applicationId}/devices/${deviceId}/down/push`,
  ];
}

/** Registers a gateway and three devices through the API and lets them send; runs again on what an earlier run left. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { httpUrl, udpPort, mqttPort, apiKey, log } = options;
  const client = new V3Client({ url: httpUrl, apiKey, connections: 4 });
  const devices = [
    demoDevice(1, "otaa", "thermometer-otaa", "1.0.3"),
    demoDevice(2, "otaa", "thermometer-otaa-1-1", "1.1.0"),
    await withDevAddr(client, demoDevice(3, "abp", "thermometer-abp", "1.0.3")),
  ];
  await register(client, devices, options.userId ?? "admin");
  const applicationKey = await replaceApiKey(client);
  const air = new Air({ clock: systemClock });
  const forwarder = new SimulatedGateway({
    eui: gateway.eui,
    server: { host: "127.0.0.1", port: udpPort },
    air,
    gps: { latitude: 52.3731, longitude: 4.8922, altitude: 12 },
    statusMs: 30_000,
  });
  await forwarder.start();
  const everyMs = options.everyMs ?? 5000;
  const stops: (() => void)[] = [];
  for (const { identity, version, kind } of devices) {
    const activation = activationOf(identity, { kind, version });
    const nonce = kind === "otaa" ? await nextDevNonce(client, identity.deviceId) : 1;
    const device = new SimulatedDevice({
      air,
      devEui: parseEUI64(identity.devEui),
      version,
      activation: "otaa" in activation ? { otaa: { ...activation.otaa, nextDevNonce: nonce } } : activation,
      factory: kind === "abp" ? { frequencies: presetFrequencies, rx2DataRate: 3 } : {},
      adr: true,
      battery: 230,
      random: Math.random,
      forgetDownlinks: true,
      onDownlink: ({ fPort, payload, window }) => {
        if (fPort === undefined || fPort === 0) return;
        const bytes = Buffer.from(payload).toString("hex");
        log(`demo: ${identity.deviceId} received ${bytes} on port ${fPort} in ${window.toUpperCase()}`);
      },
    });
    stops.push(report(device, { everyMs, name: identity.deviceId, log }));
  }
  const deviceIds = devices.map(({ identity }) => identity.deviceId);
  for (const line of demoInstructions({ httpUrl, mqttPort, applicationKey, deviceId: "thermometer-abp" }))
    log(line);
  return {
    applicationId,
    applicationKey,
    deviceIds,
    async stop() {
      for (const stop of stops) stop();
      await forwarder.stop();
      client.close();
    },
  };
}
