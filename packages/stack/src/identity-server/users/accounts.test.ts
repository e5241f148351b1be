import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Event } from "../../events/events.ts";
import { statement } from "../../store/store.ts";
import {
  createApplication,
  createKey,
  createUser,
  errorName,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";
import { startMailServer, type TestMailServer } from "../mail/smtp-server.fixture.ts";

const hour = 3_600_000;
const base = ["--is.admin-rights.all", "--is.user-registration.enabled"];

async function withMail(
  t: TestContext,
  args: readonly string[] = [],
): Promise<{ server: TestServer; mail: TestMailServer }> {
  const mail = await startMailServer(t);
  const smtp = ["--is.email.smtp.address", mail.address, "--is.email.sender-address", "net@example.com"];
  return { server: await startIdentityServer(t, { args: [...base, ...smtp, ...args] }), mail };
}

function newUser(id: string, more: object = {}) {
  return {
    user: { ids: { user_id: id }, password: "Secret Words 7", primary_email_address: `${id}@example.com` },
    ...more,
  };
}

/** A value that an e-mail spells out, as the last e-mail of its kind to this address has it; waits for one. */
async function valueIn(mail: TestMailServer, to: string, label: string): Promise<string> {
  const pattern = new RegExp(`^${label}: (\\S+)\\r?$`, "m");
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const found = mail.received.findLast((each) => each.to.includes(to) && pattern.test(each.source));
    if (found !== undefined) return pattern.exec(found.source)?.[1] ?? "";
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`no ${label} for ${to}`);
}

async function passwordHashes(server: TestServer): Promise<string> {
  return JSON.stringify(await server.store.query(statement("SELECT * FROM temporary_passwords")));
}

test("an address is validated with the token of the e-mail, once, while it is the user's", async (t) => {
  const { server, mail } = await withMail(t, ["--is.user-registration.admin-approval.required=false"]);
  assert.equal((await server.call("POST", "/users", { body: newUser("user1") })).status, 200);
  await mail.until(1);
  const reference = await valueIn(mail, "user1@example.com", "Reference");
  const token = await valueIn(mail, "user1@example.com", "Token");
  const validate = (id: string, value: string) =>
    server.call("PATCH", "/email/validation", { body: { id, token: value } });
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const request = () => server.call("POST", "/email/validation", { key, body: { user_id: "user1" } });
  const tooSoon = await request();
  assert.equal(errorName(tooSoon), "pkg/identityserver:validation_request_forbidden");
  assert.equal(tooSoon.body.details[0].attributes.retry_interval, "1h0m0s");
  await server.clock.advance(hour + 1);
  const again = await request();
  assert.equal(again.status, 200, JSON.stringify(again.body));
  assert.equal(again.body.id, reference);
  assert.equal(again.body.token, undefined);
  const store = "pkg/identityserver/store";
  assert.equal(errorName(await validate(reference, "wrong")), `${store}:validation_token_not_found`);
  assert.equal(errorName(await validate("wrong", token)), `${store}:validation_token_not_found`);
  assert.equal((await validate(reference, token)).status, 200);
  assert.equal(errorName(await validate(reference, token)), `${store}:validation_token_already_used`);
  const fields = "primary_email_address_validated_at,contact_info";
  const user = (await server.call("GET", `/users/user1?field_mask=${fields}`, { key })).body;
  assert.ok(user.primary_email_address_validated_at);
  assert.equal(user.contact_info[0].value, "user1@example.com");
  assert.equal(user.contact_info[0].validated_at, user.primary_email_address_validated_at);
  const update = (address: string, by: string) =>
    server.call("PUT", "/users/user1", {
      key: by,
      body: { user: { primary_email_address: address }, field_mask: "primary_email_address" },
    });
  assert.equal((await update("other@example.com", server.adminKey)).status, 200);
  const kept = await server.call("GET", `/users/user1?field_mask=${fields}`, { key });
  assert.ok(kept.body.primary_email_address_validated_at);
  assert.equal((await update("own@example.com", key)).status, 200);
  const pending = await server.call("GET", `/users/user1?field_mask=${fields}`, { key });
  assert.equal(pending.body.primary_email_address_validated_at, undefined);
  await mail.until(3);
  const late = [
    await valueIn(mail, "own@example.com", "Reference"),
    await valueIn(mail, "own@example.com", "Token"),
  ] as const;
  await server.clock.advance(48 * hour + 1);
  assert.equal(errorName(await validate(...late)), `${store}:validation_token_expired`);
});

