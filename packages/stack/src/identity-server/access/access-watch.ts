import type { Clock, Timer } from "../../clock/clock.ts";
import type { EntityReference, TenantId } from "../../domain/identifiers.ts";
import { entityKey } from "../entity.ts";
import type { Caller } from "./authentication.ts";

/** Changes that come one after another are looked into once. */
const settleMs = 200;
/** Of one timer: what ends later is looked into again then. */
const longestWaitMs = 3_600_000;
/** Until what could not be checked, as when the store is overloaded, is checked again. */
const retryMs = 5000;

type Recheck = () => void;

/** Names of what decides over somebody's access; a change of one concerns those who named it. */
export const accessKeys = {
  entity: entityKey,
  tenant: (tenantId: TenantId) => `${tenantId}`,
  /** An API key, a token or a session. */
  credential: (tenantId: TenantId, id: string) => `${tenantId}//${id}`,
  /** All tokens and sessions of the tenant. */
  tokens: (tenantId: TenantId) => `${tenantId}/tokens`,
  /** Through which users have rights. */
  organizations: (tenantId: TenantId) => `${tenantId}/organizations`,
};

/** Tells calls and connections that last as soon as a change to what they may do is committed; who is not concerned is not woken. */
export class AccessWatch {
  readonly #clock: Clock;
  readonly #watchers = new Map<string, Set<Recheck>>();
  readonly #changed = new Set<string>();
  #isScheduled = false;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what ends it. */
  add(keys: readonly string[], recheck: Recheck): () => void {
    for (const key of keys) {
      const watchers = this.#watchers.get(key) ?? new Set();
      this.#watchers.set(key, watchers.add(recheck));
    }
    return () => {
      for (const key of keys) {
        const watchers = this.#watchers.get(key);
        watchers?.delete(recheck);
        if (watchers?.size === 0) this.#watchers.delete(key);
      }
    };
  }

  /** Called after the change is committed, and what was remembered of it is forgotten. */
  changed(key: string): void {
    if (!this.#watchers.has(key)) return;
    this.#changed.add(key);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const waitMs = this.#lastAtMs + settleMs - this.#clock.monotonicMs();
    if (waitMs > 0) this.#clock.after(waitMs, () => this.#recheck());
    else queueMicrotask(() => this.#recheck());
  }

  #recheck(): void {
    this.#isScheduled = false;
    this.#lastAtMs = this.#clock.monotonicMs();
    const concerned = new Set([...this.#changed].flatMap((key) => [...(this.#watchers.get(key) ?? [])]));
    this.#changed.clear();
    for (const recheck of concerned) recheck();
  }
}

/**
 * Calls back at once, since what changed before was told nobody, and whenever what a caller may do on these entities may
 * have become another, also when its credential expires; soon again when the recheck fails.
 */
export type WatchAccess = (
  caller: Caller,
  entities: readonly EntityReference[],
  recheck: () => void | Promise<void>,
) => () => void;

export function createWatchAccess(
  watch: AccessWatch,
  clock: Clock,
  refresh: (caller: Caller) => Caller | Promise<Caller>,
): WatchAccess {
  return (caller, entities, recheck) => {
    let timer: Timer | undefined;
    let isOver = false;
    const wakeIn = (waitMs: number): void => {
      timer?.cancel();
      if (!isOver) timer = clock.after(Math.min(waitMs, longestWaitMs), wake);
    };
    const check = async (): Promise<void> => {
      if (isOver) return;
      await recheck();
      if (isOver) return;
      const { apiKey, accessToken, session } = await refresh(caller);
      timer?.cancel();
      const { expiresAt } = apiKey ?? accessToken ?? session ?? {};
      if (expiresAt !== undefined) wakeIn(Math.max(0, expiresAt - clock.now()));
    };
    const wake = (): void => {
      check().catch(() => wakeIn(retryMs));
    };
    const end = watch.add(keysOf(caller, entities), wake);
    queueMicrotask(wake);
    return () => {
      isOver = true;
      timer?.cancel();
      end();
    };
  };
}

function keysOf(
  { tenantId, entity, apiKey, accessToken, session }: Caller,
  entities: readonly EntityReference[],
): readonly string[] {
  const keys = new Set([accessKeys.tenant(tenantId), ...entities.map(accessKeys.entity)]);
  if (entity !== undefined) keys.add(accessKeys.entity(entity));
  if (entity?.type === "user") keys.add(accessKeys.organizations(tenantId));
  const credential = apiKey ?? accessToken ?? session;
  if (credential !== undefined) keys.add(accessKeys.credential(tenantId, credential.id));
  if (apiKey === undefined && credential !== undefined) keys.add(accessKeys.tokens(tenantId));
  if (accessToken !== undefined) {
    keys.add(accessKeys.entity({ tenantId, type: "client", id: accessToken.clientId }));
  }
  return [...keys];
}
