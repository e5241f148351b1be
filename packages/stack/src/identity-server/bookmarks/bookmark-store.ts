import type { At } from "../../clock/clock.ts";
import type { Store, Writer } from "../../store/store.ts";
import {
  knownStatement,
  type Listed,
  listPage,
  numberOf,
  orderClause,
  type Page,
  textOf,
} from "../storage/rows.ts";
import type { SearchKey, SearchType } from "../storage/search-entries.ts";

export interface Bookmark {
  readonly entity: SearchKey;
  readonly createdAt: At;
}

export interface UserKey {
  readonly tenantId: string;
  readonly userId: string;
}

export interface BookmarkStore {
  /** Of entities that are there, or of those that are deleted but can be restored. */
  list(user: UserKey, selection: BookmarkSelection, page: Page): Promise<Listed<Bookmark>>;
  has(user: UserKey, entity: SearchKey): Promise<boolean>;
  /** Whether the entity is there, and not deleted. */
  entityExists(entity: SearchKey): Promise<boolean>;
  /** Fails as `stale` when the entity is gone, and as a conflict when there is such a bookmark. */
  insert(writer: Writer, user: UserKey, bookmark: Bookmark): void;
  delete(writer: Writer, user: UserKey, entity: SearchKey): void;
}

export interface BookmarkSelection {
  readonly deleted: boolean;
  /** All when empty. */
  readonly types: readonly SearchType[];
}

const allTypes: readonly SearchType[] = [
  "application",
  "client",
  "device",
  "gateway",
  "organization",
  "user",
];
const orders = {
  user_id: "b.user_id",
  entity_type: "b.entity_type",
  entity_id: "b.entity_id",
  created_at: "b.created_at",
};
const ofEntity = "tenant_id = ? AND entity_type = ? AND application_id = ? AND entity_id = ?";
const joined = `user_bookmarks b JOIN search_entries e
    ON e.tenant_id = b.tenant_id AND e.entity_type = b.entity_type
    AND e.application_id = b.application_id AND e.entity_id = b.entity_id
  WHERE b.tenant_id = ? AND b.user_id = ? AND b.entity_type IN (${allTypes.map(() => "?").join(", ")})`;
const one = knownStatement(`SELECT 1 AS found FROM user_bookmarks WHERE ${ofEntity} AND user_id = ?`);
const entity = knownStatement(
  `SELECT 1 AS found FROM search_entries WHERE ${ofEntity} AND deleted_at IS NULL`,
);
// From the entity's own row, so that a bookmark of what was purged meanwhile is not made.
const insert = knownStatement(
  `INSERT INTO user_bookmarks (tenant_id, user_id, entity_type, application_id, entity_id, created_at)
   SELECT tenant_id, ?, entity_type, application_id, entity_id, ? FROM search_entries
   WHERE ${ofEntity} AND deleted_at IS NULL`,
);
const remove = knownStatement(`DELETE FROM user_bookmarks WHERE ${ofEntity} AND user_id = ?`);

export function createBookmarkStore(store: Pick<Store, "query">): BookmarkStore {
  return {
    list({ tenantId, userId }, { deleted, types }, page) {
      const from = `${joined} AND e.deleted_at IS ${deleted ? "NOT NULL" : "NULL"}`;
      const order = orderClause(orders, page.order === "" ? "created_at" : page.order, "b.entity_id");
      const shown = types.length === 0 ? allTypes : allTypes.map((_, index) => types[index] ?? types[0]!);
      const query = {
        columns: "b.entity_type, b.application_id, b.entity_id, b.created_at",
        from,
        values: [tenantId, userId, ...shown],
        order: `${order}, b.entity_type ASC, b.application_id ASC`,
        page,
      };
      return listPage(store, query, (row) => ({
        entity: {
          tenantId,
          type: textOf(row, "entity_type") as SearchType,
          applicationId: textOf(row, "application_id"),
          id: textOf(row, "entity_id"),
        },
        createdAt: numberOf(row, "created_at"),
      }));
    },
    async has({ userId }, key) {
      return (await store.query(one, ...keyValues(key), userId)).length > 0;
    },
    async entityExists(key) {
      return (await store.query(entity, ...keyValues(key))).length > 0;
    },
    insert(writer, { userId }, bookmark) {
      writer.runExpectingRow(insert, userId, bookmark.createdAt, ...keyValues(bookmark.entity));
    },
    delete(writer, { userId }, key) {
      writer.run(remove, ...keyValues(key), userId);
    },
  };
}

function keyValues({ tenantId, type, applicationId, id }: SearchKey) {
  return [tenantId, type, applicationId, id] as const;
}
