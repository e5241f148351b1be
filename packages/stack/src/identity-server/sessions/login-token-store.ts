import type { At } from "../../clock/clock.ts";
import type { Store, Writer } from "../../store/store.ts";
import { knownStatement, numberOf, optionalNumber, textOf } from "../storage/rows.ts";

/** Logs a user in without a password, once. */
export interface LoginTokenRecord {
  readonly tenantId: string;
  readonly digest: Uint8Array;
  readonly userId: string;
  readonly createdAt: At;
  readonly expiresAt: At;
  readonly usedAt: At | undefined;
}

export interface LoginTokenStore {
  find(tenantId: string, digest: Uint8Array): Promise<LoginTokenRecord | undefined>;
  countActive(tenantId: string, userId: string, now: At): Promise<number>;
  insert(writer: Writer, token: LoginTokenRecord): void;
  /** Fails as `stale` when it was used before. */
  use(writer: Writer, token: LoginTokenRecord, at: At): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
  deleteExpired(writer: Writer, tenantId: string, before: At): void;
}

const read = knownStatement("SELECT * FROM login_tokens WHERE tenant_id = ? AND digest = ?");
const count = knownStatement(
  `SELECT COUNT(*) AS total FROM login_tokens
   WHERE tenant_id = ? AND user_id = ? AND used_at IS NULL AND expires_at > ?`,
);
const insert = knownStatement(
  `INSERT INTO login_tokens (tenant_id, digest, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
);
const use = knownStatement(
  "UPDATE login_tokens SET used_at = ? WHERE tenant_id = ? AND digest = ? AND used_at IS NULL",
);
const removeOfUser = knownStatement("DELETE FROM login_tokens WHERE tenant_id = ? AND user_id = ?");
const removeExpired = knownStatement("DELETE FROM login_tokens WHERE tenant_id = ? AND expires_at <= ?");

export function createLoginTokenStore(store: Pick<Store, "query">): LoginTokenStore {
  return {
    async find(tenantId, digest) {
      const [row] = await store.query(read, tenantId, digest);
      if (row === undefined) return undefined;
      return {
        tenantId,
        digest,
        userId: textOf(row, "user_id"),
        createdAt: numberOf(row, "created_at"),
        expiresAt: numberOf(row, "expires_at"),
        usedAt: optionalNumber(row, "used_at"),
      };
    },
    async countActive(tenantId, userId, now) {
      const [row] = await store.query(count, tenantId, userId, now);
      return row === undefined ? 0 : numberOf(row, "total");
    },
    insert(writer, { tenantId, digest, userId, createdAt, expiresAt }) {
      writer.run(insert, tenantId, digest, userId, createdAt, expiresAt);
    },
    use: (writer, { tenantId, digest }, at) => writer.runExpectingRow(use, at, tenantId, digest),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
    deleteExpired: (writer, tenantId, before) => writer.run(removeExpired, tenantId, before),
  };
}
