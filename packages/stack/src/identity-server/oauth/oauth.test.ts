import assert from "node:assert/strict";
import crypto, { createHash } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import {
  authorizePath,
  Browser,
  createClient,
  logIn,
  obtainCode,
  requestToken,
  returned,
} from "../account/browser.fixture.ts";
import { createUser, errorName, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";

const callback = "https://app.example.com/callback";

/** A user who let the client in, and the tokens of the client. */
async function authorized(server: TestServer, rights: readonly string[] = ["RIGHT_USER_INFO"]) {
  const secret = await createClient(server, "client1", { rights });
  await createUser(server, "user1");
  const browser = await logIn(server, { userId: "user1" });
  const client = { client_id: "client1", client_secret: secret };
  const code = await obtainCode(browser, { client_id: "client1", redirect_uri: callback });
  const exchange = { grant_type: "authorization_code", code, redirect_uri: callback, ...client };
  const answer = await requestToken(server, exchange);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return { browser, client, exchange, tokens: answer.body };
}

test("a user authorizes a client, which acts within the rights that it asked for", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens } = await authorized(server, ["RIGHT_USER_INFO", "RIGHT_USER_APPLICATIONS_LIST"]);
  assert.equal(tokens.token_type, "bearer");
  assert.equal(tokens.expires_in, 3600);
  assert.match(tokens.access_token, /^MFRWG\.[A-Z2-7]{39}\.[A-Z2-7]{52}$/);
  assert.match(tokens.refresh_token, /^OJSWM\.[A-Z2-7]{39}\.[A-Z2-7]{52}$/);
  const key = tokens.access_token;
  const info = await server.call("GET", "/auth_info", { key });
  const access = info.body.oauth_access_token;
  assert.equal(access.user_ids.user_id, "user1");
  assert.equal(access.client_ids.client_id, "client1");
  assert.equal(access.id, key.split(".")[1]);
  assert.deepEqual(access.rights, ["RIGHT_USER_INFO", "RIGHT_USER_APPLICATIONS_LIST"]);
  assert.ok(access.user_session_id.length > 0);
  assert.ok(!JSON.stringify(info.body).includes(key.split(".")[2]), "no secret is shown");
  assert.equal((await server.call("GET", "/users/user1?field_mask=name", { key })).status, 200);
  assert.equal((await server.call("GET", "/users/user1/applications", { key })).status, 200);
  const keys = await server.call("GET", "/users/user1/api-keys", { key });
  assert.equal(errorName(keys), "pkg/auth/rights:insufficient_user_rights");
  const other = await server.call("GET", "/users/admin/applications", { key });
  assert.equal(errorName(other), "pkg/auth/rights:no_user_rights");
});

test("an admin's token holds no more than the client was given", async (t) => {
  const server = await startIdentityServer(t);
  const secret = await createClient(server, "client1", { rights: ["RIGHT_APPLICATION_INFO"] });
  const browser = await logIn(server);
  const code = await obtainCode(browser, { client_id: "client1", redirect_uri: callback });
  const { body } = await requestToken(server, {
    grant_type: "authorization_code",
    code,
    redirect_uri: callback,
    client_id: "client1",
    client_secret: secret,
  });
  const info = await server.call("GET", "/auth_info", { key: body.access_token });
  assert.deepEqual(info.body.universal_rights.rights, ["RIGHT_APPLICATION_INFO"]);
});

