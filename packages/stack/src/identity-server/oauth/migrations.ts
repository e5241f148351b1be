import type { Migration } from "../../store/store.ts";

export const oauthMigrations: readonly Migration[] = [
  {
    version: 1,
    description: "identity server: authorizations, codes and tokens of OAuth, and links to other providers",
    statements: [
      `CREATE TABLE oauth_authorizations (
        tenant_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        rights TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, user_id, client_id)
      )`,
      // A used code stays for a while: who brings it again reveals that it was stolen.
      `CREATE TABLE oauth_codes (
        tenant_id TEXT NOT NULL,
        code_id TEXT NOT NULL,
        digest BLOB NOT NULL,
        user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        rights TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        challenge TEXT NOT NULL,
        challenge_method TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        PRIMARY KEY (tenant_id, code_id)
      )`,
      `CREATE INDEX oauth_codes_expiry ON oauth_codes (tenant_id, expires_at)`,
      // All tokens that follow from one code are one family. A token that was refreshed stays for a while, as above.
      `CREATE TABLE oauth_tokens (
        tenant_id TEXT NOT NULL,
        token_id TEXT NOT NULL,
        family_id TEXT NOT NULL,
        access_digest BLOB NOT NULL,
        refresh_digest BLOB,
        user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        rights TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        replaced_at BIGINT,
        PRIMARY KEY (tenant_id, token_id)
      )`,
      `CREATE INDEX oauth_tokens_holder ON oauth_tokens (tenant_id, user_id, client_id)`,
      `CREATE INDEX oauth_tokens_client ON oauth_tokens (tenant_id, client_id)`,
      `CREATE INDEX oauth_tokens_family ON oauth_tokens (tenant_id, family_id)`,
      `CREATE INDEX oauth_tokens_expiry ON oauth_tokens (tenant_id, expires_at)`,
      // What this server created on its own, so that it is not created again once someone removed it.
      `CREATE TABLE oauth_built_in_clients (
        tenant_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, client_id)
      )`,
      `CREATE TABLE external_users (
        tenant_id TEXT NOT NULL,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        user_id TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, issuer, subject)
      )`,
      `CREATE INDEX external_users_user ON external_users (tenant_id, user_id)`,
    ],
  },
];
