import type { Migrations } from "../../store/store.ts";
import { oauthMigrations } from "../oauth/migrations.ts";
import { sessionMigrations } from "../sessions/migrations.ts";

/** The tables behind logins and OAuth, each under its owner. */
export const accessMigrations: Migrations = {
  "identity-server/oauth": oauthMigrations,
  "identity-server/sessions": sessionMigrations,
};