test("contacts of an application are validated the deprecated way, with its errors", async (t) => {
  const { server, mail } = await withMail(t);
  await createUser(server, "user1");
  await mail.until(1);
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL", "RIGHT_APPLICATION_ALL"]);
  await server.call("POST", "/users/user1/applications", {
    key,
    body: { application: { ids: { application_id: "app1" } } },
  });
  const request = (body: object, by = key) =>
    server.call("POST", "/contact_info/validation", { key: by, body });
  const app = { application_ids: { application_id: "app1" } };
  assert.equal(errorName(await request(app)), "pkg/identityserver:validations_already_sent");
  await server.clock.advance(hour + 1);
  const sent = await request(app);
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  assert.deepEqual(sent.body.contact_info, [
    { contact_method: "CONTACT_METHOD_EMAIL", value: "user1@example.com" },
  ]);
  const token = await valueIn(mail, "user1@example.com", "Token");
  const validated = await server.call("PATCH", "/contact_info/validation", {
    body: { id: sent.body.id, token },
  });
  assert.equal(validated.status, 200, JSON.stringify(validated.body));
  assert.equal(errorName(await request(app)), "pkg/identityserver:no_validation_needed");
  const device = { device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } } };
  assert.equal(errorName(await request(device)), "pkg/identityserver:no_contact_info");
  await createUser(server, "user2");
  const other = await createKey(server, "/users/user2", ["RIGHT_USER_ALL", "RIGHT_APPLICATION_ALL"]);
  assert.equal(errorName(await request(app, other.key)), "pkg/auth/rights:no_application_rights");
});

test("a temporary password comes by e-mail only, replaces the forgotten one, and ends with it", async (t) => {
  const { server, mail } = await withMail(t);
  await createUser(server, "user1");
  const ask = (user = "user1", key?: string) =>
    server.call("POST", `/users/${user}/temporary_password`, key === undefined ? {} : { key });
  for (const user of ["user1", "nobody"]) {
    const asked = await ask(user);
    assert.deepEqual([asked.status, asked.body], [200, {}]);
  }
  await mail.until(2);
  // Strangers do not learn who is a user here; others look users up anyway.
  assert.deepEqual((await ask()).body, {});
  const byAdmin = (user: string) => ask(user, server.adminKey);
  assert.equal(errorName(await byAdmin("user1")), "pkg/identityserver:temporary_password_still_valid");
  assert.equal(errorName(await byAdmin("nobody")), "pkg/identityserver/store:user_not_found");
  const guess = { old: "guess", new: "Other Words 8" };
  const ofNobody = await server.call("PUT", "/users/nobody/password", { body: guess });
  assert.equal(errorName(ofNobody), "pkg/identityserver:old_password");
  const temporary = await valueIn(mail, "user1@example.com", "Temporary password");
  assert.ok(!(await passwordHashes(server)).includes(temporary));
  const change = (old: string, next: string) =>
    server.call("PUT", "/users/user1/password", { body: { old, new: next, revoke_all_access: true } });
  assert.equal(errorName(await change("guess", "Other Words 8")), "pkg/identityserver:old_password");
  assert.equal(errorName(await change(temporary, "weak")), "pkg/identityserver:password_strength_min_length");
  assert.equal((await change(temporary, "Other Words 8")).status, 200);
  assert.equal(errorName(await change(temporary, "Third Words 9")), "pkg/identityserver:old_password");
  assert.equal((await change("Other Words 8", "Third Words 9")).status, 200);
  assert.equal((await ask()).status, 200);
  await mail.until(5);
  const late = await valueIn(mail, "user1@example.com", "Temporary password");
  await server.clock.advance(hour + 1);
  assert.equal(
    errorName(await change(late, "Fourth Words 1")),
    "pkg/identityserver:temporary_password_expired",
  );
});