test("clients authenticate by HTTP Basic, form or JSON, and not without", async (t) => {
  const server = await startIdentityServer(t);
  const { exchange, browser, client } = await authorized(server);
  const next = async () => ({
    ...exchange,
    code: await obtainCode(browser, { client_id: "client1", redirect_uri: callback }),
  });
  assert.equal((await requestToken(server, await next(), { json: true })).status, 200);
  const { client_id, client_secret, ...bare } = await next();
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString("base64");
  const byHeader = await requestToken(server, bare, { headers: { Authorization: `Basic ${basic}` } });
  assert.equal(byHeader.status, 200, JSON.stringify(byHeader.body));
  const wrong = { ...(await next()), client_secret: `${client.client_secret.slice(0, -4)}AAAA` };
  const refused = await requestToken(server, wrong);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers["www-authenticate"], 'Basic realm="oauth"');
  assert.equal(refused.body.error, "invalid_client");
  assert.equal(refused.body.details[0].name, "invalid_client");
  assert.equal((await requestToken(server, { ...(await next()), client_secret: "" })).status, 401);
  const unknown = await requestToken(server, { ...(await next()), client_id: "nobody" });
  assert.equal(unknown.body.error, "invalid_client");
  const grant = await requestToken(server, { grant_type: "password", ...client });
  assert.equal(grant.body.error, "unsupported_grant_type");
  assert.equal((await requestToken(server, {})).body.error, "invalid_request");
  const twice = await new Browser(server.port).visit("POST", "/oauth/token?grant_type=x", {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  assert.equal(JSON.parse(twice.text).details[0].name, "missing_grant_type");
});

test("a code works once: whoever brings it again ends the tokens that came of it", async (t) => {
  const server = await startIdentityServer(t);
  const { exchange, client, tokens } = await authorized(server);
  const refreshed = await requestToken(server, {
    grant_type: "refresh_token",
    refresh_token: tokens.refresh_token,
    ...client,
  });
  const key = refreshed.body.access_token;
  assert.equal((await server.call("GET", "/auth_info", { key })).status, 200);
  const again = await requestToken(server, exchange);
  assert.equal(again.status, 400);
  assert.equal(again.body.error, "invalid_grant");
  assert.equal(
    errorName(await server.call("GET", "/auth_info", { key })),
    "pkg/identityserver:token_not_found",
  );
});

test("two who bring a code at the same moment do not both get tokens", async (t) => {
  const server = await startIdentityServer(t);
  const { exchange, browser } = await authorized(server);
  const code = await obtainCode(browser, { client_id: "client1", redirect_uri: callback });
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => requestToken(server, { ...exchange, code })),
  );
  assert.ok(answers.filter(({ status }) => status === 200).length <= 1);
});

test("a code is for its client, its address and five minutes", async (t) => {
  const server = await startIdentityServer(t);
  const { exchange, browser } = await authorized(server);
  const secret = await createClient(server, "client2");
  const code = () => obtainCode(browser, { client_id: "client1", redirect_uri: callback });
  const refused = async (change: Record<string, string>) => {
    const answer = await requestToken(server, { ...exchange, code: await code(), ...change });
    assert.equal(answer.body.error, "invalid_grant", JSON.stringify(change));
    assert.equal(answer.status, 400);
  };
  await refused({ client_id: "client2", client_secret: secret });
  await refused({ redirect_uri: `${callback}/` });
  await refused({ code: "MF2XI.AAAA.BBBB" });
  await refused({ code: "nonsense" });
  await refused({ code: (await code()).replace(/.$/, (last) => (last === "A" ? "B" : "A")) });
  await refused({ code_verifier: "v".repeat(50) });
  const late = await code();
  await server.clock.advance(5 * 60_000);
  await refused({ code: late });
});

test("who asked with a challenge must bring its verifier", async (t) => {
  const server = await startIdentityServer(t);
  const { exchange, browser } = await authorized(server);
  const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const attempt = async (method: string, value: string, given: Record<string, string>) => {
    const code = await obtainCode(browser, {
      client_id: "client1",
      redirect_uri: callback,
      code_challenge: value,
      code_challenge_method: method,
    });
    return (await requestToken(server, { ...exchange, code, ...given })).status;
  };
  assert.equal(await attempt("S256", challenge, { code_verifier: verifier }), 200);
  assert.equal(await attempt("plain", verifier, { code_verifier: verifier }), 200);
  assert.equal(await attempt("S256", challenge, { code_verifier: `${verifier.slice(0, -1)}A` }), 400);
  assert.equal(await attempt("S256", challenge, { code_verifier: challenge }), 400);
  assert.equal(await attempt("S256", challenge, {}), 400);
  const odd = await browser.get(
    authorizePath({
      client_id: "client1",
      redirect_uri: callback,
      code_challenge: challenge,
      code_challenge_method: "S512",
    }),
  );
  assert.equal(returned(odd).get("error"), "invalid_request");
});

