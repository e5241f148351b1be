import type { At } from "../../clock/clock.ts";
import type { Migration, Store, Writer } from "../../store/store.ts";
import { bytesOf, knownStatement, numberOf, textOf } from "../storage/rows.ts";

export const mailMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: e-mails that are to be sent",
    statements: [
      `CREATE TABLE mails (
        tenant_id TEXT NOT NULL,
        mail_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        due_at BIGINT NOT NULL,
        attempts INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id, mail_id)
      )`,
      `CREATE INDEX mails_due ON mails (due_at)`,
    ],
  },
];

/** An e-mail on its way; `data` is sealed, since the text of many holds a token. */
export interface MailRow {
  readonly tenantId: string;
  readonly id: string;
  readonly createdAt: At;
  readonly attempts: number;
  readonly data: Uint8Array;
}

const insert = knownStatement(
  "INSERT INTO mails (tenant_id, mail_id, created_at, due_at, attempts, data) VALUES (?, ?, ?, ?, 0, ?)",
);
const due = knownStatement(
  `SELECT tenant_id, mail_id, created_at, attempts, data FROM mails WHERE due_at <= ?
   ORDER BY due_at, mail_id LIMIT ?`,
);
const next = knownStatement("SELECT due_at FROM mails ORDER BY due_at LIMIT 1");
const claim = knownStatement(
  "UPDATE mails SET attempts = ?, due_at = ? WHERE tenant_id = ? AND mail_id = ? AND attempts = ?",
);
const remove = knownStatement("DELETE FROM mails WHERE tenant_id = ? AND mail_id = ?");

export interface MailStore {
  insert(writer: Writer, mail: Omit<MailRow, "attempts">): void;
  due(now: At, limit: number): Promise<MailRow[]>;
  nextDueAt(): Promise<At | undefined>;
  /** Counts an attempt and says when the next one is due; fails as `stale` when another process was faster. */
  claim(mail: MailRow, nextDueAt: At): Promise<void>;
  delete(mail: MailRow): Promise<void>;
}

export function createMailStore(store: Store): MailStore {
  return {
    insert: (writer, { tenantId, id, createdAt, data }) =>
      writer.run(insert, tenantId, id, createdAt, createdAt, data),
    async due(now, limit) {
      const rows = await store.query(due, now, limit);
      return rows.map((row) => ({
        tenantId: textOf(row, "tenant_id"),
        id: textOf(row, "mail_id"),
        createdAt: numberOf(row, "created_at"),
        attempts: numberOf(row, "attempts"),
        data: bytesOf(row, "data"),
      }));
    },
    async nextDueAt() {
      const [row] = await store.query(next);
      return row && numberOf(row, "due_at");
    },
    claim: ({ tenantId, id, attempts }, nextDueAt) =>
      store.transact((writer) =>
        writer.runExpectingRow(claim, attempts + 1, nextDueAt, tenantId, id, attempts),
      ),
    delete: ({ tenantId, id }) => store.write((writer) => writer.run(remove, tenantId, id)),
  };
}
