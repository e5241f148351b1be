import type { Migration } from "../../store/store.ts";

export const organizationMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: organizations",
    statements: [
      // The identifier stands in `accounts` too, where users and organizations share one namespace.
      `CREATE TABLE organizations (
        tenant_id TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        description TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        deleted_at BIGINT,
        version BIGINT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id, organization_id)
      )`,
    ],
  },
];
