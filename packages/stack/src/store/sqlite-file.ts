import { chmodSync, closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inUse } from "./store-errors.ts";

export const memoryPath = ":memory:";

/** An open database file that no other process opens meanwhile, or a database in memory. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  close(): void;
}

export function openDatabase(path: string): OpenDatabase {
  if (path === memoryPath) return openMemoryDatabase();
  const lock = lockFile(path);
  try {
    createPrivateFile(path);
    const database = new DatabaseSync(path, { timeout: 5000 });
    configure(database);
    return {
      database,
      close() {
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function openMemoryDatabase(): OpenDatabase {
  const database = new DatabaseSync(memoryPath);
  configure(database);
  return { database, close: () => database.close() };
}

/** Small checkpoints: a commit that happens to trigger one waits 10 ms at most; with the default it was 25. */
function configure(database: DatabaseSync): void {
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 500;
    PRAGMA journal_size_limit = 67108864;
  `);
}

/**
 * Holds an operating system lock on a file beside the store for as long as the process lives. The store's own
 * file stays readable for backup and inspection; and a killed process leaves nothing to clean up.
 */
function lockFile(path: string): DatabaseSync {
  const lockPath = `${path}.lock`;
  createPrivateFile(lockPath);
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    // With the journal in memory the lock writes nothing, also on a full disk.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    const busy = error instanceof Error && "errcode" in error && error.errcode === 5;
    throw busy ? inUse({ directory: dirname(path) }) : error;
  }
}

/** SQLite gives its journal the mode of the database file. */
function createPrivateFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}
