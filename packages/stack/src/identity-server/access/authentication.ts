import { timingSafeEqual } from "node:crypto";
import type { Right } from "@skylark/api";
import type { At, Clock } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Caller as PlatformCaller } from "../../rpc/service.ts";
import { sameEntity } from "../entity.ts";
import type { AccessTokenRecord } from "../oauth/token-store.ts";
import type { SessionRecord } from "../sessions/session-store.ts";
import type { ApiKeyRecord } from "../storage/api-key-store.ts";
import { accessKeys } from "./access-watch.ts";
import { type ClientStanding, clientStandingError } from "./client-standing.ts";
import {
  type Credential,
  type CredentialKind,
  type CredentialSources,
  createCredentials,
  expiredError,
  unknownError,
} from "./credentials.ts";
import { adminRights, allRights, noRights, type RightSet } from "./right-sets.ts";
import type { SecretHasher } from "./secret-hash.ts";
import { isTokenId, parseToken, type Token, type TokenKind, tokenDigest } from "./token.ts";
import { accountStanding, isActingAdmin, type UserStanding } from "./user-standing.ts";

const errors = defineErrors("pkg/identityserver");
const invalidAuthorization = errors.unauthenticated("invalid_authorization", "invalid authorization");
const unsupportedAuthorization = errors.unauthenticated(
  "unsupported_authorization",
  "unsupported authorization method",
);

/** Who calls, once a credential was verified, with the rights that it carries whatever they are used on. */
export interface Caller extends PlatformCaller {
  /** One of these three, unless the caller has no credentials. */
  readonly apiKey?: ApiKeyRecord;
  readonly accessToken?: AccessTokenRecord;
  readonly session?: SessionRecord;
  /** What the credential belongs to; absent for a caller without credentials. */
  readonly entity?: EntityReference;
  /** Its rights with what they imply, less what the state of its user takes away. */
  readonly rights: RightSet;
  /** Rights on every entity of the tenant. */
  readonly universalRights: RightSet;
  /** The state of the user, when the credential belongs to one. */
  readonly user?: UserStanding;
}

const anonymousCallers = new Map<string, Caller>();

function anonymousCaller(tenantId: string): Caller {
  let caller = anonymousCallers.get(tenantId);
  if (caller === undefined) {
    caller = { tenantId, rights: noRights, universalRights: noRights, isAdmin: false, warnings: [] };
    anonymousCallers.set(tenantId, caller);
  }
  return caller;
}

/** Verified tokens are believed for this long before the secret is hashed again. */
const verificationLastsMs = 10 * 60_000;
const cachedUsers = 100_000;
const cachedClients = 10_000;

interface CachedCredential {
  readonly credential: Credential;
  verified?: { readonly digest: Uint8Array; readonly at: At };
  verifying?: { readonly digest: Uint8Array; readonly done: Promise<boolean> };
  /** The caller made of this credential while its user (the same object) stood so. */
  caller?: Caller;
}

export interface AuthenticatorOptions extends CredentialSources {
  readonly clock: Clock;
  readonly hasher: SecretHasher;
  readonly loadUser: (tenantId: string, userId: string) => Promise<UserStanding | undefined>;
  readonly loadClient: (tenantId: string, clientId: string) => Promise<ClientStanding | undefined>;
  /** Option `is.admin-rights.all`: admins hold every right, those to keys included. */
  readonly adminsHoldAllRights: boolean;
  /** Called after one of the changes below was noted, with a name of `accessKeys`. */
  readonly accessChanged: (key: string) => void;
}

/** Verifies credentials. A known token costs a digest and two look-ups in memory. */
export interface Authenticator {
  /** `authorization` as the header or metadata carries it, e.g. `Bearer NNSXS.…`. */
  authenticate(
    tenantId: string,
    authorization: string | undefined,
    beforeLookup?: () => void,
  ): Caller | Promise<Caller>;
  /** `beforeLookup` may refuse a token that is not in memory. */
  authenticateToken(tenantId: string, token: string, beforeLookup?: () => void): Caller | Promise<Caller>;
  /** The caller as it stands now, for calls that last: throws when its credential is gone or expired. */
  refresh(caller: Caller): Caller | Promise<Caller>;
  apiKeyChanged(tenantId: string, keyId: string): void;
  /** Every API key of the entity is gone, also one that was made while it went. */
  entityPurged(entity: EntityReference): void;
  accessTokenChanged(tenantId: string, tokenId: string): void;
  sessionChanged(tenantId: string, sessionId: string): void;
  /** Tokens and sessions were removed by what they belong to: those of the tenant are looked up anew. */
  tokensRevoked(tenantId: string): void;
  userChanged(tenantId: string, userId: string): void;
  clientChanged(tenantId: string, clientId: string): void;
}