test("a client without a secret needs a challenge, except where the code stays on the user's machine", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "public1", { redirectUris: [callback, "http://127.0.0.1/cb"] });
  const updated = await server.call("PUT", "/clients/public1", {
    key: server.adminKey,
    body: { client: { secret: "" }, field_mask: "secret" },
  });
  assert.equal(updated.status, 200, JSON.stringify(updated.body));
  const browser = await logIn(server);
  const without = await browser.get(
    authorizePath({ client_id: "public1", redirect_uri: callback, state: "x" }),
  );
  assert.equal(returned(without).get("error"), "invalid_request");
  assert.equal(returned(without).get("state"), "x");
  const verifier = "a".repeat(43);
  const port = "http://127.0.0.1:49152/cb";
  const code = await obtainCode(browser, {
    client_id: "public1",
    redirect_uri: port,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const form = { grant_type: "authorization_code", code, redirect_uri: port, client_id: "public1" };
  assert.equal((await requestToken(server, { ...form, client_secret: "guess" })).status, 401);
  assert.equal((await requestToken(server, { ...form, code_verifier: verifier })).status, 200);
});

test("a refresh token is replaced when it is used; who brings an old one ends them all", async (t) => {
  const server = await startIdentityServer(t);
  const { client, tokens } = await authorized(server);
  const refresh = (token: string, more: Record<string, string> = {}) =>
    requestToken(server, { grant_type: "refresh_token", refresh_token: token, ...client, ...more });
  await server.clock.advance(3_600_000);
  const expired = await server.call("GET", "/auth_info", { key: tokens.access_token });
  assert.equal(expired.status, 401);
  assert.equal(errorName(expired), "pkg/identityserver:token_expired");
  const second = await refresh(tokens.refresh_token);
  assert.equal(second.status, 200, JSON.stringify(second.body));
  const works = async (key: string) => (await server.call("GET", "/auth_info", { key })).status;
  assert.equal(await works(second.body.access_token), 200);
  assert.equal(await works(tokens.access_token), 401);
  // Another process of the client was a moment later: it gets nothing, and harms nobody.
  assert.equal((await refresh(tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal(await works(second.body.access_token), 200);
  await server.clock.advance(60_000);
  assert.equal((await refresh(tokens.refresh_token)).body.error, "invalid_grant");
  assert.equal(await works(second.body.access_token), 401);
  assert.equal((await refresh(second.body.refresh_token)).body.error, "invalid_grant");
});

test("a refresh token is for its client, and no access token is one", async (t) => {
  const server = await startIdentityServer(t);
  const { client, tokens } = await authorized(server);
  const secret = await createClient(server, "client2");
  const attempt = async (form: Record<string, string>) =>
    (await requestToken(server, { grant_type: "refresh_token", ...client, ...form })).body.error;
  const refresh_token = tokens.refresh_token;
  assert.equal(
    await attempt({ refresh_token, client_id: "client2", client_secret: secret }),
    "invalid_grant",
  );
  assert.equal(await attempt({ refresh_token: tokens.access_token }), "invalid_grant");
  assert.equal(await attempt({}), "invalid_request");
  assert.equal(await attempt({ refresh_token }), undefined);
  const asBearer = await server.call("GET", "/auth_info", { key: refresh_token });
  assert.equal(errorName(asBearer), "pkg/identityserver:unsupported_authorization");
});

test("nobody is sent to an address that the client did not register", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "client1");
  const browser = await logIn(server);
  for (const redirect_uri of [
    "https://app.example.com.evil.example/callback",
    "https://evil.app.example.com/callback",
    "https://app.example.com/callback/../evil",
    "https://app.example.com/callback/",
    "https://app.example.com/callback?x=1",
    "https://app.example.com/callback#x",
    "https://app.example.com@evil.example/callback",
    "https://user@app.example.com/callback",
    "https://app.example.com:444/callback",
    "http://app.example.com/callback",
    "HTTPS://app.example.com/callback",
    "https://app.example.com/%63allback",
    "https://app.example.com\\@evil.example/callback",
    "//app.example.com/callback",
    "/callback",
    "code",
    "local-callback",
    "javascript:alert(1)",
    " https://app.example.com/callback",
  ]) {
    const answer = await browser.get(authorizePath({ client_id: "client1", redirect_uri }));
    assert.equal(answer.location, undefined, redirect_uri);
    assert.equal(answer.status, 403, redirect_uri);
    assert.ok(answer.text.includes("invalid_redirect_uri"), redirect_uri);
  }
  const twice = `${authorizePath({ client_id: "client1", redirect_uri: callback })}&redirect_uri=https://evil.example`;
  assert.equal((await browser.get(twice)).status, 403);
  const stranger = await browser.get(authorizePath({ client_id: "nobody", redirect_uri: callback }));
  assert.equal(stranger.status, 403);
  assert.equal(stranger.location, undefined);
});

test("what the user may be told is told the client at its address, with its state", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "client1");
  const browser = await logIn(server);
  const base = { client_id: "client1", redirect_uri: callback, state: "a&b=c" };
  const type = await browser.get(authorizePath({ ...base, response_type: "token" }));
  assert.equal(returned(type).get("error"), "unsupported_response_type");
  assert.equal(returned(type).get("state"), "a&b=c");
  assert.ok(type.location?.startsWith(`${callback}?`));
  const denied = await browser.post(authorizePath(base), { authorize: "false" });
  assert.equal(returned(denied).get("error"), "access_denied");
});

