import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { formatNetID } from "@skylark/lorawan";
import { type ApplicationServer, createApplicationServer } from "../application-server/application-server.ts";
import { mqttMigrations } from "../application-server/integrations/mqtt/migrations.ts";
import {
  type MqttIntegration,
  openMqttIntegration,
} from "../application-server/integrations/mqtt/mqtt-integration.ts";
import { applicationServerMigrations } from "../application-server/migrations.ts";
import { type Clock, type RandomBytes, systemClock } from "../clock/clock.ts";
import { createKeyVault, type KeyVault } from "../component/key-vault.ts";
import { configurationService } from "../configuration-server/configuration-service.ts";
import type { ApplicationIdentifiers, EndDeviceIdentifiers } from "../domain/identifiers.ts";
import { eventService } from "../event-server/event-service.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { EventBus } from "../events/events.ts";
import { createGatewayServer, type GatewayServer } from "../gateway-server/gateway-server.ts";
import { gatewayStatsService } from "../gateway-server/gateway-stats-service.ts";
import {
  type Bootstrapped,
  bootstrapInstallation,
  loadInstallationKey,
} from "../identity-server/bootstrap.ts";
import { createIdentityServer, type IdentityServer } from "../identity-server/identity-server.ts";
import { identityServerMigrations } from "../identity-server/storage/migrations.ts";
import { createTenancy, type Tenancy } from "../identity-server/tenancy.ts";
import { createJoinServer, type JoinServer } from "../join-server/join-server.ts";
import { joinServerMigrations } from "../join-server/storage/migrations.ts";
import type { Logger } from "../log/log.ts";
import { createNetworkServer, type NetworkServer } from "../network-server/network-server.ts";
import { networkServerMigrations } from "../network-server/storage/migrations.ts";
import { createHttpPlatform, type HttpPlatform } from "../rpc/http-platform.ts";
import { type EmbeddedStore, openSqliteStore } from "../store/sqlite-store.ts";
import { openListeners, type Ports, type RunningListeners } from "./listeners.ts";
import { mountOperations } from "./operations.ts";
import type { Options } from "./options.ts";

/** All servers in this process, listening. */
export interface RunningStack {
  readonly ports: Ports;
  /** Of the API, for clients on this machine; undefined when HTTP is off. */
  readonly httpUrl: string | undefined;
  readonly firstStart: boolean;
  readonly admin: { readonly userId: string; readonly passwordPath: string; readonly apiKeyPath: string };
  /** Runs before the servers stop. */
  onClose(callback: () => Promise<void>): void;
  /** Takes no more, finishes what was begun, and closes the store. */
  close(): Promise<void>;
}

/** What every server is given. */
interface Ground {
  readonly options: Options;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly store: EmbeddedStore;
  readonly vault: KeyVault;
  readonly tenancy: Tenancy;
  readonly events: EventBus;
}

interface Servers {
  readonly identityServer: IdentityServer;
  readonly gatewayServer: GatewayServer;
  readonly joinServer: JoinServer;
  readonly networkServer: NetworkServer;
  readonly applicationServer: ApplicationServer;
  readonly mqttServer: MqttIntegration;
}

/** Builds the servers, wires them, and opens the listeners. */
export async function startStack(options: Options, logger: Logger): Promise<RunningStack> {
  const { ground, bootstrapped } = await layGround(options, logger);
  try {
    const servers = await createServers(ground);
    const platform = createPlatform(ground, servers);
    const operations = mountOperations(platform, () => countersOf(servers));
    const listeners = await openListeners({ ...ground, ...servers, platform });
    operations.ready(true);
    return running(ground, servers, { listeners, operations, bootstrapped });
  } catch (error) {
    await ground.store.close();
    throw error;
  }
}

async function layGround(
  options: Options,
  logger: Logger,
): Promise<{ readonly ground: Ground; readonly bootstrapped: Bootstrapped }> {
  const dataDirectory = options["data-dir"];
  const tenancy = createTenancy(options["tenancy.tenants"], options["tenancy.default"]);
  const vault = createKeyVault(await loadInstallationKey(dataDirectory));
  const store = await openSqliteStore({
    path: join(dataDirectory, "skylark.db"),
    migrations: {
      "identity-server": identityServerMigrations,
      "network-server": networkServerMigrations,
      "join-server": joinServerMigrations,
      "application-server": applicationServerMigrations,
      mqtt: mqttMigrations,
    },
    logger,
  });
  const bootstrapped = await bootstrapInstallation({ dataDirectory, store, tenancy });
  const clock = systemClock;
  const ground: Ground = {
    options,
    logger,
    clock,
    random: randomBytes,
    store,
    vault,
    tenancy,
    events: createEventBus(clock),
  };
  return { ground, bootstrapped };
}

