import type { State } from "@skylark/api";
import type { SqlValue, Store } from "../../store/store.ts";
import {
  knownStatement,
  type Listed,
  orderClause,
  type Page,
  pageBounds,
  textOf,
  totalOf,
} from "../storage/rows.ts";
import { type SearchType, searchText } from "../storage/search-entries.ts";

/** What an entity must contain to be found; what is empty does not matter. */
export interface SearchFilter {
  /** In any of the texts that the kind has. */
  readonly query: string;
  readonly idContains: string;
  readonly nameContains: string;
  readonly descriptionContains: string;
  readonly attributesContain: Readonly<Record<string, string>>;
  readonly euiContains: string;
  readonly joinEuiContains: string;
  /** Any of these; of all when empty. */
  readonly states: readonly State[];
}

export interface SearchScope {
  readonly tenantId: string;
  readonly type: SearchType;
  /** Devices are sought in one application. */
  readonly applicationId: string;
  readonly deleted: boolean;
  /** Only what this account is a direct member of, or through one of its organizations. */
  readonly memberId: string | undefined;
  /** Only these identifiers, where something else has narrowed the search already. */
  readonly ids?: readonly string[];
}

export interface SearchStore {
  /** Identifiers of what is found, one page of them. */
  find(scope: SearchScope, filter: SearchFilter, page: Page): Promise<Listed<string>>;
}

const columns: Readonly<Record<string, string>> = {
  application_id: "entity_id",
  client_id: "entity_id",
  device_id: "entity_id",
  gateway_id: "entity_id",
  organization_id: "entity_id",
  user_id: "entity_id",
  gateway_eui: "eui",
  dev_eui: "eui",
  join_eui: "join_eui",
  name: "name",
  description: "description",
  primary_email_address: "email",
  state: "state",
  admin: "admin",
  created_at: "created_at",
  // Changes with every uplink, so it stays where it is noted.
  last_seen_at: `(SELECT last_seen_at FROM end_devices d WHERE d.tenant_id = search_entries.tenant_id
    AND d.application_id = search_entries.application_id AND d.device_id = search_entries.entity_id)`,
};

const contains = (column: string) => `${column} LIKE ? ESCAPE '!'`;
const fixedConditions = [
  "tenant_id = ? AND entity_type = ? AND application_id = ?",
  ...["entity_id", "name", "description", "eui", "join_eui"].map(contains),
  `(${["entity_id", "name", "description", "eui", "join_eui"].map(contains).join(" OR ")})`,
];
const ofMember = `entity_id IN (SELECT entity_id FROM memberships
  WHERE tenant_id = ? AND entity_type = ? AND (account_id = ?
    OR account_id IN (SELECT entity_id FROM memberships
      WHERE tenant_id = ? AND entity_type = 'organization' AND account_id = ?
        AND entity_id NOT IN (SELECT entity_id FROM search_entries
          WHERE tenant_id = ? AND entity_type = 'organization' AND deleted_at IS NOT NULL))))`;
const directMember = `entity_id IN (SELECT entity_id FROM memberships
  WHERE tenant_id = ? AND entity_type = ? AND account_id = ?)`;
const withAttribute = `entity_id IN (SELECT entity_id FROM search_attributes
  WHERE tenant_id = ? AND entity_type = ? AND application_id = ? AND attribute_key = ? AND ${contains("attribute_value")})`;

interface Clause {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The text of a statement depends on the number of values alone, so that there are few of them. */
export function createSearchStore(store: Pick<Store, "query">): SearchStore {
  return {
    async find(scope, filter, page) {
      const { sql, values } = whereClause(scope, filter);
      const order = orderClause(columns, page.order, "entity_id");
      const [limit, offset] = pageBounds(page);
      const rows = await store.query(
        knownStatement(`SELECT entity_id FROM search_entries WHERE ${sql} ${order} LIMIT ? OFFSET ?`),
        ...values,
        limit,
        offset,
      );
      const items = rows.map((row) => textOf(row, "entity_id"));
      // The last page tells how many there are; only others are worth a second search.
      if (items.length < limit && (items.length > 0 || offset === 0)) {
        return { items, total: offset + items.length };
      }
      const counted = knownStatement(`SELECT COUNT(*) AS total FROM search_entries WHERE ${sql}`);
      return { items, total: totalOf(await store.query(counted, ...values)) };
    },
  };
}

function whereClause(scope: SearchScope, filter: SearchFilter): Clause {
  const clauses = [
    fixedClause(scope, filter),
    { sql: `deleted_at IS ${scope.deleted ? "NOT NULL" : "NULL"}`, values: [] },
    ...Object.entries(filter.attributesContain).map(([key, value]) => attributeClause(scope, key, value)),
  ];
  if (scope.memberId !== undefined) clauses.push(memberClause(scope, scope.memberId));
  if (filter.states.length > 0) clauses.push(oneOf("state", filter.states));
  if (scope.ids !== undefined) clauses.push(oneOf("entity_id", scope.ids));
  return {
    sql: clauses.map(({ sql }) => sql).join(" AND "),
    values: clauses.flatMap(({ values }) => values),
  };
}

function fixedClause({ tenantId, type, applicationId }: SearchScope, filter: SearchFilter): Clause {
  const text = containing(searchText(filter.query));
  const eui = containing(filter.query.toUpperCase());
  const values = [
    tenantId,
    type,
    applicationId,
    containing(searchText(filter.idContains)),
    containing(searchText(filter.nameContains)),
    containing(searchText(filter.descriptionContains)),
    containing(filter.euiContains.toUpperCase()),
    containing(filter.joinEuiContains.toUpperCase()),
    ...[text, text, text, eui, eui],
  ];
  return { sql: fixedConditions.join(" AND "), values };
}

function attributeClause({ tenantId, type, applicationId }: SearchScope, key: string, value: string): Clause {
  return { sql: withAttribute, values: [tenantId, type, applicationId, key, containing(searchText(value))] };
}

/** Organizations have no members that are organizations. */
function memberClause({ tenantId, type }: SearchScope, memberId: string): Clause {
  if (type === "organization") return { sql: directMember, values: [tenantId, type, memberId] };
  return { sql: ofMember, values: [tenantId, type, memberId, tenantId, memberId, tenantId] };
}

/** Lists are filled up to a power of two, again so that there are few statements. */
function oneOf(column: string, values: readonly SqlValue[]): Clause {
  if (values.length === 0) return { sql: "1 = 0", values: [] };
  let length = 1;
  while (length < values.length) length *= 2;
  const filled = Array.from({ length }, (_, index) => values[index] ?? values[0]!);
  return { sql: `${column} IN (${filled.map(() => "?").join(", ")})`, values: filled };
}

/** The pattern of texts that contain this one; what means something in a pattern loses its meaning. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[!%_]/g, "!$&")}%`;
}