test("consent is asked for once, and again when the client wants more", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "client1", { more: { description: "<b>bold</b>", name: "A <i>client</i>" } });
  const browser = await logIn(server);
  const path = authorizePath({ client_id: "client1", redirect_uri: callback });
  const asked = await browser.get(path);
  assert.equal(asked.status, 200);
  assert.ok(asked.text.includes("A &lt;i&gt;client&lt;/i&gt;"));
  assert.ok(!asked.text.includes("<b>bold"));
  assert.ok(asked.text.includes("app.example.com"));
  assert.equal(asked.headers["x-frame-options"], "DENY");
  assert.match(String(asked.headers["content-security-policy"]), /default-src 'none'/);
  assert.match(
    String(asked.headers["content-security-policy"]),
    /form-action 'self' https:\/\/app\.example\.com;/,
  );
  assert.ok(!/<script|src=|href="http/i.test(asked.text));
  assert.ok(returned(await browser.post(path, { authorize: "true" })).has("code"));
  assert.ok(returned(await browser.get(path)).has("code"));
  await server.call("PUT", "/clients/client1", {
    key: server.adminKey,
    body: {
      client: { rights: ["RIGHT_USER_INFO", "RIGHT_USER_DELETE"] },
      field_mask: "rights",
    },
  });
  assert.equal((await browser.get(path)).status, 200);
});

test("a client that asks for more while the user decides is not given it", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "client1");
  const browser = await logIn(server);
  const path = authorizePath({ client_id: "client1", redirect_uri: callback });
  assert.match((await browser.get(path)).text, /user: info/);
  const more = { client: { rights: ["RIGHT_ALL"] }, field_mask: "rights" };
  assert.equal(
    (await server.call("PUT", "/clients/client1", { key: server.adminKey, body: more })).status,
    200,
  );
  const again = await browser.post(path, { authorize: "true" });
  assert.equal(again.status, 200);
  assert.match(again.text, /do everything that you can do/);
  assert.ok(returned(await browser.post(path, { authorize: "true" })).has("code"));
});

test("another site's page cannot consent in the user's name", async (t) => {
  const server = await startIdentityServer(t);
  await createClient(server, "client1");
  const browser = await logIn(server);
  const path = authorizePath({ client_id: "client1", redirect_uri: callback });
  await browser.get(path);
  const without = await browser.visit("POST", path, { form: { authorize: "true" } });
  assert.equal(without.status, 403);
  assert.ok(without.text.includes("invalid_csrf_token"));
  const guessed = await browser.visit("POST", path, { form: { authorize: "true", _csrf: "A".repeat(43) } });
  assert.equal(guessed.status, 403);
  const _csrf = browser.cookies.get("_csrf") ?? "";
  for (const site of ["cross-site", "same-site"]) {
    const foreign = await browser.visit("POST", path, {
      form: { authorize: "true", _csrf },
      headers: { "Sec-Fetch-Site": site },
    });
    assert.equal(foreign.status, 403, site);
  }
});

