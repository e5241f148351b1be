import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { formatBase32 } from "./base32.ts";
import { generateApiKeyToken, generateToken, isSessionToken, parseToken } from "./token.ts";

test("base 32 follows RFC 4648 without padding", () => {
  const vectors = [
    ["", ""],
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"],
    ["key", "NNSXS"],
  ] as const;
  for (const [plain, encoded] of vectors) assert.equal(formatBase32(Buffer.from(plain)), encoded);
});

test("a generated API key has the length and parts that clients expect", () => {
  const token = generateApiKeyToken(randomBytes);
  assert.match(token.text, /^NNSXS\.[A-Z2-7]{39}\.[A-Z2-7]{52}$/);
  assert.deepEqual(parseToken(token.text), { kind: "apiKey", id: token.id, secret: token.secret });
});

test("each kind of token says what it is, and a refresh token whose it is", () => {
  const prefixes = {
    accessToken: "MFRWG",
    refreshToken: "OJSWM",
    authorizationCode: "MF2XI",
    sessionToken: "ONZW4",
  } as const;
  for (const [kind, prefix] of Object.entries(prefixes)) {
    const token = generateToken(kind as keyof typeof prefixes, randomBytes);
    assert.match(token.text, new RegExp(`^${prefix}\\.[A-Z2-7]{39}\\.[A-Z2-7]{52}$`));
    assert.equal(parseToken(token.text).kind, kind);
    assert.equal(isSessionToken(token.text), kind === "sessionToken");
  }
  const access = generateToken("accessToken", randomBytes);
  const refresh = generateToken("refreshToken", randomBytes, access.id);
  assert.equal(refresh.id, access.id);
  assert.notEqual(refresh.secret, access.secret);
});

test("what is not three parts with a known prefix is no token", () => {
  const wrong = [
    "",
    "NNSXS",
    "NNSXS.A",
    "NNSXS..B",
    "NNSXS.A.",
    "NNSXS.A.B.C",
    "XXXXX.A.B",
    `NNSXS.A.${"B".repeat(300)}`,
  ];
  for (const text of wrong) {
    assert.throws(() => parseToken(text), { name: "pkg/auth:token", message: "invalid token" }, text);
  }
  assert.equal(parseToken("MFRWG.A.B").kind, "accessToken");
});
