import type { Client, MessageSource, StoredSession, TransientSource } from "../../../mqtt/backend.ts";
import type { PublishedMessage } from "../../../mqtt/packet-decoding.ts";
import { isRefusal } from "../../../rpc/lasting-access.ts";
import type { ApplicationAccess } from "../../peers.ts";
import { DownlinkPublisher } from "./downlink-publisher.ts";
import type { MqttBackendContext } from "./mqtt-backend.ts";
import { connected, disconnected } from "./mqtt-events.ts";
import { type PersistentSession, type SessionName, sessionKey } from "./session-store.ts";
import type { TopicDialect } from "./topics.ts";
import type { Dialect } from "./v2/dialect.ts";
import { rewriteV2Filter } from "./v2/topics.ts";
import { V2DownlinkPublisher } from "./v2/v2-downlink-publisher.ts";
import { isOfV2 } from "./v2/v2-feeds.ts";

export interface ApplicationLogin {
  readonly name: SessionName;
  readonly topics: TopicDialect;
  /** As V2 is spoken to the application; `#` may mean its topics. */
  readonly v2: { readonly dialect: Dialect; readonly prefersV2: boolean };
  /** Asks again what the client's key allows; cheap, the Identity Server caches it until it changes. */
  readonly authenticate: () => Promise<ApplicationAccess>;
  readonly access: ApplicationAccess;
}

const readTraffic = "RIGHT_APPLICATION_TRAFFIC_READ";
const writeDownlinks = "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE";

/** An application's client: its rights, its topics and its session. */
export class ApplicationClient implements Client {
  readonly sessionKey: string;
  readonly source: MessageSource;
  readonly transient: TransientSource;
  mayRead: boolean;
  readonly #context: MqttBackendContext;
  readonly #login: ApplicationLogin;
  readonly #publisher: DownlinkPublisher;
  readonly #v2Publisher: V2DownlinkPublisher;
  #session: PersistentSession | undefined;
  #revoked: () => void = () => {};
  #endWatch: () => void = () => {};
  /** Publishes take their turn while rights are checked, so that they reach the queue in order. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = false;

  constructor(context: MqttBackendContext, login: ApplicationLogin) {
    const { ids, userName } = login.name;
    this.#context = context;
    this.#login = login;
    this.sessionKey = sessionKey(login.name);
    this.source = context.feeds.feed(ids, userName, login.topics);
    this.transient = context.v2Feeds.source(login.name, login.v2.dialect);
    this.mayRead = login.access.rights.has(readTraffic);
    this.#publisher = new DownlinkPublisher(context, login.name, login.topics);
    this.#v2Publisher = new V2DownlinkPublisher(context, login.name);
  }

  rewriteFilter(filter: string): string | undefined {
    const { name, topics, v2 } = this.#login;
    const inV2 = () => rewriteV2Filter(name.userName, filter);
    if (filter === "#" && v2.prefersV2) return inV2();
    return topics.rewriteFilter(name.userName, filter) ?? inV2();
  }

  async openSession(cleanSession: boolean): Promise<StoredSession | undefined> {
    const { sessions, events } = this.#context;
    const { name } = this.#login;
    if (cleanSession) await sessions.drop(name);
    else this.#session = await sessions.open(name);
    this.#isOpen = true;
    this.#endWatch = this.#login.access.watch(() => this.#recheckRights());
    events.publish(connected, { kind: "application", ids: name.ids });
    return this.#session;
  }

  async publish(message: PublishedMessage, packetId?: number): Promise<void> {
    const checked = this.#turn.then(() => this.#checkRights());
    this.#turn = checked.catch(() => {});
    const rights = await checked;
    const alongside = packetId === undefined ? undefined : this.#session?.received(packetId);
    const isV2 = isOfV2(this.#login.name.userName, message.topic);
    const publisher = isV2 ? this.#v2Publisher : this.#publisher;
    await publisher.publish(message, rights?.has(writeDownlinks) ?? false, alongside);
  }

  async release(packetId: number): Promise<void> {
    await this.#session?.release(packetId);
  }

  onRevoked(callback: () => void): void {
    this.#revoked = callback;
  }

  closed(): void {
    this.#endWatch();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#context.events.publish(disconnected, { kind: "application", ids: this.#login.name.ids });
  }

  async #recheckRights(): Promise<void> {
    try {
      await this.#checkRights();
    } catch (error) {
      this.#context.log.warn("the rights of an MQTT client could not be checked", { error });
      throw error;
    }
  }

  /** Undefined when the key is no longer good for the application. */
  async #checkRights(): Promise<ReadonlySet<string> | undefined> {
    try {
      const { rights } = await this.#login.authenticate();
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
