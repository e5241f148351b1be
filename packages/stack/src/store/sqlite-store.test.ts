import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { openMemoryStore, openSqliteStore } from "./sqlite-store.ts";
import { contractMigrations, storeContract } from "./store.contract.ts";
import { type Migrations, statement } from "./store.ts";

const directory = mkdtempSync(join(tmpdir(), "skylark-store-"));
after(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${++files}.db`);

storeContract("SQLite in a file", () => openSqliteStore({ path: newPath(), migrations: contractMigrations }));
storeContract("SQLite in memory", () => openMemoryStore(contractMigrations));

const putCounter = statement(
  "INSERT INTO counters (id, f_cnt) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET f_cnt = excluded.f_cnt",
);
const selectCounters = statement("SELECT id, f_cnt FROM counters ORDER BY id");

describe("a SQLite file", () => {
  test("keeps what was written for the next start", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    await store.write((writer) => writer.run(putCounter, 1, 2));
    await store.close();
    const again = await openSqliteStore({ path, migrations: contractMigrations });
    assert.deepEqual(await again.query(selectCounters), [{ id: 1, f_cnt: 2 }]);
    await again.close();
  });

  test("is readable by its owner alone, with its journal", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    await store.write((writer) => writer.run(putCounter, 1, 2));
    for (const suffix of ["", "-wal", "-shm", ".lock"]) {
      assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix);
    }
    await store.close();
  });

  test("refuses a second opener and names the data directory", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    await assert.rejects(openSqliteStore({ path, migrations: contractMigrations }), {
      name: "skylark/store:in_use",
      message: `the data directory \`${directory}\` is in use by another process`,
    });
    await store.write((writer) => writer.run(putCounter, 1, 2));
    await store.close();
    await (await openSqliteStore({ path, migrations: contractMigrations })).close();
  });

  test("is copied while writes go on, and the copy is of one instant", { timeout: 20_000 }, async () => {
    const path = newPath();
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    let fCnt = 0;
    const advance = () =>
      store.write((writer) => {
        fCnt++;
        for (let id = 0; id < 200; id++) writer.run(putCounter, id, fCnt);
      });
    await advance();
    let copied = false;
    const copying = store.backup(`${path}.copy`).then(() => {
      copied = true;
    });
    while (!copied) await advance();
    await copying;
    await store.close();
    assert.equal(statSync(`${path}.copy`).mode & 0o777, 0o600);
    const copy = await openSqliteStore({ path: `${path}.copy`, migrations: contractMigrations });
    const rows = await copy.query(selectCounters);
    await copy.close();
    assert.equal(rows.length, 200);
    assert.equal(new Set(rows.map((row) => row.f_cnt)).size, 1);
  });

  test("is not copied over an existing file", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    await assert.rejects(store.backup(path), /EEXIST/);
    await store.close();
  });

  test("that cannot be a database is refused with its reason", async () => {
    await assert.rejects(
      openSqliteStore({ path: join(directory, "missing", "x.db"), migrations: {} }),
      /ENOENT|no such/,
    );
  });
});

