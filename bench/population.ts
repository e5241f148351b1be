import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createApiKey,
  type DeviceIdentity,
  deviceIdentity,
  gatewayEui,
  inParallel,
  type JsonObject,
  registerAbpDevice,
  registerApplication,
  registerGateway,
  registerOtaaDevice,
  V3Client,
} from "@skylark/testkit";
import type { RunningStack } from "./stack-process.ts";

export const applicationId = "bench";
const frequencyPlanId = "EU_863_870";

/** Seeds keep the EUIs and addresses of the kinds of devices apart. */
export const seeds = { uplinks: 1, joins: 2, downlinks: 3 } as const;
export type Population = keyof typeof seeds;

const presetFrequencies = [
  868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000,
];

/**
 * Settings under which the network has nothing to tell the device: prepared frames cannot answer MAC commands, and
 * the requests that would follow every uplink are not what is measured.
 */
const quietSettings: JsonObject = {
  rx1_delay: "RX_DELAY_1",
  desired_rx1_delay: "RX_DELAY_1",
  adr: { disabled: {} },
  status_count_periodicity: 0,
  status_time_periodicity: "0s",
};

/** What is in the store, and which counters have been used: kept beside the data so that it can be used again. */
interface State {
  apiKey: string;
  devices: Record<string, number>;
  gateways: Record<string, number>;
  nextFCnt: Record<string, number>;
  nextDevNonce: number;
}

const emptyState = (): State => ({ apiKey: "", devices: {}, gateways: {}, nextFCnt: {}, nextDevNonce: 1 });

/** The registered devices and gateways of one data directory. */
export class Registry {
  readonly client: V3Client;
  readonly #path: string;
  readonly #state: State;
  readonly #connections: number;
  readonly #log: (line: string) => void;

  private constructor(client: V3Client, path: string, state: State, options: RegistryOptions) {
    this.client = client;
    this.#path = path;
    this.#state = state;
    this.#connections = options.connections;
    this.#log = options.log;
  }

  static async open(stack: RunningStack, dataDir: string, options: RegistryOptions): Promise<Registry> {
    const path = join(dataDir, "bench-state.json");
    const state: State = existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : emptyState();
    const client = new V3Client({
      url: stack.httpUrl,
      apiKey: stack.adminKey,
      connections: options.connections,
    });
    const registry = new Registry(client, path, state, options);
    if (state.apiKey === "") {
      await registerApplication(client, applicationId);
      state.apiKey = await createApiKey(client, applicationId);
      await registry.#save();
    }
    return registry;
  }

  get apiKey(): string {
    return this.#state.apiKey;
  }

  /** Registers what is missing of a population; returns the calls per second, when there were any. */
  async ensureDevices(population: Population, count: number): Promise<{ devices: number; seconds: number }> {
    const first = this.#state.devices[population] ?? 0;
    const missing = Math.max(0, count - first);
    const startedAt = performance.now();
    for (let done = 0; done < missing; done += 5000) {
      const batch = Math.min(5000, missing - done);
      await inParallel(batch, this.#connections, (index) => this.#register(population, first + done + index));
      this.#state.devices[population] = first + done + batch;
      await this.#save();
      this.#log(`registered ${first + done + batch} devices for ${population}`);
    }
    return { devices: missing, seconds: (performance.now() - startedAt) / 1000 };
  }

  async ensureGateways(population: Population, count: number): Promise<void> {
    const seed = seeds[population];
    const first = this.#state.gateways[population] ?? 0;
    await inParallel(Math.max(0, count - first), this.#connections, (index) =>
      registerGateway(this.client, {
        gatewayId: `bench-${seed}-${first + index}`,
        eui: gatewayEui(seed, first + index),
        frequencyPlanId,
      }),
    );
    this.#state.gateways[population] = Math.max(first, count);
    await this.#save();
  }

  identities(population: Population, count: number): DeviceIdentity[] {
    return Array.from({ length: count }, (_, index) => deviceIdentity(seeds[population], index));
  }

  /** Takes uplink counters that no run has used; they are written down before the first is sent. */
  async takeFCnts(population: Population, perDevice: number): Promise<number> {
    const first = this.#state.nextFCnt[population] ?? 1;
    this.#state.nextFCnt[population] = first + perDevice;
    await this.#save();
    return first;
  }

  /** How many devices of a part that registers its own there are; the next ones come after them. */
  registeredDevices(population: string): number {
    return this.#state.devices[population] ?? 0;
  }

  async keepDevices(population: string, count: number): Promise<void> {
    this.#state.devices[population] = count;
    await this.#save();
  }

  async takeDevNonce(): Promise<number> {
    const devNonce = this.#state.nextDevNonce++;
    await this.#save();
    return devNonce;
  }

  /** Turns the application's default formatter on or off. */
  async useFormatter(script: string | undefined): Promise<void> {
    const on = { up_formatter: "FORMATTER_JAVASCRIPT", up_formatter_parameter: script ?? "" };
    const off = { up_formatter: "FORMATTER_NONE", up_formatter_parameter: "" };
    await this.client.call("PUT", `/as/applications/${applicationId}/link`, {
      link: { default_formatters: script === undefined ? off : on },
      field_mask: { paths: ["default_formatters.up_formatter", "default_formatters.up_formatter_parameter"] },
    });
  }

  async #register(population: Population, index: number): Promise<void> {
    const identity = deviceIdentity(seeds[population], index);
    const common = { applicationId, identity, version: "1.0.3" as const, frequencyPlanId };
    if (population === "joins")
      await registerOtaaDevice(this.client, { ...common, macSettings: quietSettings });
    else {
      await registerAbpDevice(this.client, {
        ...common,
        factoryPresetFrequencies: presetFrequencies,
        macSettings: quietSettings,
      });
    }
  }

  async #save(): Promise<void> {
    await writeFile(this.#path, JSON.stringify(this.#state));
  }
}

export interface RegistryOptions {
  readonly connections: number;
  readonly log: (line: string) => void;
}
