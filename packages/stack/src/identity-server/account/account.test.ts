import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../events/events.ts";
import { createUser, errorName, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";
import { adminPassword, Browser, createClient, logIn, obtainCode } from "./browser.fixture.ts";

const name = (text: string): string => {
  const [details] = JSON.parse(text).details;
  return `${details.namespace}:${details.name}`;
};

test("who logs in gets a session that its browser cannot read and other sites cannot use", async (t) => {
  const server = await startIdentityServer(t);
  const browser = new Browser(server.port);
  const page = await browser.get("/oauth/login?n=/oauth/authorize%3Fclient_id%3Dcli");
  assert.equal(page.headers["cache-control"], "no-store");
  assert.match(String(page.headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/);
  assert.ok(!/<script|onclick|src=/i.test(page.text), "the page works without scripts");
  assert.match(page.text, /<label for="user_id">/);
  const answer = await browser.post("/oauth/login?n=/oauth/authorize%3Fclient_id%3Dcli", {
    user_id: "admin",
    password: await adminPassword(server),
  });
  assert.equal(answer.status, 303);
  assert.equal(answer.location, "/oauth/authorize?client_id=cli");
  const cookies = answer.headers["set-cookie"] ?? [];
  const session = cookies.find((line) => line.startsWith("_session=ONZW4.")) ?? "";
  assert.match(session, /; Path=\/; SameSite=Lax; HttpOnly; Max-Age=604800$/);
  const proxied = await browser.visit("GET", "/oauth/login", {
    headers: { "X-Forwarded-Proto": "https", Cookie: "" },
  });
  assert.match(String(proxied.headers["set-cookie"]), /; Secure/);
});

test("the event of a login tells where it came from", async (t) => {
  const server = await startIdentityServer(t);
  const events: Event[] = [];
  const subject = { kind: "user", tenantId: "default", userId: "admin" } as const;
  server.events.subscribe({ subjects: [subject] }, (event) => events.push(event));
  await logIn(server);
  const origin = events.find(({ definition }) => definition.name === "oauth.user.login")?.origin;
  assert.equal(origin?.remoteAddress, "127.0.0.1");
  assert.match(origin?.correlationIds[0] ?? "", /^rpc:\/oauth\/login:/);
});

test("a session is worth all rights of its user, over the API with the token against forgery", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const browser = await logIn(server, { userId: "user1" });
  const cookie = `_session=${browser.cookies.get("_session")}`;
  const info = await server.call("GET", "/auth_info", { headers: { Cookie: cookie } });
  assert.equal(info.body.user_session.user_ids.user_id, "user1");
  assert.equal(info.body.user_session.session_secret, undefined);
  assert.ok(info.body.user_session.expires_at > new Date(server.clock.now()).toISOString());
  const body = { application: { ids: { application_id: "app1" } } };
  const forged = await server.call("POST", "/users/user1/applications", {
    headers: { Cookie: cookie },
    body,
  });
  assert.equal(forged.status, 403);
  const csrf = browser.cookies.get("_csrf") ?? "";
  const created = await server.call("POST", "/users/user1/applications", {
    headers: { Cookie: `${cookie}; _csrf=${csrf}`, "X-CSRF-Token": csrf },
    body,
  });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  // As a bearer token it cannot have been sent by a page of others.
  const bearer = await server.call("GET", "/auth_info", { key: browser.cookies.get("_session") ?? "" });
  assert.equal(bearer.body.user_session.user_ids.user_id, "user1");
});

test("a cookie of that name that is none of ours is no credential", async (t) => {
  const server = await startIdentityServer(t);
  const answer = await server.call("GET", "/auth_info", { headers: { Cookie: "_session=MTY5MTIzfGFiYw" } });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, {});
});

