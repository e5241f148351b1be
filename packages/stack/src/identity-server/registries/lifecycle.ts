import type { At, Clock } from "../../clock/clock.ts";
import type { LoadingCache } from "../../component/loading-cache.ts";
import { whenKnown } from "../../component/when-known.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { SkylarkError } from "../../errors/errors.ts";
import { brokenConstraint, untilCurrent } from "../../store/staged-transaction.ts";
import type { Store, Writer } from "../../store/store.ts";
import { entityKey, isPlainId } from "../entity.ts";
import { idTaken, restoreWindowExpired } from "../errors.ts";
import type { EntityStore, StoredEntity } from "../storage/entity-store.ts";
import { tenantLimitError } from "../storage/tenant-totals.ts";

/** What the life of an entity needs, whatever its kind. */
export interface Lifecycle {
  readonly store: Store;
  readonly clock: Clock;
  /** Called after a change is durable: forget what is cached of it. */
  readonly entityChanged: (entity: EntityReference) => void;
  /** How long a deleted entity can be restored, milliseconds. */
  readonly restoreWindowMs: number;
}

export interface EntityKind<M> {
  readonly entities: EntityStore<M>;
  /** Those read lately, by `entityKey`, as they are in the store. Nobody changes a message that came from here. */
  readonly known: LoadingCache<StoredEntity<M>>;
  readonly notFound: (id: string) => SkylarkError;
  /** What a broken constraint means; undefined when only the identifier can have been taken. */
  readonly explainConflict?: (
    constraint: string,
    entity: EntityReference,
    message: M,
  ) => Promise<SkylarkError>;
}

/** Further changes of the same transaction. */
type Alongside = (writer: Writer) => void;

/** The entity unless it is deleted. */
export async function readEntity<M>(kind: EntityKind<M>, entity: EntityReference): Promise<StoredEntity<M>> {
  const stored = await kind.entities.get(entity.tenantId, entity.id);
  if (stored === undefined || stored.deletedAt !== undefined) throw kind.notFound(entity.id);
  return stored;
}

/** The same from memory where it can be, to be shown: a change is made of what `readEntity` gives. */
export function readKnown<M>(
  kind: EntityKind<M>,
  entity: EntityReference,
): StoredEntity<M> | Promise<StoredEntity<M>> {
  if (!isPlainId(entity.id)) throw kind.notFound(entity.id);
  return whenKnown(kind.known.get(entityKey(entity)), (stored) => {
    if (stored === undefined || stored.deletedAt !== undefined) throw kind.notFound(entity.id);
    return stored;
  });
}

async function readDeleted<M>(kind: EntityKind<M>, entity: EntityReference) {
  const stored = await kind.entities.get(entity.tenantId, entity.id);
  if (stored?.deletedAt === undefined) throw kind.notFound(entity.id);
  return { stored, deletedAt: stored.deletedAt };
}

async function transact<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
  change: { readonly message: M; readonly write: Alongside },
): Promise<void> {
  try {
    await lifecycle.store.transact(change.write);
  } catch (error) {
    const constraint = brokenConstraint(error);
    if (constraint === undefined) throw error;
    const limit = tenantLimitError(constraint, entity.type);
    if (limit !== undefined) throw limit;
    throw (await kind.explainConflict?.(constraint, entity, change.message)) ?? idTaken();
  } finally {
    lifecycle.entityChanged(entity);
  }
}

export async function createEntity<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
  { message, at, alongside }: { readonly message: M; readonly at: At; readonly alongside: Alongside },
): Promise<void> {
  await transact(lifecycle, kind, entity, {
    message,
    write(writer) {
      kind.entities.insert(writer, entity.tenantId, entity.id, message, at);
      alongside(writer);
    },
  });
}

/**
 * `change` makes the new message of the stored one; it may be called again when others change it meanwhile. What it
 * gives to `also` is written in the same transaction.
 */
export function updateEntity<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
  change: (message: M, at: At, also: (write: Alongside) => void) => M | Promise<M>,
): Promise<M> {
  return untilCurrent(async () => {
    const stored = await readEntity(kind, entity);
    const at = lifecycle.clock.now();
    const others: Alongside[] = [];
    const message = await change(stored.message, at, (write) => others.push(write));
    await transact(lifecycle, kind, entity, {
      message,
      write(writer) {
        kind.entities.update(writer, entity.tenantId, entity.id, { stored, message, at });
        for (const write of others) write(writer);
      },
    });
    return message;
  });
}

interface Ending {
  /** Throws when the entity must stay. */
  readonly check?: () => Promise<void>;
  readonly alongside?: Alongside;
}

/** Hides the entity; its identifier stays taken until it is purged. */
export function deleteEntity<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
  { check, alongside }: Ending = {},
): Promise<void> {
  return untilCurrent(async () => {
    const stored = await readEntity(kind, entity);
    await check?.();
    const at = lifecycle.clock.now();
    await transact(lifecycle, kind, entity, {
      message: stored.message,
      write(writer) {
        const change = { stored, message: stored.message, at, deletedAt: at };
        kind.entities.update(writer, entity.tenantId, entity.id, change);
        alongside?.(writer);
      },
    });
  });
}

export function restoreEntity<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
): Promise<void> {
  return untilCurrent(async () => {
    const { stored, deletedAt } = await readDeleted(kind, entity);
    const at = lifecycle.clock.now();
    if (at - deletedAt > lifecycle.restoreWindowMs) throw restoreWindowExpired();
    await transact(lifecycle, kind, entity, {
      message: stored.message,
      write: (writer) =>
        kind.entities.update(writer, entity.tenantId, entity.id, { stored, message: stored.message, at }),
    });
  });
}

/** Removes the entity for good, deleted before or not, and frees its identifier. */
export function purgeEntity<M>(
  lifecycle: Lifecycle,
  kind: EntityKind<M>,
  entity: EntityReference,
  { check, alongside }: Ending = {},
): Promise<void> {
  return untilCurrent(async () => {
    const stored = await kind.entities.get(entity.tenantId, entity.id);
    if (stored === undefined) throw kind.notFound(entity.id);
    await check?.();
    await transact(lifecycle, kind, entity, {
      message: stored.message,
      write(writer) {
        alongside?.(writer);
        kind.entities.purge(writer, entity.tenantId, entity.id);
      },
    });
  });
}
