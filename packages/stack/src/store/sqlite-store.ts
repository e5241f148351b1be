import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SkylarkError } from "../errors/errors.ts";
import { type Logger, silentLogger } from "../log/log.ts";
import { BatchEncoder, itemKinds, StatementNumbers } from "./batch.ts";
import { PackedReader } from "./packed-values.ts";
import { errorOf, type ItemFailure } from "./sqlite-failures.ts";
import { memoryPath } from "./sqlite-file.ts";
import type { TransferredError, WorkerReply, WorkerRequest, WorkerStart } from "./sqlite-worker.ts";
import {
  type Migrations,
  type SqlRow,
  type SqlValue,
  type Statement,
  type Store,
  statement,
  type Writer,
} from "./store.ts";
import { cannotOpen, inUse, newerSchema, unavailable } from "./store-errors.ts";

export interface SqliteStoreOptions {
  /** The database file; its directory exists. */
  readonly path: string;
  readonly migrations: Migrations;
  readonly logger?: Logger;
}

/** The embedded store; besides the contract it can copy itself while it works. */
export interface EmbeddedStore extends Store {
  /** Writes a copy of the database as it is at one instant to a file that does not exist yet. */
  backup(path: string): Promise<void>;
}

/** Opens the database file and brings its schema up to date. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<EmbeddedStore> {
  const start: WorkerStart = { path: options.path, migrations: options.migrations };
  const worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: start });
  const [opened] = (await once(worker, "message")) as [WorkerReply];
  if (opened.kind === "open-failed") throw revivedError(options.path, opened.error);
  return new SqliteStore(worker, options);
}

/** The same engine without a file, for tests. */
export function openMemoryStore(migrations: Migrations): Promise<EmbeddedStore> {
  return openSqliteStore({ path: memoryPath, migrations });
}

/** Whoever waits for an item of a batch. */
interface Waiter {
  readonly isQuery: boolean;
  /** Rows for a query. */
  resolve(rows: SqlRow[]): void;
  reject(error: Error): void;
}

/** Waits until all that was issued before is committed. */
const anyRow = statement("SELECT 1 AS any");

const initialBufferLength = 256 * 1024;
/** A buffer that one large change has blown up is not kept. */
const keptBufferLength = 4 * 1024 * 1024;
/** A batch of at least this many items means load: let the next one grow for a moment, a commit costs the same. */
const busyBatchItems = 16;
const busyLingerMs = 1;

class SqliteStore implements EmbeddedStore {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #logger: Logger;
  readonly #numbers = new StatementNumbers();
  readonly #columns: (readonly string[])[] = [];
  readonly #backups = new Set<Promise<void>>();
  readonly #closed = Promise.withResolvers<void>();
  #encoder: BatchEncoder;
  #waiters: Waiter[] = [];
  #spareBuffer: ArrayBuffer | undefined;
  #inFlight: readonly Waiter[] | undefined;
  #flushScheduled = false;
  #collecting = false;
  #lastBatchItems = 0;
  #state: "open" | "closing" | "closed" = "open";

