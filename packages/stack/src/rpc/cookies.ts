import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("pkg/webmiddleware");
const invalidCsrfToken = errors.permissionDenied(
  "invalid_csrf_token",
  "the X-CSRF-Token header does not match the _csrf cookie",
);

/** The cookies of the console and the account pages. */
export const sessionCookie = "_session";
export const csrfCookie = "_csrf";
const csrfHeader = "x-csrf-token";

/** The value of a cookie as it came; the first one when there are several of the name. */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers.cookie;
  if (header === undefined || !header.includes(name)) return undefined;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals >= 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

const safeVerbs = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Throws when a request that carries a session as a cookie could have been sent by another site's page: whoever may
 * read our cookie repeats it in a header, or in the form field that `given` holds.
 */
export function requireCsrfToken(request: IncomingMessage, given?: string): void {
  if (safeVerbs.has(request.method ?? "")) return;
  const expected = Buffer.from(readCookie(request, csrfCookie) ?? "");
  const header = request.headers[csrfHeader];
  const token = Buffer.from(given ?? (typeof header === "string" ? header : ""));
  if (expected.length < 16 || token.length !== expected.length || !timingSafeEqual(token, expected)) {
    throw invalidCsrfToken();
  }
}
