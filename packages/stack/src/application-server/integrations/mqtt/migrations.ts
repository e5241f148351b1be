import type { Migration } from "../../../store/store.ts";

/** Owner `application-server-mqtt`. */
export const mqttMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "persistent sessions",
    statements: [
      // `user_name` is the application as the client wrote it: its topics carry it.
      `CREATE TABLE mqtt_sessions (
        id INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        user_name TEXT NOT NULL,
        client_id TEXT NOT NULL,
        state TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        UNIQUE (tenant_id, user_name, client_id)
      )`,
      // QoS 2 messages from clients, until released.
      `CREATE TABLE mqtt_received (
        session_id INTEGER NOT NULL,
        packet_id INTEGER NOT NULL,
        PRIMARY KEY (session_id, packet_id)
      )`,
    ],
  },
];
