import { fromBinary, type State, type Tenant, TenantSchema, timestampFromMs, toBinary } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { SqlRow, Store, Writer } from "../../store/store.ts";
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
  totalOf,
} from "../storage/rows.ts";
import type { SearchType } from "../storage/search-entries.ts";

export interface StoredTenant {
  readonly tenant: Tenant;
  readonly deletedAt: At | undefined;
  readonly version: number;
}

/** How many entities there are of each kind. */
export type TenantTotals = Readonly<Record<SearchType | "activatedDevice", number>>;

export interface TenantStore {
  get(tenantId: string): Promise<StoredTenant | undefined>;
  /** All, deleted ones included. */
  standings(): Promise<readonly TenantRow[]>;
  list(page: Page): Promise<Listed<Tenant>>;
  insert(writer: Writer, tenant: Tenant, at: At): void;
  /** Fails as `stale` when someone else changed it since it was read. */
  update(writer: Writer, stored: StoredTenant, change: TenantChange): void;
  /** Of one tenant, or of all. */
  totals(tenantId: string | undefined): Promise<TenantTotals>;
  /** Counts anew what the tenant has, and from now on holds it to its limits. */
  beginCounting(writer: Writer, tenant: Tenant): void;
  /** For a start without tenancy. */
  stopCounting(writer: Writer): void;
  /** Gateways with an EUI. */
  gatewayIds(tenantId: string): Promise<readonly string[]>;
}

export interface TenantChange {
  readonly tenant: Tenant;
  readonly at: At;
  readonly deletedAt?: At;
}

export interface TenantRow {
  readonly tenantId: string;
  readonly tenant: Tenant;
  readonly deletedAt: At | undefined;
}

const columns = "tenant_id, data, deleted_at, version";
const read = knownStatement(`SELECT ${columns} FROM tenants WHERE tenant_id = ?`);
const readAll = knownStatement(`SELECT ${columns} FROM tenants ORDER BY created_at, tenant_id`);
const insert = knownStatement(
  `INSERT INTO tenants (tenant_id, name, created_at, updated_at, deleted_at, version, data)
   VALUES (?, ?, ?, ?, NULL, 1, ?)`,
);
const update = knownStatement(
  `UPDATE tenants SET name = ?, updated_at = ?, deleted_at = ?, version = ?, data = ?
   WHERE tenant_id = ? AND version = ?`,
);
const orders = { tenant_id: "tenant_id", name: "name", created_at: "created_at" };
const totalsOfAll = knownStatement(
  `SELECT entity_type, COUNT(*) AS total FROM search_entries WHERE deleted_at IS NULL GROUP BY entity_type`,
);
const totalsOfOne = knownStatement(
  `SELECT entity_type, COUNT(*) AS total FROM search_entries WHERE tenant_id = ? AND deleted_at IS NULL
   GROUP BY entity_type`,
);
const isActivated = "(activated_at IS NOT NULL OR last_seen_at IS NOT NULL)";
const activatedOfAll = knownStatement(`SELECT COUNT(*) AS total FROM end_devices WHERE ${isActivated}`);
const activatedOfOne = knownStatement(
  `SELECT COUNT(*) AS total FROM end_devices WHERE tenant_id = ? AND ${isActivated}`,
);
const recount = knownStatement(
  `INSERT INTO tenant_totals (tenant_id, entity_type, total, maximum, within_limit)
   VALUES (?, ?, (SELECT COUNT(*) FROM search_entries WHERE tenant_id = ? AND entity_type = ?
     AND deleted_at IS NULL), ?, 1)
   ON CONFLICT (tenant_id, entity_type) DO UPDATE SET total = excluded.total, maximum = excluded.maximum`,
);
const forgetTotals = knownStatement("DELETE FROM tenant_totals");
const gateways = knownStatement("SELECT gateway_id FROM gateways WHERE tenant_id = ? AND eui IS NOT NULL");

const limits: Readonly<Record<SearchType, (tenant: Tenant) => bigint | undefined>> = {
  application: ({ maxApplications }) => maxApplications,
  client: ({ maxClients }) => maxClients,
  device: ({ maxEndDevices }) => maxEndDevices,
  gateway: ({ maxGateways }) => maxGateways,
  organization: ({ maxOrganizations }) => maxOrganizations,
  user: ({ maxUsers }) => maxUsers,
};

/** What a column takes; more than this nobody has. */
const mostEntities = 2n ** 53n;

export function createTenantStore(store: Pick<Store, "query">): TenantStore {
  return {
    async get(tenantId) {
      const [row] = await store.query(read, tenantId);
      return row === undefined ? undefined : { ...tenantOf(row), version: numberOf(row, "version") };
    },
    async standings() {
      return (await store.query(readAll)).map((row) => ({
        tenantId: textOf(row, "tenant_id"),
        ...tenantOf(row),
      }));
    },
    list(page) {
      const order = orderClause(orders, page.order, "tenant_id");
      const query = { columns, from: "tenants WHERE deleted_at IS NULL", values: [], order, page };
      return listPage(store, query, (row) => tenantOf(row).tenant);
    },
    insert(writer, tenant, at) {
      writer.run(insert, tenant.ids?.tenantId ?? "", tenant.name, at, at, toBinary(TenantSchema, tenant));
    },
    update(writer, { version }, { tenant: changed, at, deletedAt }) {
      const { deletedAt: _, ...kept } = changed;
      const data = toBinary(TenantSchema, kept);
      const id = changed.ids?.tenantId ?? "";
      writer.runExpectingRow(update, changed.name, at, orNull(deletedAt), version + 1, data, id, version);
    },
    async totals(tenantId) {
      const [rows, activated] = await Promise.all(
        tenantId === undefined
          ? [store.query(totalsOfAll), store.query(activatedOfAll)]
          : [store.query(totalsOfOne, tenantId), store.query(activatedOfOne, tenantId)],
      );
      const counted = Object.fromEntries(
        (rows ?? []).map((row) => [textOf(row, "entity_type"), numberOf(row, "total")]),
      );
      const none = { application: 0, client: 0, device: 0, gateway: 0, organization: 0, user: 0 };
      return { ...none, ...counted, activatedDevice: totalOf(activated ?? []) };
    },
    beginCounting(writer, tenant) {
      const id = tenant.ids?.tenantId ?? "";
      for (const [type, limitOf] of Object.entries(limits)) {
        const limit = limitOf(tenant);
        const maximum = limit === undefined || limit > mostEntities ? null : Number(limit);
        writer.run(recount, id, type, id, type, maximum);
      }
    },
    stopCounting: (writer) => writer.run(forgetTotals),
    async gatewayIds(tenantId) {
      return (await store.query(gateways, tenantId)).map((row) => textOf(row, "gateway_id"));
    },
  };
}

function tenantOf(row: SqlRow): { readonly tenant: Tenant; readonly deletedAt: At | undefined } {
  const tenant = fromBinary(TenantSchema, bytesOf(row, "data"));
  const deletedAt = optionalNumber(row, "deleted_at");
  return {
    tenant: deletedAt === undefined ? tenant : { ...tenant, deletedAt: timestampFromMs(deletedAt) },
    deletedAt,
  };
}

/** The state that counts: a deleted tenant has none. */
export function stateOf({ tenant, deletedAt }: Pick<TenantRow, "tenant" | "deletedAt">): State | undefined {
  return deletedAt === undefined ? tenant.state : undefined;
}
