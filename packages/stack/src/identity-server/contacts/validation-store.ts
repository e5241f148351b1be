import type { At } from "../../clock/clock.ts";
import type { Migration, SqlRow, Store, Writer } from "../../store/store.ts";
import { addressKey } from "../storage/email-addresses.ts";
import { bytesOf, knownStatement, numberOf, optionalNumber, textOf } from "../storage/rows.ts";

export const validationMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: validations of e-mail addresses",
    statements: [
      `CREATE TABLE email_validations (
        tenant_id TEXT NOT NULL,
        validation_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        address TEXT NOT NULL,
        address_key TEXT NOT NULL,
        token BLOB NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        PRIMARY KEY (tenant_id, validation_id)
      )`,
      // One at a time for an address of a user.
      `CREATE UNIQUE INDEX email_validations_pending ON email_validations (tenant_id, user_id, address_key)
       WHERE used_at IS NULL`,
    ],
  },
];

/** Somebody was asked whether an e-mail address is theirs. */
export interface ValidationRow {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  /** Sealed, so that the same one can be sent again. */
  readonly token: Uint8Array;
  readonly createdAt: At;
  readonly updatedAt: At;
  readonly expiresAt: At;
  readonly usedAt: At | undefined;
}

const columns =
  "tenant_id, validation_id, user_id, address, token, created_at, updated_at, expires_at, used_at";
const read = knownStatement(
  `SELECT ${columns} FROM email_validations WHERE tenant_id = ? AND validation_id = ?`,
);
const ofAddress = "tenant_id = ? AND user_id = ? AND address_key = ?";
const pending = knownStatement(
  `SELECT ${columns} FROM email_validations WHERE ${ofAddress} AND used_at IS NULL AND expires_at > ?`,
);
const insert = knownStatement(
  `INSERT INTO email_validations (${columns}, address_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const refresh = knownStatement(
  `UPDATE email_validations SET updated_at = ?, expires_at = ?
   WHERE tenant_id = ? AND validation_id = ? AND updated_at = ? AND used_at IS NULL`,
);
const use = knownStatement(
  "UPDATE email_validations SET used_at = ? WHERE tenant_id = ? AND validation_id = ? AND used_at IS NULL",
);
const deleteExpired = knownStatement(
  "DELETE FROM email_validations WHERE tenant_id = ? AND user_id = ? AND expires_at <= ?",
);
const deleteOf = knownStatement("DELETE FROM email_validations WHERE tenant_id = ? AND user_id = ?");

export interface ValidationStore {
  get(tenantId: string, id: string): Promise<ValidationRow | undefined>;
  /** The one that can still be used, and sent again. */
  pending(tenantId: string, userId: string, address: string, now: At): Promise<ValidationRow | undefined>;
  /** Breaks a constraint while another one is pending. */
  insert(writer: Writer, row: ValidationRow): void;
  /** Fails as `stale` when it was sent again, or used, meanwhile. */
  refresh(writer: Writer, row: ValidationRow, updatedAt: At, expiresAt: At): void;
  /** Fails as `stale` when it was used already. */
  use(writer: Writer, row: ValidationRow, at: At): void;
  deleteOf(writer: Writer, tenantId: string, userId: string): void;
}

export function createValidationStore(store: Pick<Store, "query">): ValidationStore {
  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      return row && rowOf(row);
    },
    async pending(tenantId, userId, address, now) {
      const [row] = await store.query(pending, tenantId, userId, addressKey(address), now);
      return row && rowOf(row);
    },
    insert(writer, row) {
      const { tenantId, id, userId, address, token, createdAt, updatedAt, expiresAt } = row;
      writer.run(deleteExpired, tenantId, userId, createdAt);
      const key = addressKey(address);
      writer.run(insert, tenantId, id, userId, address, token, createdAt, updatedAt, expiresAt, null, key);
    },
    refresh(writer, row, updatedAt, expiresAt) {
      writer.runExpectingRow(refresh, updatedAt, expiresAt, row.tenantId, row.id, row.updatedAt);
    },
    use: (writer, { tenantId, id }, at) => writer.runExpectingRow(use, at, tenantId, id),
    deleteOf: (writer, tenantId, userId) => writer.run(deleteOf, tenantId, userId),
  };
}

function rowOf(row: SqlRow): ValidationRow {
  return {
    tenantId: textOf(row, "tenant_id"),
    id: textOf(row, "validation_id"),
    userId: textOf(row, "user_id"),
    address: textOf(row, "address"),
    token: bytesOf(row, "token"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
    expiresAt: numberOf(row, "expires_at"),
    usedAt: optionalNumber(row, "used_at"),
  };
}
