import { type ApplicationIdentifiers, applicationKey } from "../domain/identifiers.ts";
import { type StagedChange, type Store, statement } from "../store/store.ts";
import type { ApplicationLink } from "./end-device.ts";
import { type CacheEntry, ReadThroughCache } from "./read-through-cache.ts";

const selectLink = statement(`SELECT link FROM as_links WHERE tenant_id = ? AND application_id = ?`);
const upsertLink = statement(
  `INSERT INTO as_links (tenant_id, application_id, link) VALUES (?, ?, ?)
   ON CONFLICT (tenant_id, application_id) DO UPDATE SET link = excluded.link`,
);
const deleteLink = statement(`DELETE FROM as_links WHERE tenant_id = ? AND application_id = ?`);
const cacheSize = 10_000;

/** Settings of applications at the Application Server. */
export class ApplicationLinks {
  readonly #store: Store;
  readonly #cache = new ReadThroughCache<ApplicationLink>(cacheSize);

  constructor(store: Store) {
    this.#store = store;
  }

  cached(key: string): CacheEntry<ApplicationLink> | undefined {
    return this.#cache.get(key);
  }

  async load(ids: ApplicationIdentifiers): Promise<ApplicationLink | undefined> {
    const entry = await this.#cache.load(applicationKey(ids), async () => {
      const [row] = await this.#store.query(selectLink, ids.tenantId, ids.applicationId);
      return row === undefined ? undefined : (JSON.parse(String(row.link)) as ApplicationLink);
    });
    return entry.value;
  }

  stage(ids: ApplicationIdentifiers, link: ApplicationLink): StagedChange {
    return {
      write: (writer) => writer.run(upsertLink, ids.tenantId, ids.applicationId, JSON.stringify(link)),
      committed: () => this.#cache.update(applicationKey(ids), () => link),
    };
  }

  stageDelete(ids: ApplicationIdentifiers): StagedChange {
    return {
      write: (writer) => writer.run(deleteLink, ids.tenantId, ids.applicationId),
      committed: () => this.#cache.drop(applicationKey(ids)),
    };
  }
}