test("sessions are listed and ended, at once", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const one = await logIn(server, { userId: "user1" });
  await server.clock.advance(1000);
  const other = await logIn(server, { userId: "user1" });
  const key = one.cookies.get("_session") ?? "";
  const listed = await server.call("GET", "/users/user1/sessions?order=-created_at", { key });
  assert.equal(listed.headers["x-total-count"], "2");
  const otherId = other.cookies.get("_session")?.split(".")[1];
  assert.equal(listed.body.sessions[0].session_id, otherId);
  const elsewhere = await server.call("DELETE", `/users/admin/sessions/${otherId}`, { key: server.adminKey });
  assert.equal(errorName(elsewhere), "pkg/identityserver/store:user_session_not_found");
  assert.equal((await other.get("/oauth/")).status, 200);
  assert.equal((await server.call("DELETE", `/users/user1/sessions/${otherId}`, { key })).status, 200);
  assert.equal((await other.get("/oauth/")).status, 302);
  assert.ok(!other.cookies.has("_session"), "the browser forgets what does not work");
  const again = await server.call("DELETE", `/users/user1/sessions/${otherId}`, { key });
  assert.equal(errorName(again), "pkg/identityserver/store:user_session_not_found");
  await server.clock.advance(7 * 24 * 3_600_000);
  const expired = await server.call("GET", "/auth_info", { key });
  assert.equal(errorName(expired), "pkg/identityserver:token_expired");
  assert.equal((await one.get("/oauth/")).location, "/oauth/login?n=%2Foauth%2F");
});

test("a session that someone planted is not the one after the login", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "attacker1");
  const attacker = await logIn(server, { userId: "attacker1" });
  const planted = attacker.cookies.get("_session") ?? "";
  const plantedCsrf = attacker.cookies.get("_csrf") ?? "";
  const victim = new Browser(server.port);
  victim.cookies.set("_session", planted);
  victim.cookies.set("_csrf", plantedCsrf);
  const form = { user_id: "admin", password: await adminPassword(server) };
  assert.equal((await victim.post("/oauth/login", form)).status, 303);
  assert.notEqual(victim.cookies.get("_session"), planted);
  assert.notEqual(victim.cookies.get("_csrf"), plantedCsrf);
  const info = await server.call("GET", "/auth_info", { key: planted });
  assert.equal(errorName(info), "pkg/identityserver:token_not_found");
});

test("nobody is logged in by the page of another site", async (t) => {
  const server = await startIdentityServer(t);
  const browser = new Browser(server.port);
  const form = { user_id: "admin", password: await adminPassword(server) };
  assert.equal((await browser.visit("POST", "/oauth/login", { form })).status, 403);
  await browser.get("/oauth/login");
  assert.equal((await browser.visit("POST", "/oauth/login", { form })).status, 403);
  const _csrf = browser.cookies.get("_csrf") ?? "";
  const foreign = await browser.visit("POST", "/oauth/login", {
    form: { ...form, _csrf },
    headers: { "Sec-Fetch-Site": "cross-site" },
  });
  assert.equal(foreign.status, 403);
  assert.ok(!browser.cookies.has("_session"));
});

test("the way back leads to this server only", async (t) => {
  const server = await startIdentityServer(t);
  const browser = await logIn(server);
  const back = async (n: string) => (await browser.get(`/oauth/login?n=${encodeURIComponent(n)}`)).location;
  assert.equal(await back("/console/applications?x=1"), "/console/applications?x=1");
  for (const n of [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example",
    "\\\\evil.example",
    "/..//evil.example",
    "javascript:alert(1)",
    "evil",
    "",
  ]) {
    const location = (await back(n)) ?? "";
    assert.equal(new URL(location, "http://here.invalid").host, "here.invalid", n);
    assert.ok(!location.startsWith("//"), n);
  }
});

test("a wrong password and an unknown user look the same", async (t) => {
  const server = await startIdentityServer(t);
  const browser = new Browser(server.port);
  await browser.get("/oauth/login");
  const attempt = async (user_id: string) => {
    const before = process.cpuUsage();
    const answer = await browser.post("/oauth/login", { user_id, password: "Wrong Words 7" });
    const { user, system } = process.cpuUsage(before);
    return { answer, ms: (user + system) / 1000 };
  };
  /** The quickest of some: other things may go on meanwhile. */
  const attempts = async (user_id: string) => {
    const all = [await attempt(user_id), await attempt(user_id), await attempt(user_id)];
    return { answer: all[0]!.answer, ms: Math.min(...all.map(({ ms }) => ms)) };
  };
  await attempt("admin");
  const wrong = await attempts("admin");
  const unknown = await attempts("nobody1");
  const odd = await attempt("<b>x");
  assert.equal(wrong.answer.status, 400);
  const shown = (text: string) => /<p class="problem"[^>]*>[^<]*/.exec(text)?.[0];
  assert.ok(shown(wrong.answer.text)?.includes("incorrect password or user ID"));
  assert.equal(shown(unknown.answer.text), shown(wrong.answer.text));
  assert.ok(!odd.answer.text.includes("<b>x"));
  assert.ok(unknown.ms > wrong.ms / 4, `${unknown.ms} ms against ${wrong.ms} ms`);
});

