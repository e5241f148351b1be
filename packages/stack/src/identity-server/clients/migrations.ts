import type { Migration } from "../../store/store.ts";

export const clientMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: OAuth clients and their secrets",
    statements: [
      `CREATE TABLE clients (
        tenant_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        description TEXT NOT NULL,
        state INTEGER NOT NULL,
        name TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        deleted_at BIGINT,
        version BIGINT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (tenant_id, client_id)
      )`,
      // Apart from the client, so that a hash never travels with the entity; a public client has none.
      `CREATE TABLE client_secrets (
        tenant_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        PRIMARY KEY (tenant_id, client_id)
      )`,
    ],
  },
];
