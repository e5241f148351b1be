import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type AnnouncedStatement, type ItemKind, itemKinds, operationFlags } from "./batch.ts";
import { PackedReader, PackedWriter } from "./packed-values.ts";
import { failureOf, type ItemFailure, UnexpectedRowCount } from "./sqlite-failures.ts";
import type { SqlValue } from "./store.ts";

/** The failure of the item with this index in the batch. */
export type IndexedFailure = readonly [index: number, failure: ItemFailure];

export interface BatchOutcome {
  readonly failures: readonly IndexedFailure[];
  /** Per successful query, in order: its statement's number, the number of rows, then their values. */
  readonly results: ArrayBuffer | undefined;
  /** Column names of the statements queried for the first time. */
  readonly columns: readonly QueryColumns[];
}

export interface QueryColumns {
  readonly statement: number;
  readonly names: readonly string[];
}

interface Item {
  readonly kind: ItemKind;
  readonly start: number;
  readonly end: number;
}

interface KnownStatement {
  readonly sql: string;
  readonly parameters: number;
  prepared: StatementSync | undefined;
  /** A value beyond 2^53 was met: read all integers as bigint and narrow those that fit. */
  readsBigInts: boolean;
  columnCount: number;
}

/** Applies batches to one SQLite connection. Runs in the store's worker. */
export class SqliteEngine {
  readonly #database: DatabaseSync;
  readonly #control: Record<"begin" | "commit" | "savepoint" | "release" | "undo", StatementSync>;
  readonly #statements: KnownStatement[] = [];
  #newColumns: QueryColumns[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#control = {
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      savepoint: database.prepare("SAVEPOINT item"),
      release: database.prepare("RELEASE item"),
      undo: database.prepare("ROLLBACK TO item"),
    };
  }

  announce(statements: readonly AnnouncedStatement[]): void {
    for (const { number, sql, parameters } of statements) {
      this.#statements[number] = {
        sql,
        parameters,
        prepared: undefined,
        readsBigInts: false,
        columnCount: 0,
      };
    }
  }

  /** Commits the changes of a batch, then answers its queries. */
  apply(buffer: ArrayBuffer, length: number): BatchOutcome {
    const reader = new PackedReader(buffer, false);
    const items = readItems(reader, length);
    const failures = items.some(isChange) ? this.#applyChanges(reader, items) : [];
    if (items.every(isChange)) return { failures, results: undefined, columns: [] };
    return this.#answerQueries(reader, items, failures);
  }

  #applyChanges(reader: PackedReader, items: readonly Item[]): IndexedFailure[] {
    const run = (item: Item) => this.#runOperations(reader, item);
    const runApart = (item: Item) => this.#runInSavepoint(reader, item);
    try {
      return this.#commitTogether(items, (item) =>
        item.kind === itemKinds.write ? run(item) : runApart(item),
      );
    } catch (error) {
      if (failureOf(error).kind === "unavailable") return failAll(items, error);
    }
    // A change that should not have failed did: with each under a savepoint only the culprit is undone.
    try {
      return this.#commitTogether(items, runApart);
    } catch (error) {
      return failAll(items, error);
    }
  }

  #commitTogether(items: readonly Item[], run: (item: Item) => ItemFailure | undefined): IndexedFailure[] {
    const failures: IndexedFailure[] = [];
    try {
      this.#control.begin.run();
      for (let index = 0; index < items.length; index++) {
        const item = items[index]!;
        const failure = isChange(item) ? run(item) : undefined;
        if (failure !== undefined) failures.push([index, failure]);
      }
      this.#control.commit.run();
      return failures;
    } catch (error) {
      // Some faults, a full disk among them, have ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #runInSavepoint(reader: PackedReader, item: Item): ItemFailure | undefined {
    this.#control.savepoint.run();
    try {
      this.#runOperations(reader, item);
      this.#control.release.run();
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "unavailable") throw error;
      this.#control.undo.run();
      this.#control.release.run();
      return failure;
    }
  }

  #runOperations(reader: PackedReader, item: Item): undefined {
    reader.position = item.start;
    while (reader.position < item.end) {
      const flags = reader.takeUint8();
      const statement = this.#statements[reader.takeUint16()]!;
      const values = readValues(reader, statement.parameters);
      const { changes } = this.#prepare(statement).run(...values);
      if (flags === operationFlags.expectsRow && changes !== 1 && changes !== 1n)
        throw new UnexpectedRowCount();
    }
  }

  #answerQueries(reader: PackedReader, items: readonly Item[], failures: IndexedFailure[]): BatchOutcome {
    const results = new PackedWriter(new ArrayBuffer(4096));
    this.#newColumns = [];
    // Takes effect when compiled, so it cannot be prepared beforehand.
    this.#database.exec("PRAGMA query_only = ON");
    for (let index = 0; index < items.length; index++) {
      const item = items[index]!;
      if (isChange(item)) continue;
      const mark = results.position;
      try {
        this.#answerQuery(reader, item, results);
      } catch (error) {
        results.position = mark;
        failures.push([index, failureOf(error)]);
      }
    }
    this.#database.exec("PRAGMA query_only = OFF");
    return { failures, results: results.buffer, columns: this.#newColumns };
  }

  #answerQuery(reader: PackedReader, item: Item, results: PackedWriter): void {
    reader.position = item.start + 1;
    const number = reader.takeUint16();
    const statement = this.#statements[number]!;
    const values = readValues(reader, statement.parameters);
    const prepared = this.#prepare(statement);
    if (statement.columnCount === 0) this.#announceColumns(number, statement, prepared);
    const rows = this.#readRows(statement, prepared, values);
    results.putUint16(number);
    results.putUint32(rows.length);
    for (const row of rows) for (const value of row) results.putValue(narrowed(value));
  }

  #announceColumns(number: number, statement: KnownStatement, prepared: StatementSync): void {
    const names = prepared.columns().map(({ name }) => name);
    if (names.length === 0) throw new Error(`a query must return rows: ${statement.sql}`);
    statement.columnCount = names.length;
    this.#newColumns.push({ statement: number, names });
  }

  #readRows(
    statement: KnownStatement,
    prepared: StatementSync,
    values: readonly SqlValue[],
  ): readonly (readonly SqlValue[])[] {
    prepared.setReturnArrays(true);
    try {
      return prepared.all(...values) as unknown as SqlValue[][];
    } catch (error) {
      if (statement.readsBigInts || !isOutOfRange(error)) throw error;
      statement.readsBigInts = true;
      prepared.setReadBigInts(true);
      return prepared.all(...values) as unknown as SqlValue[][];
    }
  }

  #prepare(statement: KnownStatement): StatementSync {
    statement.prepared ??= this.#database.prepare(statement.sql);
    return statement.prepared;
  }
}

function isChange(item: Item): boolean {
  return item.kind !== itemKinds.query;
}

function readItems(reader: PackedReader, length: number): readonly Item[] {
  const items: Item[] = [];
  while (reader.position < length) {
    const kind = reader.takeUint8() as ItemKind;
    const end = reader.takeUint32();
    items.push({ kind, start: reader.position, end });
    reader.position = end;
  }
  return items;
}

function readValues(reader: PackedReader, count: number): SqlValue[] {
  const values: SqlValue[] = [];
  for (let index = 0; index < count; index++) values.push(reader.takeValue());
  return values;
}

function failAll(items: readonly Item[], error: unknown): IndexedFailure[] {
  const failure = failureOf(error);
  return items.flatMap((item, index): IndexedFailure[] => (isChange(item) ? [[index, failure]] : []));
}

function narrowed(value: SqlValue): SqlValue {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE";
}
