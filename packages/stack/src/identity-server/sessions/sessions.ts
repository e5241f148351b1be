import type { Clock, RandomBytes } from "../../clock/clock.ts";
import { isStale } from "../../store/staged-transaction.ts";
import type { Store } from "../../store/store.ts";
import type { Authenticator } from "../access/authentication.ts";
import { generateToken, tokenDigest } from "../access/token.ts";
import { userSessionNotFound } from "../credential-errors.ts";
import type { SessionRecord, SessionStore } from "./session-store.ts";

export interface SessionsOptions {
  readonly store: Pick<Store, "transact">;
  readonly clock: Pick<Clock, "now">;
  readonly randomBytes: RandomBytes;
  readonly sessions: SessionStore;
  readonly authenticator: Pick<Authenticator, "sessionChanged">;
  /** Option `is.sessions.ttl`. */
  readonly lifetimeMs: number;
}

export interface NewSession {
  readonly session: SessionRecord;
  /** For the cookie; kept nowhere else. */
  readonly token: string;
}

/** Logins in browsers. Each is a new one: nobody can have planted its token beforehand. */
export interface Sessions {
  readonly lifetimeMs: number;
  begin(tenantId: string, userId: string): Promise<NewSession>;
  /** Throws when there is none. */
  end(session: Pick<SessionRecord, "tenantId" | "id">): Promise<void>;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { store, clock, randomBytes, sessions, authenticator, lifetimeMs } = options;
  return {
    lifetimeMs,
    async begin(tenantId, userId) {
      const { id, text } = generateToken("sessionToken", randomBytes);
      const createdAt = clock.now();
      const session: SessionRecord = {
        tenantId,
        id,
        userId,
        digest: tokenDigest(text),
        createdAt,
        expiresAt: createdAt + lifetimeMs,
      };
      await store.transact((writer) => {
        sessions.deleteExpired(writer, tenantId, createdAt);
        sessions.insert(writer, session);
      });
      return { session, token: text };
    },
    async end({ tenantId, id }) {
      try {
        await store.transact((writer) => sessions.delete(writer, tenantId, id));
      } catch (error) {
        throw isStale(error) ? userSessionNotFound({ session_id: id }) : error;
      } finally {
        authenticator.sessionChanged(tenantId, id);
      }
    },
  };
}
