import type { User } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, SkylarkError, statusCodes } from "../../errors/errors.ts";
import { readCookie, sessionCookie } from "../../rpc/cookies.ts";
import type { Caller } from "../access/authentication.ts";
import { isSessionToken } from "../access/token.ts";
import { isPlainId } from "../entity.ts";
import { oauthEvents } from "../oauth/events.ts";
import type { Registries } from "../registries/registries.ts";
import { useLoginToken } from "../sessions/login-tokens.ts";
import type { SessionRecord } from "../sessions/session-store.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { type VerifiedPassword, verifyPassword } from "../users/verify-password.ts";
import { clearSessionCookie, renewCsrfToken, setSessionCookie } from "./cookies.ts";
import type { Exchange } from "./exchange.ts";

const errors = defineErrors("pkg/account");
const missingUserId = errors.invalidArgument("missing_user_id", "missing user_id");
const missingPassword = errors.invalidArgument("missing_password", "missing password");
const missingToken = errors.invalidArgument("missing_token", "missing token");
const noMatch = defineErrors("pkg/account/session").invalidArgument(
  "no_user_id_password_match",
  "incorrect password or user ID",
);

export interface LoginsOptions {
  readonly registries: Registries;
  readonly sessions: Sessions;
}

/** Who is logged in, as it stands now. */
export interface Login {
  readonly caller: Caller;
  readonly session: SessionRecord;
  readonly user: EntityReference;
}

export interface Logins {
  /** Undefined for a browser that is not logged in; one whose session ended loses its cookie. */
  current(exchange: Exchange): Promise<Login | undefined>;
  /** Throws the same for a wrong password and for a user that does not exist, after the same time. */
  withPassword(exchange: Exchange, userId: string, password: string): Promise<VerifiedPassword>;
  withToken(exchange: Exchange, token: string): Promise<void>;
  /** For a user that proved elsewhere who it is. */
  begin(exchange: Exchange, userId: string): Promise<void>;
  end(exchange: Exchange, login: Login): Promise<void>;
  message(login: Login): Promise<User>;
}

export function createLogins({ registries, sessions }: LoginsOptions): Logins {
  const { authenticator, users, events, randomBytes } = registries;

  const current = async (exchange: Exchange): Promise<Login | undefined> => {
    const token = readCookie(exchange.request, sessionCookie);
    if (token === undefined || !isSessionToken(token)) return undefined;
    const { tenantId, requireFewRefused, countRefused } = exchange.call;
    try {
      const caller = await authenticator.authenticateToken(tenantId, token, requireFewRefused);
      const { session, entity } = caller;
      return session === undefined || entity === undefined ? undefined : { caller, session, user: entity };
    } catch (error) {
      // Too many of them, or a store that cannot answer, say nothing about this one.
      if (!(error instanceof SkylarkError) || error.code !== statusCodes.unauthenticated) throw error;
      countRefused();
      clearSessionCookie(exchange);
      return undefined;
    }
  };

  const begin = async (exchange: Exchange, userId: string): Promise<void> => {
    const { tenantId } = exchange.call;
    const former = await current(exchange);
    const { token } = await sessions.begin(tenantId, userId);
    // Whoever else knows the former token is logged out with it.
    if (former !== undefined) await sessions.end(former.session);
    exchange.response.removeHeader("Set-Cookie");
    setSessionCookie(exchange, token, sessions.lifetimeMs);
    renewCsrfToken(exchange, randomBytes);
    events.publish(oauthEvents.login, { kind: "user", tenantId, userId });
  };

  const publishFailure = async (tenantId: string, userId: string): Promise<void> => {
    if (!isPlainId(userId) || (await users.entities.get(tenantId, userId)) === undefined) return;
    events.publish(oauthEvents.loginFailed, { kind: "user", tenantId, userId });
  };

  return {
    current,
    begin,
    async withPassword(exchange, userId, password) {
      const { tenantId } = exchange.call;
      if (userId.trim() === "") throw missingUserId();
      if (password === "") throw missingPassword();
      exchange.call.limitAttempts(`${tenantId}/${userId.slice(0, 64)}`);
      const verified =
        password.length > longestPassword
          ? undefined
          : await verifyPassword(registries, tenantId, userId, password);
      if (verified === undefined) {
        await publishFailure(tenantId, userId);
        throw noMatch();
      }
      await begin(exchange, userId);
      return verified;
    },
    async withToken(exchange, token) {
      if (token.trim() === "") throw missingToken();
      exchange.call.limitAttempts("");
      await begin(exchange, await useLoginToken(registries, exchange.call.tenantId, token.trim()));
    },
    async end(exchange, { session, user }) {
      await sessions.end(session);
      clearSessionCookie(exchange);
      events.publish(oauthEvents.logout, { kind: "user", tenantId: user.tenantId, userId: user.id });
    },
    async message({ user }) {
      const stored = await users.entities.get(user.tenantId, user.id);
      if (stored === undefined) throw users.notFound(user.id);
      return stored.message;
    },
  };
}

/** No rule allows a longer one. */
const longestPassword = 1000;
