import type { ApplicationIdentifiers } from "../../../domain/identifiers.ts";
import type { MessageSource } from "../../../mqtt/backend.ts";
import { OutgoingMessage } from "../../../mqtt/outgoing-message.ts";
import type { ApplicationMessage, MessageLog } from "../../message-log.ts";
import type { TopicDialect } from "./topics.ts";

type Listener = (message: OutgoingMessage) => void;

/** The messages of applications under the topics of their clients; those of one user name share topics and packets. */
export class MessageFeeds {
  readonly #log: MessageLog;
  readonly #feeds = new Map<string, MessageFeed>();

  constructor(log: MessageLog) {
    this.#log = log;
  }

  feed(ids: ApplicationIdentifiers, userName: string, topics: TopicDialect): MessageSource {
    const key = `${topics.name}/${ids.tenantId}/${userName}`;
    const known = this.#feeds.get(key);
    if (known !== undefined) return known;
    const topicOf = (message: ApplicationMessage) => topics.format(userName, message.deviceId, message.kind);
    return new MessageFeed(this.#log, ids, topicOf, {
      used: (feed) => this.#feeds.set(key, feed),
      abandoned: (feed) => {
        if (this.#feeds.get(key) === feed) this.#feeds.delete(key);
      },
    });
  }
}

/** A feed is known, and shared, while somebody listens. */
interface FeedUse {
  used(feed: MessageFeed): void;
  abandoned(feed: MessageFeed): void;
}

class MessageFeed implements MessageSource {
  readonly #log: MessageLog;
  readonly #ids: ApplicationIdentifiers;
  readonly #topicOf: (message: ApplicationMessage) => string;
  readonly #use: FeedUse;
  readonly #listeners = new Set<Listener>();
  #subscription: { close(): void } | undefined;

  constructor(
    log: MessageLog,
    ids: ApplicationIdentifiers,
    topicOf: (message: ApplicationMessage) => string,
    use: FeedUse,
  ) {
    this.#log = log;
    this.#ids = ids;
    this.#topicOf = topicOf;
    this.#use = use;
  }

  lastPosition(): number {
    return this.#log.lastSequence();
  }

  subscribe(listener: Listener): { close(): void } {
    if (this.#listeners.size === 0) this.#use.used(this);
    this.#listeners.add(listener);
    this.#subscription ??= this.#log.subscribe(this.#ids, (message) => {
      const outgoing = this.#outgoing(message);
      for (const each of this.#listeners) each(outgoing);
    });
    return {
      close: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size > 0) return;
        this.#subscription?.close();
        this.#subscription = undefined;
        this.#use.abandoned(this);
      },
    };
  }

  async read(after: number, limit: number): Promise<readonly OutgoingMessage[]> {
    const messages = await this.#log.read(this.#ids, after, limit);
    return messages.map((message) => this.#outgoing(message));
  }

  #outgoing(message: ApplicationMessage): OutgoingMessage {
    return new OutgoingMessage(message.sequence, this.#topicOf(message), message.payload);
  }
}
