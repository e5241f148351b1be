import type { At } from "../../clock/clock.ts";
import type { Migration, Store, Writer } from "../../store/store.ts";
import { knownStatement, numberOf, textOf } from "../storage/rows.ts";

export const temporaryPasswordMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: temporary passwords",
    statements: [
      `CREATE TABLE temporary_passwords (
        tenant_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        expires_at BIGINT NOT NULL,
        login_used INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, user_id)
      )`,
    ],
  },
];

export interface TemporaryPassword {
  readonly hash: string;
  readonly expiresAt: At;
  /** It has logged its user in, and from then on only proves who chooses a new password. */
  readonly loginUsed: boolean;
}

const ofUser = "WHERE tenant_id = ? AND user_id = ?";
const read = knownStatement(
  `SELECT password_hash, expires_at, login_used FROM temporary_passwords ${ofUser}`,
);
const upsert = knownStatement(
  `INSERT INTO temporary_passwords (tenant_id, user_id, password_hash, expires_at, login_used)
   VALUES (?, ?, ?, ?, 0)
   ON CONFLICT (tenant_id, user_id) DO UPDATE SET
     password_hash = excluded.password_hash, expires_at = excluded.expires_at, login_used = 0`,
);
const useLogin = knownStatement(
  `UPDATE temporary_passwords SET login_used = 1 ${ofUser} AND login_used = 0 AND password_hash = ?`,
);
const remove = knownStatement(`DELETE FROM temporary_passwords ${ofUser}`);

export interface TemporaryPasswordStore {
  get(tenantId: string, userId: string): Promise<TemporaryPassword | undefined>;
  set(writer: Writer, tenantId: string, userId: string, password: Omit<TemporaryPassword, "loginUsed">): void;
  /** Fails as `stale` when it was used, or replaced, meanwhile. */
  useLogin(writer: Writer, tenantId: string, userId: string, hash: string): void;
  delete(writer: Writer, tenantId: string, userId: string): void;
}

export function createTemporaryPasswordStore(store: Pick<Store, "query">): TemporaryPasswordStore {
  return {
    async get(tenantId, userId) {
      const [row] = await store.query(read, tenantId, userId);
      if (row === undefined) return undefined;
      return {
        hash: textOf(row, "password_hash"),
        expiresAt: numberOf(row, "expires_at"),
        loginUsed: numberOf(row, "login_used") === 1,
      };
    },
    set: (writer, tenantId, userId, { hash, expiresAt }) =>
      writer.run(upsert, tenantId, userId, hash, expiresAt),
    useLogin: (writer, tenantId, userId, hash) => writer.runExpectingRow(useLogin, tenantId, userId, hash),
    delete: (writer, tenantId, userId) => writer.run(remove, tenantId, userId),
  };
}
