import { timingSafeEqual } from "node:crypto";
import type { Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { isStale } from "../../store/staged-transaction.ts";
import type { Writer } from "../../store/store.ts";
import { generateToken, isTokenId, parseToken, type TokenKind, tokenDigest } from "../access/token.ts";
import type { Registries } from "../registries/registries.ts";
import type { CodeRecord } from "./code-store.ts";
import { invalidGrant } from "./errors.ts";
import { answersChallenge, type Challenge } from "./pkce.ts";
import type { AccessTokenRecord } from "./token-store.ts";

const codeLifetimeMs = 5 * 60_000;
export const accessTokenLifetimeMs = 3_600_000;
/** How long a code or token that was used is known as such. */
const rememberedMs = 24 * 3_600_000;
/** Two processes of one client may refresh at once; who comes later than this found an old token somewhere. */
const refreshRaceMs = 10_000;

export interface CodeRequest {
  readonly tenantId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly sessionId: string;
  readonly rights: readonly Right[];
  /** As the client will repeat it. */
  readonly redirectUri: string;
  readonly challenge: Challenge;
}

export interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly withRefreshToken: boolean;
  /** Throws when the user may not act. */
  readonly checkUser: (userId: string) => Promise<void>;
}

export interface IssuedTokens {
  readonly record: AccessTokenRecord;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** Makes codes of authorizations and tokens of codes; each works once. */
export interface TokenIssuer {
  authorize(request: CodeRequest): Promise<string>;
  exchange(tenantId: string, exchange: CodeExchange): Promise<IssuedTokens>;
  refresh(
    tenantId: string,
    refresh: Pick<CodeExchange, "clientId" | "checkUser"> & { readonly token: string },
  ): Promise<IssuedTokens>;
}

type Parts = Pick<Registries, "store" | "clock" | "randomBytes" | "credentials" | "authenticator">;

export function createTokenIssuer(parts: Parts): TokenIssuer {
  const { store, clock, randomBytes, credentials } = parts;
  return {
    async authorize({ challenge, ...request }) {
      const { id, text } = generateToken("authorizationCode", randomBytes);
      const createdAt = clock.now();
      await store.transact((writer) => {
        credentials.authorizations.set(writer, request, request.rights, createdAt);
        credentials.codes.deleteExpired(writer, request.tenantId, createdAt - rememberedMs);
        credentials.codes.insert(writer, {
          ...request,
          id,
          digest: tokenDigest(text),
          challenge: challenge.value,
          challengeMethod: challenge.method,
          createdAt,
          expiresAt: createdAt + codeLifetimeMs,
        });
      });
      return text;
    },
    async exchange(tenantId, exchange) {
      const code = await findCode(parts, tenantId, exchange);
      await exchange.checkUser(code.userId);
      const issued = issue(parts, code, { familyId: code.id, withRefreshToken: exchange.withRefreshToken });
      await commitOnce(parts, { tenantId, familyId: code.id }, (writer) => {
        credentials.codes.use(writer, tenantId, code.id, issued.record.createdAt);
        credentials.accessTokens.deleteExpired(writer, tenantId, issued.record.createdAt - rememberedMs);
        credentials.accessTokens.insert(writer, issued.record);
      });
      return issued;
    },
    async refresh(tenantId, { token, clientId, checkUser }) {
      const former = await findRefreshed(parts, tenantId, { token, clientId });
      await checkUser(former.userId);
      const issued = issue(parts, former, { familyId: former.familyId, withRefreshToken: true });
      try {
        await commitOnce(parts, undefined, (writer) => {
          credentials.accessTokens.replace(writer, tenantId, former.id, issued.record.createdAt);
          credentials.accessTokens.insert(writer, issued.record);
        });
      } finally {
        parts.authenticator.accessTokenChanged(tenantId, former.id);
      }
      return issued;
    },
  };
}

/** Commits unless someone else was first; of a code that was, whatever followed from it is revoked. */
async function commitOnce(
  parts: Parts,
  family: { readonly tenantId: string; readonly familyId: string } | undefined,
  write: (writer: Writer) => void,
): Promise<void> {
  try {
    await parts.store.transact(write);
  } catch (error) {
    if (!isStale(error)) throw error;
    if (family !== undefined) await revokeFamily(parts, family);
    throw invalidGrant();
  }
}

/** Ends every token that followed from one code. */
export async function revokeFamily(
  { store, credentials, authenticator }: Pick<Parts, "store" | "credentials" | "authenticator">,
  { tenantId, familyId }: { readonly tenantId: string; readonly familyId: string },
): Promise<void> {
  try {
    await store.transact((writer) => credentials.accessTokens.deleteOfFamily(writer, tenantId, familyId));
  } finally {
    authenticator.tokensRevoked(tenantId);
  }
}

async function findCode(parts: Parts, tenantId: string, exchange: CodeExchange): Promise<CodeRecord> {
  const id = idOf(exchange.code, "authorizationCode");
  const code = await parts.credentials.codes.get(tenantId, id);
  if (code === undefined || !timingSafeEqual(code.digest, tokenDigest(exchange.code))) throw invalidGrant();
  if (code.clientId !== exchange.clientId) throw invalidGrant();
  if (code.usedAt !== undefined) {
    // RFC 6749 §4.1.2: one of the two who brought it is not the client.
    await revokeFamily(parts, { tenantId, familyId: code.id });
    throw invalidGrant();
  }
  if (code.expiresAt <= parts.clock.now() || code.redirectUri !== exchange.redirectUri) throw invalidGrant();
  const challenge = { value: code.challenge, method: code.challengeMethod };
  if (!answersChallenge(challenge, exchange.verifier)) throw invalidGrant();
  return code;
}

async function findRefreshed(
  parts: Parts,
  tenantId: string,
  { token, clientId }: { readonly token: string; readonly clientId: string },
): Promise<AccessTokenRecord> {
  const record = await parts.credentials.accessTokens.get(tenantId, idOf(token, "refreshToken"));
  if (record?.refreshDigest === undefined) throw invalidGrant();
  if (!timingSafeEqual(record.refreshDigest, tokenDigest(token))) throw invalidGrant();
  if (record.clientId !== clientId) throw invalidGrant();
  if (record.replacedAt === undefined) return record;
  const { familyId } = record;
  if (parts.clock.now() - record.replacedAt > refreshRaceMs)
    await revokeFamily(parts, { tenantId, familyId });
  throw invalidGrant();
}

function idOf(text: string, kind: TokenKind): string {
  let token: ReturnType<typeof parseToken>;
  try {
    token = parseToken(text);
  } catch (error) {
    throw invalidGrant({}, { cause: error });
  }
  if (token.kind !== kind || !isTokenId(token.id)) throw invalidGrant();
  return token.id;
}

type Issuable = Pick<CodeRecord, "tenantId" | "userId" | "clientId" | "sessionId" | "rights">;

function issue(
  { clock, randomBytes }: Parts,
  { tenantId, userId, clientId, sessionId, rights }: Issuable,
  { familyId, withRefreshToken }: { readonly familyId: string; readonly withRefreshToken: boolean },
): IssuedTokens {
  const access = generateToken("accessToken", randomBytes);
  const refresh = withRefreshToken ? generateToken("refreshToken", randomBytes, access.id) : undefined;
  const createdAt: At = clock.now();
  return {
    accessToken: access.text,
    refreshToken: refresh?.text,
    record: {
      tenantId,
      userId,
      clientId,
      sessionId,
      rights,
      id: access.id,
      familyId,
      accessDigest: tokenDigest(access.text),
      refreshDigest: refresh && tokenDigest(refresh.text),
      createdAt,
      expiresAt: createdAt + accessTokenLifetimeMs,
      replacedAt: undefined,
    },
  };
}
