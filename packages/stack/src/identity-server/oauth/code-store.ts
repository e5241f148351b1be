import type { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { Store, Writer } from "../../store/store.ts";
import { formatRights, parseRights } from "../storage/api-key-store.ts";
import { bytesOf, knownStatement, numberOf, optionalNumber, textOf } from "../storage/rows.ts";
import type { Grant } from "./authorization-store.ts";

/** What a client exchanges for tokens, once. */
export interface CodeRecord extends Grant {
  readonly id: string;
  /** Of the whole code. */
  readonly digest: Uint8Array;
  readonly sessionId: string;
  readonly rights: readonly Right[];
  readonly redirectUri: string;
  /** RFC 7636; empty without. */
  readonly challenge: string;
  readonly challengeMethod: string;
  readonly createdAt: At;
  readonly expiresAt: At;
  readonly usedAt: At | undefined;
}

export interface CodeStore {
  get(tenantId: string, id: string): Promise<CodeRecord | undefined>;
  insert(writer: Writer, code: Omit<CodeRecord, "usedAt">): void;
  /** Fails as `stale` when it was used before, or is gone. */
  use(writer: Writer, tenantId: string, id: string, at: At): void;
  deleteOfGrant(writer: Writer, grant: Grant): void;
  deleteOfUser(writer: Writer, tenantId: string, userId: string): void;
  deleteOfClient(writer: Writer, tenantId: string, clientId: string): void;
  deleteExpired(writer: Writer, tenantId: string, before: At): void;
}

const read = knownStatement("SELECT * FROM oauth_codes WHERE tenant_id = ? AND code_id = ?");
const insert = knownStatement(
  `INSERT INTO oauth_codes (tenant_id, code_id, digest, user_id, client_id, session_id, rights, redirect_uri,
     challenge, challenge_method, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const use = knownStatement(
  "UPDATE oauth_codes SET used_at = ? WHERE tenant_id = ? AND code_id = ? AND used_at IS NULL",
);
const removeOfGrant = knownStatement(
  "DELETE FROM oauth_codes WHERE tenant_id = ? AND user_id = ? AND client_id = ?",
);
const removeOfUser = knownStatement("DELETE FROM oauth_codes WHERE tenant_id = ? AND user_id = ?");
const removeOfClient = knownStatement("DELETE FROM oauth_codes WHERE tenant_id = ? AND client_id = ?");
const removeExpired = knownStatement("DELETE FROM oauth_codes WHERE tenant_id = ? AND expires_at <= ?");

export function createCodeStore(store: Pick<Store, "query">): CodeStore {
  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      if (row === undefined) return undefined;
      return {
        tenantId,
        id,
        digest: bytesOf(row, "digest"),
        userId: textOf(row, "user_id"),
        clientId: textOf(row, "client_id"),
        sessionId: textOf(row, "session_id"),
        rights: parseRights(textOf(row, "rights")),
        redirectUri: textOf(row, "redirect_uri"),
        challenge: textOf(row, "challenge"),
        challengeMethod: textOf(row, "challenge_method"),
        createdAt: numberOf(row, "created_at"),
        expiresAt: numberOf(row, "expires_at"),
        usedAt: optionalNumber(row, "used_at"),
      };
    },
    insert(writer, code) {
      writer.run(
        insert,
        code.tenantId,
        code.id,
        code.digest,
        code.userId,
        code.clientId,
        code.sessionId,
        formatRights(code.rights),
        code.redirectUri,
        code.challenge,
        code.challengeMethod,
        code.createdAt,
        code.expiresAt,
      );
    },
    use: (writer, tenantId, id, at) => writer.runExpectingRow(use, at, tenantId, id),
    deleteOfGrant: (writer, { tenantId, userId, clientId }) =>
      writer.run(removeOfGrant, tenantId, userId, clientId),
    deleteOfUser: (writer, tenantId, userId) => writer.run(removeOfUser, tenantId, userId),
    deleteOfClient: (writer, tenantId, clientId) => writer.run(removeOfClient, tenantId, clientId),
    deleteExpired: (writer, tenantId, before) => writer.run(removeExpired, tenantId, before),
  };
}
