import type { Timer } from "../../../clock/clock.ts";
import { SkylarkError, statusCodes } from "../../../errors/errors.ts";
import type { Client, MessageSource, StoredSession } from "../../../mqtt/backend.ts";
import type { PublishedMessage } from "../../../mqtt/packet-decoding.ts";
import { DownlinkPublisher } from "./downlink-publisher.ts";
import type { MqttBackendContext } from "./mqtt-backend.ts";
import { connected, disconnected } from "./mqtt-events.ts";
import { type PersistentSession, type SessionName, sessionKey } from "./session-store.ts";
import type { TopicDialect } from "./topics.ts";

export interface ApplicationLogin {
  readonly name: SessionName;
  readonly topics: TopicDialect;
  /** Asks again what the client's key allows; cheap, the Identity Server caches it until it changes. */
  readonly authenticate: () => Promise<ReadonlySet<string>>;
  readonly rights: ReadonlySet<string>;
}

const readTraffic = "RIGHT_APPLICATION_TRAFFIC_READ";
const writeDownlinks = "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE";
/** Publishes are checked one by one; what only listens notices within this time that its key was changed. */
const rightsCheckMs = 5000;

/** An application's client: its rights, its topics and its session. */
export class ApplicationClient implements Client {
  readonly sessionKey: string;
  readonly source: MessageSource;
  mayRead: boolean;
  readonly #context: MqttBackendContext;
  readonly #login: ApplicationLogin;
  readonly #publisher: DownlinkPublisher;
  #session: PersistentSession | undefined;
  #revoked: () => void = () => {};
  #rightsTimer: Timer | undefined;
  /** Publishes take their turn while rights are checked, so that they reach the queue in order. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = false;

  constructor(context: MqttBackendContext, login: ApplicationLogin) {
    const { ids, userName } = login.name;
    this.#context = context;
    this.#login = login;
    this.sessionKey = sessionKey(login.name);
    this.source = context.feeds.feed(ids, userName, login.topics);
    this.mayRead = login.rights.has(readTraffic);
    this.#publisher = new DownlinkPublisher(context, login.name, login.topics);
  }

  rewriteFilter(filter: string): string | undefined {
    return this.#login.topics.rewriteFilter(this.#login.name.userName, filter);
  }

  async openSession(cleanSession: boolean): Promise<StoredSession | undefined> {
    const { sessions, events } = this.#context;
    const { name } = this.#login;
    if (cleanSession) await sessions.drop(name);
    else this.#session = await sessions.open(name);
    this.#isOpen = true;
    this.#watchRights();
    events.publish(connected, { kind: "application", ids: name.ids });
    return this.#session;
  }

  async publish(message: PublishedMessage, packetId?: number): Promise<void> {
    const checked = this.#turn.then(() => this.#checkRights());
    this.#turn = checked.catch(() => {});
    const rights = await checked;
    const alongside = packetId === undefined ? undefined : this.#session?.received(packetId);
    await this.#publisher.publish(message, rights?.has(writeDownlinks) ?? false, alongside);
  }

  async release(packetId: number): Promise<void> {
    await this.#session?.release(packetId);
  }

  onRevoked(callback: () => void): void {
    this.#revoked = callback;
  }

  closed(): void {
    this.#rightsTimer?.cancel();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#context.events.publish(disconnected, { kind: "application", ids: this.#login.name.ids });
  }

  #watchRights(): void {
    this.#rightsTimer = this.#context.clock.after(rightsCheckMs, () => {
      this.#checkRights().then(
        () => {
          if (this.#isOpen) this.#watchRights();
        },
        (error: unknown) => {
          this.#context.log.warn("the rights of an MQTT client could not be checked", { error });
          if (this.#isOpen) this.#watchRights();
        },
      );
    });
  }

  /** Undefined when the key is no longer good for the application. */
  async #checkRights(): Promise<ReadonlySet<string> | undefined> {
    try {
      const rights = await this.#login.authenticate();
      this.mayRead = rights.has(readTraffic);
      return rights;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.mayRead = false;
      this.#revoked();
      return undefined;
    }
  }
}

const passingFaults: readonly number[] = [
  statusCodes.unavailable,
  statusCodes.resourceExhausted,
  statusCodes.deadlineExceeded,
];

/** An overloaded store says nothing about rights. */
function isRefusal(error: unknown): error is SkylarkError {
  return error instanceof SkylarkError && !passingFaults.includes(error.code);
}