test("an invitation lets one user in, until it expires, is used or deleted", async (t) => {
  const required = "--is.user-registration.invitation.required";
  const { server, mail } = await withMail(t, [required]);
  const key = server.adminKey;
  const send = (email: string, by = key) => server.call("POST", "/invitations", { key: by, body: { email } });
  const register = (id: string, token?: string) =>
    server.call("POST", "/users", {
      body: newUser(id, token === undefined ? {} : { invitation_token: token }),
    });
  assert.equal(errorName(await register("user1")), "pkg/identityserver:invitation_token_required");
  const store = "pkg/identityserver/store";
  assert.equal(errorName(await register("user1", "guess")), `${store}:invitation_not_found`);
  const sent = await send("new@example.com");
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  assert.equal(errorName(await send("NEW@example.com")), `${store}:invitation_already_sent`);
  await mail.until(1);
  const token = await valueIn(mail, "new@example.com", "Invitation token");
  assert.equal(sent.body.token, token);
  const both = await Promise.all([register("user1", token), register("user2", token)]);
  assert.deepEqual(
    both.map(({ status }) => status).sort(),
    [200, 400],
    JSON.stringify(both.map((each) => each.body)),
  );
  assert.equal(errorName(await register("user3", token)), `${store}:invitation_already_used`);
  const listed = await server.call("GET", "/invitations", { key });
  assert.equal(listed.headers["x-total-count"], "1");
  assert.equal(listed.body.invitations[0].token, undefined);
  assert.match(listed.body.invitations[0].accepted_by.user_id, /^user[12]$/);
  const late = (await send("late@example.com")).body.token;
  await server.clock.advance(7 * 24 * hour + 1);
  assert.equal(errorName(await register("user4", late)), `${store}:invitation_expired`);
  const anew = (await send("late@example.com")).body.token;
  assert.equal((await server.call("DELETE", "/invitations?email=late@example.com", { key })).status, 200);
  assert.equal(errorName(await register("user4", anew)), `${store}:invitation_not_found`);
  const none = await server.call("DELETE", "/invitations?email=late@example.com", { key });
  assert.equal(errorName(none), `${store}:invitation_not_found`);
  await createUser(server, "plain");
  const plain = await createKey(server, "/users/plain", ["RIGHT_USER_ALL"]);
  assert.equal(errorName(await send("x@example.com", plain.key)), "pkg/identityserver:no_invite_rights");
  assert.equal(errorName(await server.call("GET", "/invitations")), "pkg/identityserver:no_invite_rights");
});

test("who registers waits for an admin, admins are told, and the user hears the answer", async (t) => {
  const { server, mail } = await withMail(t);
  const events: Event[] = [];
  const subject = { kind: "user", tenantId: "default", userId: "admin" } as const;
  server.events.subscribe({ subjects: [subject] }, (event) => events.push(event));
  await server.call("PUT", "/users/admin", {
    key: server.adminKey,
    body: { user: { primary_email_address: "admin@example.com" }, field_mask: "primary_email_address" },
  });
  assert.equal((await server.call("POST", "/users", { body: newUser("user1") })).status, 200);
  const list = await server.call("GET", "/users/admin/notifications", { key: server.adminKey });
  assert.equal(list.headers["x-total-count"], "1");
  const [notification] = list.body.notifications;
  assert.equal(notification.notification_type, "user_requested");
  assert.equal(notification.entity_ids.user_ids.user_id, "user1");
  assert.equal(notification.data["@type"], "type.googleapis.com/ttn.lorawan.v3.CreateUserRequest");
  assert.doesNotMatch(JSON.stringify([list.body, events]), /Secret Words/);
  assert.ok(events.some(({ definition }) => definition.name === "user.notification.create"));
  await mail.until(3);
  assert.ok(
    mail.received.some(
      ({ to, source }) => to[0] === "admin@example.com" && /waits for approval/.test(source),
    ),
  );
  await server.call("PUT", "/users/user1", {
    key: server.adminKey,
    body: {
      user: { state: "STATE_SUSPENDED", state_description: "too <b>loud</b>" },
      field_mask: "state,state_description",
    },
  });
  await mail.until(4);
  const told = mail.received.at(-1);
  assert.deepEqual(told?.to, ["user1@example.com"]);
  assert.match(told?.source ?? "", /is now suspended by an admin\.\s+too <b>loud<\/b>/);
  assert.match(told?.source ?? "", /too &lt;b&gt;loud&lt;\/b&gt;/);
});

test("notifications are read, archived and paged by their receiver alone", async (t) => {
  const server = await startIdentityServer(t, { args: base });
  await createUser(server, "user1");
  await createUser(server, "user2");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const stranger = await createKey(server, "/users/user2", ["RIGHT_USER_ALL"]);
  await createApplication(server);
  for (const count of [1, 2, 3]) {
    await server.clock.advance(1000);
    await createKey(server, "/users/user1", ["RIGHT_USER_INFO"]);
    await server.clock.advance(1000 * count);
  }
  const list = (query = "", by = key) =>
    server.call("GET", `/users/user1/notifications${query}`, { key: by });
  const all = (await list()).body.notifications;
  assert.ok(all.length >= 4, JSON.stringify(all));
  assert.ok(all[0].created_at > all[1].created_at);
  assert.equal(all[0].notification_type, "api_key_created");
  assert.equal(all[0].id.length, 36);
  const ids = [all[0].id, all[1].id];
  const update = (by: string) =>
    server.call("PATCH", "/users/user1/notifications", {
      key: by,
      body: { ids, status: "NOTIFICATION_STATUS_ARCHIVED" },
    });
  assert.equal(errorName(await update(stranger.key)), "pkg/auth/rights:no_user_rights");
  assert.equal((await update(key)).status, 200);
  const archived = await list("?status=NOTIFICATION_STATUS_ARCHIVED");
  assert.deepEqual(
    archived.body.notifications.map((each: { id: string }) => each.id),
    ids,
  );
  const page = await list("?status=NOTIFICATION_STATUS_UNSEEN&limit=1&page=2");
  assert.equal(page.headers["x-total-count"], String(all.length - 2));
  assert.equal(page.body.notifications[0].id, all[3].id);
  assert.equal(errorName(await list("", stranger.key)), "pkg/auth/rights:no_user_rights");
});