const kindsOfTokens: Readonly<Partial<Record<TokenKind, CredentialKind>>> = {
  apiKey: "apiKey",
  accessToken: "accessToken",
  sessionToken: "session",
};

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock } = options;
  const credentials = createCredentials<CachedCredential>(options, (credential) => ({ credential }));
  const users = standings(cachedUsers, options.loadUser);
  const clients = standings(cachedClients, options.loadClient);
  const verify = createVerifier(options);
  const callerOfVerified = createCallers(options, users, clients);
  const credentialChanged = (kind: CredentialKind, tenantId: string, id: string): void => {
    credentials[kind].invalidate(`${tenantId}/${id}`);
    options.accessChanged(accessKeys.credential(tenantId, id));
  };

  const authenticateSlowly = async (
    kind: CredentialKind,
    cacheKey: string,
    token: Token,
    digest: Buffer,
  ): Promise<Caller> => {
    const cached = await credentials[kind].get(cacheKey);
    // Before any hashing: who guesses identifiers costs a look-up by primary key.
    if (cached === undefined) throw unknownError(kind, token.id);
    if (!(await verify(cached, token.secret, digest))) throw invalidAuthorization();
    return callerOfVerified(cached);
  };

  const authenticateToken: Authenticator["authenticateToken"] = (tenantId, text, beforeLookup) => {
    const token = parseToken(text);
    const kind = kindsOfTokens[token.kind];
    if (kind === undefined) throw unsupportedAuthorization();
    if (!isTokenId(token.id)) throw unknownError(kind, token.id);
    const cacheKey = `${tenantId}/${token.id}`;
    const digest = tokenDigest(text);
    const cached = credentials[kind].peek(cacheKey);
    if (cached !== undefined && isVerified(cached, digest, clock.now())) return callerOfVerified(cached);
    beforeLookup?.();
    return authenticateSlowly(kind, cacheKey, token, digest);
  };

  return {
    authenticateToken,
    authenticate(tenantId, authorization, beforeLookup) {
      if (authorization === undefined || authorization === "") return anonymousCaller(tenantId);
      const [scheme = "", value] = authorization.trim().split(/ +/, 2);
      if (scheme.toLowerCase() !== "bearer" || value === undefined) throw unsupportedAuthorization();
      return authenticateToken(tenantId, value, beforeLookup);
    },
    refresh(caller) {
      const held = heldCredential(caller);
      if (held === undefined) return caller;
      const { kind, id } = held;
      const refreshed = (cached: CachedCredential | undefined): Caller | Promise<Caller> => {
        if (cached === undefined) throw unknownError(kind, id);
        return callerOfVerified(cached);
      };
      const cached = credentials[kind].get(`${caller.tenantId}/${id}`);
      return cached instanceof Promise ? cached.then(refreshed) : refreshed(cached);
    },
    apiKeyChanged: (tenantId, keyId) => credentialChanged("apiKey", tenantId, keyId),
    entityPurged(entity) {
      credentials.apiKey.invalidateWhere(
        (_, cached) => cached === undefined || sameEntity(cached.credential.entity, entity),
      );
      options.accessChanged(accessKeys.entity(entity));
    },
    accessTokenChanged: (tenantId, tokenId) => credentialChanged("accessToken", tenantId, tokenId),
    sessionChanged: (tenantId, sessionId) => credentialChanged("session", tenantId, sessionId),
    tokensRevoked(tenantId) {
      const ofTenant = (cacheKey: string): boolean => cacheKey.startsWith(`${tenantId}/`);
      credentials.accessToken.invalidateWhere(ofTenant);
      credentials.session.invalidateWhere(ofTenant);
      options.accessChanged(accessKeys.tokens(tenantId));
    },
    userChanged: (tenantId, userId) => users.invalidate(`${tenantId}/${userId}`),
    clientChanged: (tenantId, clientId) => clients.invalidate(`${tenantId}/${clientId}`),
  };
}

function heldCredential(caller: Caller): { readonly kind: CredentialKind; readonly id: string } | undefined {
  if (caller.apiKey !== undefined) return { kind: "apiKey", id: caller.apiKey.id };
  if (caller.accessToken !== undefined) return { kind: "accessToken", id: caller.accessToken.id };
  if (caller.session !== undefined) return { kind: "session", id: caller.session.id };
  return undefined;
}

