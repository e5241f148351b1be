import { AsyncLocalStorage } from "node:async_hooks";

/** The credential of a call without its secret. */
export interface CallAuthentication {
  /** The scheme, e.g. `Bearer`. */
  readonly type: string;
  /** E.g. `APIKey`. */
  readonly tokenType: string;
  readonly tokenId: string;
}

/** The call of the API that events come from. May be a call itself: what is derived lazily stays so until an event is kept. */
export interface CallOrigin {
  readonly correlationIds: readonly string[];
  readonly remoteAddress: string;
  readonly userAgent: string;
  readonly authentication: CallAuthentication | undefined;
}

interface Running {
  /** Undefined once the call was answered: what it left behind in timers and queues is no longer its doing. */
  origin: CallOrigin | undefined;
}

const storage = new AsyncLocalStorage<Running>();

/** Runs the handler of a call. Events that are published until it has answered say that they come from there. */
export function runWithCallOrigin<T>(origin: CallOrigin, run: () => T): T {
  const running: Running = { origin };
  const end = () => {
    running.origin = undefined;
  };
  let result: T;
  try {
    result = storage.run(running, run);
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
}

/** The call that is under way here, if any. */
export function currentCallOrigin(): CallOrigin | undefined {
  return storage.getStore()?.origin;
}

const tokenTypes: Readonly<Record<string, string>> = {
  NNSXS: "APIKey",
  MFRWG: "AccessToken",
  OJSWM: "RefreshToken",
  MF2XI: "AuthorizationCode",
  ONZW4: "SessionToken",
};

const longestCredential = 1024;

/** What may be shown of an `Authorization` header: its scheme, and the type and identifier of its token, if it is one of ours. */
export function authenticationOf(authorization: string | undefined): CallAuthentication | undefined {
  if (authorization === undefined || authorization.length > longestCredential) return undefined;
  const [scheme = "", value] = authorization.trim().split(/ +/, 2);
  // A credential without its scheme must not pass for a scheme.
  if (value === undefined || !/^[A-Za-z]{1,20}$/.test(scheme)) return undefined;
  const [prefix = "", id = "", secret, rest] = value.split(".", 4);
  const tokenType = Object.hasOwn(tokenTypes, prefix) ? tokenTypes[prefix] : undefined;
  const isToken = tokenType !== undefined && secret !== undefined && rest === undefined;
  return { type: scheme, tokenType: isToken ? tokenType : "", tokenId: isToken ? id : "" };
}
