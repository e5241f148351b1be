import assert from "node:assert/strict";
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { createSecretHasher, hashCosts } from "./secret-hash.ts";

test("a hash verifies its own secret and no other, and shows nothing of it", async () => {
  const hasher = createSecretHasher();
  for (const cost of [hashCosts.randomSecret, hashCosts.password]) {
    const hash = await hasher.hash("Correct Horse 1", cost);
    assert.ok(!hash.includes("Correct"));
    assert.notEqual(hash, await hasher.hash("Correct Horse 1", cost));
    assert.equal(await hasher.verify("Correct Horse 1", hash), true);
    assert.equal(await hasher.verify("Correct Horse 2", hash), false);
  }
});

test("a password's hash holds no check bytes, a random secret's does", async () => {
  const hasher = createSecretHasher();
  assert.ok((await hasher.hash("x", hashCosts.password)).endsWith("$"));
  assert.match(await hasher.hash("x", hashCosts.randomSecret), /\$[A-Za-z0-9+/]{3}=$/);
});

test("wrong guesses of a random secret cost nearly nothing", async (t) => {
  const hasher = createSecretHasher();
  const hash = await hasher.hash("the secret", hashCosts.randomSecret);
  const { mock } = t.mock.method(crypto, "scrypt");
  syncBuiltinESMExports();
  for (let guess = 0; guess < 2000; guess++) assert.equal(await hasher.verify(`guess ${guess}`, hash), false);
  assert.equal(mock.callCount(), 0);
  assert.equal(await hasher.verify("the secret", hash), true);
  assert.equal(mock.callCount(), 1, "what is counted is hashing");
  mock.restore();
  syncBuiltinESMExports();
});

test("more logins than can wait are refused at once", async () => {
  const hasher = createSecretHasher(10);
  const hash = await hasher.hash("secret", hashCosts.randomSecret);
  const refused: unknown[] = [];
  const logins = Array.from({ length: 60 }, () =>
    hasher.verify("secret", hash).catch((error: Error) => refused.push(error.name)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(refused.length, 48);
  assert.deepEqual(new Set(refused), new Set(["skylark/identity-server:too_many_logins"]));
  await Promise.all(logins);
});

test("a hash that cannot be read is an error of ours, not a wrong password", async () => {
  await assert.rejects(createSecretHasher().verify("x", "md5$y"), {
    name: "skylark/identity-server:unreadable_hash",
  });
});

test("a flood of passwords neither takes the places of keys nor holds them up", async () => {
  const hasher = createSecretHasher(10);
  const password = await hasher.hash("password", hashCosts.password);
  const key = await hasher.hash("secret", hashCosts.randomSecret);
  let done = 0;
  let refused = 0;
  const flood = Array.from({ length: 500 }, () =>
    hasher.verify("guess", password).then(
      () => done++,
      () => refused++,
    ),
  );
  assert.equal(await hasher.verify("secret", key), true);
  assert.ok(done <= 4, `${done} passwords went before the key`);
  await Promise.all(flood);
  assert.equal(done, 12);
  assert.equal(refused, 488);
});
