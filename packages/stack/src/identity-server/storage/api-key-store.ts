import type { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
import type { EntityType } from "../access/right-sets.ts";
import {
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  optionalNumber,
  orderClause,
  orNull,
  type Page,
  textOf,
} from "./rows.ts";

export interface ApiKeyRecord {
  readonly id: string;
  readonly entity: EntityReference;
  readonly name: string;
  /** As granted, without what they imply. */
  readonly rights: readonly Right[];
  readonly secretHash: string;
  readonly createdAt: At;
  readonly updatedAt: At;
  readonly expiresAt: At | undefined;
  readonly version: number;
}

export interface ApiKeyStore {
  get(tenantId: string, id: string): Promise<ApiKeyRecord | undefined>;
  list(entity: EntityReference, page: Page): Promise<Listed<ApiKeyRecord>>;
  insert(writer: Writer, key: ApiKeyRecord): void;
  /** Fails as `stale` unless the stored version is the one before `key.version`. */
  update(writer: Writer, key: ApiKeyRecord): void;
  delete(writer: Writer, key: Pick<ApiKeyRecord, "id" | "entity">): void;
  deleteAll(writer: Writer, entity: EntityReference): void;
}

const read = knownStatement("SELECT * FROM api_keys WHERE tenant_id = ? AND api_key_id = ?");
const ofEntity = "WHERE tenant_id = ? AND entity_type = ? AND entity_id = ?";
const insert = knownStatement(
  `INSERT INTO api_keys (tenant_id, api_key_id, entity_type, entity_id, name, rights, secret_hash,
     created_at, updated_at, expires_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const update = knownStatement(
  `UPDATE api_keys SET name = ?, rights = ?, updated_at = ?, expires_at = ?, version = ?
   WHERE tenant_id = ? AND api_key_id = ? AND version = ?`,
);
const remove = knownStatement("DELETE FROM api_keys WHERE tenant_id = ? AND api_key_id = ?");
const removeAll = knownStatement(`DELETE FROM api_keys ${ofEntity}`);
const orders = { api_key_id: "api_key_id", name: "name", created_at: "created_at", expires_at: "expires_at" };

export function createApiKeyStore(store: Pick<Store, "query">): ApiKeyStore {
  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      return row === undefined ? undefined : recordOf(row);
    },
    list(entity, page) {
      const order = orderClause(orders, page.order, "api_key_id");
      const from = `api_keys ${ofEntity}`;
      return listPage(store, { columns: "*", from, values: entityParameters(entity), order, page }, recordOf);
    },
    insert(writer, key) {
      writer.run(
        insert,
        key.entity.tenantId,
        key.id,
        key.entity.type,
        key.entity.id,
        key.name,
        formatRights(key.rights),
        key.secretHash,
        key.createdAt,
        key.updatedAt,
        orNull(key.expiresAt),
        key.version,
      );
    },
    update(writer, key) {
      writer.runExpectingRow(
        update,
        key.name,
        formatRights(key.rights),
        key.updatedAt,
        orNull(key.expiresAt),
        key.version,
        key.entity.tenantId,
        key.id,
        key.version - 1,
      );
    },
    delete(writer, key) {
      writer.runExpectingRow(remove, key.entity.tenantId, key.id);
    },
    deleteAll(writer, entity) {
      writer.run(removeAll, ...entityParameters(entity));
    },
  };
}

function entityParameters(entity: EntityReference): readonly [string, string, string] {
  return [entity.tenantId, entity.type, entity.id];
}

function recordOf(row: SqlRow): ApiKeyRecord {
  return {
    id: textOf(row, "api_key_id"),
    entity: {
      tenantId: textOf(row, "tenant_id"),
      type: textOf(row, "entity_type") as EntityType,
      id: textOf(row, "entity_id"),
    },
    name: textOf(row, "name"),
    rights: parseRights(textOf(row, "rights")),
    secretHash: textOf(row, "secret_hash"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
    expiresAt: optionalNumber(row, "expires_at"),
    version: numberOf(row, "version"),
  };
}

/** Rights lie in columns as their numbers, which the API never changes. */
export function formatRights(rights: Iterable<Right>): string {
  return [...rights].join(",");
}

export function parseRights(text: string): Right[] {
  return text === "" ? [] : text.split(",").map((number) => Number(number) as Right);
}
