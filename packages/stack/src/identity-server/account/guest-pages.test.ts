import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createUser, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";
import { authorizePath, Browser, createClient, logIn, returned } from "./browser.fixture.ts";

/** The first link of that path in an e-mail, which lies in a folder; as a path of this server. */
async function mailedLink(server: TestServer, path: string): Promise<string> {
  const folder = join(server.dataDirectory, "mails");
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    await server.clock.advance(1000);
    const files = await readdir(folder).catch(() => []);
    // Others are still being written.
    for (const file of files.filter((name) => name.endsWith(".txt"))) {
      const text = (await readFile(join(folder, file), "utf8"))
        .replaceAll("=\r\n", "")
        .replaceAll("=3D", "=");
      const found = new RegExp(`http://localhost:1885(${path}\\?[^\\s"<]+)`).exec(text);
      if (found?.[1] !== undefined) return found[1].replaceAll("&amp;", "&");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no e-mail leads to ${path}`);
}

test("who registers validates the address with the link in the e-mail, by a click", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.user-registration.enabled=true"] });
  const browser = new Browser(server.port);
  assert.equal((await browser.get("/oauth/register?invitation_token=abc")).status, 200);
  const form = { user_id: "newcomer", name: "N", email: "new@example.com", invitation_token: "" };
  const weak = await browser.post("/oauth/register", { ...form, password: "short" });
  assert.equal(weak.status, 400);
  assert.match(weak.text, /role="alert"[\s\S]*value="newcomer"/);
  assert.doesNotMatch(weak.text, /value="short"/);
  const invalid = await browser.post("/oauth/register", {
    ...form,
    user_id: "No!",
    password: "Secret Words 7",
  });
  assert.equal(invalid.status, 400);
  assert.match(invalid.text, /`user_id`: value does not match/);
  const created = await browser.post("/oauth/register", { ...form, password: "Secret Words 7" });
  assert.equal(created.status, 200, created.text);
  const link = await mailedLink(server, "/oauth/validate");
  const read = async () =>
    (
      await server.call("GET", "/users/newcomer?field_mask=primary_email_address_validated_at", {
        key: server.adminKey,
      })
    ).body.primary_email_address_validated_at;
  const page = await browser.get(link);
  assert.match(page.text, /<button type="submit">Validate/);
  assert.equal(await read(), undefined);
  const query = new URL(link, "http://localhost").searchParams;
  const fields = { reference: query.get("reference") ?? "", token: query.get("token") ?? "" };
  const forged = await new Browser(server.port).post("/oauth/validate", fields);
  assert.equal(forged.status, 403);
  assert.equal((await browser.post("/oauth/validate", fields)).status, 200);
  assert.ok(await read());
});

test("there is no page to register while nobody may", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.user-registration.enabled=false"] });
  assert.equal((await new Browser(server.port).get("/oauth/register")).status, 404);
});

test("a forgotten password is replaced by way of an e-mail, and strangers learn nothing", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const browser = new Browser(server.port);
  await browser.get("/oauth/forgot-password");
  const known = await browser.post("/oauth/forgot-password", { user_id: "user1" });
  const unknown = await browser.post("/oauth/forgot-password", { user_id: "nobody" });
  assert.deepEqual([known.status, unknown.status], [200, 200]);
  assert.equal(known.text, unknown.text);
  const link = await mailedLink(server, "/oauth/update-password");
  const query = new URL(link, "http://localhost").searchParams;
  assert.match((await browser.get(link)).text, /value="user1"/);
  const form = { user_id: "user1", old: query.get("current") ?? "", password: "Other Words 8" };
  assert.equal((await browser.post("/oauth/update-password", { ...form, old: "wrong" })).status, 401);
  assert.equal((await browser.post("/oauth/update-password", form)).status, 200);
  await browser.get("/oauth/login");
  const login = await browser.post("/oauth/login", { user_id: "user1", password: "Other Words 8" });
  assert.equal(login.status, 303);
});

test("who must choose a new password is led there from the account page", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1", { require_password_update: true });
  const browser = new Browser(server.port);
  await browser.get("/oauth/login");
  await browser.post("/oauth/login", { user_id: "user1", password: "Secret Words 7" });
  assert.equal((await browser.get("/oauth")).location, "/oauth/update-password?user=user1");
  await browser.get("/oauth/update-password?user=user1");
  const form = { user_id: "user1", old: "Secret Words 7", password: "Other Words 8" };
  assert.equal((await browser.post("/oauth/update-password", form)).status, 200);
  assert.equal((await browser.get("/oauth")).status, 200);
});

test("who must choose a new password does so before a client may act for it, and goes on from there", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1", { require_password_update: true });
  await createClient(server, "client1", { more: { skip_authorization: true } });
  const browser = await logIn(server, { userId: "user1" });
  const path = authorizePath({ client_id: "client1", redirect_uri: "https://app.example.com/callback" });
  const led = await browser.get(path);
  assert.equal(led.location, `/oauth/update-password?${new URLSearchParams({ user: "user1", n: path })}`);
  assert.equal((await browser.post(path, { authorize: "true" })).location, led.location);
  const page = await browser.get(led.location ?? "");
  const action = /action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const form = { user_id: "user1", old: "Secret Words 7", password: "Other Words 8" };
  const done = await browser.post(action, form);
  const on = /<a href="([^"]+)">Log in/.exec(done.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  assert.equal((await browser.get(on)).location, path);
  assert.ok(returned(await browser.get(path)).has("code"));
  const astray = await browser.get("/oauth/update-password?user=user1&n=https://evil.example/");
  assert.doesNotMatch(astray.text, /evil/);
});

test("a temporary password leads through the choice of a new one, wherever its user was going", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const change = { user: { temporary_password: "For Now 9" }, field_mask: "temporary_password" };
  assert.equal(
    (await server.call("PUT", "/users/user1", { key: server.adminKey, body: change })).status,
    200,
  );
  const browser = new Browser(server.port);
  await browser.get("/oauth/login");
  const path = authorizePath({ client_id: "cli", redirect_uri: "code" });
  const login = `/oauth/login?${new URLSearchParams({ n: path })}`;
  const led = await browser.post(login, { user_id: "user1", password: "For Now 9" });
  assert.equal(led.location, `/oauth/update-password?${new URLSearchParams({ user: "user1", n: path })}`);
  assert.equal((await browser.get(path)).location, led.location);
});