/** The servers know each other only by the interfaces that each declares in its `peers.ts`. */
async function createServers(ground: Ground): Promise<Servers> {
  const { options, logger, clock, random, store, vault, tenancy, events } = ground;
  const identityServer = createIdentityServer({
    store,
    clock,
    randomBytes: random,
    events,
    log: logger.with({ server: "is" }),
    tenancy,
    vault,
    configuration: options,
    onDeviceDeleted: (ids) => forgetDevice(ids),
    onApplicationPurged: (ids) => forgetApplication(ids),
  });
  const gatewayServer = createGatewayServer({
    options,
    clock,
    logger: logger.with({ server: "gs" }),
    events,
    randomBytes: random,
    gatewayRegistry: identityServer.gatewayRegistry,
    tenantId: tenancy.defaultTenantId,
  });
  const applicationServer = await createApplicationServer({
    store,
    clock,
    log: logger.with({ server: "as" }),
    events,
    keyVault: vault,
    identityServer,
    networkServer: () => networkServer,
    options,
    networkIds: { net_id: formatNetID(options["ns.net-id"]) },
    mqttAddresses: {
      publicAddress: options["as.mqtt.public-address"],
      publicTlsAddress: options["as.mqtt.public-tls-address"],
    },
    formatApplicationUid: ({ tenantId, applicationId }) => tenancy.formatUid({ tenantId, id: applicationId }),
  });
  const deviceKnown = (ids: EndDeviceIdentifiers) => identityServer.deviceKnown(ids);
  const joinServer = createJoinServer({ clock, random, store, vault, options, deviceKnown });
  const networkServer = createNetworkServer({
    clock,
    random,
    store,
    vault,
    gatewayServer,
    joinServer,
    applicationServer,
    events,
    logger: logger.with({ server: "ns" }),
    options,
    deviceKnown,
  });
  gatewayServer.connectNetworkServer(networkServer);
  const mqttServer = await openMqttIntegration({
    store,
    clock,
    log: logger.with({ server: "mqtt" }),
    events,
    messages: applicationServer.messageLog,
    downlinks: applicationServer.downlinkQueue,
    identity: identityServer,
    userNames: tenancy,
    sessionExpiryMs: options["as.mqtt.session-expiry"],
    limits: { maxConnections: options["as.mqtt.max-connections"] },
  });

  const forgetDevice = async (ids: EndDeviceIdentifiers): Promise<void> => {
    await networkServer.deleteDevice(ids);
    await joinServer.deleteDevice(ids);
    await applicationServer.deleteDevice(ids);
  };
  const forgetApplication = async (ids: ApplicationIdentifiers): Promise<void> => {
    await networkServer.deleteApplication(ids);
    await joinServer.deleteApplication(ids);
    await applicationServer.deleteApplication(ids);
    await mqttServer.dropApplication(ids);
  };
  return { identityServer, gatewayServer, joinServer, networkServer, applicationServer, mqttServer };
}

function createPlatform({ clock, logger, tenancy, events }: Ground, servers: Servers): HttpPlatform {
  const { authority } = servers.identityServer;
  return createHttpPlatform({
    services: [
      ...servers.identityServer.services,
      gatewayStatsService(servers.gatewayServer),
      ...servers.networkServer.services,
      ...servers.joinServer.services,
      ...servers.applicationServer.services,
      eventService({ events, authority, clock, origin: hostname() }),
      configurationService(),
    ],
    authority,
    clock,
    log: logger.with({ server: "http" }),
    tenantOfHost: (host) => tenancy.tenantOfHost(host),
  });
}

function countersOf({ gatewayServer, networkServer, applicationServer, mqttServer }: Servers) {
  return {
    gatewayServer: {
      ...gatewayServer.counters,
      ...gatewayServer.frontEndCounters(),
      connected: gatewayServer.connectedGateways(),
    },
    networkServer: networkServer.counters,
    applicationServer: applicationServer.counters,
    mqtt: { ...mqttServer.counters, clients: mqttServer.connectionCount },
  };
}

interface Started {
  readonly listeners: RunningListeners;
  readonly operations: { ready(isReady: boolean): void };
  readonly bootstrapped: Bootstrapped;
}

function running(
  ground: Ground,
  servers: Servers,
  { listeners, operations, bootstrapped }: Started,
): RunningStack {
  const before: (() => Promise<void>)[] = [];
  return {
    ports: listeners.ports,
    httpUrl: listeners.ports.http === undefined ? undefined : `http://localhost:${listeners.ports.http}`,
    firstStart: bootstrapped.created,
    admin: {
      userId: bootstrapped.adminId,
      passwordPath: bootstrapped.adminPasswordPath,
      apiKeyPath: bootstrapped.adminApiKeyPath,
    },
    onClose: (callback) => before.push(callback),
    async close() {
      operations.ready(false);
      for (const callback of before) await callback();
      // From the radio inwards: nothing new comes in, what is in flight is committed and delivered.
      await servers.gatewayServer.close();
      await servers.networkServer.close();
      await listeners.close();
      await servers.applicationServer.close();
      await servers.identityServer.close();
      await ground.store.close();
    },
  };
}
