import { type DescMessage, fromBinary, type MessageShape, timestampFromMs, toBinary } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { SqlRow, SqlValue, Store, Writer } from "../../store/store.ts";
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
} from "./rows.ts";
import {
  addSearchEntry,
  removeSearchEntry,
  type SearchableMessage,
  type SearchKey,
  type SearchType,
  updateSearchEntry,
} from "./search-entries.ts";
import { countChange, countCreated, countPurged, countRequired } from "./tenant-totals.ts";

/** How a kind of entity lies in its table; the registries of applications, gateways and users share the rest. */
export interface EntityTable<Desc extends DescMessage> {
  readonly table: string;
  readonly idColumn: string;
  readonly schema: Desc;
  /** Columns beyond those of every registry, each from the message; what is deleted gives up what must be unique. */
  readonly columns: Readonly<Record<string, (message: MessageShape<Desc>, deleted: boolean) => SqlValue>>;
  readonly name: (message: MessageShape<Desc>) => string;
  /** Column by the name of the order in the API. */
  readonly orders: Readonly<Record<string, string>>;
}

export interface StoredEntity<M> {
  readonly message: M;
  readonly deletedAt: At | undefined;
  readonly version: number;
}

/** Which entities a list shows. */
export interface EntitySelection {
  /** Of these accounts' memberships only. */
  readonly memberOf?: {
    readonly entityType: string;
    readonly accountId: string;
    /** Also of the organizations that the account is a member of. */
    readonly throughOrganizations?: boolean;
  };
  /** This one only. */
  readonly id?: string;
  readonly deleted: boolean;
  readonly updatedSince: At;
}

interface Timestamped {
  deletedAt?: ReturnType<typeof timestampFromMs> | undefined;
}

/** Reads and writes of one table; the writes go into the caller's transaction. */
export interface EntityStore<M> {
  get(tenantId: string, id: string): Promise<StoredEntity<M> | undefined>;
  list(tenantId: string, selection: EntitySelection, page: Page): Promise<Listed<M>>;
  insert(writer: Writer, tenantId: string, id: string, message: M, at: At): void;
  /** For what a tenant cannot be without, whatever its limit. */
  insertRequired(writer: Writer, tenantId: string, id: string, message: M, at: At): void;
  /** Fails as `stale` when someone else changed it since `stored` was read. */
  update(writer: Writer, tenantId: string, id: string, change: EntityChange<M>): void;
  /** Fails as `stale` when someone else changed it since `stored` was read, or anything that is kept with it. */
  expectCurrent(writer: Writer, tenantId: string, id: string, stored: Pick<StoredEntity<M>, "version">): void;
  /** Fails as `stale` when it is gone or deleted. */
  expectPresent(writer: Writer, tenantId: string, id: string): void;
  purge(writer: Writer, tenantId: string, id: string): void;
}

export interface EntityChange<M> {
  readonly stored: StoredEntity<M>;
  readonly message: M;
  readonly at: At;
  readonly deletedAt?: At | undefined;
}

export function createEntityStore<Desc extends DescMessage>(
  store: Pick<Store, "query">,
  table: EntityTable<Desc>,
): EntityStore<MessageShape<Desc>> {
  type M = MessageShape<Desc>;
  const { read, insert, update, expectVersion, expectPresent, purge } = statementsOf(table);
  const extraValues = (message: M, deleted: boolean) =>
    Object.values(table.columns).map((column) => column(message, deleted));
  const type = table.idColumn.replace("_id", "") as SearchType;
  const searchKey = (tenantId: string, id: string): SearchKey => ({ tenantId, type, applicationId: "", id });
  const insertRow: EntityStore<M>["insert"] = (writer, tenantId, id, message, at) => {
    const values = [...extraValues(message, false), table.name(message), at, at, null, 1];
    writer.run(insert, tenantId, id, ...values, toBinary(table.schema, message));
    addSearchEntry(writer, searchKey(tenantId, id), searchable(message));
  };

  return {
    async get(tenantId, id) {
      const [row] = await store.query(read, tenantId, id);
      if (row === undefined) return undefined;
      return {
        message: messageOf(table.schema, row),
        deletedAt: optionalNumber(row, "deleted_at"),
        version: numberOf(row, "version"),
      };
    },
    list(tenantId, selection, page) {
      const query = {
        columns: "data, deleted_at",
        from: `${table.table} ${whereClause(table.idColumn, selection)}`,
        values: whereParameters(tenantId, selection),
        order: orderClause(table.orders, page.order, table.idColumn),
        page,
      };
      return listPage(store, query, (row) => messageOf(table.schema, row));
    },
    insert(writer, tenantId, id, message, at) {
      insertRow(writer, tenantId, id, message, at);
      countCreated(writer, searchKey(tenantId, id));
    },
    insertRequired(writer, tenantId, id, message, at) {
      insertRow(writer, tenantId, id, message, at);
      countRequired(writer, searchKey(tenantId, id));
    },
    update(writer, tenantId, id, { stored, message, at, deletedAt }) {
      const data = toBinary(table.schema, withoutDeletedAt(message));
      writer.runExpectingRow(
        update,
        ...extraValues(message, deletedAt !== undefined),
        table.name(message),
        at,
        orNull(deletedAt),
        stored.version + 1,
        data,
        tenantId,
        id,
        stored.version,
      );
      updateSearchEntry(writer, searchKey(tenantId, id), searchable(message), deletedAt);
      countChange(writer, searchKey(tenantId, id), stored.deletedAt !== undefined, deletedAt !== undefined);
    },
    expectCurrent(writer, tenantId, id, { version }) {
      writer.runExpectingRow(expectVersion, tenantId, id, version);
    },
    expectPresent: (writer, tenantId, id) => writer.runExpectingRow(expectPresent, tenantId, id),
    purge(writer, tenantId, id) {
      writer.runExpectingRow(purge, tenantId, id);
      countPurged(writer, searchKey(tenantId, id));
      removeSearchEntry(writer, searchKey(tenantId, id));
    },
  };
}

