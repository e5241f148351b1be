import { randomBytes } from "node:crypto";
import { aesKey, type DevAddr, devAddr, expandKey, parseDatr, parseEUI64 } from "@skylark/lorawan";
import { ManualClock } from "../clock/manual-clock.ts";
import { createKeyVault } from "../component/key-vault.ts";
import { loadConfiguration } from "../config/load.ts";
import type { DownlinkOpportunity, EncryptedDownlink } from "../domain/application-downlink.ts";
import type { AcceptedJoin, ApplicationUplink, VerifiedUplink } from "../domain/application-uplink.ts";
import type { TransmissionReport, TransmissionRequest, TransmissionResult } from "../domain/downlink.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import type { JoinRequest } from "../domain/join-request.ts";
import type { ConnectedGateway, GatewayUplink, Reception } from "../domain/uplink.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { Event } from "../events/events.ts";
import { silentLogger } from "../log/log.ts";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { type StagedChange, type Store, statement } from "../store/store.ts";
import { networkServerOptions } from "./config.ts";
import { type DeviceSettings, freshCounters, type SessionState } from "./device.ts";
import { personalizedMACState } from "./join/join-parameters.ts";
import { createNetworkServer, type NetworkServer } from "./network-server.ts";
import type { ApplicationServer, GatewayServer, JoinAnswer, NextDownlink } from "./peers.ts";
import { networkServerMigrations } from "./storage/migrations.ts";

const sf7 = parseDatr("SF7BW125", "4/5");

export const otaaSettings: DeviceSettings = {
  macVersion: "MAC_V1_0_3",
  phyVersion: "PHY_V1_0_3_REV_A",
  frequencyPlanId: "EU_863_870",
  supportsJoin: true,
  resetsFCnt: false,
  supports32BitFCnt: true,
  scheduleDownlinks: true,
  factory: {},
  wanted: { rx1Delay: 1 },
};

/** Settings under which the network has nothing to ask of the device. */
export const abpSettings: DeviceSettings = {
  ...otaaSettings,
  supportsJoin: false,
  factory: {
    frequencies: [
      868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000,
    ],
  },
};

function gateway(gatewayId: string): ConnectedGateway {
  return {
    ids: { tenantId: "default", gatewayId },
    connectionCorrelationId: `gs:conn:${gatewayId}`,
    frequencyPlanId: "EU_863_870",
    downlinkPathConstraint: "NONE",
  };
}

const anyChange: StagedChange = { write: () => {}, committed: () => {} };

class FakeApplicationServer implements ApplicationServer {
  readonly decoded: VerifiedUplink[] = [];
  readonly uplinks: ApplicationUplink[] = [];
  readonly joins: AcceptedJoin[] = [];
  readonly repeated: number[] = [];
  readonly acknowledgments: { readonly fCnt: number; readonly acknowledged: boolean }[] = [];
  readonly results: { readonly fCnt: number; readonly result: TransmissionResult }[] = [];
  readonly opportunities: DownlinkOpportunity[] = [];
  /** Not encrypted: the Network Server carries bytes. */
  readonly queue: Omit<EncryptedDownlink, "fCnt" | "more" | "queueId">[] = [];

  async decodeUplink(uplink: VerifiedUplink): Promise<unknown> {
    this.decoded.push(uplink);
    return `decoded ${uplink.fCnt}`;
  }

  stageUplink(uplink: ApplicationUplink, decoded: unknown): StagedChange {
    if (decoded !== `decoded ${uplink.fCnt}`) throw new Error(`not what was decoded: ${decoded}`);
    return { write: () => {}, committed: () => void this.uplinks.push(uplink) };
  }

  repeatUplink(uplink: ApplicationUplink): void {
    this.repeated.push(uplink.fCnt);
  }

  async stageJoinAccept(join: AcceptedJoin): Promise<StagedChange> {
    return { write: () => {}, committed: () => void this.joins.push(join) };
  }

  hasDownlink(): boolean {
    return this.queue.length > 0;
  }

  async nextDownlink(opportunity: DownlinkOpportunity): Promise<NextDownlink> {
    this.opportunities.push(opportunity);
    const { minFCnt, maxPayloadLength } = opportunity;
    const [first, ...rest] = this.queue;
    if (first === undefined || first.frmPayload.length > maxPayloadLength) return {};
    return {
      downlink: { ...first, fCnt: minFCnt, queueId: 1, more: rest.length > 0 },
      change: { write: () => {}, committed: () => void this.queue.shift() },
    };
  }

