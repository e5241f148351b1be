import assert from "node:assert/strict";
import { test } from "node:test";
import { logIn } from "../account/browser.fixture.ts";
import { createKey, createUser, errorName, startIdentityServer } from "../identity-server.fixture.ts";

test("a key with few rights cannot have the user's next password sent to another address", async (t) => {
  const server = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC"]);
  const change = (address: string, credentials: object) =>
    server.call("PUT", "/users/user1", {
      body: {
        user: { name: "One", primary_email_address: address },
        field_mask: "name,primary_email_address",
      },
      ...credentials,
    });
  const taken = await change("mallory@example.com", { key });
  assert.equal(errorName(taken), "pkg/auth/rights:insufficient_user_rights");
  assert.deepEqual(taken.body.details[0].attributes.missing, ["RIGHT_USER_ALL"]);
  const same = await change("user1@example.com", { key });
  assert.equal(same.status, 200, JSON.stringify(same.body));

  const whole = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  assert.equal((await change("one@example.com", { key: whole.key })).status, 200);
  const browser = await logIn(server, { userId: "user1" });
  const csrf = browser.cookies.get("_csrf") ?? "";
  const headers = {
    Cookie: `_session=${browser.cookies.get("_session")}; _csrf=${csrf}`,
    "X-CSRF-Token": csrf,
  };
  assert.equal((await change("two@example.com", { headers })).status, 200);
});
