import assert from "node:assert/strict";
import { test } from "node:test";
import {
  APIKeySchema,
  ClientSchema,
  CollaboratorSchema,
  create,
  GrantType,
  OrganizationOrUserIdentifiersSchema,
  Right,
  State,
} from "@skylark/api";
import { layOut } from "./letter.ts";
import {
  apiKeyLetter,
  clientRequestedLetter,
  collaboratorChangedLetter,
  formatLifetime,
  invitationLetter,
  loginTokenLetter,
  networkOfTenant,
  passwordChangedLetter,
  stateChangedLetter,
  temporaryPasswordLetter,
  userRequestedLetter,
  validateLetter,
} from "./templates.ts";

const network = {
  name: "My network",
  consoleUrl: "https://example.com/console/",
  identityServerUrl: "https://example.com/oauth",
};
const receiver = { userId: "user1", name: "Ann", address: "ann@example.com", admin: false };
const about = { network, receiver };
const notice = {
  ...about,
  topic: { type: "application", id: "app1", consolePath: "/applications/app1" } as const,
};
const hour = 3_600_000;
const account = create(OrganizationOrUserIdentifiersSchema, {
  ids: { case: "userIds", value: { userId: "user2" } },
});

function textOf(letter: Parameters<typeof layOut>[0]): string {
  return layOut(letter, network.name).text;
}

function linksOf({ parts }: Parameters<typeof layOut>[0]): readonly string[] {
  return parts.flatMap((part) => (part.kind === "link" ? [part.url] : []));
}

test("letters with a token link to the page that takes it, and spell it out", () => {
  const user = { type: "user", id: "user1", consolePath: "" } as const;
  const validate = textOf(
    validateLetter(about, { topic: user, id: "REF", token: "A+B", lifetimeMs: 48 * hour }),
  );
  assert.match(validate, /https:\/\/example\.com\/oauth\/validate\?reference=REF&token=A%2BB\n/);
  assert.match(validate, /Token: A\+B\n/);
  assert.match(validate, /good for 48 hours/);
  const invitation = textOf(
    invitationLetter(
      { network, receiver: { ...receiver, name: "", userId: "" } },
      { token: "TOK", lifetimeMs: hour, senderId: "boss" },
    ),
  );
  assert.match(invitation, /invited by "boss"/);
  assert.match(invitation, /https:\/\/example\.com\/oauth\/register\?invitation_token=TOK\n/);
  const temporary = textOf(
    temporaryPasswordLetter(about, { userId: "user1", password: "S7x", lifetimeMs: hour }),
  );
  assert.match(temporary, /https:\/\/example\.com\/oauth\/update-password\?user=user1&current=S7x\n/);
  assert.match(temporary, /good for 1 hour;/);
  const login = textOf(loginTokenLetter(about, { userId: "user1", token: "TOK", lifetimeMs: hour }));
  assert.match(login, /https:\/\/example\.com\/oauth\/token-login\?token=TOK\n/);
});

test("letters of notifications name the entity, what changed, and its page in the Console", () => {
  const key = create(APIKeySchema, { id: "KEYID", name: "my key", rights: [Right.APPLICATION_INFO] });
  const created = textOf(apiKeyLetter(notice, { key, isNew: true }));
  assert.match(created, /application "app1" on My network has a new API key/);
  assert.match(created, /RIGHT_APPLICATION_INFO/);
  assert.match(created, /https:\/\/example\.com\/console\/applications\/app1\/api-keys\/KEYID\n/);
  assert.match(textOf(apiKeyLetter(notice, { key, isNew: false })), /was changed/);
  const ofUser = { ...notice, topic: { type: "user", id: "user1", consolePath: "" } as const };
  assert.match(textOf(apiKeyLetter(ofUser, { key, isNew: true })), /console\/user\/api-keys\/KEYID\n/);
  const collaborator = create(CollaboratorSchema, { ids: account, rights: [Right.APPLICATION_ALL] });
  assert.match(
    textOf(collaboratorChangedLetter(notice, { collaborator })),
    /console\/applications\/app1\/collaborators\/user\/user2\n/,
  );
  assert.match(
    textOf(stateChangedLetter(ofUser, { state: State.SUSPENDED, description: "unpaid" })),
    /user "user1" on My network is now suspended by an admin\.\n\nunpaid\n/,
  );
  assert.match(textOf(passwordChangedLetter(ofUser)), /password of your user "user1"/);
});

test("where there is no Console, nothing links to one", () => {
  const network = { ...about.network, consoleUrl: "" };
  const key = create(APIKeySchema, { id: "KEYID" });
  const invited = { token: "TOK", lifetimeMs: hour, senderId: "" };
  const letters = [
    apiKeyLetter({ ...notice, network }, { key, isNew: true }),
    collaboratorChangedLetter(
      { ...notice, network },
      { collaborator: create(CollaboratorSchema, { ids: account }) },
    ),
    userRequestedLetter({ ...notice, network }, { userId: "user9" }),
  ];
  for (const each of letters) assert.deepEqual(linksOf(each), []);
  assert.deepEqual(linksOf(invitationLetter({ ...about, network }, invited)), [
    "https://example.com/oauth/register?invitation_token=TOK",
  ]);
});

test("links lead to the host of the tenant", () => {
  const urls = { consoleUrl: "", identityServerUrl: "https://{tenant}.example.com/oauth" };
  const network = networkOfTenant({ name: "My network", ...urls }, "tenant1");
  const login = loginTokenLetter({ ...about, network }, { userId: "user1", token: "TOK", lifetimeMs: hour });
  assert.deepEqual(linksOf(login), ["https://tenant1.example.com/oauth/token-login?token=TOK"]);
});

test("admins read what a new user or client asks for", () => {
  const page = { type: "user", id: "user9", consolePath: "/admin-panel/user-management/user9" } as const;
  assert.match(
    textOf(userRequestedLetter({ ...about, topic: page }, { userId: "user9" })),
    /https:\/\/example\.com\/console\/admin-panel\/user-management\/user9\n/,
  );
  const client = create(ClientSchema, {
    ids: { clientId: "client1" },
    grants: [GrantType.GRANT_AUTHORIZATION_CODE],
    rights: [Right.USER_INFO],
    redirectUris: ["https://client.example.com/back"],
  });
  const text = textOf(
    clientRequestedLetter(notice, { client, collaborator: account, requestedBy: 'User "user2"' }),
  );
  assert.match(text, /User "user2" registered the OAuth client "client1" for "user2"/);
  assert.match(text, /- GRANT_AUTHORIZATION_CODE/);
  assert.match(text, /- https:\/\/client\.example\.com\/back/);
});

test("lifetimes are told in hours and minutes", () => {
  assert.deepEqual([30_000, 60_000, 1_800_000, hour, 2 * hour, 168 * hour].map(formatLifetime), [
    "1 minute",
    "1 minute",
    "30 minutes",
    "1 hour",
    "2 hours",
    "168 hours",
  ]);
});