test("without an SMTP server the links reach whoever owns the data directory", async (t) => {
  const server = await startIdentityServer(t, { args: base });
  await createUser(server, "user1");
  const directory = join(server.dataDirectory, "mails");
  const deadline = Date.now() + 30_000;
  let names: string[] = [];
  while (names.length === 0 && Date.now() < deadline) {
    names = await readdir(directory).then(
      (all) => all.filter((name) => name.endsWith(".txt")),
      () => [],
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.match(names[0] ?? "", /^[0-9A-Z]{26}-validate\.txt$/);
  const text = await readFile(join(directory, names[0]!), "utf8");
  assert.match(text, /http:\/\/localhost:1885\/oauth\/validate\?reference=\w+&token=\w+/);
});

test("a mail server that is away holds up nobody, and its e-mails arrive once it is back", async (t) => {
  const { server, mail } = await withMail(t);
  mail.isAway = true;
  await createUser(server, "user1");
  const count = async () =>
    Number((await server.store.query(statement("SELECT COUNT(*) AS n FROM mails WHERE attempts > 0")))[0]?.n);
  for (const deadline = Date.now() + 30_000; (await count()) === 0 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  mail.isAway = false;
  for (const deadline = Date.now() + 30_000; mail.received.length === 0 && Date.now() < deadline; ) {
    await server.clock.advance(60_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(mail.received[0]?.to, ["user1@example.com"]);
});

test("where validation is required, a user can do little before it", async (t) => {
  const args = [
    "--is.user-registration.contact-info-validation.required",
    "--is.user-registration.admin-approval.required=false",
  ];
  const { server, mail } = await withMail(t, args);
  await server.call("POST", "/users", { body: newUser("user1") });
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const create = (id: string) =>
    server.call("POST", "/users/user1/applications", {
      key,
      body: { application: { ids: { application_id: id } } },
    });
  const early = await create("app1");
  assert.equal(errorName(early), "pkg/auth/rights:insufficient_user_rights");
  assert.match(String(early.headers["x-warning"]), /until email address validated/);
  const id = await valueIn(mail, "user1@example.com", "Reference");
  const token = await valueIn(mail, "user1@example.com", "Token");
  assert.equal((await server.call("PATCH", "/email/validation", { body: { id, token } })).status, 200);
  assert.equal((await create("app1")).status, 200);
});

test("rules for passwords, and what clients are told of the configuration, follow the options", async (t) => {
  const requirements = "--is.user-registration.password-requirements";
  const args = [
    ...base,
    `${requirements}.min-special=2`,
    `${requirements}.min-length=4`,
    `${requirements}.reject-user-id=false`,
  ];
  const server = await startIdentityServer(t, { args });
  const create = (password: string) =>
    server.call("POST", "/users", {
      key: server.adminKey,
      body: { user: { ...newUser("user1").user, password } },
    });
  assert.equal(errorName(await create("Ab1-x")), "pkg/identityserver:password_strength_special");
  assert.equal((await create("User1--")).status, 200);
  const { configuration } = (await server.call("GET", "/is/configuration")).body;
  assert.deepEqual(configuration.user_registration.password_requirements, {
    min_length: 4,
    max_length: 1000,
    min_uppercase: 1,
    min_digits: 1,
    min_special: 2,
  });
  assert.deepEqual(configuration.user_registration.invitation, { required: false, token_ttl: "604800s" });
  assert.deepEqual(configuration.profile_picture, { disable_upload: false, use_gravatar: true });
});

test("console preferences are kept as the user set them", async (t) => {
  const server = await startIdentityServer(t, { args: base });
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL"]);
  const preferences = { console_theme: "CONSOLE_THEME_DARK", sort_by: { gateway: "-name" } };
  const updated = await server.call("PUT", "/users/user1", {
    key,
    body: { user: { console_preferences: preferences }, field_mask: "console_preferences" },
  });
  assert.equal(updated.status, 200, JSON.stringify(updated.body));
  const read = await server.call("GET", "/users/user1?field_mask=console_preferences", { key });
  assert.equal(read.body.console_preferences.console_theme, "CONSOLE_THEME_DARK");
  assert.equal(read.body.console_preferences.sort_by.gateway, "-name");
});
