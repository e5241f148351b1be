import type { Migration } from "../store/store.ts";

export const applicationServerMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "application messages, end devices, links and downlink queues",
    statements: [
      // `end_offset` counts the payload bytes of all messages up to and with this one, so that the size of what is
      // kept is the difference of two rows.
      `CREATE TABLE as_messages (
        sequence INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        end_offset INTEGER NOT NULL,
        payload BLOB NOT NULL
      )`,
      `CREATE INDEX as_messages_by_application ON as_messages (tenant_id, application_id, sequence)`,
      `CREATE TABLE as_devices (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        settings TEXT NOT NULL,
        session TEXT,
        pending_session TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, application_id, device_id)
      )`,
      `CREATE TABLE as_links (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        link TEXT NOT NULL,
        PRIMARY KEY (tenant_id, application_id)
      )`,
      // `taken_at` is set once the Network Server has the item and its outcome is awaited.
      `CREATE TABLE as_downlinks (
        id INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        session_key_id BLOB NOT NULL,
        f_cnt INTEGER NOT NULL,
        taken_at INTEGER,
        item TEXT NOT NULL
      )`,
      `CREATE INDEX as_downlinks_by_device ON as_downlinks (tenant_id, application_id, device_id, id)`,
    ],
  },
];
