import type { Migration } from "../../store/store.ts";

export const tenantMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: tenants and what they may hold",
    statements: [
      `CREATE TABLE tenants (
        tenant_id TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        deleted_at BIGINT,
        version BIGINT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id)
      )`,
      // Counted in the transactions that create and delete, so that a limit holds however many try at once.
      `CREATE TABLE tenant_totals (
        tenant_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        total BIGINT NOT NULL,
        maximum BIGINT,
        within_limit INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, entity_type)
      )`,
    ],
  },
];
