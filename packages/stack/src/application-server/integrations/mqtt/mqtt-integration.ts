import type { Clock, Timer } from "../../../clock/clock.ts";
import type { ListenAddress } from "../../../config/option.ts";
import type { ApplicationIdentifiers } from "../../../domain/identifiers.ts";
import type { EventBus } from "../../../events/events.ts";
import type { Logger } from "../../../log/log.ts";
import { defaultLimits, type MqttCounters, type MqttLimits } from "../../../mqtt/limits.ts";
import { MqttServer, type TlsCertificate } from "../../../mqtt/mqtt-server.ts";
import type { Store } from "../../../store/store.ts";
import type { MessageLog } from "../../message-log.ts";
import type { IdentityServer } from "../../peers.ts";
import type { DownlinkQueue } from "./downlink-queue.ts";
import { MessageFeeds } from "./message-feeds.ts";
import { createMqttBackend, type UserNames } from "./mqtt-backend.ts";
import { openSessionStore, type SessionStore } from "./session-store.ts";
import { V2Feeds } from "./v2/v2-feeds.ts";

export interface MqttIntegrationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventBus;
  readonly messages: MessageLog;
  readonly downlinks: DownlinkQueue;
  readonly identity: Pick<
    IdentityServer,
    "authenticateApplication" | "applicationAttributes" | "deviceProfile"
  >;
  readonly userNames: UserNames;
  readonly sessionExpiryMs: number;
  readonly limits?: Partial<MqttLimits>;
}

/** The MQTT server of applications. */
export interface MqttIntegration {
  readonly counters: Readonly<MqttCounters>;
  readonly connectionCount: number;
  /** Resolves with the port. */
  listen(address: ListenAddress, tls?: TlsCertificate): Promise<number>;
  /** Forgets the persistent sessions of a deleted application. */
  dropApplication(ids: ApplicationIdentifiers): Promise<void>;
  /** Saves all sessions and closes all connections; the store must still be open. */
  close(): Promise<void>;
}

const expiryIntervalMs = 3_600_000;

/** The tables are those of `mqttMigrations`. */
export async function openMqttIntegration(options: MqttIntegrationOptions): Promise<MqttIntegration> {
  const { store, clock, log, messages } = options;
  const sessions = await openSessionStore(store, clock, messages.lastSequence());
  const feeds = new MessageFeeds(messages);
  const server = new MqttServer({
    backend: createMqttBackend({ ...options, sessions, feeds, v2Feeds: new V2Feeds(options) }),
    clock,
    log,
    limits: { ...defaultLimits, ...options.limits },
  });
  const expiry = expireSessions(options, sessions);
  return {
    counters: server.counters,
    get connectionCount() {
      return server.connectionCount;
    },
    listen: (address, tls) => server.listen(address, tls),
    dropApplication: (ids) => sessions.dropApplication(ids),
    async close() {
      expiry.cancel();
      await server.close();
    },
  };
}

function expireSessions(
  { clock, log, sessionExpiryMs }: MqttIntegrationOptions,
  sessions: SessionStore,
): Timer {
  let timer: Timer;
  const expire = (): void => {
    sessions
      .dropUnusedSince(clock.now() - sessionExpiryMs)
      .catch((error: unknown) => log.warn("unused MQTT sessions could not be dropped", { error }));
    timer = clock.after(expiryIntervalMs, expire);
  };
  expire();
  return { cancel: () => timer.cancel() };
}
