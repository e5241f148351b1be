import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { createKeyVault } from "../component/key-vault.ts";
import { loadConfiguration } from "../config/load.ts";
import { configurationService } from "../configuration-server/configuration-service.ts";
import type { EndDeviceIdentifiers } from "../domain/identifiers.ts";
import { createEventRenderer } from "../event-server/event-messages.ts";
import { eventService } from "../event-server/event-service.ts";
import { mountEventSocket } from "../event-server/event-socket-endpoint.ts";
import type { EventHistoryOptions } from "../events/config.ts";
import { createEventBus } from "../events/event-bus.ts";
import type { EventBus } from "../events/events.ts";
import { silentLogger } from "../log/log.ts";
import { listenHttp } from "../rpc/http-listener.ts";
import { createHttpPlatform } from "../rpc/http-platform.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { accessMigrations } from "./access/migrations.ts";
import { bootstrapInstallation, loadInstallationKey } from "./bootstrap.ts";
import { clientMigrations } from "./clients/migrations.ts";
import { identityServerOptions } from "./config.ts";
import { devEuiMigrations } from "./dev-eui/migrations.ts";
import { createIdentityServer, type IdentityServer } from "./identity-server.ts";
import { organizationMigrations } from "./organizations/migrations.ts";
import type { DeviceServer, DeviceServers } from "./peers.ts";
import { picturePath } from "./pictures/picture-handler.ts";
import { searchMigrations } from "./search/migrations.ts";
import { identityServerMigrations } from "./storage/migrations.ts";
import { createTenancy } from "./tenancy.ts";
import { loadTenants } from "./tenants/load-tenants.ts";
import { tenantMigrations } from "./tenants/migrations.ts";
import { accountMigrations } from "./users/migrations.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As clients in JavaScript read it. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface RequestOptions {
  readonly key?: string;
  readonly body?: unknown;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The Identity Server behind a real HTTP port, freshly bootstrapped. */
export interface TestServer {
  readonly port: number;
  readonly adminKey: string;
  readonly dataDirectory: string;
  readonly identityServer: IdentityServer;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly events: EventBus;
  /** What the other servers were told to forget. */
  readonly forgotten: EndDeviceIdentifiers[];
  call(verb: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Stops it; the data directory stays for another start. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly dataDirectory?: string;
  readonly args?: readonly string[];
  /** Events are not kept when absent. */
  readonly eventHistory?: EventHistoryOptions;
}

export async function startIdentityServer(t: TestContext, options: StartOptions = {}): Promise<TestServer> {
  const parent = await mkdtemp(join(tmpdir(), "skylark-is-"));
  const dataDirectory = options.dataDirectory ?? join(parent, "data");
  const configuration = loadConfiguration(identityServerOptions, { args: options.args ?? [], env: {} });
  const tenancy = createTenancy(configuration["tenancy.tenants"], configuration["tenancy.default"], {
    enabled: configuration["tenancy.enabled"],
    baseDomains: configuration["tenancy.base-domains"],
  });
  const vault = createKeyVault(await loadInstallationKey(dataDirectory));
  const store = await openSqliteStore({
    path: join(dataDirectory, "skylark.db"),
    migrations: {
      identityServer: identityServerMigrations,
      organizations: organizationMigrations,
      clients: clientMigrations,
      search: searchMigrations,
      devEui: devEuiMigrations,
      tenants: tenantMigrations,
      ...accountMigrations,
      ...accessMigrations,
    },
  });
  await loadTenants(store, tenancy);
  await bootstrapInstallation({ dataDirectory, store, tenancy });
  const clock = new ManualClock(Date.now());
  const events = createEventBus(clock, options.eventHistory);
  const forgotten: EndDeviceIdentifiers[] = [];
  const identityServer = createIdentityServer({
    store,
    clock,
    randomBytes,
    events,
    log: silentLogger,
    tenancy,
    vault,
    configuration,
    mailDirectory: join(dataDirectory, "mails"),
    deviceServers: () => fakeDeviceServers(forgotten),
    onApplicationPurged: async () => {},
    foundTenant: async (tenantId) => {
      const { defaultTenantId } = tenancy;
      await bootstrapInstallation({
        dataDirectory,
        store,
        tenancy: { tenantIds: [tenantId], defaultTenantId },
      });
    },
  });
  const { authority } = identityServer;
  const renderer = createEventRenderer("test-host");
  const platform = createHttpPlatform({
    services: [
      ...identityServer.services,
      configurationService(),
      eventService({ events, authority, clock, renderer, origin: "test-host" }),
    ],
    authority,
    clock,
    log: silentLogger,
    tenantOfHost: tenancy.tenantOfHost,
  });
  mountEventSocket(platform, { events, authority, clock, log: silentLogger, renderer });
  for (const { verb, path, handler } of identityServer.webRoutes) platform.mount(verb, path, handler);
  platform.mount("GET", picturePath, identityServer.servePicture);
  const listener = await listenHttp(platform, { port: 0, host: "127.0.0.1" });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    platform.stop();
    await listener.close(100);
    await identityServer.close();
    await store.close();
  };
  t.after(async () => {
    await stop();
    await rm(parent, { recursive: true, force: true });
  });
  return {
    port: listener.port,
    adminKey: (await readFile(join(dataDirectory, "admin-api-key"), "utf8")).trim(),
    dataDirectory,
    identityServer,
    store,
    clock,
    events,
    forgotten,
    call: (verb, path, request = {}) => call(listener.port, verb, path, request),
    stop,
  };
}