  async stageTransmissionResult(
    _ids: EndDeviceIdentifiers,
    { fCnt }: EncryptedDownlink,
    { result }: TransmissionReport,
  ): Promise<StagedChange> {
    return { write: () => {}, committed: () => void this.results.push({ fCnt, result }) };
  }

  async stageAcknowledgment(
    _ids: EndDeviceIdentifiers,
    { fCnt }: { readonly fCnt: number },
    acknowledged: boolean,
  ): Promise<StagedChange> {
    return { write: () => {}, committed: () => void this.acknowledgments.push({ fCnt, acknowledged }) };
  }
}

export interface Sent {
  readonly request: TransmissionRequest;
  readonly phyPayload: Uint8Array;
  /** FCntDown in the store at the moment of transmission. */
  readonly durableNextFCntDown: Promise<number | undefined>;
}

export interface Network {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly server: NetworkServer;
  readonly applicationServer: FakeApplicationServer;
  readonly sent: Sent[];
  readonly events: Event[];
  /** What those see who watch the gateway `gtw1`. */
  readonly gatewayEvents: Event[];
  readonly joinRequests: JoinRequest[];
  readonly refusals: {
    reserve: Error | undefined;
    join: Error | undefined;
    /** What the gateway says of transmissions, and of those in RX1 where that differs. */
    result: TransmissionResult;
    rx1?: TransmissionResult;
  };
  /** Lets commits and what follows them happen. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  hear(rawPayload: Uint8Array, heard?: Heard): void;
  eventNames(): string[];
  close(): Promise<void>;
}

export interface Heard {
  readonly gatewayId?: string;
  readonly frequency?: number;
  readonly dataRate?: GatewayUplink["dataRate"];
  readonly rssi?: number;
  readonly snr?: number;
}

const counterQuery = statement("SELECT next_n_f_cnt_down AS next FROM ns_counters");
export const joinKeys = {
  fNwkSIntKey: aesKey(new Uint8Array(16).fill(1)),
  appSKey: aesKey(new Uint8Array(16).fill(2)),
};

export async function startNetwork(
  options: { store?: Store; args?: readonly string[]; tenantServed?: () => boolean } = {},
): Promise<Network> {
  const clock = new ManualClock();
  const store = options.store ?? (await openMemoryStore({ "network-server": networkServerMigrations }));
  const applicationServer = new FakeApplicationServer();
  const sent: Sent[] = [];
  const events: Event[] = [];
  const gatewayEvents: Event[] = [];
  const joinRequests: JoinRequest[] = [];
  const refusals: Network["refusals"] = { reserve: undefined, join: undefined, result: "SUCCESS" };
  const bus = createEventBus(clock);
  bus.subscribe(
    { subjects: [{ kind: "application", ids: { tenantId: "default", applicationId: "app1" } }] },
    (event) => events.push(event),
  );
  bus.subscribe({ subjects: [{ kind: "gateway", ids: gateway("gtw1").ids }] }, (event) =>
    gatewayEvents.push(event),
  );
  const server = createNetworkServer({
    clock,
    random: (length) => randomBytes(length),
    store,
    vault: createKeyVault(new Uint8Array(32)),
    events: bus,
    logger: silentLogger,
    deviceKnown: () => true,
    tenantServed: options.tenantServed ?? (() => true),
    options: loadConfiguration(networkServerOptions, { args: options.args ?? [], env: {} }),
    applicationServer,
    joinServer: {
      async handleJoin(request) {
        joinRequests.push(request);
        if (refusals.join !== undefined) throw refusals.join;
        return joinAnswer(request);
      },
    },
    gatewayServer: fakeGatewayServer(store, sent, refusals),
  });
  const settle = async () => {
    for (let turn = 0; turn < 4; turn++) {
      await store.query(counterQuery);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    clock,
    store,
    server,
    applicationServer,
    sent,
    events,
    gatewayEvents,
    joinRequests,
    refusals,
    settle,
    async advance(ms) {
      const until = clock.now() + ms;
      while (clock.now() < until) {
        await clock.advance(Math.min(50, until - clock.now()));
        await settle();
      }
    },
    hear: (rawPayload, heard = {}) => server.handleUplink(gatewayUplink(rawPayload, heard, clock.now())),
    eventNames: () => events.map(({ definition }) => definition.name),
    async close() {
      const closed = server.close();
      await clock.advance(1000);
      await settle();
      await closed;
      await store.close();
    },
  };
}

/** Sends everything in the first window that is asked for, unless told to refuse. */
function fakeGatewayServer(store: Store, sent: Sent[], refusals: Network["refusals"]): GatewayServer {
  return {
    leadTimeMs: () => 100,
    reserve(request) {
      if (refusals.reserve !== undefined) throw refusals.reserve;
      const [window] = request.windows;
      const [path] = request.paths;
      if (window === undefined || path === undefined) throw new Error("no window or no path");
      return {
        gatewayIds: path.gateway.ids,
        window,
        powerDBm: 14,
        startsAt: path.receivedAt + window.delayMs,
        async transmit(phyPayload) {
          const rows = store.query(counterQuery);
          const durableNextFCntDown = rows.then(([row]) => row?.next as number | undefined);
          sent.push({ request, phyPayload, durableNextFCntDown });
          return (window.window === 1 ? refusals.rx1 : undefined) ?? refusals.result;
        },
        cancel: () => {},
      };
    },
  };
}

function joinAnswer({ macVersion: _ }: JoinRequest): JoinAnswer {
  const { fNwkSIntKey, appSKey } = joinKeys;
  return {
    rawPayload: new Uint8Array(33).fill(0x20),
    sessionKeyId: new Uint8Array(16).fill(9),
    fNwkSIntKey,
    sNwkSIntKey: fNwkSIntKey,
    nwkSEncKey: fNwkSIntKey,
    appSKey,
    change: anyChange,
  };
}

export function gatewayUplink(rawPayload: Uint8Array, heard: Heard, at: number): GatewayUplink {
  const reception: Reception = {
    gateway: gateway(heard.gatewayId ?? "gtw1"),
    antennaIndex: 0,
    timestamp: 0,
    concentratorTimeUs: 0,
    receivedAt: at,
    rssi: heard.rssi ?? -60,
    channelRssi: heard.rssi ?? -60,
    snr: heard.snr ?? 9,
  };
  return {
    rawPayload: rawPayload.slice(),
    frequency: heard.frequency ?? 868_100_000,
    dataRate: heard.dataRate ?? sf7,
    receptions: [reception],
    correlationId: "gs:uplink:1",
  };
}

export interface Registered {
  readonly ids: EndDeviceIdentifiers;
  readonly deviceNo: number;
}

let lastDeviceNo = 0;

/** Writes a device as the registry does, with a session unless it has yet to join. */
export async function register(
  { store, server, clock }: Pick<Network, "store" | "server" | "clock">,
  device: {
    readonly deviceId?: string;
    readonly settings?: DeviceSettings;
    readonly session?: { readonly devAddr: DevAddr; readonly keys: readonly [number, number, number] };
  },
): Promise<Registered> {
  const { settings = abpSettings, session } = device;
  const deviceNo = ++lastDeviceNo;
  const eui = (prefix: string) => parseEUI64(`${prefix}${deviceNo.toString(16).padStart(14, "0")}`);
  const ids: EndDeviceIdentifiers = {
    tenantId: "default",
    applicationId: "app1",
    deviceId: device.deviceId ?? `dev${deviceNo}`,
    ...(settings.supportsJoin ? { joinEui: eui("AA") } : {}),
    devEui: eui("DD"),
  };
  const { writer } = server.devices;
  const registered = {
    deviceNo,
    ids,
    settings,
    state: {},
    registration: new Uint8Array(0),
    createdAt: 0,
    updatedAt: 0,
  };
  await store.transact((to) => {
    writer.create(to, registered);
    if (session !== undefined) {
      writer.putSession(to, registered, "current", sessionState({ ids, settings, session, at: clock.now() }));
    }
  });
  server.devices.cache.deviceAppeared(ids);
  if (session !== undefined) server.devices.cache.forgetAddress(session.devAddr);
  return { ids, deviceNo };
}

function sessionState(of: {
  ids: EndDeviceIdentifiers;
  settings: DeviceSettings;
  session: { readonly devAddr: DevAddr; readonly keys: readonly [number, number, number] };
  at: number;
}): SessionState {
  const [f, s, e] = of.session.keys.map((fill) => expandKey(aesKey(new Uint8Array(16).fill(fill))));
  const oneKey = of.session.keys.every((fill) => fill === of.session.keys[0]);
  return {
    session: {
      ids: { ...of.ids, devAddr: of.session.devAddr },
      devAddr: of.session.devAddr,
      sessionKeyId: new Uint8Array(0),
      startedAt: of.at,
      fNwkSIntKey: f!,
      sNwkSIntKey: oneKey ? f! : s!,
      nwkSEncKey: oneKey ? f! : e!,
    },
    counters: freshCounters,
    mac: personalizedMACState(of.settings, { rx1Delay: 1 }),
  };
}

export const address = devAddr(0x01020304);
