import {
  ApplicationDownlinkSchema,
  create,
  type DescMessage,
  type DescService,
  fromJSON,
  type JsonObject,
  type MessageShape,
  toJSON,
} from "@skylark/api";
import { aesKey, cryptFRMPayload, devAddr, expandKey, parseDatr, parseEUI64 } from "@skylark/lorawan";
import { ManualClock } from "../clock/manual-clock.ts";
import { createKeyVault } from "../component/key-vault.ts";
import { loadConfiguration } from "../config/load.ts";
import type { DownlinkOpportunity } from "../domain/application-downlink.ts";
import type { ApplicationUplink } from "../domain/application-uplink.ts";
import type { EndDeviceProfile } from "../domain/end-device-profile.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { ConnectedGateway, Location } from "../domain/uplink.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { Event } from "../events/events.ts";
import { silentLogger } from "../log/log.ts";
import type { CallContext, ServiceImplementation } from "../rpc/service.ts";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { commit, type Store } from "../store/store.ts";
import { type ApplicationServer, createApplicationServer } from "./application-server.ts";
import { applicationServerOptions } from "./config.ts";
import type { ApplicationMessage } from "./message-log.ts";
import { applicationServerMigrations } from "./migrations.ts";
import type { ApplicationAccess, DownlinkSession, IdentityServer, NetworkServer } from "./peers.ts";

export const appSKey = aesKey(Uint8Array.from({ length: 16 }, (_, i) => i + 1));
export const sessionKeyId = Uint8Array.of(1, 2, 3, 4);
const address = devAddr(0x01da1f15);
export const ids: EndDeviceIdentifiers = Object.freeze({
  tenantId: "default",
  applicationId: "app1",
  deviceId: "dev1",
  devEui: parseEUI64("4200000000000000"),
  joinEui: parseEUI64("4200000000000001"),
  devAddr: address,
});

export const gateway: ConnectedGateway = {
  ids: { tenantId: "default", gatewayId: "gtw1", eui: parseEUI64("0242020000247803") },
  connectionCorrelationId: "gs:conn:1",
  frequencyPlanId: "EU_863_870_TTN",
  downlinkPathConstraint: "NONE",
};

class FakeNetworkServer implements NetworkServer {
  session: DownlinkSession | undefined = {
    devAddr: address,
    sessionKeyId,
    minFCnt: 0,
    separateApplicationCounter: false,
  };
  readonly queued: string[] = [];
  downlinkQueued(device: EndDeviceIdentifiers): void {
    this.queued.push(device.deviceId);
  }
  async downlinkSession(): Promise<DownlinkSession | undefined> {
    return this.session;
  }
}

class FakeIdentityServer implements IdentityServer {
  profile: EndDeviceProfile = { locations: {}, attributes: {} };
  readonly seen: number[] = [];
  readonly activated: number[] = [];
  readonly located: Location[] = [];
  deviceProfile(): EndDeviceProfile {
    return this.profile;
  }
  deviceSeen(_ids: EndDeviceIdentifiers, at: number): void {
    this.seen.push(at);
  }
  deviceActivated(_ids: EndDeviceIdentifiers, at: number): void {
    this.activated.push(at);
  }
  deviceLocated(_ids: EndDeviceIdentifiers, _service: string, location: Location): void {
    this.located.push(location);
  }
  async applicationAttributes(): Promise<Readonly<Record<string, string>>> {
    return {};
  }
  async authenticateApplication(): Promise<ApplicationAccess> {
    return { rights: new Set(), watch: () => () => {} };
  }
}

/** An Application Server on a store of its own, with what it told others. */
export interface Bench {
  readonly server: ApplicationServer;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly networkServer: FakeNetworkServer;
  readonly identityServer: FakeIdentityServer;
  readonly messages: ApplicationMessage[];
  readonly events: Event[];
  /** The server again, on the same store. */
  restart(): Promise<Bench>;
  close(): Promise<void>;
}

export async function openBench(existing?: Store, options: Record<string, string> = {}): Promise<Bench> {
  const store = existing ?? (await openMemoryStore({ "application-server": applicationServerMigrations }));
  const clock = new ManualClock();
  const bus = createEventBus(clock);
  const networkServer = new FakeNetworkServer();
  const identityServer = new FakeIdentityServer();
  const server = await createApplicationServer({
    store,
    clock,
    log: silentLogger,
    events: bus,
    keyVault: createKeyVault(new Uint8Array(32)),
    identityServer,
    networkServer: () => networkServer,
    options: loadConfiguration(applicationServerOptions, {
      args: Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      env: {},
    }),
  });
  const messages: ApplicationMessage[] = [];
  server.messageLog.subscribe(ids, (message) => messages.push(message));
  const events: Event[] = [];
  bus.subscribe({ subjects: [{ kind: "application", ids }] }, (event) => events.push(event));
  const bench: Bench = {
    server,
    store,
    clock,
    networkServer,
    identityServer,
    messages,
    events,
    async restart() {
      await server.close();
      return openBench(store, options);
    },
    async close() {
      await server.close();
      await store.close();
    },
  };
  return bench;
}

