import type { At } from "../../clock/clock.ts";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
import {
  bytesOf,
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  orderClause,
  type Page,
  textOf,
} from "../storage/rows.ts";

/** A user's login in a browser. */
export interface SessionRecord {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  /** Of the whole token. */
  readonly digest: Uint8Array;
  readonly createdAt: At;
  readonly expiresAt: At;
}

export interface SessionStore {
  get(tenantId: string, id: string): Promise<SessionRecord | undefined>;
  /** Those that have not expired. */
  list(tenantId: string, userId: string, now: At, page: Page): Promise<Listed<SessionRecord>>;
  insert(writer: Writer, session: SessionRecord): void;
  /** Fails as `stale` when there is none. */
  delete(writer: Writer, tenantId: string, id: string): void;
  deleteIfPresent(writer: Writer, tenantId: string, id: string): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
  deleteExpired(writer: Writer, tenantId: string, now: At): void;
}

const read = knownStatement("SELECT * FROM user_sessions WHERE tenant_id = ? AND session_id = ?");
const current = "WHERE tenant_id = ? AND user_id = ? AND expires_at > ?";
const insert = knownStatement(
  `INSERT INTO user_sessions (tenant_id, session_id, user_id, digest, created_at, expires_at)
   VALUES (?, ?, ?, ?, ?, ?)`,
);
const remove = knownStatement("DELETE FROM user_sessions WHERE tenant_id = ? AND session_id = ?");
const removeOfUser = knownStatement("DELETE FROM user_sessions WHERE tenant_id = ? AND user_id = ?");
const removeExpired = knownStatement("DELETE FROM user_sessions WHERE tenant_id = ? AND expires_at <= ?");
const orders = { created_at: "created_at" };

export function createSessionStore(store: Pick<Store, "query">): SessionStore {
  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      return row === undefined ? undefined : recordOf(row);
    },
    list(tenantId, userId, now, page) {
      const order = orderClause(orders, page.order || "created_at", "session_id");
      const from = `user_sessions ${current}`;
      return listPage(store, { columns: "*", from, values: [tenantId, userId, now], order, page }, recordOf);
    },
    insert(writer, { tenantId, id, userId, digest, createdAt, expiresAt }) {
      writer.run(insert, tenantId, id, userId, digest, createdAt, expiresAt);
    },
    delete: (writer, tenantId, id) => writer.runExpectingRow(remove, tenantId, id),
    deleteIfPresent: (writer, tenantId, id) => writer.run(remove, tenantId, id),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
    deleteExpired: (writer, tenantId, now) => writer.run(removeExpired, tenantId, now),
  };
}

function recordOf(row: SqlRow): SessionRecord {
  return {
    tenantId: textOf(row, "tenant_id"),
    id: textOf(row, "session_id"),
    userId: textOf(row, "user_id"),
    digest: bytesOf(row, "digest"),
    createdAt: numberOf(row, "created_at"),
    expiresAt: numberOf(row, "expires_at"),
  };
}
