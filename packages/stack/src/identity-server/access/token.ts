import { createHash } from "node:crypto";
import type { RandomBytes } from "../../clock/clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import { formatBase32 } from "./base32.ts";

const errors = defineErrors("pkg/auth");
const invalidToken = errors.invalidArgument("token", "invalid token");

/** The first part of a token says what it is: base 32 of `key`, `acc`, `ref`, `aut` and `ssn`. */
const prefixes = {
  apiKey: "NNSXS",
  accessToken: "MFRWG",
  refreshToken: "OJSWM",
  authorizationCode: "MF2XI",
  sessionToken: "ONZW4",
} as const;

export type TokenKind = keyof typeof prefixes;

const kindsByPrefix = new Map(
  Object.entries(prefixes).map(([kind, prefix]): [string, TokenKind] => [prefix, kind as TokenKind]),
);

export interface Token {
  readonly kind: TokenKind;
  readonly id: string;
  readonly secret: string;
}

/** An API key is 98 characters; whatever is much longer was never one of ours. */
const maximumLength = 256;

export function parseToken(text: string): Token {
  const [prefix = "", id, secret, rest] = text.length > maximumLength ? [] : text.split(".", 4);
  const kind = kindsByPrefix.get(prefix);
  if (kind === undefined || !id || !secret || rest !== undefined) throw invalidToken();
  return { kind, id, secret };
}

export interface GeneratedToken extends Token {
  /** The whole token, which is shown once and kept nowhere. */
  readonly text: string;
}

/** 256 random bits of secret. An access token and its refresh token share their `id`. */
export function generateToken(
  kind: TokenKind,
  randomBytes: RandomBytes,
  id: string = formatBase32(randomBytes(24)),
): GeneratedToken {
  const secret = formatBase32(randomBytes(32));
  return { kind, id, secret, text: `${prefixes[kind]}.${id}.${secret}` };
}

export function generateApiKeyToken(randomBytes: RandomBytes): GeneratedToken {
  return generateToken("apiKey", randomBytes);
}

/** Whether the text has the form of a session token, whoever made it. */
export function isSessionToken(text: string): boolean {
  return /^ONZW4\.[A-Z2-7]{1,64}\.[A-Z2-7]{1,64}$/.test(text);
}

/** Identifiers of tokens are base 32; anything else is not worth a query, nor a place in an error message. */
export function isTokenId(text: string): boolean {
  return /^[A-Z2-7]{1,64}$/.test(text);
}

/**
 * Stands for a token, so that the token itself is not kept. Of tokens that only this server makes the store holds no
 * more than this: nobody guesses 256 random bits, however fast the hash.
 */
export function tokenDigest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
