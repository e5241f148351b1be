import type { DatabaseSync } from "node:sqlite";
import type { Migration, Migrations } from "./store.ts";
import { newerSchema } from "./store-errors.ts";

/** Brings the schema of every owner to the newest version, each step in a transaction of its own. */
export function migrate(database: DatabaseSync, migrations: Migrations): void {
  database.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
    owner TEXT NOT NULL,
    version INTEGER NOT NULL,
    description TEXT NOT NULL,
    applied_at INTEGER NOT NULL,
    PRIMARY KEY (owner, version)
  )`);
  const current = currentVersions(database);
  for (const [owner, steps] of Object.entries(migrations)) {
    checkNumbering(owner, steps);
    const known = steps.at(-1)?.version ?? 0;
    const found = current.get(owner) ?? 0;
    if (found > known) throw newerSchema({ owner, found, known });
  }
  for (const [owner, steps] of Object.entries(migrations)) {
    const found = current.get(owner) ?? 0;
    for (const step of steps) if (step.version > found) applyMigration(database, owner, step);
  }
}

function currentVersions(database: DatabaseSync): Map<string, number> {
  const rows = database
    .prepare("SELECT owner, MAX(version) AS version FROM schema_migrations GROUP BY owner")
    .all();
  return new Map(rows.map((row) => [String(row.owner), Number(row.version)]));
}

function checkNumbering(owner: string, steps: readonly Migration[]): void {
  steps.forEach((step, index) => {
    if (step.version !== index + 1)
      throw new Error(
        `migration ${index + 1} of ${owner} is numbered ${step.version}; versions count from 1 without gaps`,
      );
  });
}

function applyMigration(database: DatabaseSync, owner: string, step: Migration): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const sql of step.statements) database.exec(sql);
    database
      .prepare("INSERT INTO schema_migrations (owner, version, description, applied_at) VALUES (?, ?, ?, ?)")
      .run(owner, step.version, step.description, Date.now());
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw new Error(
      `migration ${step.version} of ${owner} (${step.description}): ${(error as Error).message}`,
      { cause: error },
    );
  }
}
