import { timingSafeEqual } from "node:crypto";
import { type Right, State } from "@skylark/api";
import type { At, Clock } from "../../clock/clock.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Caller as PlatformCaller } from "../../rpc/service.ts";
import { apiKeyNotFound } from "../errors.ts";
import type { ApiKeyRecord, ApiKeyStore } from "../storage/api-key-store.ts";
import { adminRights, allRights, noRights, type RightSet, withImplied } from "./right-sets.ts";
import type { SecretHasher } from "./secret-hash.ts";
import { parseToken, type Token, tokenDigest } from "./token.ts";
import { accountStanding, type UserStanding } from "./user-standing.ts";

const errors = defineErrors("pkg/identityserver");
const unknownApiKey = errors.unauthenticated("api_key_not_found", "API key not found");
const invalidAuthorization = errors.unauthenticated("invalid_authorization", "invalid authorization");
const apiKeyExpired = errors.unauthenticated("api_key_expired", "API key expired");
const tokenNotFound = errors.unauthenticated("token_not_found", "token not found");
const unsupportedAuthorization = errors.unauthenticated(
  "unsupported_authorization",
  "unsupported authorization method",
);

/** Who calls, once a credential was verified, with the rights that it carries whatever they are used on. */
export interface Caller extends PlatformCaller {
  /** Absent for a caller without credentials. */
  readonly apiKey?: ApiKeyRecord;
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
const cachedKeys = 100_000;
const cachedUsers = 100_000;

interface CachedKey {
  readonly key: ApiKeyRecord;
  readonly rights: RightSet;
  verified?: { readonly digest: Buffer; readonly at: At };
  verifying?: { readonly digest: Buffer; readonly done: Promise<boolean> };
  /** The caller made of this key while its user (the same object) stood so. */
  caller?: Caller;
}

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly hasher: SecretHasher;
  readonly apiKeys: ApiKeyStore;
  readonly loadUser: (tenantId: string, userId: string) => Promise<UserStanding | undefined>;
  /** Option `is.admin-rights.all`: admins hold every right, those to keys included. */
  readonly adminsHoldAllRights: boolean;
}

/** Verifies credentials. A known API key costs a digest and two look-ups in memory. */
export interface Authenticator {
  /** `authorization` as the header or metadata carries it, e.g. `Bearer NNSXS.…`. */
  authenticate(tenantId: string, authorization: string | undefined): Caller | Promise<Caller>;
  authenticateToken(tenantId: string, token: string): Caller | Promise<Caller>;
  /** The caller as it stands now, for calls that last: throws when its key is gone or expired. */
  refresh(caller: Caller): Caller | Promise<Caller>;
  apiKeyChanged(tenantId: string, keyId: string): void;
  userChanged(tenantId: string, userId: string): void;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const keys = new LoadingCache<CachedKey>(cachedKeys, async (cacheKey) => {
    const [tenantId = "", id = ""] = cacheKey.split("/");
    const key = await options.apiKeys.get(tenantId, id);
    return key === undefined ? undefined : { key, rights: withImplied(key.rights) };
  });
  const users = new LoadingCache<UserStanding>(cachedUsers, (cacheKey) => {
    const [tenantId = "", id = ""] = cacheKey.split("/");
    return options.loadUser(tenantId, id);
  });
  const verify = createVerifier(options);

  const callerOfVerified = createCallers(options, users);

  const authenticateKey = async (cacheKey: string, token: Token, digest: Buffer): Promise<Caller> => {
    const cached = await keys.get(cacheKey);
    // Before any hashing: who guesses identifiers costs a look-up by primary key.
    if (cached === undefined) throw unknownApiKey({}, { cause: apiKeyNotFound({ api_key_id: token.id }) });
    if (!(await verify(cached, token.secret, digest))) throw invalidAuthorization();
    return callerOfVerified(cached);
  };

  const refreshed = (id: string, cached: CachedKey | undefined): Caller | Promise<Caller> => {
    if (cached === undefined) throw unknownApiKey({}, { cause: apiKeyNotFound({ api_key_id: id }) });
    return callerOfVerified(cached);
  };

