import { SkylarkError } from "../errors/errors.ts";
import type { StagedChange, Store } from "./store.ts";
import { conflict, stale } from "./store-errors.ts";

/** A staged change that may break a constraint, or that was decided on a row which others may change meanwhile. */
export interface StagedTransaction extends StagedChange {
  /** What a broken constraint means to the caller; undefined when it is none of this change's. */
  explain?(constraint: string): Error | undefined | Promise<Error | undefined>;
  /** Called in the end, whatever came of it. */
  release?(): void;
}

/** A staged change with what it leads to. */
export interface StagedResult<T> extends StagedTransaction {
  readonly result: T;
}

/** Commits changes of several servers in one transaction: all of them or, with the error thrown, none. */
export async function transactAll(store: Store, changes: readonly StagedTransaction[]): Promise<void> {
  if (changes.length === 0) return;
  try {
    await store.transact((writer) => {
      for (const change of changes) change.write(writer);
    });
    for (const change of changes) change.committed();
  } catch (error) {
    throw (await explained(changes, error)) ?? error;
  } finally {
    for (const change of changes) change.release?.();
  }
}

async function explained(changes: readonly StagedTransaction[], error: unknown): Promise<Error | undefined> {
  const constraint = brokenConstraint(error);
  if (constraint === undefined) return undefined;
  for (const change of changes) {
    const meaning = await change.explain?.(constraint);
    if (meaning !== undefined) return meaning;
  }
  return undefined;
}

/** The name of the broken constraint; undefined for another error. */
export function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof SkylarkError) || error.definition !== conflict.definition) return undefined;
  return String(error.attributes.constraint);
}

/** Of those who change one row at once, each attempt lets one through: so many can. */
const attempts = 50;

/** Reads, decides and writes again when someone else changed the row in between. */
export async function untilCurrent<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 1 || !isStale(error)) throw error;
    }
  }
}

/** Stages and commits one change, again when someone else changed the row in between. */
export function transactOne<T>(store: Store, stage: () => Promise<StagedResult<T>>): Promise<T> {
  return untilCurrent(async () => {
    const staged = await stage();
    await transactAll(store, [staged]);
    return staged.result;
  });
}

export function isStale(error: unknown): boolean {
  return error instanceof SkylarkError && error.definition === stale.definition;
}