test("what a user let a client do is listed and taken back, at once", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens, client } = await authorized(server);
  const key = tokens.access_token;
  const id = key.split(".")[1];
  const path = "/users/user1/authorizations";
  const session = await logIn(server, { userId: "user1" });
  const own = { headers: { Cookie: `_session=${session.cookies.get("_session")}` } };
  const authorizations = await server.call("GET", path, own);
  assert.equal(authorizations.body.authorizations[0].client_ids.client_id, "client1");
  assert.deepEqual(authorizations.body.authorizations[0].rights, ["RIGHT_USER_INFO"]);
  assert.equal(authorizations.headers["x-total-count"], "1");
  // The client itself needs no right for its own tokens.
  const ofClient = await server.call("GET", `${path}/client1/tokens`, { key });
  assert.equal(ofClient.body.tokens[0].id, id);
  assert.equal(ofClient.body.tokens[0].access_token, undefined);
  assert.equal(
    errorName(await server.call("GET", path, { key })),
    "pkg/auth/rights:insufficient_user_rights",
  );
  assert.equal((await server.call("GET", "/auth_info", { key })).status, 200);
  const removed = await session.visit("DELETE", `/api/v3${path}/client1`, {
    headers: { "X-CSRF-Token": session.cookies.get("_csrf") ?? "" },
  });
  assert.equal(removed.status, 200, removed.text);
  assert.equal(
    errorName(await server.call("GET", "/auth_info", { key })),
    "pkg/identityserver:token_not_found",
  );
  const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token, ...client };
  assert.equal((await requestToken(server, refresh)).body.error, "invalid_grant");
  const again = await session.visit("DELETE", `/api/v3${path}/client1`, {
    headers: { "X-CSRF-Token": session.cookies.get("_csrf") ?? "" },
  });
  assert.ok(again.text.includes("authorization_not_found"));
});

test("a client ends its own token, as the command line does when it logs out", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens } = await authorized(server);
  const key = tokens.access_token;
  const path = `/users/user1/authorizations/client1/tokens`;
  const other = await server.call("DELETE", `${path}/AAAA`, { key });
  assert.equal(errorName(other), "pkg/identityserver/store:access_token_not_found");
  assert.equal((await server.call("DELETE", `${path}/${key.split(".")[1]}`, { key })).status, 200);
  assert.equal(
    errorName(await server.call("GET", "/auth_info", { key })),
    "pkg/identityserver:token_not_found",
  );
});

test("a token is worth what its client and its user are worth", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens, client, exchange, browser } = await authorized(server);
  const key = tokens.access_token;
  const pending = await obtainCode(browser, { client_id: "client1", redirect_uri: callback });
  const info = () => server.call("GET", "/auth_info", { key });
  const set = async (path: string, body: object) => {
    const answer = await server.call("PUT", path, { key: server.adminKey, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  };
  const clientState = (state: string, state_description = "") =>
    set("/clients/client1", { client: { state, state_description }, field_mask: "state,state_description" });
  const userState = (state: string) =>
    set("/users/user1", {
      user: { state, state_description: "for now" },
      field_mask: "state,state_description",
    });
  const refresh = () =>
    requestToken(server, { grant_type: "refresh_token", refresh_token: tokens.refresh_token, ...client });

  assert.equal((await info()).status, 200);
  await clientState("STATE_SUSPENDED", "misbehaves");
  const suspended = await info();
  assert.equal(suspended.status, 403);
  assert.equal(errorName(suspended), "pkg/identityserver:oauth_client_suspended");
  assert.equal(suspended.body.details[0].attributes.description, "misbehaves");
  assert.equal((await refresh()).body.error, "invalid_client");
  await clientState("STATE_REJECTED");
  assert.equal(errorName(await info()), "pkg/identityserver:oauth_client_rejected");
  await clientState("STATE_APPROVED");
  assert.equal((await info()).status, 200);

  await userState("STATE_SUSPENDED");
  const restricted = await info();
  assert.equal(restricted.headers["x-warning"], "Restricted rights after account suspension: for now");
  assert.deepEqual(restricted.body.oauth_access_token.rights, ["RIGHT_USER_INFO"]);
  assert.equal((await refresh()).body.error, "invalid_grant");
  assert.equal((await requestToken(server, { ...exchange, code: pending })).body.error, "invalid_grant");
  const authorize = await browser.get(authorizePath({ client_id: "client1", redirect_uri: callback }));
  assert.equal(authorize.status, 403);
  await userState("STATE_APPROVED");

  assert.equal((await server.call("DELETE", "/clients/client1", { key: server.adminKey })).status, 200);
  assert.equal(errorName(await info()), "pkg/identityserver:token_not_found");
  assert.equal((await refresh()).body.error, "invalid_client");
});

