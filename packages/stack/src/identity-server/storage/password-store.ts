import type { Store, Writer } from "../../store/store.ts";
import { knownStatement, textOf } from "./rows.ts";

/** The hashes of users' passwords. */
export interface PasswordStore {
  hashOf(tenantId: string, userId: string): Promise<string | undefined>;
  set(writer: Writer, tenantId: string, userId: string, hash: string): void;
  delete(writer: Writer, tenantId: string, userId: string): void;
}

const ofUser = "WHERE tenant_id = ? AND user_id = ?";
const read = knownStatement(`SELECT password_hash FROM user_passwords ${ofUser}`);
const upsert = knownStatement(
  `INSERT INTO user_passwords (tenant_id, user_id, password_hash) VALUES (?, ?, ?)
   ON CONFLICT (tenant_id, user_id) DO UPDATE SET password_hash = excluded.password_hash`,
);
const remove = knownStatement(`DELETE FROM user_passwords ${ofUser}`);

export function createPasswordStore(store: Pick<Store, "query">): PasswordStore {
  return {
    async hashOf(tenantId, userId) {
      const [row] = await store.query(read, tenantId, userId);
      return row === undefined ? undefined : textOf(row, "password_hash");
    },
    set: (writer, tenantId, userId, hash) => writer.run(upsert, tenantId, userId, hash),
    delete: (writer, tenantId, userId) => writer.run(remove, tenantId, userId),
  };
}
