import type { At } from "../../clock/clock.ts";
import type { Migration, SqlRow, Store, Writer } from "../../store/store.ts";
import {
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  optionalNumber,
  type Page,
  textOf,
} from "../storage/rows.ts";

export const invitationMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: invitations",
    statements: [
      `CREATE TABLE invitations (
        tenant_id TEXT NOT NULL,
        email_key TEXT NOT NULL,
        email TEXT NOT NULL,
        token_digest BLOB NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        accepted_at BIGINT,
        accepted_by TEXT,
        PRIMARY KEY (tenant_id, email_key)
      )`,
      `CREATE UNIQUE INDEX invitations_token ON invitations (tenant_id, token_digest)`,
    ],
  },
];

export interface InvitationRow {
  readonly tenantId: string;
  readonly email: string;
  readonly createdAt: At;
  readonly updatedAt: At;
  readonly expiresAt: At;
  readonly acceptedAt: At | undefined;
  readonly acceptedBy: string | undefined;
}

export interface InvitationStore {
  /** Breaks a constraint when the address was invited already, unless that invitation expired unused. */
  insert(writer: Writer, row: InvitationRow, tokenDigest: Uint8Array): void;
  findByToken(tenantId: string, tokenDigest: Uint8Array): Promise<InvitationRow | undefined>;
  list(tenantId: string, page: Pick<Page, "limit" | "page">): Promise<Listed<InvitationRow>>;
  /** Fails as `stale` when it was accepted, or deleted, meanwhile. */
  accept(writer: Writer, row: InvitationRow, userId: string, at: At): void;
  /** Fails as `stale` when there is none. */
  delete(writer: Writer, tenantId: string, email: string): void;
}

const columns = "tenant_id, email, created_at, updated_at, expires_at, accepted_at, accepted_by";
const ofEmail = "WHERE tenant_id = ? AND email_key = ?";
const insert = knownStatement(
  `INSERT INTO invitations (${columns}, email_key, token_digest) VALUES (?, ?, ?, ?, ?, NULL, NULL, ?, ?)`,
);
const deleteExpired = knownStatement(
  `DELETE FROM invitations ${ofEmail} AND accepted_at IS NULL AND expires_at <= ?`,
);
const findByToken = knownStatement(
  `SELECT ${columns} FROM invitations WHERE tenant_id = ? AND token_digest = ?`,
);
const accept = knownStatement(
  `UPDATE invitations SET accepted_at = ?, updated_at = ?, accepted_by = ? ${ofEmail} AND accepted_at IS NULL`,
);
const remove = knownStatement(`DELETE FROM invitations ${ofEmail}`);

export function createInvitationStore(store: Pick<Store, "query">): InvitationStore {
  return {
    insert(writer, { tenantId, email, createdAt, updatedAt, expiresAt }, tokenDigest) {
      const key = email.toLowerCase();
      writer.run(deleteExpired, tenantId, key, createdAt);
      writer.run(insert, tenantId, email, createdAt, updatedAt, expiresAt, key, tokenDigest);
    },
    async findByToken(tenantId, tokenDigest) {
      const [row] = await store.query(findByToken, tenantId, tokenDigest);
      return row && rowOf(row);
    },
    list(tenantId, page) {
      const from = "invitations WHERE tenant_id = ?";
      const order = "ORDER BY created_at, email_key";
      return listPage(store, { columns, from, values: [tenantId], order, page }, rowOf);
    },
    accept: (writer, { tenantId, email }, userId, at) =>
      writer.runExpectingRow(accept, at, at, userId, tenantId, email.toLowerCase()),
    delete: (writer, tenantId, email) => writer.runExpectingRow(remove, tenantId, email.toLowerCase()),
  };
}

function rowOf(row: SqlRow): InvitationRow {
  return {
    tenantId: textOf(row, "tenant_id"),
    email: textOf(row, "email"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
    expiresAt: numberOf(row, "expires_at"),
    acceptedAt: optionalNumber(row, "accepted_at"),
    acceptedBy: row.accepted_by === null ? undefined : textOf(row, "accepted_by"),
  };
}