test("guessing passwords is slowed down, by user and address", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1");
  const browser = new Browser(server.port);
  await browser.get("/oauth/login");
  const statuses: number[] = [];
  for (let count = 0; count < 30; count++) {
    statuses.push((await browser.post("/oauth/login", { user_id: "user1", password: "x" })).status);
  }
  assert.equal(statuses[0], 400);
  assert.equal(statuses.at(-1), 429);
  const right = await browser.post("/oauth/login", { user_id: "user1", password: "Secret Words 7" });
  assert.equal(right.status, 429, "a guess that is right is not told either");
  assert.equal((await logIn(server)).cookies.has("_session"), true);
});

test("scripts log in, ask who they are, and log out", async (t) => {
  const server = await startIdentityServer(t);
  const browser = new Browser(server.port);
  const me = await browser.get("/oauth/api/me");
  assert.equal(me.status, 401);
  assert.equal(name(me.text), "pkg/account:not_authenticated");
  const post = (path: string, json: object) =>
    browser.visit("POST", path, { json, headers: { "X-CSRF-Token": browser.cookies.get("_csrf") ?? "" } });
  assert.equal((await browser.visit("POST", "/oauth/api/auth/login", { json: {} })).status, 403);
  assert.equal(name((await post("/oauth/api/auth/login", {})).text), "pkg/account:missing_user_id");
  const noPassword = await post("/oauth/api/auth/login", { user_id: "admin" });
  assert.equal(name(noPassword.text), "pkg/account:missing_password");
  const wrong = await post("/oauth/api/auth/login", { user_id: "admin", password: "x" });
  assert.equal(name(wrong.text), "pkg/account/session:no_user_id_password_match");
  const password = await adminPassword(server);
  assert.equal((await post("/oauth/api/auth/login", { user_id: "admin", password })).status, 204);
  const known = JSON.parse((await browser.get("/oauth/api/me")).text);
  assert.equal(known.user.ids.user_id, "admin");
  assert.equal(known.user.admin, true);
  assert.equal(known.session_id, browser.cookies.get("_session")?.split(".")[1]);
  assert.ok(!JSON.stringify(known).includes("password_updated_at"));
  assert.equal((await browser.visit("POST", "/oauth/api/auth/logout", { json: {} })).status, 403);
  assert.equal((await post("/oauth/api/auth/logout", {})).status, 204);
  assert.equal((await browser.get("/oauth/api/me")).status, 401);
});

async function loginToken(server: TestServer, userId: string): Promise<string> {
  const answer = await server.call("POST", `/users/${userId}/login-tokens?skip_email=true`, {
    key: server.adminKey,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.token;
}

test("a login token logs its user in, once and for a time", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.login-tokens.enabled=true"] });
  await createUser(server, "user1");
  const use = async (token: string) => {
    const browser = new Browser(server.port);
    await browser.get("/oauth/api/me");
    const answer = await browser.visit("POST", "/oauth/api/auth/token-login", {
      json: { token },
      headers: { "X-CSRF-Token": browser.cookies.get("_csrf") ?? "" },
    });
    return { answer, browser };
  };
  const token = await loginToken(server, "user1");
  const { answer, browser } = await use(token);
  assert.equal(answer.status, 204, answer.text);
  assert.equal(JSON.parse((await browser.get("/oauth/api/me")).text).user.ids.user_id, "user1");
  const store = "pkg/identityserver/store";
  assert.equal(name((await use(token)).answer.text), `${store}:login_token_already_used`);
  assert.equal(name((await use("nonsense")).answer.text), `${store}:login_token_not_found`);
  assert.equal(name((await use("")).answer.text), "pkg/account:missing_token");
  const late = await loginToken(server, "user1");
  await server.clock.advance(3_600_000);
  assert.equal(name((await use(late)).answer.text), `${store}:login_token_expired`);

  const page = new Browser(server.port);
  const click = await loginToken(server, "user1");
  const shown = await page.get(`/oauth/token-login?token=${click}`);
  assert.ok(shown.text.includes(`value="${click}"`), "looking at the link does not use the token up");
  assert.equal((await page.post("/oauth/token-login", { token: click })).status, 303);
});

test("login tokens are shown to admins only, never those of admins, and five at a time", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.login-tokens.enabled=true"] });
  await createUser(server, "user1");
  const create = (userId: string, key?: string) =>
    server.call("POST", `/users/${userId}/login-tokens?skip_email=true`, key === undefined ? {} : { key });
  assert.equal((await create("admin", server.adminKey)).body.token, undefined);
  assert.equal((await create("user1")).body.token, undefined);
  const stranger = await create("nobody1");
  assert.equal(stranger.status, 200);
  assert.equal((await create("nobody1", server.adminKey)).status, 404);
  const answers = [];
  for (let count = 0; count < 6; count++) answers.push(await create("user1", server.adminKey));
  assert.equal(errorName(answers.at(-1)!), "pkg/identityserver:login_tokens_still_valid");
  const off = await startIdentityServer(t);
  const disabled = await off.call("POST", "/users/admin/login-tokens", { key: off.adminKey });
  assert.equal(errorName(disabled), "pkg/identityserver:login_tokens_disabled");
});

