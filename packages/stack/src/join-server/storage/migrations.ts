import type { Migration } from "../../store/store.ts";

export const joinServerMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "devices with their root keys and nonces",
    statements: [
      `CREATE TABLE js_devices (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        join_eui TEXT NOT NULL,
        dev_eui TEXT NOT NULL,
        app_key BLOB,
        nwk_key BLOB,
        registration BLOB NOT NULL,
        resets_join_nonces INTEGER NOT NULL,
        last_join_nonce BIGINT NOT NULL,
        last_dev_nonce BIGINT NOT NULL,
        used_dev_nonces TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, application_id, device_id)
      )`,
      "CREATE UNIQUE INDEX js_devices_euis ON js_devices (join_eui, dev_eui)",
    ],
  },
  {
    version: 2,
    description: "activation settings of applications",
    statements: [
      `CREATE TABLE js_activation_settings (
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        settings BLOB NOT NULL,
        kek BLOB,
        PRIMARY KEY (tenant_id, application_id)
      )`,
    ],
  },
];
