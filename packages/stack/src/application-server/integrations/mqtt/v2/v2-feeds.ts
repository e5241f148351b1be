import type { TransientSource } from "../../../../mqtt/backend.ts";
import type { Dialect } from "./dialect.ts";
import { type V2Context, V2Feed, type V2FeedName } from "./v2-feed.ts";

/** Whether a filter, or a topic, that a client may use is of V2. */
export function isOfV2(userName: string, topic: string): boolean {
  return topic.startsWith(`${userName}/`) && !topic.startsWith(`v3/${userName}/`);
}

/** What applications have of V2: clients that share a user name share the work of converting. */
export class V2Feeds {
  readonly #context: V2Context;
  readonly #feeds = new Map<string, V2Feed>();

  constructor(context: V2Context) {
    this.#context = context;
  }

  /** `dialect` is that of the application as its client logged in. */
  source(name: V2FeedName, dialect: Dialect): TransientSource {
    const key = `${name.ids.tenantId}/${name.userName}`;
    return {
      owns: (filter) => isOfV2(name.userName, filter),
      subscribe: (filter, subscriber) => {
        let feed = this.#feeds.get(key);
        if (feed === undefined) {
          feed = new V2Feed(this.#context, name, dialect);
          this.#feeds.set(key, feed);
        }
        const used = feed;
        used.add(filter, subscriber);
        return {
          close: () => {
            used.delete(filter, subscriber);
            if (used.isEmpty && this.#feeds.get(key) === used) this.#feeds.delete(key);
          },
        };
      },
    };
  }
}
