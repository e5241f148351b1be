/** The MQTT integration over a real store and message log, with a downlink queue that only remembers. */
import type { ApplicationDownlink } from "@skylark/api";
import { type Clock, systemClock } from "../../../clock/clock.ts";
import { applicationKey, type EndDeviceIdentifiers, endDeviceKey } from "../../../domain/identifiers.ts";
import { defineErrors, type SkylarkError } from "../../../errors/errors.ts";
import { createEventBus } from "../../../events/event-bus.ts";
import type { EventBus } from "../../../events/events.ts";
import { silentLogger } from "../../../log/log.ts";
import type { MqttLimits } from "../../../mqtt/limits.ts";
import { openMemoryStore, openSqliteStore } from "../../../store/sqlite-store.ts";
import { commit, type StagedChange, type Store } from "../../../store/store.ts";
import type { ApplicationMessageKind, MessageOutbox } from "../../message-log.ts";
import { openMessageOutbox } from "../../message-outbox.ts";
import { applicationServerMigrations } from "../../migrations.ts";
import type { DownlinkQueue } from "./downlink-queue.ts";
import { mqttMigrations } from "./migrations.ts";
import { type MqttIntegration, openMqttIntegration } from "./mqtt-integration.ts";

const errors = defineErrors("test/mqtt");
const wrongKey = errors.unauthenticated("wrong_key", "wrong key `{key}`");
const overloaded = errors.resourceExhausted("overloaded", "too many logins");
const noTenant = errors.notFound("no_tenant", "no tenant");
const queueFull = errors.resourceExhausted("queue_full", "queue full");

export interface Queued {
  readonly operation: "push" | "pushFirst" | "replace";
  readonly deviceId: string;
  readonly downlinks: readonly ApplicationDownlink[];
}

export interface TestIntegration {
  readonly port: number;
  readonly integration: MqttIntegration;
  readonly outbox: MessageOutbox;
  readonly store: Store;
  readonly events: EventBus;
  readonly queued: Queued[];
  readonly rejected: { readonly deviceId: string; readonly count: number; readonly error: SkylarkError }[];
  /** Rights by API key. */
  readonly applicationAttributes: Record<string, string>;
  /** By the identifier of the device. */
  readonly deviceAttributes: Map<string, Readonly<Record<string, string>>>;
  readonly keys: Map<string, ReadonlySet<string>>;
  /** Tells clients that `keys` changed. */
  accessChanged(): void;
  /** Commits a message of a device of `app1`. */
  emit(deviceId: string, kind: ApplicationMessageKind, payload: string): Promise<void>;
  close(): Promise<void>;
}

export const ids = { tenantId: "default", applicationId: "app1" };
const allRights: ReadonlySet<string> = new Set([
  "RIGHT_APPLICATION_TRAFFIC_READ",
  "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE",
]);

export interface TestOptions {
  /** A file, to be opened again; in memory without. */
  readonly path?: string;
  readonly limits?: Partial<MqttLimits>;
  readonly clock?: Clock;
}

export async function startIntegration(options: TestOptions = {}): Promise<TestIntegration> {
  const { path, limits = {}, clock = systemClock } = options;
  const migrations = {
    "application-server": applicationServerMigrations,
    "application-server-mqtt": mqttMigrations,
  };
  const store =
    path === undefined ? await openMemoryStore(migrations) : await openSqliteStore({ path, migrations });
  const log = silentLogger;
  const outbox = await openMessageOutbox({ store, clock, log }, { maxAgeMs: 3_600_000, maxBytes: 1e9 });
  const events = createEventBus(clock);
  const queued: Queued[] = [];
  const rejected: { deviceId: string; count: number; error: SkylarkError }[] = [];
  const applicationAttributes: Record<string, string> = {};
  const deviceAttributes = new Map<string, Readonly<Record<string, string>>>();
  const keys = new Map([["good", allRights]]);
  const watchers = new Set<() => Promise<void>>();
  const integration = await openMqttIntegration({
    store,
    clock,
    log,
    events,
    messages: outbox,
    downlinks: rememberingQueue(store, queued, rejected),
    identity: {
      async authenticateApplication(application, apiKey) {
        if (apiKey === "overloaded") throw overloaded();
        const rights = applicationKey(application).endsWith("/app1") ? keys.get(apiKey) : undefined;
        if (rights === undefined) throw wrongKey({ key: apiKey.slice(0, 3) });
        const watch = (recheck: () => Promise<void>) => {
          watchers.add(recheck);
          return () => void watchers.delete(recheck);
        };
        return { rights, watch };
      },
      applicationAttributes: async () => applicationAttributes,
      deviceProfile: ({ deviceId }) => ({ locations: {}, attributes: deviceAttributes.get(deviceId) ?? {} }),
    },
    userNames: {
      parseUid(uid) {
        const [id = "", tenantId = "default"] = uid.split("@");
        if (tenantId !== "default" && tenantId !== "tenant1") throw noTenant();
        return { id, tenantId };
      },
    },
    sessionExpiryMs: 3_600_000,
    limits,
  });
  const port = await integration.listen({ host: "127.0.0.1", port: 0 });
  return {
    port,
    integration,
    outbox,
    store,
    events,
    queued,
    rejected,
    applicationAttributes,
    deviceAttributes,
    keys,
    accessChanged() {
      for (const recheck of watchers) void recheck();
    },
    emit: (deviceId, kind, payload) =>
      commit(store, [outbox.stage([{ ...ids, deviceId, kind, payload: Buffer.from(payload) }])]),
    async close() {
      await integration.close();
      await outbox.close();
      await store.close();
    },
  };
}

/** Knows the devices `dev1` to `dev9`; refuses downlinks on port 99. */
function rememberingQueue(
  store: Store,
  queued: Queued[],
  rejected: { deviceId: string; count: number; error: SkylarkError }[],
): DownlinkQueue {
  const put = async (
    operation: "push" | "pushFirst" | "replace",
    device: EndDeviceIdentifiers,
    downlinks: readonly ApplicationDownlink[],
    alongside?: StagedChange,
  ): Promise<void> => {
    if (downlinks.some(({ fPort }) => fPort === 99)) throw queueFull();
    await commit(store, alongside === undefined ? [] : [alongside]);
    queued.push({ operation, deviceId: device.deviceId, downlinks });
  };
  return {
    push: (device, downlinks, alongside) => put("push", device, downlinks, alongside),
    pushFirst: (device, downlinks, alongside) => put("pushFirst", device, downlinks, alongside),
    replace: (device, downlinks, alongside) => put("replace", device, downlinks, alongside),
    isEmpty: async ({ deviceId }) => !queued.some((item) => item.deviceId === deviceId),
    async reportRejected(device, downlinks, error) {
      if (!/\/dev[1-9]$/.test(endDeviceKey(device))) return false;
      rejected.push({ deviceId: device.deviceId, count: downlinks.length, error });
      return true;
    },
  };
}
