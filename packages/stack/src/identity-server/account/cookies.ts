import type { RandomBytes } from "../../clock/clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import { csrfCookie, readCookie, requireCsrfToken, sessionCookie } from "../../rpc/cookies.ts";
import { type Exchange, isSecure } from "./exchange.ts";

const crossSiteRequest = defineErrors("skylark/account").permissionDenied(
  "cross_site_request",
  "the request came from the page of another site",
);

export interface CookieOptions {
  readonly httpOnly: boolean;
  /** Undefined: until the browser is closed. 0: now. */
  readonly maxAgeSeconds?: number;
  readonly path?: string;
}

export function setCookie(exchange: Exchange, name: string, value: string, options: CookieOptions): void {
  const parts = [`${name}=${value}`, `Path=${options.path ?? "/"}`, "SameSite=Lax"];
  if (options.httpOnly) parts.push("HttpOnly");
  if (options.maxAgeSeconds !== undefined) parts.push(`Max-Age=${options.maxAgeSeconds}`);
  if (isSecure(exchange)) parts.push("Secure");
  exchange.response.appendHeader("Set-Cookie", parts.join("; "));
}

export function setSessionCookie(exchange: Exchange, token: string, lifetimeMs: number): void {
  const maxAgeSeconds = Math.floor(lifetimeMs / 1000);
  setCookie(exchange, sessionCookie, token, { httpOnly: true, maxAgeSeconds });
}

export function clearSessionCookie(exchange: Exchange): void {
  setCookie(exchange, sessionCookie, "", { httpOnly: true, maxAgeSeconds: 0 });
}

/** The token that our forms repeat; pages of ours may read its cookie, those of others may not. */
export function csrfTokenOf(exchange: Exchange, randomBytes: RandomBytes): string {
  const known = readCookie(exchange.request, csrfCookie);
  if (known !== undefined && /^[\w-]{43}$/.test(known)) return known;
  return renewCsrfToken(exchange, randomBytes);
}

/** Who planted a token before the login does not know the one after it. */
export function renewCsrfToken(exchange: Exchange, randomBytes: RandomBytes): string {
  const token = Buffer.from(randomBytes(32)).toString("base64url");
  setCookie(exchange, csrfCookie, token, { httpOnly: false });
  return token;
}

/** Throws when a form, or a script's request, may have come from another site. */
export function requireOwnRequest({ request }: Exchange, form?: URLSearchParams): void {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") throw crossSiteRequest();
  requireCsrfToken(request, form?.get("_csrf") ?? undefined);
}
