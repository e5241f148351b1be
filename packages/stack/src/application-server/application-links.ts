import { type CacheEntry, LoadingCache } from "../component/loading-cache.ts";
import { type ApplicationIdentifiers, applicationKey, parseApplicationKey } from "../domain/identifiers.ts";
import { type StagedChange, type Store, statement } from "../store/store.ts";
import type { ApplicationLink } from "./end-device.ts";

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
  readonly #cache: LoadingCache<CacheEntry<ApplicationLink>>;

  constructor(store: Store) {
    this.#store = store;
    this.#cache = new LoadingCache(cacheSize, async (key) => ({
      value: await this.#read(parseApplicationKey(key)),
    }));
  }

  cached(key: string): CacheEntry<ApplicationLink> | undefined {
    return this.#cache.peek(key);
  }

  async load(ids: ApplicationIdentifiers): Promise<ApplicationLink | undefined> {
    return (await this.#cache.get(applicationKey(ids)))?.value;
  }

  async #read({ tenantId, applicationId }: ApplicationIdentifiers): Promise<ApplicationLink | undefined> {
    const [row] = await this.#store.query(selectLink, tenantId, applicationId);
    return row === undefined ? undefined : (JSON.parse(String(row.link)) as ApplicationLink);
  }

  stage(ids: ApplicationIdentifiers, link: ApplicationLink): StagedChange {
    return {
      write: (writer) => writer.run(upsertLink, ids.tenantId, ids.applicationId, JSON.stringify(link)),
      committed: () =>
        this.#cache.update(applicationKey(ids), (entry) => {
          entry.value = link;
        }),
    };
  }

  stageDelete(ids: ApplicationIdentifiers): StagedChange {
    return {
      write: (writer) => writer.run(deleteLink, ids.tenantId, ids.applicationId),
      committed: () => this.#cache.invalidate(applicationKey(ids)),
    };
  }
}
