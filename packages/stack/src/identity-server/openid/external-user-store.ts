import type { At } from "../../clock/clock.ts";
import type { Store, Writer } from "../../store/store.ts";
import { knownStatement, textOf } from "../storage/rows.ts";

/** A user as another provider knows it. */
export interface ExternalUser {
  readonly tenantId: string;
  readonly issuer: string;
  readonly subject: string;
}

export interface ExternalUserStore {
  userIdOf(external: ExternalUser): Promise<string | undefined>;
  /** Users that are not deleted, by their primary address, however it is capitalised. */
  userIdsOfEmail(tenantId: string, email: string): Promise<readonly string[]>;
  insert(writer: Writer, external: ExternalUser, userId: string, at: At): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
}

const read = knownStatement(
  "SELECT user_id FROM external_users WHERE tenant_id = ? AND issuer = ? AND subject = ?",
);
const ofEmail = knownStatement(
  "SELECT user_id FROM users WHERE tenant_id = ? AND LOWER(email) = LOWER(?) AND deleted_at IS NULL LIMIT 2",
);
const insert = knownStatement(
  "INSERT INTO external_users (tenant_id, issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?, ?)",
);
const removeOfUser = knownStatement("DELETE FROM external_users WHERE tenant_id = ? AND user_id = ?");

export function createExternalUserStore(store: Pick<Store, "query">): ExternalUserStore {
  return {
    async userIdOf({ tenantId, issuer, subject }) {
      const [row] = await store.query(read, tenantId, issuer, subject);
      return row === undefined ? undefined : textOf(row, "user_id");
    },
    async userIdsOfEmail(tenantId, email) {
      return (await store.query(ofEmail, tenantId, email)).map((row) => textOf(row, "user_id"));
    },
    insert: (writer, { tenantId, issuer, subject }, userId, at) =>
      writer.run(insert, tenantId, issuer, subject, userId, at),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
  };
}
