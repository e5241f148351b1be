import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../clock/manual-clock.ts";
import { logIn } from "../account/browser.fixture.ts";
import { createApplication, createKey, createUser, startIdentityServer } from "../identity-server.fixture.ts";
import { AccessWatch } from "./access-watch.ts";

test("those who named a key are told at once, then of all that follows soon together", async () => {
  const clock = new ManualClock();
  const watch = new AccessWatch(clock);
  const told: string[] = [];
  const end = watch.add(["a", "b"], () => told.push("first"));
  watch.add(["b"], () => told.push("second"));
  watch.changed("a");
  watch.changed("nobody's");
  await Promise.resolve();
  assert.deepEqual(told, ["first"]);
  watch.changed("a");
  watch.changed("b");
  watch.changed("b");
  await Promise.resolve();
  assert.deepEqual(told, ["first"]);
  await clock.advance(200);
  assert.deepEqual(told, ["first", "first", "second"]);
  await clock.advance(200);
  end();
  watch.changed("a");
  watch.changed("b");
  await Promise.resolve();
  assert.deepEqual(told, ["first", "first", "second", "second"]);
});

test("what could not be checked is checked again soon, and once more when the credential ends", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const expires_at = new Date(server.clock.now() + 60_000).toISOString();
  const made = await server.call("POST", "/applications/app1/api-keys", {
    key: server.adminKey,
    body: { rights: ["RIGHT_APPLICATION_INFO"], expires_at },
  });
  const ids = { tenantId: "default", applicationId: "app1" };
  const login = await server.identityServer.authenticateApplication(ids, made.body.key, "127.0.0.1");
  let checks = 0;
  let isOverloaded = true;
  const end = login.watch(async () => {
    checks++;
    if (isOverloaded) throw new Error("overloaded");
  });
  const checksWithin = async (ms: number) => {
    checks = 0;
    await server.clock.advance(ms);
    return checks;
  };
  await checksWithin(0);
  assert.equal(await checksWithin(10_000), 2);
  isOverloaded = false;
  assert.equal(await checksWithin(5000), 1);
  assert.equal(await checksWithin(44_000), 0);
  assert.equal(await checksWithin(1000), 1);
  end();
  assert.equal(await checksWithin(60_000), 0);
});

test("an MQTT login is told of what concerns it, and of nothing else", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createApplication(server, "app2");
  await createUser(server, "user1");
  await createUser(server, "user2");
  const own = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const login = (key: string) =>
    server.identityServer.authenticateApplication(
      { tenantId: "default", applicationId: "app1" },
      key,
      "127.0.0.1",
    );
  const call = async (verb: string, path: string, body?: unknown) => {
    const answer = await server.call(verb, path, { key: server.adminKey, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    await server.clock.advance(200);
  };
  const collaborate = (application: string, ...rights: string[]) =>
    call("PUT", `/applications/${application}/collaborators`, {
      collaborator: { ids: { user_ids: { user_id: "user1" } }, rights },
    });
  await collaborate("app1", "RIGHT_APPLICATION_TRAFFIC_READ");
  const browser = await logIn(server, { userId: "user1" });
  let [ofKey, ofUser] = [0, 0];
  const ends = [
    (await login(own.key)).watch(async () => void ofKey++),
    (await login(browser.cookies.get("_session") ?? "")).watch(async () => void ofUser++),
  ];
  await server.clock.advance(0);
  assert.deepEqual([ofKey, ofUser], [1, 1], "of what changed since the login");
  const toldBy = async (change: Promise<void>) => {
    [ofKey, ofUser] = [0, 0];
    await change;
    return [ofKey, ofUser];
  };
  const rename = (user: string) =>
    call("PUT", `/users/${user}`, { user: { name: "Other" }, field_mask: "name" });
  assert.deepEqual(await toldBy(collaborate("app1", "RIGHT_APPLICATION_INFO")), [1, 1]);
  assert.deepEqual(await toldBy(collaborate("app2", "RIGHT_APPLICATION_INFO")), [0, 0]);
  assert.deepEqual(await toldBy(rename("user1")), [0, 1]);
  assert.deepEqual(await toldBy(rename("user2")), [0, 0]);
  assert.deepEqual(await toldBy(call("DELETE", `/applications/app1/api-keys/${own.id}`)), [1, 0]);
  for (const end of ends) end();
  assert.deepEqual(await toldBy(collaborate("app1")), [0, 0]);
});
