import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, logIn, obtainCode, requestToken } from "../account/browser.fixture.ts";
import {
  createApplication,
  createKey,
  createUser,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";
import { png } from "../pictures/images.fixture.ts";
import { knownStatement } from "../storage/rows.ts";

/** Every row of every table that names one of these, as `table column`. */
async function traces({ store }: TestServer, ids: readonly string[]): Promise<readonly string[]> {
  const tables = await store.query(
    knownStatement("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"),
  );
  const found: string[] = [];
  for (const { name } of tables) {
    for (const row of await store.query(knownStatement(`SELECT * FROM "${String(name)}"`))) {
      for (const [column, value] of Object.entries(row)) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
        for (const id of ids) if (text.includes(id)) found.push(`${String(name)} ${column} ${id}`);
      }
    }
  }
  return [...new Set(found)].sort();
}

const ids = ["purged-user", "purged-app", "purged-gtw", "purged-org", "purged-client"];

test("what is purged leaves nothing behind, so that nobody inherits it with the identifier", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.login-tokens.enabled=true"] });
  const call = async (verb: string, path: string, body?: unknown, key = server.adminKey) => {
    const answer = await server.call(verb, path, { key, body });
    assert.equal(answer.status, 200, `${verb} ${path} ${JSON.stringify(answer.body)}`);
  };
  const [user, app, gtw, org, client] = ids as [string, string, string, string, string];
  await createUser(server, user, {
    profile_picture: { embedded: { mime_type: "image/png", data: Buffer.from(png()).toString("base64") } },
  });
  const session = await logIn(server, { userId: user });
  const key = session.cookies.get("_session") ?? "";
  await call("POST", `/users/${user}/login-tokens`, {});
  await call("POST", `/users/${user}/temporary_password`, {});
  await createApplication(server, app);
  await call("POST", "/users/admin/gateways", {
    gateway: { ids: { gateway_id: gtw, eui: "AABBCCDDEEFF0011" } },
  });
  await call("POST", "/users/admin/organizations", { organization: { ids: { organization_id: org } } });
  const client_secret = await createClient(server, client);
  const oauth = { client_id: client, redirect_uri: "https://app.example.com/callback" };
  const code = await obtainCode(session, oauth);
  const tokens = await requestToken(server, {
    grant_type: "authorization_code",
    code,
    client_secret,
    ...oauth,
  });
  assert.equal(tokens.status, 200);
  await obtainCode(session, oauth);
  for (const path of [`/applications/${app}`, `/gateways/${gtw}`, `/organizations/${org}`]) {
    const right = `RIGHT_${path.split("/")[1]?.replace(/s$/, "").toUpperCase()}_INFO`;
    await createKey(server, path, [right]);
  }
  const collaborators = [{ user_ids: { user_id: user } }, { organization_ids: { organization_id: org } }];
  for (const entity of [`applications/${app}`, `gateways/${gtw}`, `clients/${client}`]) {
    for (const each of collaborators) {
      const right = `RIGHT_${entity.split("s/")[0]?.toUpperCase()}_ALL`;
      await call("PUT", `/${entity}/collaborators`, { collaborator: { ids: each, rights: [right] } });
    }
  }
  await call(
    "POST",
    `/users/${user}/bookmarks`,
    { entity_ids: { application_ids: { application_id: app } } },
    key,
  );
  assert.ok((await traces(server, ids)).length > 20);
  await call("DELETE", `/users/${user}`);
  for (const path of [
    `applications/${app}`,
    `gateways/${gtw}`,
    `clients/${client}`,
    `organizations/${org}`,
    `users/${user}`,
  ]) {
    await call("DELETE", `/${path}/purge`);
  }
  // What others were told stays theirs.
  assert.deepEqual(
    (await traces(server, ids)).filter((trace) => !trace.startsWith("notifications data ")),
    [],
  );
});
