import { createHash } from "node:crypto";
import type { RandomBytes } from "../../clock/clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import { formatBase32 } from "./base32.ts";

const errors = defineErrors("pkg/auth");
export const invalidToken = errors.invalidArgument("token", "invalid token");

/** The first part of a token says what it is: base 32 of `key`, `acc`, `ref`, `aut` and `ssn`. */
const kindsByPrefix = {
  NNSXS: "apiKey",
  MFRWG: "accessToken",
  OJSWM: "refreshToken",
  MF2XI: "authorizationCode",
  ONZW4: "sessionToken",
} as const;

export interface Token {
  readonly kind: (typeof kindsByPrefix)[keyof typeof kindsByPrefix];
  readonly id: string;
  readonly secret: string;
}

/** An API key is 98 characters; whatever is much longer was never one of ours. */
const maximumLength = 256;

export function parseToken(text: string): Token {
  const [prefix, id, secret, rest] = text.length > maximumLength ? [] : text.split(".", 4);
  const kind = kindsByPrefix[prefix as keyof typeof kindsByPrefix];
  if (kind === undefined || !id || !secret || rest !== undefined) throw invalidToken();
  return { kind, id, secret };
}

export interface GeneratedToken extends Token {
  /** The whole token, which is shown once and kept nowhere. */
  readonly text: string;
}

export function generateApiKeyToken(randomBytes: RandomBytes): GeneratedToken {
  const id = formatBase32(randomBytes(24));
  const secret = formatBase32(randomBytes(32));
  return { kind: "apiKey", id, secret, text: `NNSXS.${id}.${secret}` };
}

/** Stands for a verified token in memory, so that the token itself is not kept. */
export function tokenDigest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