test("a user that is deleted has no tokens, and one that takes its name later gets none of them", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens, browser } = await authorized(server);
  const key = tokens.access_token;
  const info = async () => errorName(await server.call("GET", "/auth_info", { key }));
  assert.equal((await server.call("DELETE", "/users/user1", { key: server.adminKey })).status, 200);
  assert.equal(await info(), "pkg/identityserver:token_not_found");
  assert.equal((await server.call("DELETE", "/users/user1/purge", { key: server.adminKey })).status, 200);
  await createUser(server, "user1");
  assert.equal(await info(), "pkg/identityserver:token_not_found");
  assert.equal((await browser.get("/oauth/")).location, "/oauth/login?n=%2Foauth%2F");
});

test("tokens and codes of one tenant mean nothing in another", async (t) => {
  const server = await startIdentityServer(t, { args: ["--tenancy.tenants=tenant1,tenant2"] });
  const { tokens, client } = await authorized(server);
  const key = tokens.access_token;
  const inTenant = (host: string) => server.call("GET", "/auth_info", { key, host });
  assert.equal((await inTenant("tenant1.example.com")).status, 200);
  assert.equal(errorName(await inTenant("tenant2.example.com")), "pkg/identityserver:token_not_found");
  const form = { grant_type: "refresh_token", refresh_token: tokens.refresh_token, ...client };
  const elsewhere = await requestToken(server, form, { host: "tenant2.localhost" });
  assert.equal(elsewhere.body.error, "invalid_client");
});

test("a client logs its user out and sends it to an address that it registered", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens, browser } = await authorized(server);
  await server.call("PUT", "/clients/client1", {
    key: server.adminKey,
    body: {
      client: { logout_redirect_uris: ["https://app.example.com/bye"] },
      field_mask: "logout_redirect_uris",
    },
  });
  const key = tokens.access_token;
  const id = key.split(".")[1];
  const logout = (query: Record<string, string>) =>
    browser.get(`/oauth/logout?${new URLSearchParams(query)}`);
  assert.equal((await logout({})).status, 403);
  assert.equal((await logout({ access_token_id: "AAAA" })).location, "/oauth/");
  const evil = await logout({ access_token_id: id, post_logout_redirect_uri: "https://evil.example/" });
  assert.equal(evil.status, 400);
  assert.equal((await server.call("GET", "/auth_info", { key })).status, 200);
  assert.ok(browser.cookies.has("_session"));
  // Who saw the identifier in an event is not the user.
  for (const stranger of [new Browser(server.port), await logIn(server)]) {
    const path = `/oauth/logout?${new URLSearchParams({ access_token_id: id })}`;
    assert.equal((await stranger.get(path)).location, "https://app.example.com/bye");
  }
  assert.equal((await server.call("GET", "/auth_info", { key })).status, 200);
  const done = await logout({ access_token_id: id });
  assert.equal(done.location, "https://app.example.com/bye");
  assert.ok(!browser.cookies.has("_session"));
  assert.equal(
    errorName(await server.call("GET", "/auth_info", { key })),
    "pkg/identityserver:token_not_found",
  );
});