/** They have no device, and note whom they were told to forget. */
function fakeDeviceServers(forgotten: EndDeviceIdentifiers[]): DeviceServers {
  const nothing = { write: () => {}, committed: () => {} };
  const server: DeviceServer = {
    find: async () => undefined,
    stageSet: async (_ids, given) => ({ ...nothing, result: given }),
    stageDelete: async () => nothing,
  };
  const networkServer = {
    ...server,
    stageDelete: async (ids: readonly EndDeviceIdentifiers[]) => ({
      write: () => {},
      committed: () => void forgotten.push(...ids),
    }),
    ownsDevAddr: () => true,
  };
  return {
    joinServer: { ...server, answersForJoinEui: () => true },
    networkServer,
    applicationServer: server,
  };
}

/** Not `fetch`, which does not let a test choose the Host header. */
function call(
  port: number,
  verb: string,
  path: string,
  { key, body, host, headers }: RequestOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port,
      host: "127.0.0.1",
      method: verb,
      path: `/api/v3${path}`,
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(host === undefined ? {} : { Host: host }),
        ...headers,
      },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text === "" ? undefined : JSON.parse(text),
        });
      });
    });
    request.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** `namespace:name` of the error that an answer shows. */
export function errorName(answer: Answer): string {
  const details = answer.body?.details?.[0];
  return details === undefined ? `${answer.status} without details` : `${details.namespace}:${details.name}`;
}

/** The body with which the page registers a device. */
export const pageDevice = {
  end_device: {
    ids: { device_id: "newdev1", dev_eui: "70B3D57ED0000001", join_eui: "0000000000000001" },
    join_server_address: "thethings.example.com",
    network_server_address: "thethings.example.com",
    application_server_address: "thethings.example.com",
  },
  field_mask: {
    paths: [
      "join_server_address",
      "network_server_address",
      "application_server_address",
      "ids.dev_eui",
      "ids.join_eui",
    ],
  },
};

export async function createApplication(server: TestServer, id = "app1", user = "admin"): Promise<Answer> {
  const body = { application: { ids: { application_id: id }, name: "My application" } };
  return server.call("POST", `/users/${user}/applications`, { key: server.adminKey, body });
}

export async function createKey(
  server: TestServer,
  path: string,
  rights: readonly string[],
  key = server.adminKey,
) {
  const answer = await server.call("POST", `${path}/api-keys`, { key, body: { name: "test", rights } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as { id: string; key: string };
}

export async function createUser(server: TestServer, id: string, more: object = {}) {
  const user = {
    ids: { user_id: id },
    password: "Secret Words 7",
    primary_email_address: `${id}@example.com`,
    ...more,
  };
  const answer = await server.call("POST", "/users", { key: server.adminKey, body: { user } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}
