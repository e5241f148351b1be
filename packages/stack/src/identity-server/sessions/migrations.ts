import type { Migration } from "../../store/store.ts";

export const sessionMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: logins in browsers, and tokens to log in with once",
    statements: [
      `CREATE TABLE user_sessions (
        tenant_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        digest BLOB NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, session_id)
      )`,
      `CREATE INDEX user_sessions_user ON user_sessions (tenant_id, user_id)`,
      `CREATE INDEX user_sessions_expiry ON user_sessions (tenant_id, expires_at)`,
      `CREATE TABLE login_tokens (
        tenant_id TEXT NOT NULL,
        digest BLOB NOT NULL,
        user_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        PRIMARY KEY (tenant_id, digest)
      )`,
      `CREATE INDEX login_tokens_user ON login_tokens (tenant_id, user_id)`,
      `CREATE INDEX login_tokens_expiry ON login_tokens (tenant_id, expires_at)`,
    ],
  },
];
