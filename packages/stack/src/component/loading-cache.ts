import { LRUCache } from "lru-cache";
import { atMost } from "./at-most.ts";

/** For a cache that also remembers what the store does not have. */
export interface CacheEntry<T> {
  value: T | undefined;
}

/**
 * Values of the store by key, loaded once and kept until invalidated. `invalidate` is called once a change is
 * committed: a load that began before it is not kept, so nothing outdated stays.
 */
export class LoadingCache<V extends object> {
  readonly #kept: LRUCache<string, V>;
  readonly #loading = new Map<string, Promise<V | undefined>>();
  readonly #load: (key: string) => Promise<V | undefined>;

  /** What `load` answers with undefined is not kept, so that guessed keys push nothing out. */
  constructor(capacity: number, load: (key: string) => Promise<V | undefined>) {
    this.#kept = new LRUCache(atMost(capacity));
    this.#load = load;
  }

  /** Synchronous once loaded. */
  get(key: string): V | Promise<V | undefined> {
    return this.#kept.get(key) ?? this.#loading.get(key) ?? this.#startLoading(key);
  }

  peek(key: string): V | undefined {
    return this.#kept.get(key);
  }

  invalidate(key: string): void {
    this.#kept.delete(key);
    this.#loading.delete(key);
  }

  /** Of a key that is being loaded there is no value yet. */
  invalidateWhere(matches: (key: string, value: V | undefined) => boolean): void {
    for (const key of [...this.#kept.keys(), ...this.#loading.keys()]) {
      if (matches(key, this.#kept.peek(key))) this.invalidate(key);
    }
  }

  /** Changes the value where it is in memory; a load under way is not kept, since it may have read the old row. */
  update(key: string, change: (value: V) => void): void {
    this.#loading.delete(key);
    const value = this.#kept.get(key);
    if (value !== undefined) change(value);
  }

  async #startLoading(key: string): Promise<V | undefined> {
    const loading = this.#load(key).then(
      (value) => {
        if (this.#loading.get(key) === loading) {
          this.#loading.delete(key);
          if (value !== undefined) this.#kept.set(key, value);
        }
        return value;
      },
      (error: unknown) => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
        throw error;
      },
    );
    this.#loading.set(key, loading);
    return loading;
  }
}