test("the account's page shows and ends what acts for its user", async (t) => {
  const server = await startIdentityServer(t);
  await createUser(server, "user1", { name: "<i>Eve</i>" });
  await createClient(server, "client1");
  const browser = await logIn(server, { userId: "user1" });
  await obtainCode(browser, { client_id: "client1", redirect_uri: "https://app.example.com/callback" });
  const other = await logIn(server, { userId: "user1" });
  const page = await browser.get("/oauth/");
  assert.ok(page.text.includes("client1"));
  assert.ok(page.text.includes("&lt;i&gt;Eve"));
  assert.equal((await browser.post("/oauth/account/revoke", { client_id: "client1" })).status, 303);
  assert.equal((await browser.post("/oauth/account/revoke", { client_id: "client1" })).status, 404);
  const session_id = other.cookies.get("_session")?.split(".")[1] ?? "";
  assert.equal((await browser.post("/oauth/account/end-session", { session_id })).status, 303);
  assert.equal((await other.get("/oauth/")).status, 302);
  const forged = await browser.visit("POST", "/oauth/account/logout", { form: {} });
  assert.equal(forged.status, 403);
  const weak = await browser.post("/oauth/account/password", { old: "Secret Words 7", new: "weak" });
  assert.equal(weak.status, 400);
  const wrong = await browser.post("/oauth/account/password", { old: "Wrong 7", new: "Better Words 8" });
  assert.equal(wrong.status, 401);
  const changed = await browser.post("/oauth/account/password", {
    old: "Secret Words 7",
    new: "Better Words 8",
  });
  assert.equal(changed.location, "/oauth/?done=password");
  assert.ok((await browser.get("/oauth/?done=password")).text.includes("The password was changed."));
  await logIn(server, { userId: "user1", password: "Better Words 8" });
  assert.equal((await browser.post("/oauth/account/logout", {})).status, 303);
  assert.equal((await browser.get("/oauth/")).status, 302);
});

test("a session of one tenant is none in another", async (t) => {
  const server = await startIdentityServer(t, { args: ["--tenancy.tenants=tenant1,tenant2"] });
  const browser = await logIn(server, { host: "tenant1.localhost" });
  assert.equal((await browser.get("/oauth/")).status, 200);
  const other = new Browser(server.port, "tenant2.localhost");
  other.cookies.set("_session", browser.cookies.get("_session") ?? "");
  assert.equal((await other.get("/oauth/")).status, 302);
});

test("who asks for login tokens again and again does not learn which users there are", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.login-tokens.enabled=true"] });
  await createUser(server, "user1");
  const ask = async (userId: string) => {
    const answers = [];
    for (let count = 0; count < 7; count++) {
      const { status, body } = await server.call("POST", `/users/${userId}/login-tokens`);
      answers.push([status, body]);
    }
    return answers;
  };
  assert.deepEqual(await ask("user1"), await ask("nobody1"));
});

test("a name that every object has is no note, no reason and no page of ours", async (t) => {
  const server = await startIdentityServer(t);
  const browser = await logIn(server);
  for (const name of ["constructor", "__proto__"]) {
    assert.equal((await browser.get(`/oauth/?done=${name}`)).status, 200, name);
    assert.equal((await browser.get(`/oauth/code?error=${name}`)).status, 400, name);
  }
});
