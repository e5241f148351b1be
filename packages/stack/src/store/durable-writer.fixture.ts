/** Writes rows until it is killed, and reports each sequence number once it is durable. */
import { openSqliteStore } from "./sqlite-store.ts";
import { contractMigrations } from "./store.contract.ts";
import { statement } from "./store.ts";

const insert = statement("INSERT INTO counters (id, f_cnt) VALUES (?, ?)");
const last = statement("SELECT COALESCE(MAX(id), 0) AS id FROM counters");

const store = await openSqliteStore({ path: process.argv[2]!, migrations: contractMigrations });
let sequence = Number((await store.query(last))[0]!.id);

async function writeOnAndOn(): Promise<void> {
  for (;;) {
    const mine = ++sequence;
    await store.write((writer) => writer.run(insert, mine, mine * 3));
    process.send?.(mine);
  }
}

await Promise.all(Array.from({ length: 8 }, writeOnAndOn));
