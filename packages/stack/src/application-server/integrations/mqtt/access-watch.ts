import type { Clock } from "../../../clock/clock.ts";

/** Changes that come one after another are looked into once. */
const settleMs = 200;

type Recheck = () => void;

/** Tells the clients of a tenant soon after somebody's access to it was changed, so that none waits for its own turn. */
export class AccessWatch {
  readonly #clock: Clock;
  readonly #clients = new Map<string, Set<Recheck>>();
  readonly #changed = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what ends it. */
  add(tenantId: string, recheck: Recheck): () => void {
    const clients = this.#clients.get(tenantId) ?? new Set();
    this.#clients.set(tenantId, clients.add(recheck));
    return () => {
      clients.delete(recheck);
      if (clients.size === 0 && this.#clients.get(tenantId) === clients) this.#clients.delete(tenantId);
    };
  }

  accessChanged(tenantId: string): void {
    if (!this.#clients.has(tenantId) || this.#changed.has(tenantId)) return;
    this.#changed.add(tenantId);
    this.#clock.after(settleMs, () => {
      this.#changed.delete(tenantId);
      for (const recheck of [...(this.#clients.get(tenantId) ?? [])]) recheck();
    });
  }
}
