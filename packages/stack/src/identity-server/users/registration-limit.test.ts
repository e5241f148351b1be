import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "../account/browser.fixture.ts";
import { createUser, errorName, startIdentityServer } from "../identity-server.fixture.ts";

test("strangers register a few users a minute, since each costs a hash and an e-mail; admins as many as they like", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.user-registration.enabled=true"] });
  const register = (id: string) =>
    server.call("POST", "/users", {
      body: { user: { ids: { user_id: id }, password: "short", primary_email_address: `${id}@example.com` } },
    });
  const names = [];
  for (let count = 0; count < 21; count++) names.push(errorName(await register(`user${count}`)));
  assert.equal(names.at(0), "pkg/identityserver:password_strength_min_length");
  assert.equal(names.at(-1), "pkg/ratelimit:rate_limit_exceeded");
  await createUser(server, "user1");
  await server.clock.advance(60_000);
  assert.equal(errorName(await register("user2")), "pkg/identityserver:password_strength_min_length");
});

test("the page to register with has the same limit", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.user-registration.enabled=true"] });
  const browser = new Browser(server.port);
  await browser.get("/oauth/register");
  const statuses = [];
  for (let count = 0; count < 21; count++) {
    const form = { user_id: `user${count}`, email: `user${count}@example.com`, password: "short" };
    statuses.push((await browser.post("/oauth/register", form)).status);
  }
  assert.deepEqual([statuses.at(0), statuses.at(-1)], [400, 429]);
});

test("guesses of a password count per user of a tenant, over the API and the pages together", async (t) => {
  const server = await startIdentityServer(t, { args: ["--tenancy.tenants=tenant1,tenant2"] });
  const guess = async (host: string) => {
    const body = { old: "guess", new: "Other Words 8" };
    return errorName(await server.call("PUT", "/users/admin/password", { host, body }));
  };
  for (let count = 0; count < 20; count++) {
    assert.equal(await guess("tenant1.localhost"), "pkg/identityserver:old_password");
  }
  assert.equal(await guess("tenant1.localhost"), "pkg/ratelimit:rate_limit_exceeded");
  assert.equal(await guess("tenant2.localhost"), "pkg/identityserver:old_password");
  const statusOf = async (host: string) => {
    const browser = new Browser(server.port, host);
    await browser.get("/oauth/login");
    return (await browser.post("/oauth/login", { user_id: "admin", password: "guess" })).status;
  };
  assert.deepEqual([await statusOf("tenant1.localhost"), await statusOf("tenant2.localhost")], [429, 400]);
});
