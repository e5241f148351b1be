import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { formatNetID } from "@skylark/lorawan";
import manifest from "../../package.json" with { type: "json" };
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
import { createEventRenderer } from "../event-server/event-messages.ts";
import { eventService } from "../event-server/event-service.ts";
import { mountEventSocket } from "../event-server/event-socket-endpoint.ts";
import { eventHistoryOptions } from "../events/config.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { EventBus } from "../events/events.ts";
import { createGatewayServer, type GatewayServer } from "../gateway-server/gateway-server.ts";
import { gatewayStatsService } from "../gateway-server/gateway-stats-service.ts";
import { accessMigrations } from "../identity-server/access/migrations.ts";
import {
  type Bootstrapped,
  bootstrapInstallation,
  loadInstallationKey,
} from "../identity-server/bootstrap.ts";
import { clientMigrations } from "../identity-server/clients/migrations.ts";
import { devEuiMigrations } from "../identity-server/dev-eui/migrations.ts";
import { createIdentityServer, type IdentityServer } from "../identity-server/identity-server.ts";
import { organizationMigrations } from "../identity-server/organizations/migrations.ts";
import { picturePath } from "../identity-server/pictures/picture-handler.ts";
import { fillSearchIndex } from "../identity-server/search/fill-index.ts";
import { searchMigrations } from "../identity-server/search/migrations.ts";
import { identityServerMigrations } from "../identity-server/storage/migrations.ts";
import { createTenancy, type TenantDirectory } from "../identity-server/tenancy.ts";
import { loadTenants } from "../identity-server/tenants/load-tenants.ts";
import { tenantMigrations } from "../identity-server/tenants/migrations.ts";
import { accountMigrations } from "../identity-server/users/migrations.ts";
import { createJoinServer, type JoinServer } from "../join-server/join-server.ts";
import { joinServerMigrations } from "../join-server/storage/migrations.ts";
import type { Logger } from "../log/log.ts";
import { createNetworkServer, type NetworkServer } from "../network-server/network-server.ts";
import { createAddressSearch } from "../network-server/storage/address-search.ts";
import { networkServerMigrations } from "../network-server/storage/migrations.ts";
import { mountOpenAPI } from "../rpc/openapi.ts";
import type { ServiceImplementation } from "../rpc/service.ts";
import { type EmbeddedStore, openSqliteStore } from "../store/sqlite-store.ts";
import { createV2Server, type V2Server } from "../v2/v2-server.ts";
import { type Api, createApi } from "./api.ts";
import { deviceClaimingServices } from "./device-claiming.ts";
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
  /** What the API is made of, for tests and documentation that follow from it. */
  readonly services: readonly ServiceImplementation[];
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
  readonly tenancy: TenantDirectory;
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
    const api = createPlatform(ground, servers);
    const operations = mountOperations(api, () => countersOf(ground, servers));
    const v2 = createV2Surface(ground, servers, api);
    const listeners = await openListeners({ ...ground, ...servers, api, v2 });
    operations.ready(true);
    return running(ground, servers, { api, listeners, operations, bootstrapped });
  } catch (error) {
    await ground.store.close();
    throw error;
  }
}