  const authenticateToken = (tenantId: string, text: string): Caller | Promise<Caller> => {
    const token = parseToken(text);
    if (token.kind !== "apiKey") throw tokenNotFound();
    const cacheKey = `${tenantId}/${token.id}`;
    if (!isKeyId(token.id)) throw unknownApiKey({}, { cause: apiKeyNotFound({ api_key_id: token.id }) });
    const digest = tokenDigest(text);
    const cached = keys.peek(cacheKey);
    if (cached !== undefined && isVerified(cached, digest, options.clock.now()))
      return callerOfVerified(cached);
    return authenticateKey(cacheKey, token, digest);
  };

  return {
    authenticateToken,
    authenticate(tenantId, authorization) {
      if (authorization === undefined || authorization === "") return anonymousCaller(tenantId);
      const [scheme = "", value] = authorization.trim().split(/ +/, 2);
      if (scheme.toLowerCase() !== "bearer" || value === undefined) throw unsupportedAuthorization();
      return authenticateToken(tenantId, value);
    },
    refresh(caller) {
      if (caller.apiKey === undefined) return caller;
      const { id } = caller.apiKey;
      const cached = keys.get(`${caller.tenantId}/${id}`);
      return cached instanceof Promise
        ? cached.then((loaded) => refreshed(id, loaded))
        : refreshed(id, cached);
    },
    apiKeyChanged: (tenantId, keyId) => keys.invalidate(`${tenantId}/${keyId}`),
    userChanged: (tenantId, userId) => users.invalidate(`${tenantId}/${userId}`),
  };
}

/** The caller of a key whose secret was verified, as its user stands now. */
function createCallers(options: AuthenticatorOptions, users: LoadingCache<UserStanding>) {
  const callerOf = (cached: CachedKey, user: UserStanding | undefined): Caller => {
    if (cached.caller !== undefined && cached.caller.user === user) return cached.caller;
    cached.caller = makeCaller(cached, user, options.adminsHoldAllRights);
    return cached.caller;
  };

  return (cached: CachedKey): Caller | Promise<Caller> => {
    const { expiresAt, entity, id } = cached.key;
    if (expiresAt !== undefined && expiresAt <= options.clock.now()) throw apiKeyExpired();
    if (entity.type !== "user") return callerOf(cached, undefined);
    const user = users.get(`${entity.tenantId}/${entity.id}`);
    if (!(user instanceof Promise)) return callerOf(cached, user);
    return user.then((loaded) => {
      if (loaded === undefined) throw unknownApiKey({}, { cause: apiKeyNotFound({ api_key_id: id }) });
      return callerOf(cached, loaded);
    });
  };
}

/** Identifiers of keys are base 32; anything else is not worth a query, nor a place in an error message. */
function isKeyId(text: string): boolean {
  return /^[A-Z2-7]{1,64}$/.test(text);
}

function isVerified(cached: CachedKey, digest: Buffer, now: At): boolean {
  const { verified } = cached;
  return (
    verified !== undefined &&
    now - verified.at < verificationLastsMs &&
    timingSafeEqual(verified.digest, digest)
  );
}

/** Hashes a token's secret unless the same token is verified, or being verified, already. */
function createVerifier({ clock, hasher }: AuthenticatorOptions) {
  return async (cached: CachedKey, secret: string, digest: Buffer): Promise<boolean> => {
    if (isVerified(cached, digest, clock.now())) return true;
    const { verifying } = cached;
    if (verifying !== undefined && timingSafeEqual(verifying.digest, digest)) return verifying.done;
    const done = hasher.verify(secret, cached.key.secretHash);
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

function makeCaller(cached: CachedKey, user: UserStanding | undefined, adminsHoldAll: boolean): Caller {
  const { key } = cached;
  const base = { tenantId: key.entity.tenantId, apiKey: key, entity: key.entity };
  if (user === undefined) {
    return { ...base, rights: cached.rights, universalRights: noRights, isAdmin: false, warnings: [] };
  }
  const { permitted, warnings } = accountStanding(user);
  const rights: RightSet = permitted === undefined ? cached.rights : cached.rights.intersection(permitted);
  const isAdmin = user.admin && user.state === State.APPROVED;
  const universal: ReadonlySet<Right> = adminsHoldAll ? allRights : adminRights;
  return {
    ...base,
    user,
    rights,
    universalRights: isAdmin ? universal.intersection(rights) : noRights,
    isAdmin,
    warnings,
  };
}
