import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../clock/manual-clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { Store } from "../../store/store.ts";
import { createSecretHasher, hashCosts } from "../access/secret-hash.ts";
import { createUser, startIdentityServer } from "../identity-server.fixture.ts";
import { userKind } from "../registries/kinds.ts";
import { createPasswordStore } from "../storage/password-store.ts";
import { createTemporaryPasswordStore } from "./temporary-password-store.ts";
import { type PasswordSources, verifyPassword } from "./verify-password.ts";

const sourcesOf = (store: Store, hasher: PasswordSources["hasher"]): PasswordSources => ({
  users: userKind(store),
  passwords: createPasswordStore(store),
  hasher,
  store,
  clock: new ManualClock(),
  restoreWindowMs: 0,
  entityChanged() {},
});

test("the password logs in, a temporary one once and only while it lasts, and strangers learn nothing", async (t) => {
  const { store, ...server } = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser({ store, ...server }, "user1");
  const clock = new ManualClock(Date.now());
  const hasher = createSecretHasher();
  const users = userKind(store);
  const passwords = createPasswordStore(store);
  const changed: EntityReference[] = [];
  const sources = {
    users,
    passwords,
    hasher,
    store,
    clock,
    restoreWindowMs: 0,
    entityChanged: (entity: EntityReference) => void changed.push(entity),
  };
  const login = (password: string, userId = "user1") => verifyPassword(sources, "default", userId, password);
  assert.deepEqual(await login("Secret Words 7"), { isTemporary: false });
  assert.equal(await login("Other Words 7"), undefined);
  assert.equal(await login("Secret Words 7", "nobody"), undefined);
  assert.equal(await login("Secret Words 7", "Not/An Id"), undefined);

  const temporary = createTemporaryPasswordStore(store);
  const hash = await hasher.hash("Temporary 1", hashCosts.randomSecret);
  const give = () =>
    store.transact((writer) =>
      temporary.set(writer, "default", "user1", { hash, expiresAt: clock.now() + 1000 }),
    );
  await give();
  const both = await Promise.all([login("Temporary 1"), login("Temporary 1")]);
  assert.deepEqual(
    both.filter((each) => each !== undefined),
    [{ isTemporary: true }],
  );
  assert.equal(await login("Temporary 1"), undefined);
  assert.equal((await users.entities.get("default", "user1"))?.message.requirePasswordUpdate, true);
  assert.ok(changed.some(({ id }) => id === "user1"));
  assert.deepEqual(await login("Secret Words 7"), { isTemporary: false });

  await give();
  await clock.advance(1000);
  assert.equal(await login("Temporary 1"), undefined);
});

test("a user that does not exist takes as long as one that does", async (t) => {
  const { store, ...server } = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser({ store, ...server }, "user1");
  const hashes: string[] = [];
  const real = createSecretHasher();
  const hasher = {
    hash: real.hash,
    verify(secret: string, hash: string) {
      hashes.push(hash.split("$")[1] ?? "");
      return real.verify(secret, hash);
    },
  };
  const sources = sourcesOf(store, hasher);
  const workOf = async (userId: string) => {
    hashes.length = 0;
    await verifyPassword(sources, "default", userId, "guess");
    return hashes.join();
  };
  const work = await workOf("user1");
  assert.ok(work.startsWith(String(hashCosts.password)));
  assert.equal(await workOf("nobody"), work);
  const hash = await real.hash("Temporary 1", hashCosts.password);
  const temporary = { hash, expiresAt: 1000 };
  await store.transact((writer) =>
    createTemporaryPasswordStore(store).set(writer, "default", "user1", temporary),
  );
  assert.equal(await workOf("user1"), work);
});

test("a moment of too many logins does not keep strangers' logins failing for ever", async (t) => {
  const { store } = await startIdentityServer(t);
  const real = createSecretHasher();
  let isBusy = true;
  const hasher = {
    hash: async (secret: string, cost: number) => {
      if (isBusy) throw new Error("too many logins");
      return real.hash(secret, cost);
    },
    verify: real.verify,
  };
  const sources = sourcesOf(store, hasher);
  await assert.rejects(verifyPassword(sources, "default", "nobody", "guess"), /too many logins/);
  isBusy = false;
  assert.equal(await verifyPassword(sources, "default", "nobody", "guess"), undefined);
});
