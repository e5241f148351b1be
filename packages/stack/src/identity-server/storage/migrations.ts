import type { Migration } from "../../store/store.ts";

/** Columns of every registry: what lists sort and filter by, and the entity itself as its API message. */
const registryColumns = `
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  version BIGINT NOT NULL,
  data BLOB NOT NULL`;

export const identityServerMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: registries, memberships and API keys",
    statements: [
      // Users and organizations share one namespace; an id stays taken until its owner is purged.
      `CREATE TABLE accounts (
        tenant_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        account_type TEXT NOT NULL,
        PRIMARY KEY (tenant_id, account_id)
      )`,
      `CREATE TABLE users (
        tenant_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        email TEXT NOT NULL,
        state INTEGER NOT NULL,
        admin INTEGER NOT NULL,
        ${registryColumns},
        PRIMARY KEY (tenant_id, user_id)
      )`,
      // Apart from the user, so that a hash never travels with the entity.
      `CREATE TABLE user_passwords (
        tenant_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        PRIMARY KEY (tenant_id, user_id)
      )`,
      `CREATE TABLE applications (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        ${registryColumns},
        PRIMARY KEY (tenant_id, application_id)
      )`,
      // The EUI is NULL while the gateway has none or is deleted, so that a deleted gateway's EUI can be used again.
      `CREATE TABLE gateways (
        tenant_id TEXT NOT NULL,
        gateway_id TEXT NOT NULL,
        eui TEXT,
        ${registryColumns},
        PRIMARY KEY (tenant_id, gateway_id)
      )`,
      `CREATE UNIQUE INDEX gateways_eui ON gateways (eui)`,
      `CREATE TABLE end_devices (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        join_eui TEXT,
        dev_eui TEXT,
        description TEXT NOT NULL,
        last_seen_at BIGINT,
        activated_at BIGINT,
        ${registryColumns},
        PRIMARY KEY (tenant_id, application_id, device_id)
      )`,
      `CREATE UNIQUE INDEX end_devices_euis ON end_devices (join_eui, dev_eui)`,
      `CREATE TABLE memberships (
        tenant_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        rights TEXT NOT NULL,
        PRIMARY KEY (tenant_id, entity_type, entity_id, account_id)
      )`,
      `CREATE INDEX memberships_account ON memberships (tenant_id, account_id, entity_type)`,
      `CREATE TABLE api_keys (
        tenant_id TEXT NOT NULL,
        api_key_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        name TEXT NOT NULL,
        rights TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        expires_at BIGINT,
        version BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, api_key_id)
      )`,
      `CREATE INDEX api_keys_entity ON api_keys (tenant_id, entity_type, entity_id)`,
    ],
  },
];
