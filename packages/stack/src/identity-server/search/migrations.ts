import type { Migration } from "../../store/store.ts";

export const searchMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: what entities are found by, and bookmarks",
    statements: [
      // One narrow row for each entity, texts in lower case, so that a search reads no entity that it does not show.
      `CREATE TABLE search_entries (
        tenant_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        application_id TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        eui TEXT NOT NULL,
        join_eui TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        email TEXT NOT NULL,
        state INTEGER NOT NULL,
        admin INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        deleted_at BIGINT,
        PRIMARY KEY (tenant_id, entity_type, application_id, entity_id)
      )`,
      `CREATE TABLE search_attributes (
        tenant_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        application_id TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        attribute_key TEXT NOT NULL,
        attribute_value TEXT NOT NULL,
        PRIMARY KEY (tenant_id, entity_type, application_id, entity_id, attribute_key)
      )`,
      `CREATE INDEX search_attributes_key
        ON search_attributes (tenant_id, entity_type, application_id, attribute_key)`,
      `CREATE TABLE user_bookmarks (
        tenant_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        application_id TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, user_id, entity_type, application_id, entity_id)
      )`,
      `CREATE INDEX user_bookmarks_entity
        ON user_bookmarks (tenant_id, entity_type, application_id, entity_id)`,
    ],
  },
  {
    version: 2,
    description: "identity server: what was stored before there was an index",
    statements: [
      // Emptied by `fillSearchIndex`, which reads what no column holds.
      `CREATE TABLE search_unfilled (
        tenant_id TEXT NOT NULL,
        entity_type TEXT NOT NULL,
        application_id TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        PRIMARY KEY (entity_type, tenant_id, application_id, entity_id)
      )`,
      unfilled("application", "applications", "application_id"),
      unfilled("gateway", "gateways", "gateway_id"),
      unfilled("user", "users", "user_id"),
      unfilled("device", "end_devices", "device_id", "end_devices.application_id"),
    ],
  },
];

function unfilled(type: string, table: string, id: string, applicationId = "''"): string {
  return `INSERT INTO search_unfilled (tenant_id, entity_type, application_id, entity_id)
    SELECT ${table}.tenant_id, '${type}', ${applicationId}, ${table}.${id} FROM ${table}
    WHERE NOT EXISTS (SELECT 1 FROM search_entries entry WHERE entry.tenant_id = ${table}.tenant_id
      AND entry.entity_type = '${type}' AND entry.application_id = ${applicationId}
      AND entry.entity_id = ${table}.${id})`;
}
