import type { StagedChange, Store } from "../../store/store.ts";
import {
  type AuthorizationStore,
  createAuthorizationStore,
  type Grant,
} from "../oauth/authorization-store.ts";
import { type CodeStore, createCodeStore } from "../oauth/code-store.ts";
import { createTokenStore, type TokenStore } from "../oauth/token-store.ts";
import { createExternalUserStore, type ExternalUserStore } from "../openid/external-user-store.ts";
import { createLoginTokenStore, type LoginTokenStore } from "../sessions/login-token-store.ts";
import { createSessionStore, type SessionStore } from "../sessions/session-store.ts";
import type { Authenticator } from "./authentication.ts";

/** The tables behind logins and OAuth. */
export interface CredentialStores {
  readonly sessions: SessionStore;
  readonly loginTokens: LoginTokenStore;
  readonly accessTokens: TokenStore;
  readonly codes: CodeStore;
  readonly authorizations: AuthorizationStore;
  readonly externalUsers: ExternalUserStore;
}

export function createCredentialStores(store: Pick<Store, "query">): CredentialStores {
  return {
    sessions: createSessionStore(store),
    loginTokens: createLoginTokenStore(store),
    accessTokens: createTokenStore(store),
    codes: createCodeStore(store),
    authorizations: createAuthorizationStore(store),
    externalUsers: createExternalUserStore(store),
  };
}

interface Revoking {
  readonly credentials: CredentialStores;
  readonly authenticator: Pick<Authenticator, "tokensRevoked">;
}

/** Ends every login of a user and every token of clients that act for it; `authorizations` are kept for others to renew. */
export function userLogout(
  { credentials, authenticator }: Revoking,
  tenantId: string,
  userId: string,
): StagedChange {
  return {
    write(writer) {
      credentials.sessions.deleteOfUser(writer, tenantId, userId);
      credentials.loginTokens.deleteOfUser(writer, tenantId, userId);
      credentials.accessTokens.deleteOfUser(writer, tenantId, userId);
      credentials.codes.deleteOfUser(writer, tenantId, userId);
    },
    committed: () => authenticator.tokensRevoked(tenantId),
  };
}

/** Removes whatever a user could be known by besides its password and its API keys; for one that is purged. */
export function userRevocation(revoking: Revoking, tenantId: string, userId: string): StagedChange {
  const logout = userLogout(revoking, tenantId, userId);
  return {
    write(writer) {
      logout.write(writer);
      revoking.credentials.authorizations.deleteOfUser(writer, tenantId, userId);
      revoking.credentials.externalUsers.deleteOfUser(writer, tenantId, userId);
    },
    committed: () => logout.committed(),
  };
}

/** Removes what users let a client do, and its tokens; for one that is purged. */
export function clientRevocation(
  { credentials, authenticator }: Revoking,
  tenantId: string,
  clientId: string,
): StagedChange {
  return {
    write(writer) {
      credentials.authorizations.deleteOfClient(writer, tenantId, clientId);
      credentials.codes.deleteOfClient(writer, tenantId, clientId);
      credentials.accessTokens.deleteOfClient(writer, tenantId, clientId);
    },
    committed: () => authenticator.tokensRevoked(tenantId),
  };
}

/** Takes back what a user let a client do, with the codes and tokens that followed from it. */
export function grantRevocation({ credentials, authenticator }: Revoking, grant: Grant): StagedChange {
  return {
    write(writer) {
      credentials.authorizations.delete(writer, grant);
      credentials.codes.deleteOfGrant(writer, grant);
      credentials.accessTokens.deleteOfGrant(writer, grant);
    },
    committed: () => authenticator.tokensRevoked(grant.tenantId),
  };
}
