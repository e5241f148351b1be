/** What a column may hold. Integers beyond 2^53 are read as bigint only where the statement asks for it. */
export type SqlValue = null | number | bigint | string | Uint8Array;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * A statement known to the store by its text. Write it in the subset that SQLite and PostgreSQL share
 * (`INSERT … ON CONFLICT … DO UPDATE`, `?` parameters); create it once, at module level.
 */
export interface Statement {
  readonly sql: string;
  /** Number of `?`. */
  readonly parameters: number;
}

export function statement(sql: string): Statement {
  return { sql, parameters: sql.split("?").length - 1 };
}

/** Collects the changes of one transaction; synchronous, and cheap enough for each uplink. */
export interface Writer {
  run(statement: Statement, ...parameters: readonly SqlValue[]): void;
  /** As `run`, and the transaction fails with `stale` unless exactly one row is changed. Only in `transact`. */
  runExpectingRow(statement: Statement, ...parameters: readonly SqlValue[]): void;
}

/**
 * The one transactional store. Writes are grouped: those of many callers become durable in one commit, each
 * caller's still as a whole. A query sees every write that was issued before it, committed or not yet.
 */
export interface Store {
  /** Changes that cannot conflict (the hot path). Resolves once durable; rejects if the group could not be committed. */
  write(change: (writer: Writer) => void): Promise<void>;
  /** Changes that may break a constraint: on failure this transaction alone is undone and `conflict` or `stale` is thrown. */
  transact(change: (writer: Writer) => void): Promise<void>;
  query(statement: Statement, ...parameters: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Commits what is pending and closes. */
  close(): Promise<void>;
}

/**
 * A change prepared in memory but not yet durable. Several servers' changes are committed in one write, after
 * which each is told; so a session moves and its message exists together or not at all.
 */
export interface StagedChange {
  write(writer: Writer): void;
  /** Durable now: move the state in memory, deliver the message. Must not throw. */
  committed(): void;
}

/** Commits staged changes together. When the commit fails none is told, and the error is thrown. */
export async function commit(store: Store, changes: readonly StagedChange[]): Promise<void> {
  await store.write((writer) => {
    for (const change of changes) change.write(writer);
  });
  for (const change of changes) change.committed();
}

/** One numbered step of the schema, in the subset both engines share; BLOB and INTEGER PRIMARY KEY are translated. */
export interface Migration {
  readonly version: number;
  readonly description: string;
  readonly statements: readonly string[];
}

/** The migrations of each server under its name, e.g. `network-server`; versions count from 1 per owner. */
export type Migrations = Readonly<Record<string, readonly Migration[]>>;