describe("migrations", () => {
  const withSteps = (count: number): Migrations => ({
    other: Array.from({ length: count }, (_, index) => ({
      version: index + 1,
      description: `step ${index + 1}`,
      statements: [`CREATE TABLE other_${index + 1} (id INTEGER PRIMARY KEY)`],
    })),
  });

  test("are applied once each, per owner", async () => {
    const path = newPath();
    for (const migrations of [withSteps(1), { ...contractMigrations, ...withSteps(3) }, withSteps(3)]) {
      await (await openSqliteStore({ path, migrations })).close();
    }
    const store = await openSqliteStore({ path, migrations: {} });
    const rows = await store.query(
      statement("SELECT owner, version FROM schema_migrations ORDER BY owner, version"),
    );
    assert.deepEqual(
      rows.map((row) => `${row.owner} ${row.version}`),
      ["contract 1", "contract 2", "other 1", "other 2", "other 3"],
    );
    await store.close();
  });

  test("of a newer release are refused, and nothing is changed", async () => {
    const path = newPath();
    await (await openSqliteStore({ path, migrations: withSteps(2) })).close();
    await assert.rejects(openSqliteStore({ path, migrations: { ...withSteps(1), ...contractMigrations } }), {
      name: "skylark/store:newer_schema",
    });
    const store = await openSqliteStore({ path, migrations: withSteps(2) });
    await assert.rejects(store.query(selectCounters));
    await store.close();
  });

  test("that fail are undone and named", async () => {
    const path = newPath();
    const broken: Migrations = {
      other: [
        {
          version: 1,
          description: "half",
          statements: ["CREATE TABLE half (id INTEGER)", "CREATE NONSENSE"],
        },
      ],
    };
    await assert.rejects(openSqliteStore({ path, migrations: broken }), /migration 1 of other \(half\)/);
    const store = await openSqliteStore({ path, migrations: {} });
    const tables = await store.query(statement("SELECT name FROM sqlite_master WHERE name = 'half'"));
    assert.deepEqual(tables, []);
    await store.close();
  });

  test("must be numbered from 1 without gaps", async () => {
    const gap: Migrations = { other: [{ version: 2, description: "second", statements: [] }] };
    await assert.rejects(openMemoryStore(gap), /numbered 2/);
  });
});

describe("a full disk", () => {
  test("rejects the writes that do not fit as unavailable, and the store works on", async () => {
    const store = await openMemoryStore({
      pages: [
        {
          version: 1,
          description: "blobs",
          statements: ["CREATE TABLE blobs (id INTEGER PRIMARY KEY, body BLOB)"],
        },
        { version: 2, description: "a small disk", statements: [] },
      ],
    });
    const limit = statement("PRAGMA max_page_count = 200");
    const put = statement("INSERT INTO blobs (id, body) VALUES (?, ?)");
    const count = statement("SELECT COUNT(*) AS n FROM blobs");
    await store.query(limit);
    const outcomes = await Promise.allSettled([
      store.write((writer) => writer.run(put, 1, new Uint8Array(10))),
      store.write((writer) => writer.run(put, 2, new Uint8Array(2_000_000))),
      store.transact((writer) => writer.run(put, 3, new Uint8Array(10))),
    ]);
    for (const outcome of outcomes) {
      assert.equal(outcome.status, "rejected");
      assert.equal((outcome as PromiseRejectedResult).reason.name, "skylark/store:unavailable");
    }
    assert.deepEqual(await store.query(count), [{ n: 0 }]);
    await store.write((writer) => writer.run(put, 4, new Uint8Array(10)));
    assert.deepEqual(await store.query(count), [{ n: 1 }]);
    await store.close();
  });
});

describe("kill -9", () => {
  const rounds = 5;
  test(`at ${rounds} random moments loses no acknowledged row`, { timeout: 60_000 }, async () => {
    const path = newPath();
    let acknowledged = 0;
    for (let round = 0; round < rounds; round++) {
      const reached = await runUntilKilled(path, 50 + Math.random() * 250);
      assert.ok(reached >= acknowledged, "the writer went on from what was durable");
      acknowledged = reached;
    }
    assert.ok(acknowledged > 0, "no row was acknowledged before the kills");
    const store = await openSqliteStore({ path, migrations: contractMigrations });
    const rows = await store.query(selectCounters);
    await store.close();
    assert.ok(rows.length >= acknowledged, `${rows.length} rows, ${acknowledged} acknowledged`);
    const expected = rows.map((_, index) => ({ id: index + 1, f_cnt: (index + 1) * 3 }));
    assert.deepEqual(rows, expected);
  });
});

/** Kills the writing child `afterMs` after its first acknowledgement; gives the last sequence number it reported. */
function runUntilKilled(path: string, afterMs: number): Promise<number> {
  const child = fork(new URL("./durable-writer.fixture.ts", import.meta.url), [path]);
  return new Promise((resolve, reject) => {
    let last = 0;
    child.on("message", (sequence) => {
      if (last === 0) setTimeout(() => child.kill("SIGKILL"), afterMs);
      last = Number(sequence);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (signal === "SIGKILL") resolve(last);
      else reject(new Error(`the writer ended with ${code}`));
    });
  });
}
