import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Browser } from "../account/browser.fixture.ts";
import { createUser, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";
import { idCandidates } from "./external-users.ts";
import {
  clientId,
  clientSecret,
  logInAtProvider,
  reachCallback,
  startProvider,
  type TestProvider,
} from "./openid-provider.fixture.ts";
import { createOpenIdProvider } from "./openid-provider.ts";

async function start(
  t: TestContext,
  args: readonly string[] = [],
): Promise<{ server: TestServer; provider: TestProvider }> {
  const provider = await startProvider(t);
  const server = await startIdentityServer(t, {
    args: [
      `--is.oidc.issuer=${provider.issuer}`,
      `--is.oidc.client-id=${clientId}`,
      `--is.oidc.client-secret=${clientSecret}`,
      "--is.oidc.name=Example <SSO>",
      ...args,
    ],
  });
  provider.begin(`http://localhost:${server.port}/oauth/oidc/callback`);
  return { server, provider };
}

async function whoIs(browser: Browser): Promise<string | undefined> {
  const { status, text } = await browser.get("/oauth/api/me");
  return status === 200 ? JSON.parse(text).user.ids.user_id : undefined;
}

const registering = ["--is.oidc.register-users=true"];

test("who is known to the provider becomes a user, and stays the same one", async (t) => {
  const { server, provider } = await start(t, registering);
  provider.people.set("sub-1", {
    preferred_username: "Zoë.Müller",
    name: "Zoë Müller",
    email: "zoe@example.com",
    email_verified: true,
  });
  const browser = new Browser(server.port);
  const page = await browser.get("/oauth/login?n=/console/x");
  assert.ok(
    page.text.includes(`<a href="/oauth/oidc/start?n=%2Fconsole%2Fx">Log in with Example &lt;SSO&gt;</a>`),
  );
  const back = await logInAtProvider(browser, "sub-1", "/console/x");
  assert.equal(back.status, 302, back.text);
  assert.equal(back.location, "/console/x");
  assert.equal(await whoIs(browser), "zoe-muller");
  const user = await server.call(
    "GET",
    "/users/zoe-muller?field_mask=name,state,admin,primary_email_address,primary_email_address_validated_at",
    { key: server.adminKey },
  );
  assert.equal(user.body.name, "Zoë Müller");
  assert.equal(user.body.state, "STATE_APPROVED");
  assert.equal(user.body.admin, undefined);
  assert.equal(user.body.primary_email_address, "zoe@example.com");
  assert.ok(user.body.primary_email_address_validated_at);

  provider.people.set("sub-1", { preferred_username: "another-name" });
  const again = new Browser(server.port);
  await logInAtProvider(again, "sub-1");
  assert.equal(await whoIs(again), "zoe-muller");
  // Another person of the same name is another user.
  provider.people.set("sub-2", { preferred_username: "zoe.muller" });
  const other = new Browser(server.port);
  await logInAtProvider(other, "sub-2");
  assert.equal(await whoIs(other), "zoe-muller-2");
});

test("a name of the operator is not taken over", async (t) => {
  const { server, provider } = await start(t, registering);
  provider.people.set("sub-1", {
    preferred_username: "admin",
    email: "admin@example.com",
    email_verified: true,
  });
  const browser = new Browser(server.port);
  await logInAtProvider(browser, "sub-1");
  assert.equal(await whoIs(browser), "admin-2");
});

test("strangers stay out unless they may register", async (t) => {
  const { server, provider } = await start(t);
  provider.people.set("sub-1", { preferred_username: "zoe" });
  const browser = new Browser(server.port);
  const answer = await logInAtProvider(browser, "sub-1");
  assert.equal(answer.status, 403);
  assert.ok(answer.text.includes("unknown_user"));
  assert.equal(await whoIs(browser), undefined);
});

const validated = {
  primary_email_address: "zoe@example.com",
  primary_email_address_validated_at: "2026-01-01T00:00:00Z",
};

test("an account is linked by its address only if the option says so and both sides vouch for it", async (t) => {
  const { server, provider } = await start(t, ["--is.oidc.link-by-email=true"]);
  await createUser(server, "user1", validated);
  const attempt = async (person: object) => {
    provider.people.set("sub-1", person);
    const browser = new Browser(server.port);
    await logInAtProvider(browser, "sub-1");
    return whoIs(browser);
  };
  assert.equal(await attempt({ email: "zoe@example.com", email_verified: false }), undefined);
  assert.equal(await attempt({ email: "zoe@example.com" }), undefined);
  assert.equal(await attempt({ email: "eve@example.com", email_verified: true }), undefined);
  assert.equal(await attempt({ email: "Zoe@Example.com", email_verified: true }), "user1");
  assert.equal(await attempt({}), "user1", "from then on by the subject");
  await createUser(server, "user2", { primary_email_address: "max@example.com" });
  provider.people.set("sub-2", { email: "max@example.com", email_verified: true });
  const browser = new Browser(server.port);
  await logInAtProvider(browser, "sub-2");
  assert.equal(await whoIs(browser), undefined, "nobody validated the address here");
});

test("without the option no address links anything", async (t) => {
  const { server, provider } = await start(t, registering);
  await createUser(server, "user1", validated);
  provider.people.set("sub-1", { email: "zoe@example.com", email_verified: true });
  const browser = new Browser(server.port);
  await logInAtProvider(browser, "sub-1");
  assert.equal(await whoIs(browser), "zoe");
  const path = "/users/zoe?field_mask=primary_email_address";
  const shown = await server.call("GET", path, { key: server.adminKey });
  assert.equal(shown.body.primary_email_address, undefined, "the address stays the other user's");
});

test("a login is finished in the browser that began it, once and in time", async (t) => {
  const { server, provider } = await start(t, registering);
  provider.people.set("sub-1", { preferred_username: "zoe" });
  const refused = async (browser: Browser, target: string, why: string) => {
    const answer = await browser.get(target);
    assert.ok(answer.status >= 400, `${answer.status} ${target}`);
    assert.ok(answer.text.includes(why), answer.text);
    assert.equal(await whoIs(browser), undefined);
  };
  const browser = new Browser(server.port);
  const target = await reachCallback(browser, "sub-1");
  await refused(new Browser(server.port), target, "login_lost");
  const other = new Browser(server.port);
  await reachCallback(other, "sub-1");
  await refused(other, target, "login_refused");
  await refused(browser, target.replace(/state=[^&]+/, "state=forged"), "login_refused");
  await refused(browser, target.replace(/code=[^&]+/, "code=forged"), "login_refused");
  const tampered = new Browser(server.port);
  tampered.cookies.set("_oidc", `${browser.cookies.get("_oidc")?.slice(0, -6)}AAAAAA`);
  await refused(tampered, target, "login_lost");
  await server.clock.advance(10 * 60_000);
  await refused(browser, target, "login_lost");

  const used = new Browser(server.port);
  const once = await reachCallback(used, "sub-1");
  assert.equal((await used.get(once)).status, 302);
  await refused(new Browser(server.port), once, "login_lost");
});

test("an identity with a wrong signature, for another nonce or from nowhere is none", async (t) => {
  const { server, provider } = await start(t, registering);
  provider.people.set("sub-1", { preferred_username: "zoe" });
  const attempt = async (tamper: (claims: Record<string, unknown>) => Record<string, unknown>) => {
    provider.tamper = (body) => {
      const answer = JSON.parse(body);
      const [header, payload = "", signature] = answer.id_token.split(".");
      const claims = tamper(JSON.parse(Buffer.from(payload, "base64url").toString()));
      answer.id_token = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(
        ".",
      );
      return JSON.stringify(answer);
    };
    const browser = new Browser(server.port);
    const answer = await logInAtProvider(browser, "sub-1");
    assert.equal(answer.status, 401, answer.text);
    assert.ok(answer.text.includes("login_refused"));
    assert.ok(!answer.text.includes("eyJ"), "no token is shown");
  };
  await attempt((claims) => ({ ...claims, sub: "admin" }));
  await attempt((claims) => ({ ...claims, nonce: "another" }));
  await attempt((claims) => ({ ...claims, iss: "https://evil.example" }));
  await attempt((claims) => ({ ...claims, aud: "another-client" }));
  await attempt((claims) => ({ ...claims, exp: 1 }));
});

test("who cancels at the provider is told so, and a provider that is away is no mystery", async (t) => {
  const { server, provider } = await start(t, registering);
  const browser = new Browser(server.port);
  const begun = await browser.get("/oauth/oidc/start");
  const state = new URL(begun.location ?? "").searchParams.get("state") ?? "";
  const query = new URLSearchParams({ error: "access_denied", state, iss: provider.issuer });
  const canceled = await browser.get(`/oauth/oidc/callback?${query}`);
  assert.equal(canceled.status, 401);
  assert.ok(canceled.text.includes("access_denied"), canceled.text);
  await provider.close();
  const away = new Browser(server.port);
  // What was discovered before is remembered: the browser is sent there and finds nobody.
  assert.equal((await away.get("/oauth/oidc/start")).status, 302);
  const other = await startIdentityServer(t, {
    args: [`--is.oidc.issuer=${provider.issuer}`, "--is.oidc.client-id=x"],
  });
  const unreachable = await new Browser(other.port).get("/oauth/oidc/start");
  assert.equal(unreachable.status, 503);
  assert.ok(unreachable.text.includes("provider_unavailable"));
});

test("only the tenant that the provider is for has it", async (t) => {
  const { server, provider } = await start(t, [
    ...registering,
    "--tenancy.tenants=tenant1,tenant2",
    "--is.oidc.tenant=tenant2",
  ]);
  provider.people.set("sub-1", { preferred_username: "zoe" });
  const ofOther = new Browser(server.port, "tenant1.localhost");
  assert.ok(!(await ofOther.get("/oauth/login")).text.includes("oidc"));
  assert.equal((await ofOther.get("/oauth/oidc/start")).status, 400);
  const ofTenant = new Browser(server.port, "tenant2.localhost");
  assert.ok((await ofTenant.get("/oauth/login")).text.includes("/oauth/oidc/start"));
  assert.equal((await ofTenant.get("/oauth/oidc/start")).status, 302);
});

test("an address that is not encrypted is refused, except on this machine", () => {
  const settings = { clientId, clientSecret, scopes: "openid" };
  for (const issuer of ["http://login.example.com", "ftp://localhost", "login.example.com", "https:"]) {
    assert.throws(() => createOpenIdProvider({ ...settings, issuer }), /is\.oidc\.issuer/, issuer);
  }
  createOpenIdProvider({ ...settings, issuer: "https://login.example.com/realms/main" });
});

test("identifiers follow our rules, whatever the provider calls people", () => {
  const first = (preferredUsername: string, email = "") =>
    idCandidates({
      issuer: "i",
      subject: "s",
      preferredUsername,
      email,
      name: "",
      emailVerified: false,
    }).next().value;
  assert.equal(first("Jane.Doe"), "jane-doe");
  assert.equal(first("jane@example.com"), "jane");
  assert.equal(first("", "J_D@example.com"), "j-d");
  assert.equal(first("--a__b--"), "a-b");
  assert.match(String(first("", "")), /^user-[0-9a-f]{8}$/);
  assert.match(String(first("日本")), /^user-[0-9a-f]{8}$/);
  for (const id of idCandidates({
    issuer: "i",
    subject: "s",
    preferredUsername: `${"ab-".repeat(11)}abcdefgh`,
    email: "",
    name: "",
    emailVerified: false,
  })) {
    assert.match(id, /^[a-z0-9](?:-?[a-z0-9]){1,35}$/);
  }
});