const context = (signal: AbortSignal): CallContext => ({
  tenantId: "default",
  caller: { tenantId: "default", isAdmin: false, warnings: [] },
  requestId: "request",
  correlationIds: ["rpc:/test:1"],
  remoteAddress: "127.0.0.1",
  userAgent: "test",
  signal,
  warn: () => {},
  setTotalCount: () => {},
  setHeader: () => {},
  header: () => undefined,
});

function methodOf(services: readonly ServiceImplementation[], service: DescService, name: string) {
  const implementation = services.find(({ descriptor }) => descriptor === service);
  const desc = service.methods.find((method) => method.localName === name);
  const method = implementation?.methods[name];
  if (desc === undefined || method === undefined || "later" in method) throw new Error(`no method ${name}`);
  return { desc, method: method as unknown as Handled };
}

/** A method as the platform sees it: the descriptor vouches for what it is given. */
interface Handled {
  requires(request: MessageShape<DescMessage>): unknown;
  handle(request: MessageShape<DescMessage>, context: CallContext): unknown;
}

/** Calls a method of the API as the platform does once a request is found good and allowed. */
export async function call(
  bench: Bench,
  service: DescService,
  name: string,
  request: JsonObject,
): Promise<JsonObject> {
  const { desc, method } = methodOf(bench.server.services, service, name);
  const message = fromJSON(desc.input, request);
  const answer = await (method.handle(message, context(new AbortController().signal)) as Promise<JsonObject>);
  return toJSON(desc.output, create(desc.output, answer));
}

export function subscribe(
  bench: Bench,
  service: DescService,
  name: string,
  request: JsonObject,
  signal: AbortSignal,
) {
  const { desc, method } = methodOf(bench.server.services, service, name);
  return method.handle(fromJSON(desc.input, request), context(signal)) as unknown as AsyncIterable<object>;
}

export function requirementOf(
  bench: Bench,
  service: DescService,
  name: string,
  request: JsonObject,
): unknown {
  const { desc, method } = methodOf(bench.server.services, service, name);
  return method.requires(fromJSON(desc.input, request));
}

export const endDeviceJson = {
  ids: {
    device_id: "dev1",
    application_ids: { application_id: "app1" },
    dev_eui: "4200000000000000",
    join_eui: "4200000000000001",
  },
};

export const sessionJson = {
  dev_addr: "01DA1F15",
  keys: { session_key_id: "AQIDBA==", app_s_key: { key: "0102030405060708090A0B0C0D0E0F10" } },
};

export function message(bench: Bench, index: number): JsonObject {
  const found = bench.messages.at(index);
  if (found === undefined) throw new Error("no such message");
  return JSON.parse(Buffer.from(found.payload).toString("utf8")) as JsonObject;
}

export const kinds = (bench: Bench): string[] => bench.messages.map(({ kind }) => kind);

export const downlink = (json: JsonObject): MessageShape<typeof ApplicationDownlinkSchema> =>
  fromJSON(ApplicationDownlinkSchema, json);

export function uplink(
  fCnt: number,
  payload: Uint8Array,
  changes: Partial<ApplicationUplink> = {},
): ApplicationUplink {
  const frmPayload = cryptFRMPayload(expandKey(appSKey), {
    direction: "uplink",
    devAddr: address,
    fCnt,
    payload,
  });
  return {
    ids,
    sessionKeyId,
    fPort: 15,
    fCnt,
    frmPayload,
    confirmed: false,
    receivedAt: Date.UTC(2026, 0, 1),
    frequency: 868_100_000,
    dataRate: parseDatr("SF7BW125", "4/5"),
    consumedAirtimeUs: 46_336,
    receptions: [
      {
        gateway,
        antennaIndex: 0,
        timestamp: 1_283_325_000,
        concentratorTimeUs: 1_283_325_000,
        receivedAt: Date.UTC(2026, 0, 1),
        rssi: -35,
        channelRssi: -35,
        snr: 5.2,
        channelIndex: 2,
      },
    ],
    correlationIds: ["gs:uplink:1", "ns:uplink:2"],
    ...changes,
  };
}

export async function receive(bench: Bench, received: ApplicationUplink): Promise<void> {
  const decoded = await bench.server.decodeUplink(received);
  await commit(bench.store, [bench.server.stageUplink(received, decoded)]);
}

export const opportunity = (changes: Partial<DownlinkOpportunity> = {}): DownlinkOpportunity => ({
  ids,
  sessionKeyId,
  minFCnt: 0,
  maxPayloadLength: 51,
  receiveClass: "A",
  ...changes,
});

export const decrypt = (fCnt: number, payload: Uint8Array): Uint8Array =>
  cryptFRMPayload(expandKey(appSKey), { direction: "downlink", devAddr: address, fCnt, payload });
