import type { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
import { formatRights, parseRights } from "../storage/api-key-store.ts";
import {
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  orderClause,
  type Page,
  textOf,
} from "../storage/rows.ts";

/** What a user lets a client do. */
export interface AuthorizationRecord {
  readonly tenantId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly rights: readonly Right[];
  readonly createdAt: At;
  readonly updatedAt: At;
}

/** A user and the client that acts for it. */
export type Grant = Pick<AuthorizationRecord, "tenantId" | "userId" | "clientId">;

export interface AuthorizationStore {
  get(grant: Grant): Promise<AuthorizationRecord | undefined>;
  list(tenantId: string, userId: string, page: Page): Promise<Listed<AuthorizationRecord>>;
  set(writer: Writer, grant: Grant, rights: readonly Right[], at: At): void;
  /** Fails as `stale` when there is none. */
  delete(writer: Writer, grant: Grant): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
  deleteOfClient(writer: Writer, tenantId: string, clientId: string): void;
}

const ofUser = "WHERE tenant_id = ? AND user_id = ?";
const ofGrant = `${ofUser} AND client_id = ?`;
const read = knownStatement(`SELECT * FROM oauth_authorizations ${ofGrant}`);
const upsert = knownStatement(
  `INSERT INTO oauth_authorizations (tenant_id, user_id, client_id, rights, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?)
   ON CONFLICT (tenant_id, user_id, client_id)
   DO UPDATE SET rights = excluded.rights, updated_at = excluded.updated_at`,
);
const remove = knownStatement(`DELETE FROM oauth_authorizations ${ofGrant}`);
const removeOfUser = knownStatement(`DELETE FROM oauth_authorizations ${ofUser}`);
const removeOfClient = knownStatement(
  "DELETE FROM oauth_authorizations WHERE tenant_id = ? AND client_id = ?",
);
const orders = { created_at: "created_at" };

export function createAuthorizationStore(store: Pick<Store, "query">): AuthorizationStore {
  return {
    async get({ tenantId, userId, clientId }) {
      const [row] = await store.query(read, tenantId, userId, clientId);
      return row === undefined ? undefined : recordOf(row);
    },
    list(tenantId, userId, page) {
      const order = orderClause(orders, page.order || "created_at", "client_id");
      const from = `oauth_authorizations ${ofUser}`;
      return listPage(store, { columns: "*", from, values: [tenantId, userId], order, page }, recordOf);
    },
    set(writer, { tenantId, userId, clientId }, rights, at) {
      writer.run(upsert, tenantId, userId, clientId, formatRights(rights), at, at);
    },
    delete: (writer, { tenantId, userId, clientId }) =>
      writer.runExpectingRow(remove, tenantId, userId, clientId),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
    deleteOfClient: (writer, tenantId, clientId) => writer.run(removeOfClient, tenantId, clientId),
  };
}

function recordOf(row: SqlRow): AuthorizationRecord {
  return {
    tenantId: textOf(row, "tenant_id"),
    userId: textOf(row, "user_id"),
    clientId: textOf(row, "client_id"),
    rights: parseRights(textOf(row, "rights")),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}