test("the command line logs in by a callback on the user's machine, and by a code to copy", async (t) => {
  const server = await startIdentityServer(t);
  const browser = await logIn(server);
  const code = async (redirect_uri: string): Promise<string> => {
    const path = authorizePath({ client_id: "cli", redirect_uri });
    const asked = await browser.get(path);
    const answer = asked.status === 200 ? await browser.post(path, { authorize: "true" }) : asked;
    assert.ok(answer.location?.startsWith("/oauth/"), answer.text);
    return answer.location ?? "";
  };
  const local = await browser.get(await code("local-callback"));
  assert.match(local.location ?? "", /^http:\/\/localhost:11885\/oauth\/callback\?code=MF2XI\./);
  const chosen = await browser.get(await code("local-callback?port=4711"));
  assert.match(chosen.location ?? "", /^http:\/\/localhost:4711\/oauth\/callback\?code=MF2XI\./);
  const evil = await browser.get("/oauth/local-callback?port=80@evil.example&code=x");
  assert.match(evil.location ?? "", /^http:\/\/localhost:11885\/oauth\/callback\?code=x$/);
  const shown = await browser.get(await code("code"));
  assert.equal(shown.status, 200);
  const copied = /MF2XI\.[A-Z2-7.]+/.exec(shown.text)?.[0] ?? "";
  const { body } = await requestToken(server, {
    grant_type: "authorization_code",
    client_id: "cli",
    redirect_uri: "code",
    code: copied,
  });
  const info = await server.call("GET", "/auth_info", { key: body.access_token });
  assert.equal(info.body.is_admin, true);
  assert.ok(body.refresh_token.startsWith("OJSWM."));
  const nothing = await browser.get("/oauth/code?code=%3Cscript%3E&error_description=%3Cscript%3E");
  assert.equal(nothing.status, 400);
  assert.ok(!nothing.text.includes("script"));
  const denied = await browser.get("/oauth/code?error=access_denied&error_description=Call+us");
  assert.match(denied.text, /did not let the program act/);
  assert.doesNotMatch(denied.text, /Call us/);
});

test("built-in clients come with the first start, once", async (t) => {
  const first = await startIdentityServer(t);
  const get = (server: TestServer, id: string) =>
    server.call("GET", `/clients/${id}?field_mask=redirect_uris,skip_authorization,endorsed,state,grants`, {
      key: server.adminKey,
    });
  const cli = await get(first, "cli");
  assert.deepEqual(cli.body.redirect_uris, ["local-callback", "code"]);
  assert.equal(cli.body.endorsed, true);
  assert.equal((await get(first, "console")).body.skip_authorization, true);
  assert.equal((await first.call("DELETE", "/clients/cli", { key: first.adminKey })).status, 200);
  assert.equal((await first.call("DELETE", "/clients/cli/purge", { key: first.adminKey })).status, 200);
  await first.stop();
  const second = await startIdentityServer(t, { dataDirectory: first.dataDirectory });
  assert.equal((await get(second, "cli")).status, 404);
  assert.equal((await get(second, "console")).status, 200);
});

test("guessing tokens costs no hashing", async (t) => {
  const server = await startIdentityServer(t);
  const { tokens } = await authorized(server);
  const [prefix, id] = tokens.access_token.split(".");
  const { mock } = t.mock.method(crypto, "scrypt");
  syncBuiltinESMExports();
  for (let count = 0; count < 20; count++) {
    const key = `${prefix}.${id}.${"A".repeat(50)}${String.fromCharCode(65 + count)}A`;
    const answer = await server.call("GET", "/auth_info", { key });
    assert.equal(errorName(answer), "pkg/identityserver:invalid_authorization");
  }
  // One guess of 65536 is hashed.
  assert.ok(mock.callCount() <= 1, `${mock.callCount()} guesses were hashed`);
  mock.restore();
  syncBuiltinESMExports();
});

test("the server describes itself as RFC 8414 has it", async (t) => {
  const server = await startIdentityServer(t);
  const browser = new Browser(server.port);
  const { text } = await browser.get("/.well-known/oauth-authorization-server");
  const metadata = JSON.parse(text);
  assert.equal(metadata.issuer, browser.origin);
  assert.equal(metadata.token_endpoint, `${browser.origin}/oauth/token`);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256", "plain"]);
});

test("the secret of a client that was purged is none of the next client's of that name", async (t) => {
  const server = await startIdentityServer(t);
  const attempt = async (client_secret: string) => {
    const request = { grant_type: "authorization_code", code: "x", client_id: "client1", client_secret };
    return (await requestToken(server, request)).body.error;
  };
  const former = await createClient(server, "client1");
  assert.equal(await attempt(former), "invalid_grant");
  const purged = await server.call("DELETE", "/clients/client1/purge", { key: server.adminKey });
  assert.equal(purged.status, 200, JSON.stringify(purged.body));
  const next = await createClient(server, "client1");
  assert.equal(await attempt(former), "invalid_client");
  assert.equal(await attempt(next), "invalid_grant");
});
