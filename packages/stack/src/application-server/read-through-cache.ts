import { LRUCache } from "lru-cache";
import { atMost } from "../component/at-most.ts";

/** A place in the cache; the absence of a value is remembered too. */
export interface CacheEntry<T> {
  value: T | undefined;
}

/**
 * A bounded cache over the store. Whoever changes a row tells the cache by `update` or `drop`, so a value is never
 * older than the last commit; a load that was on its way meanwhile does not overwrite it.
 */
export class ReadThroughCache<T> {
  readonly #entries: LRUCache<string, CacheEntry<T>>;
  readonly #loads = new Map<string, Promise<CacheEntry<T>>>();

  constructor(capacity: number) {
    this.#entries = new LRUCache(atMost(capacity));
  }

  get(key: string): CacheEntry<T> | undefined {
    return this.#entries.get(key);
  }

  load(key: string, query: () => Promise<T | undefined>): Promise<CacheEntry<T>> {
    const known = this.#entries.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const underWay = this.#loads.get(key);
    if (underWay !== undefined) return underWay;
    const load = query().then(
      (value) => {
        const entry = { value };
        if (this.#loads.get(key) === load) {
          this.#loads.delete(key);
          this.#entries.set(key, entry);
        }
        return entry;
      },
      (error: unknown) => {
        if (this.#loads.get(key) === load) this.#loads.delete(key);
        throw error;
      },
    );
    this.#loads.set(key, load);
    return load;
  }

  /** Changes the value where it is in memory; a load under way is not kept, since it may have read the old row. */
  update(key: string, change: (value: T | undefined) => T | undefined): void {
    this.#loads.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.value = change(entry.value);
  }

  drop(key: string): void {
    this.#loads.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.value = undefined;
    this.#entries.delete(key);
  }

  dropWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.#entries.keys(), ...this.#loads.keys()]) if (matches(key)) this.drop(key);
  }
}
