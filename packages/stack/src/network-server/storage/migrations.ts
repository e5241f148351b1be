import type { Migration } from "../../store/store.ts";

export const networkServerMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "devices, their sessions and counters",
    statements: [
      `CREATE TABLE ns_devices (
        device_no INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        dev_eui TEXT,
        join_eui TEXT,
        settings TEXT NOT NULL,
        registration BLOB NOT NULL,
        status TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
      )`,
      "CREATE UNIQUE INDEX ns_devices_ids ON ns_devices (tenant_id, application_id, device_id)",
      "CREATE UNIQUE INDEX ns_devices_euis ON ns_devices (join_eui, dev_eui)",
      "CREATE INDEX ns_devices_dev_eui ON ns_devices (dev_eui)",
      // Slot 0 is the current session, slot 1 the one of a join-accept that the device has not used yet.
      `CREATE TABLE ns_sessions (
        device_no BIGINT NOT NULL,
        slot INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        dev_addr BIGINT NOT NULL,
        session_key_id BLOB NOT NULL,
        keys BLOB NOT NULL,
        mac TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        PRIMARY KEY (device_no, slot)
      )`,
      "CREATE INDEX ns_sessions_dev_addr ON ns_sessions (dev_addr)",
      // The only row that each uplink writes: narrow, and apart from what is written rarely.
      `CREATE TABLE ns_counters (
        device_no INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        f_cnt_up BIGINT NOT NULL,
        last_uplink_at BIGINT NOT NULL,
        last_frame BIGINT NOT NULL,
        transmissions INTEGER NOT NULL,
        next_n_f_cnt_down BIGINT NOT NULL,
        next_a_f_cnt_down BIGINT NOT NULL
      )`,
    ],
  },
];