  constructor(worker: Worker, options: SqliteStoreOptions) {
    this.#worker = worker;
    this.#path = options.path;
    this.#logger = options.logger ?? silentLogger;
    this.#encoder = new BatchEncoder(new ArrayBuffer(initialBufferLength), this.#numbers);
    worker.on("message", (reply: WorkerReply) => this.#handleReply(reply));
    worker.on("error", (error) => this.#handleWorkerEnd(error));
    worker.on("exit", () => this.#handleWorkerEnd(new Error("the store's thread ended")));
  }

  write(change: (writer: Writer) => void): Promise<void> {
    return this.#change(itemKinds.write, change);
  }

  transact(change: (writer: Writer) => void): Promise<void> {
    return this.#change(itemKinds.transaction, change);
  }

  query(statement: Statement, ...parameters: readonly SqlValue[]): Promise<SqlRow[]> {
    return new Promise((resolve, reject) => {
      this.#requireOpen();
      this.#encoder.addQuery(statement, parameters);
      this.#waiters.push({ isQuery: true, resolve, reject });
      this.#scheduleFlush();
    });
  }

  async backup(path: string): Promise<void> {
    this.#requireOpen();
    if (this.#path === memoryPath) throw new Error("a store in memory cannot be copied");
    await this.query(anyRow);
    const worker = new Worker(new URL("./sqlite-backup-worker.ts", import.meta.url), {
      workerData: { from: this.#path, to: path },
    });
    const copied = once(worker, "exit").then(() => {});
    this.#backups.add(copied);
    try {
      await copied;
    } finally {
      this.#backups.delete(copied);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#backups);
    if (this.#state === "open") {
      this.#state = "closing";
      this.#closeWhenIdle();
    }
    await this.#closed.promise;
  }

  #change(
    kind: typeof itemKinds.write | typeof itemKinds.transaction,
    change: (writer: Writer) => void,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#requireOpen();
      this.#collecting = true;
      try {
        this.#encoder.addChange(kind, change);
      } finally {
        this.#collecting = false;
      }
      this.#waiters.push({ isQuery: false, resolve: resolve as () => void, reject });
      this.#scheduleFlush();
    });
  }

  #requireOpen(): void {
    if (this.#state !== "open") throw unavailable({}, { cause: new Error("the store is closed") });
    if (this.#collecting) throw new Error("the store must not be used within a change; use the writer");
  }

  /** One batch is under way at a time: what arrives meanwhile becomes the next one. */
  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#inFlight !== undefined) return;
    this.#flushScheduled = true;
    const flush = () => {
      this.#flushScheduled = false;
      this.#flush();
    };
    if (this.#lastBatchItems >= busyBatchItems) setTimeout(flush, busyLingerMs);
    else setImmediate(flush);
  }

  #flush(): void {
    if (this.#waiters.length === 0 || this.#inFlight !== undefined) return;
    const { buffer, length } = this.#encoder;
    this.#inFlight = this.#waiters;
    this.#lastBatchItems = this.#waiters.length;
    this.#waiters = [];
    this.#encoder = new BatchEncoder(
      this.#spareBuffer ?? new ArrayBuffer(initialBufferLength),
      this.#numbers,
    );
    this.#spareBuffer = undefined;
    this.#post({ kind: "batch", buffer, length, statements: this.#numbers.takeUnannounced() }, [buffer]);
  }

  #post(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #handleReply(reply: WorkerReply): void {
    switch (reply.kind) {
      case "batch":
        this.#handleBatch(reply);
        break;
      case "closed":
        this.#state = "closed";
        this.#closed.resolve();
    }
  }

  #handleBatch(reply: WorkerReply & { readonly kind: "batch" }): void {
    const waiters = this.#inFlight!;
    this.#inFlight = undefined;
    if (reply.buffer.byteLength <= keptBufferLength) this.#spareBuffer = reply.buffer;
    if (this.#waiters.length > 0) this.#scheduleFlush();
    for (const { statement, names } of reply.columns) this.#columns[statement] = names;
    this.#settle(waiters, new Map(reply.failures), reply.results);
    if (this.#state === "closing") this.#closeWhenIdle();
  }

  #settle(
    waiters: readonly Waiter[],
    failures: ReadonlyMap<number, ItemFailure>,
    results: ArrayBuffer | undefined,
  ): void {
    const reader = results === undefined ? undefined : new PackedReader(results, true);
    const faults = [...failures.values()].filter(({ kind }) => kind === "unavailable" || kind === "internal");
    if (faults[0] !== undefined)
      this.#logger.error("the store could not apply changes", {
        count: faults.length,
        reason: faults[0].detail,
      });
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index]!;
      const failure = failures.size === 0 ? undefined : failures.get(index);
      if (failure !== undefined) waiter.reject(errorOf(failure));
      else if (waiter.isQuery && reader !== undefined) waiter.resolve(this.#readRows(reader));
      else waiter.resolve([]);
    }
  }

  #readRows(reader: PackedReader): SqlRow[] {
    const names = this.#columns[reader.takeUint16()]!;
    const count = reader.takeUint32();
    const rows: SqlRow[] = [];
    for (let row = 0; row < count; row++) {
      const values: Record<string, SqlValue> = {};
      for (const name of names) values[name] = reader.takeValue();
      rows.push(values);
    }
    return rows;
  }

  #closeWhenIdle(): void {
    if (this.#inFlight !== undefined) return;
    if (this.#waiters.length > 0) this.#flush();
    else this.#post({ kind: "close" });
  }

  #handleWorkerEnd(error: unknown): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#logger.error("the store failed", { error });
    const abandoned = [...(this.#inFlight ?? []), ...this.#waiters];
    this.#inFlight = undefined;
    this.#waiters = [];
    for (const waiter of abandoned) waiter.reject(unavailable({}, { cause: error }));
    this.#closed.resolve();
  }
}

const errorsByName = new Map(
  [inUse, newerSchema].map(({ definition }) => [`${definition.namespace}:${definition.name}`, definition]),
);

function revivedError(path: string, error: TransferredError): Error {
  const definition = errorsByName.get(error.name);
  return definition === undefined
    ? cannotOpen({ path, reason: error.message })
    : new SkylarkError(definition, error.attributes);
}