/** The fields that can be searched are named alike in every kind. */
function searchable(message: unknown): SearchableMessage {
  return message as SearchableMessage;
}

function statementsOf<Desc extends DescMessage>({ table, idColumn, columns: extra }: EntityTable<Desc>) {
  const columns = [
    ...Object.keys(extra),
    "name",
    "created_at",
    "updated_at",
    "deleted_at",
    "version",
    "data",
  ];
  const written = columns.filter((column) => column !== "created_at");
  return {
    read: knownStatement(
      `SELECT data, deleted_at, version FROM ${table} WHERE tenant_id = ? AND ${idColumn} = ?`,
    ),
    insert: knownStatement(
      `INSERT INTO ${table} (tenant_id, ${idColumn}, ${columns.join(", ")})
     VALUES (?, ?, ${columns.map(() => "?").join(", ")})`,
    ),
    update: knownStatement(
      `UPDATE ${table} SET ${written.map((column) => `${column} = ?`).join(", ")}
     WHERE tenant_id = ? AND ${idColumn} = ? AND version = ?`,
    ),
    expectPresent: knownStatement(
      `UPDATE ${table} SET version = version WHERE tenant_id = ? AND ${idColumn} = ? AND deleted_at IS NULL`,
    ),
    expectVersion: knownStatement(
      `UPDATE ${table} SET version = version + 1 WHERE tenant_id = ? AND ${idColumn} = ? AND version = ?`,
    ),
    purge: knownStatement(`DELETE FROM ${table} WHERE tenant_id = ? AND ${idColumn} = ?`),
  };
}

function messageOf<Desc extends DescMessage>(schema: Desc, row: SqlRow): MessageShape<Desc> {
  const message = fromBinary(schema, bytesOf(row, "data"));
  const deletedAt = optionalNumber(row, "deleted_at");
  if (deletedAt !== undefined) (message as Timestamped).deletedAt = timestampFromMs(deletedAt);
  return message;
}

/** `deleted_at` lives in its column alone. */
function withoutDeletedAt<M>(message: M): M {
  const copy = { ...message };
  delete (copy as Timestamped).deletedAt;
  return copy;
}

const throughOrganizations = `SELECT theirs.entity_id FROM memberships AS own
  JOIN organizations ON organizations.tenant_id = own.tenant_id
    AND organizations.organization_id = own.entity_id AND organizations.deleted_at IS NULL
  JOIN memberships AS theirs ON theirs.tenant_id = own.tenant_id AND theirs.account_id = own.entity_id
  WHERE own.entity_type = 'organization' AND own.tenant_id = ? AND own.account_id = ? AND theirs.entity_type = ?`;

function whereClause(idColumn: string, { deleted, id, memberOf }: EntitySelection): string {
  const conditions = ["tenant_id = ?", `deleted_at IS ${deleted ? "NOT NULL" : "NULL"}`, "updated_at > ?"];
  if (id !== undefined) conditions.push(`${idColumn} = ?`);
  if (memberOf !== undefined) {
    const indirect = memberOf.throughOrganizations ? `UNION ${throughOrganizations}` : "";
    conditions.push(
      `${idColumn} IN (SELECT entity_id FROM memberships
        WHERE tenant_id = ? AND account_id = ? AND entity_type = ? ${indirect})`,
    );
  }
  return `WHERE ${conditions.join(" AND ")}`;
}

function whereParameters(tenantId: string, { updatedSince, id, memberOf }: EntitySelection): SqlValue[] {
  const parameters: SqlValue[] = [tenantId, updatedSince];
  if (id !== undefined) parameters.push(id);
  if (memberOf !== undefined) {
    const account = [tenantId, memberOf.accountId, memberOf.entityType];
    parameters.push(...account, ...(memberOf.throughOrganizations ? account : []));
  }
  return parameters;
}