/** The store and what lies in the data directory, made on the first start; nothing runs yet. */
export async function layGround(
  options: Options,
  logger: Logger,
): Promise<{ readonly ground: Ground; readonly bootstrapped: Bootstrapped }> {
  const dataDirectory = options["data-dir"];
  const tenancy = createTenancy(options["tenancy.tenants"], options["tenancy.default"], {
    enabled: options["tenancy.enabled"],
    baseDomains: options["tenancy.base-domains"],
  });
  const vault = createKeyVault(await loadInstallationKey(dataDirectory));
  const store = await openSqliteStore({
    path: join(dataDirectory, "skylark.db"),
    migrations: {
      "identity-server": identityServerMigrations,
      "identity-server/organizations": organizationMigrations,
      "identity-server/clients": clientMigrations,
      "identity-server/search": searchMigrations,
      "identity-server/dev-eui": devEuiMigrations,
      "identity-server/tenants": tenantMigrations,
      ...accountMigrations,
      ...accessMigrations,
      "network-server": networkServerMigrations,
      "join-server": joinServerMigrations,
      "application-server": applicationServerMigrations,
      mqtt: mqttMigrations,
    },
    logger,
  });
  const indexed = await fillSearchIndex(store);
  if (indexed.entities > 0)
    logger.info("search index filled with what an earlier release stored", { ...indexed });
  await loadTenants(store, tenancy);
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
    events: createEventBus(clock, eventHistoryOptions(options)),
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
    mailDirectory: join(options["data-dir"], "mails"),
    deviceServers: () => ({
      joinServer: joinServer.registeredDevices,
      networkServer: networkServer.registeredDevices,
      applicationServer: applicationServer.registeredDevices,
    }),
    onApplicationPurged: (ids) => forgetApplication(ids),
    findDevicesByAddress: createAddressSearch(store),
    foundTenant: async (tenantId) => {
      const forTenant = { tenantIds: [tenantId], defaultTenantId: tenancy.defaultTenantId };
      await bootstrapInstallation({ dataDirectory: options["data-dir"], store, tenancy: forTenant });
    },
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
    deviceKnown: (ids) => identityServer.deviceKnown(ids),
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
  const joinServer = createJoinServer({ clock, random, store, vault, options, deviceKnown, events });
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
    ...(tenancy.enabled ? { tenantServed: (tenantId: string) => tenancy.isServed(tenantId) } : {}),
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

  const forgetApplication = async (ids: ApplicationIdentifiers): Promise<void> => {
    await networkServer.deleteApplication(ids);
    await joinServer.deleteApplication(ids);
    await applicationServer.deleteApplication(ids);
    await mqttServer.dropApplication(ids);
  };
  return { identityServer, gatewayServer, joinServer, networkServer, applicationServer, mqttServer };
}

function createPlatform(ground: Ground, servers: Servers): Api {
  const { options, clock, logger, tenancy, events } = ground;
  const { authority } = servers.identityServer;
  const renderer = createEventRenderer(hostname());
  const services = [
    ...servers.identityServer.services,
    gatewayStatsService(servers.gatewayServer),
    ...servers.networkServer.services,
    ...servers.joinServer.services,
    ...servers.applicationServer.services,
    ...deviceClaimingServices,
    eventService({ events, authority, clock, renderer, origin: hostname() }),
    configurationService(),
  ];
  const tenantOfHost = (host: string | undefined, uid?: string) => tenancy.tenantOfHost(host, uid);
  const api = createApi({ services, authority, clock, logger, options, tenantOfHost });
  mountEventSocket(api.http, { events, authority, clock, log: logger.with({ server: "events" }), renderer });
  for (const { verb, path, handler } of servers.identityServer.webRoutes) api.http.mount(verb, path, handler);
  api.http.mount("GET", picturePath, servers.identityServer.servePicture);
  mountOpenAPI(api.http, { services, version: manifest.version });
  return api;
}

/** Discovery and handler of V2, which are clients of the API like any other. */
function createV2Surface(ground: Ground, servers: Servers, api: Api): V2Server {
  const { options, clock, logger, random, tenancy } = ground;
  return createV2Server({
    options,
    clock,
    randomBytes: random,
    log: logger.with({ server: "v2" }),
    dataDirectory: options["data-dir"],
    version: manifest.version,
    tenantOfHost: (host) => tenancy.tenantOfHost(host),
    trustedNetworks: options["http.trusted-proxies"],
    mqttPublicAddress: options["as.mqtt.public-address"],
    caller: api.inProcess,
    directory: servers.identityServer.v2Directory,
    payloadFunctions: servers.applicationServer.payloadFunctions,
  });
}

function countersOf(
  { events }: Pick<Ground, "events">,
  { gatewayServer, networkServer, applicationServer, mqttServer }: Servers,
) {
  return {
    gatewayServer: {
      ...gatewayServer.counters,
      ...gatewayServer.frontEndCounters(),
      connected: gatewayServer.connectedGateways(),
    },
    networkServer: networkServer.counters,
    applicationServer: applicationServer.counters,
    mqtt: { ...mqttServer.counters, clients: mqttServer.connectionCount },
    events: { notKept: events.history?.skipped ?? 0 },
  };
}

interface Started {
  readonly api: Pick<Api, "services">;
  readonly listeners: RunningListeners;
  readonly operations: { ready(isReady: boolean): void };
  readonly bootstrapped: Bootstrapped;
}

function running(
  ground: Ground,
  servers: Servers,
  { api, listeners, operations, bootstrapped }: Started,
): RunningStack {
  const before: (() => Promise<void>)[] = [];
  return {
    ports: listeners.ports,
    httpUrl: listeners.ports.http === undefined ? undefined : `http://localhost:${listeners.ports.http}`,
    services: api.services,
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
