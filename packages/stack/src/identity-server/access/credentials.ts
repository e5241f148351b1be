import { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import { accessTokenNotFound, userSessionNotFound } from "../credential-errors.ts";
import { apiKeyNotFound } from "../errors.ts";
import type { AccessTokenRecord, TokenStore } from "../oauth/token-store.ts";
import type { SessionRecord, SessionStore } from "../sessions/session-store.ts";
import type { ApiKeyRecord, ApiKeyStore } from "../storage/api-key-store.ts";
import { type RightSet, withImplied } from "./right-sets.ts";

const errors = defineErrors("pkg/identityserver");
const unknownApiKey = errors.unauthenticated("api_key_not_found", "API key not found");
const tokenNotFound = errors.unauthenticated("token_not_found", "token not found");
const apiKeyExpired = errors.unauthenticated("api_key_expired", "API key expired");
const tokenExpired = errors.unauthenticated("token_expired", "token expired");

interface CredentialParts {
  readonly id: string;
  readonly entity: EntityReference;
  /** With what they imply. */
  readonly rights: RightSet;
  readonly expiresAt: At | undefined;
}

/** What someone can prove who they are with, as stored. */
export type Credential = CredentialParts &
  (
    | { readonly kind: "apiKey"; readonly record: ApiKeyRecord; readonly digest?: undefined }
    | { readonly kind: "accessToken"; readonly record: AccessTokenRecord; readonly digest: Uint8Array }
    | { readonly kind: "session"; readonly record: SessionRecord; readonly digest: Uint8Array }
  );

export type CredentialKind = Credential["kind"];

/** Where credentials come from. */
export interface CredentialSources {
  readonly apiKeys: Pick<ApiKeyStore, "get">;
  readonly accessTokens: Pick<TokenStore, "get">;
  readonly sessions: Pick<SessionStore, "get">;
}

const capacities: Readonly<Record<CredentialKind, number>> = {
  apiKey: 100_000,
  accessToken: 100_000,
  session: 100_000,
};

/** Credentials by tenant and identifier, loaded once; `hold` makes what is kept of each. */
export function createCredentials<Held extends object>(
  sources: CredentialSources,
  hold: (credential: Credential) => Held,
): Readonly<Record<CredentialKind, LoadingCache<Held>>> {
  const cache = <Found>(
    kind: CredentialKind,
    load: (tenantId: string, id: string) => Promise<Found | undefined>,
    credentialOf: (found: Found) => Credential | undefined,
  ) =>
    new LoadingCache<Held>(capacities[kind], async (cacheKey) => {
      const [tenantId = "", id = ""] = cacheKey.split("/");
      const found = await load(tenantId, id);
      const credential = found === undefined ? undefined : credentialOf(found);
      return credential === undefined ? undefined : hold(credential);
    });
  return {
    apiKey: cache("apiKey", (tenantId, id) => sources.apiKeys.get(tenantId, id), ofApiKey),
    accessToken: cache("accessToken", (tenantId, id) => sources.accessTokens.get(tenantId, id), ofToken),
    session: cache("session", (tenantId, id) => sources.sessions.get(tenantId, id), ofSession),
  };
}

function ofApiKey(record: ApiKeyRecord): Credential {
  const { id, entity, expiresAt } = record;
  return { kind: "apiKey", record, id, entity, expiresAt, rights: withImplied(record.rights) };
}

function ofToken(record: AccessTokenRecord): Credential | undefined {
  if (record.replacedAt !== undefined) return undefined;
  const { id, tenantId, userId, expiresAt } = record;
  const entity: EntityReference = { tenantId, type: "user", id: userId };
  const rights = withImplied(record.rights);
  return { kind: "accessToken", record, id, entity, expiresAt, rights, digest: record.accessDigest };
}

/** Who logged in holds every right of the user, also those that future releases add. */
const rightsOfSessions = withImplied([Right.ALL]);

function ofSession(record: SessionRecord): Credential {
  const { id, tenantId, userId, expiresAt } = record;
  const entity: EntityReference = { tenantId, type: "user", id: userId };
  return {
    kind: "session",
    record,
    id,
    entity,
    expiresAt,
    rights: rightsOfSessions,
    digest: record.digest,
  };
}

/** For a credential that does not exist, or no longer. */
export function unknownError(kind: CredentialKind, id: string): SkylarkError {
  switch (kind) {
    case "apiKey":
      return unknownApiKey({}, { cause: apiKeyNotFound({ api_key_id: id }) });
    case "accessToken":
      return tokenNotFound({}, { cause: accessTokenNotFound({ access_token_id: id }) });
    case "session":
      return tokenNotFound({}, { cause: userSessionNotFound({ session_id: id }) });
  }
}

export function expiredError(kind: CredentialKind): SkylarkError {
  return kind === "apiKey" ? apiKeyExpired() : tokenExpired();
}