function standings<Standing extends object>(
  capacity: number,
  load: (tenantId: string, id: string) => Promise<Standing | undefined>,
): LoadingCache<Standing> {
  return new LoadingCache<Standing>(capacity, (cacheKey) => {
    const [tenantId = "", id = ""] = cacheKey.split("/");
    return load(tenantId, id);
  });
}

/** The caller of a credential whose secret was verified, as its user and its client stand now. */
function createCallers(
  options: AuthenticatorOptions,
  users: LoadingCache<UserStanding>,
  clients: LoadingCache<ClientStanding>,
) {
  const callerOf = (cached: CachedCredential, user: UserStanding | undefined): Caller => {
    const { caller, credential } = cached;
    if (caller !== undefined && caller.user === user) return caller;
    if (user === undefined && credential.entity.type === "user") {
      throw unknownError(credential.kind, credential.id);
    }
    cached.caller = makeCaller(credential, user, options.adminsHoldAllRights);
    return cached.caller;
  };
  const ofUser = (cached: CachedCredential): Caller | Promise<Caller> => {
    const { entity } = cached.credential;
    if (entity.type !== "user") return callerOf(cached, undefined);
    const user = users.get(`${entity.tenantId}/${entity.id}`);
    return user instanceof Promise ? user.then((loaded) => callerOf(cached, loaded)) : callerOf(cached, user);
  };

  return (cached: CachedCredential): Caller | Promise<Caller> => {
    const { credential } = cached;
    const { expiresAt } = credential;
    if (expiresAt !== undefined && expiresAt <= options.clock.now()) throw expiredError(credential.kind);
    if (credential.kind !== "accessToken") return ofUser(cached);
    const checkClient = (client: ClientStanding | undefined): void => {
      if (client === undefined) throw unknownError(credential.kind, credential.id);
      const error = clientStandingError(client);
      if (error !== undefined) throw error;
    };
    const client = clients.get(`${credential.entity.tenantId}/${credential.record.clientId}`);
    if (client instanceof Promise) {
      return client.then((loaded) => {
        checkClient(loaded);
        return ofUser(cached);
      });
    }
    checkClient(client);
    return ofUser(cached);
  };
}

function isVerified({ credential, verified }: CachedCredential, digest: Uint8Array, now: At): boolean {
  if (credential.digest !== undefined) return timingSafeEqual(credential.digest, digest);
  return (
    verified !== undefined &&
    now - verified.at < verificationLastsMs &&
    timingSafeEqual(verified.digest, digest)
  );
}

/** Hashes a token's secret unless the same token is verified, or being verified, already. */
function createVerifier({ clock, hasher }: AuthenticatorOptions) {
  return async (cached: CachedCredential, secret: string, digest: Buffer): Promise<boolean> => {
    if (isVerified(cached, digest, clock.now())) return true;
    const { credential, verifying } = cached;
    if (credential.kind !== "apiKey") return false;
    if (verifying !== undefined && timingSafeEqual(verifying.digest, digest)) return verifying.done;
    const done = hasher.verify(secret, credential.record.secretHash);
    const current = { digest, done };
    cached.verifying = current;
    try {
      const matches = await done;
      if (matches) cached.verified = { digest, at: clock.now() };
      return matches;
    } finally {
      if (cached.verifying === current) delete cached.verifying;
    }
  };
}

function makeCaller(credential: Credential, user: UserStanding | undefined, adminsHoldAll: boolean): Caller {
  const { entity } = credential;
  const base = { tenantId: entity.tenantId, ...shownCredential(credential), entity };
  if (user === undefined) {
    return { ...base, rights: credential.rights, universalRights: noRights, isAdmin: false, warnings: [] };
  }
  const { permitted, warnings } = accountStanding(user);
  const rights: RightSet =
    permitted === undefined ? credential.rights : credential.rights.intersection(permitted);
  const ofAdmin = isActingAdmin(user);
  const universal: ReadonlySet<Right> = adminsHoldAll ? allRights : adminRights;
  return {
    ...base,
    user,
    rights,
    universalRights: ofAdmin ? universal.intersection(rights) : noRights,
    // A key or a token that an admin gave few rights to must not purge everything and make others admins with them.
    isAdmin: ofAdmin && adminRights.isSubsetOf(rights),
    warnings,
  };
}

function shownCredential(credential: Credential): Pick<Caller, "apiKey" | "accessToken" | "session"> {
  switch (credential.kind) {
    case "apiKey":
      return { apiKey: credential.record };
    case "accessToken":
      return { accessToken: credential.record };
    case "session":
      return { session: credential.record };
  }
}
