import type { Migration } from "../../store/store.ts";

export const devEuiMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: counters of DevEUI blocks",
    statements: [
      // DevEUIs are unique over tenants, so the rows belong to the installation and carry an empty tenant.
      `CREATE TABLE dev_eui_blocks (
        tenant_id TEXT NOT NULL,
        prefix TEXT NOT NULL,
        next_counter BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, prefix)
      )`,
    ],
  },
];
