import type { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
import { formatRights, parseRights } from "../storage/api-key-store.ts";
import {
  bytesOf,
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  optionalNumber,
  orderClause,
  orNull,
  type Page,
  textOf,
} from "../storage/rows.ts";
import type { Grant } from "./authorization-store.ts";

/** An access token, with the refresh token of the same identifier where there is one. */
export interface AccessTokenRecord extends Grant {
  readonly id: string;
  /** Of the code from which it and its predecessors came. */
  readonly familyId: string;
  /** Of the whole tokens. */
  readonly accessDigest: Uint8Array;
  readonly refreshDigest: Uint8Array | undefined;
  readonly sessionId: string;
  readonly rights: readonly Right[];
  readonly createdAt: At;
  readonly expiresAt: At;
  /** It was refreshed, and is no token any more. */
  readonly replacedAt: At | undefined;
}

export interface TokenStore {
  /** Also one that was replaced. */
  get(tenantId: string, id: string): Promise<AccessTokenRecord | undefined>;
  list(grant: Grant, page: Page): Promise<Listed<AccessTokenRecord>>;
  insert(writer: Writer, token: AccessTokenRecord): void;
  /** Fails as `stale` when it was replaced before, or is gone. */
  replace(writer: Writer, tenantId: string, id: string, at: At): void;
  /** Fails as `stale` when there is none. */
  delete(writer: Writer, tenantId: string, id: string): void;
  deleteOfGrant(writer: Writer, grant: Grant): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
  deleteOfClient(writer: Writer, tenantId: string, clientId: string): void;
  deleteOfFamily(writer: Writer, tenantId: string, familyId: string): void;
  /** Those that can be neither used nor refreshed any more. */
  deleteExpired(writer: Writer, tenantId: string, before: At): void;
}

const ofToken = "WHERE tenant_id = ? AND token_id = ?";
const ofGrant = "WHERE tenant_id = ? AND user_id = ? AND client_id = ?";
const ofUser = "WHERE tenant_id = ? AND user_id = ?";
const ofClient = "WHERE tenant_id = ? AND client_id = ?";
const ofFamily = "WHERE tenant_id = ? AND family_id = ?";
const remove = "DELETE FROM oauth_tokens";
const read = knownStatement(`SELECT * FROM oauth_tokens ${ofToken}`);
const insert = knownStatement(
  `INSERT INTO oauth_tokens (tenant_id, token_id, family_id, access_digest, refresh_digest, user_id, client_id,
     session_id, rights, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const replace = knownStatement(`UPDATE oauth_tokens SET replaced_at = ? ${ofToken} AND replaced_at IS NULL`);
const removeOne = knownStatement(`${remove} ${ofToken}`);
const removeOfGrant = knownStatement(`${remove} ${ofGrant}`);
const removeOfUser = knownStatement(`${remove} ${ofUser}`);
const removeOfClient = knownStatement(`${remove} ${ofClient}`);
const removeOfFamily = knownStatement(`${remove} ${ofFamily}`);
const removeExpired = knownStatement(
  `${remove} WHERE tenant_id = ? AND expires_at <= ? AND (refresh_digest IS NULL OR replaced_at IS NOT NULL)`,
);
const orders = { created_at: "created_at" };

export function createTokenStore(store: Pick<Store, "query">): TokenStore {
  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      return row === undefined ? undefined : recordOf(row);
    },
    list({ tenantId, userId, clientId }, page) {
      const order = orderClause(orders, page.order || "created_at", "token_id");
      const from = `oauth_tokens ${ofGrant} AND replaced_at IS NULL`;
      const values = [tenantId, userId, clientId];
      return listPage(store, { columns: "*", from, values, order, page }, recordOf);
    },
    insert(writer, token) {
      writer.run(
        insert,
        token.tenantId,
        token.id,
        token.familyId,
        token.accessDigest,
        orNull(token.refreshDigest),
        token.userId,
        token.clientId,
        token.sessionId,
        formatRights(token.rights),
        token.createdAt,
        token.expiresAt,
      );
    },
    replace: (writer, tenantId, id, at) => writer.runExpectingRow(replace, at, tenantId, id),
    delete: (writer, tenantId, id) => writer.runExpectingRow(removeOne, tenantId, id),
    deleteOfGrant: (writer, { tenantId, userId, clientId }) =>
      writer.run(removeOfGrant, tenantId, userId, clientId),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
    deleteOfClient: (writer, tenantId, clientId) => writer.run(removeOfClient, tenantId, clientId),
    deleteOfFamily: (writer, tenantId, familyId) => writer.run(removeOfFamily, tenantId, familyId),
    deleteExpired: (writer, tenantId, before) => writer.run(removeExpired, tenantId, before),
  };
}

function recordOf(row: SqlRow): AccessTokenRecord {
  const refreshDigest = row.refresh_digest === null ? undefined : bytesOf(row, "refresh_digest");
  return {
    tenantId: textOf(row, "tenant_id"),
    id: textOf(row, "token_id"),
    familyId: textOf(row, "family_id"),
    accessDigest: bytesOf(row, "access_digest"),
    refreshDigest,
    userId: textOf(row, "user_id"),
    clientId: textOf(row, "client_id"),
    sessionId: textOf(row, "session_id"),
    rights: parseRights(textOf(row, "rights")),
    createdAt: numberOf(row, "created_at"),
    expiresAt: numberOf(row, "expires_at"),
    replacedAt: optionalNumber(row, "replaced_at"),
  };
}
