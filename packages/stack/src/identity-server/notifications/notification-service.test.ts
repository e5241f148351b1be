import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CreateNotificationRequest,
  CreateNotificationRequestSchema,
  type CreateNotificationResponse,
  create,
  type EntityIdentifiers,
  EntityIdentifiersSchema,
  NotificationReceiver,
} from "@skylark/api";
import { SkylarkError } from "../../errors/errors.ts";
import { statement } from "../../store/store.ts";
import { createKey, createUser, startIdentityServer, type TestServer } from "../identity-server.fixture.ts";

type Create = (
  request: CreateNotificationRequest,
  context: { readonly tenantId: string; readonly caller: { readonly isAdmin: boolean } },
) => Promise<CreateNotificationResponse>;

/** The method has no HTTP binding. */
function createMethod({ identityServer }: TestServer): Create {
  const service = identityServer.services.find(({ descriptor }) => descriptor.name === "NotificationService");
  const method = service?.methods.create;
  assert.ok(method !== undefined && "handle" in method);
  return method.handle as unknown as Create;
}

const application: EntityIdentifiers = create(EntityIdentifiersSchema, {
  ids: { case: "applicationIds", value: { applicationId: "app1" } },
});

function notificationTo(receivers: NotificationReceiver[], entityIds = application) {
  return create(CreateNotificationRequestSchema, { entityIds, notificationType: "hello", receivers });
}

async function server(t: Parameters<typeof startIdentityServer>[0]) {
  const started = await startIdentityServer(t, { args: ["--is.admin-rights.all"] });
  const { adminKey: key } = started;
  for (const id of ["proprietor", "helper", "member"]) await createUser(started, id);
  await started.call("POST", "/users/proprietor/applications", {
    key,
    body: { application: { ids: { application_id: "app1" } } },
  });
  const organization = await started.call("POST", "/users/helper/organizations", {
    key,
    body: { organization: { ids: { organization_id: "org1" } } },
  });
  assert.equal(organization.status, 200, JSON.stringify(organization.body));
  for (const [path, ids, right] of [
    ["/organizations/org1/collaborators", { user_ids: { user_id: "member" } }, "RIGHT_ORGANIZATION_INFO"],
    [
      "/applications/app1/collaborators",
      { organization_ids: { organization_id: "org1" } },
      "RIGHT_APPLICATION_INFO",
    ],
  ] as const) {
    const body = { collaborator: { ids, rights: [right] } };
    const answer = await started.call("PUT", path, { key, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
  return started;
}

/** Who has the notification in their list. */
async function receiversOf(started: TestServer, id: string): Promise<string[]> {
  const found: string[] = [];
  for (const user of ["admin", "helper", "member", "proprietor"]) {
    const { body } = await started.call("GET", `/users/${user}/notifications`, { key: started.adminKey });
    const list: { id: string }[] = body.notifications ?? [];
    if (list.some((each) => each.id === id)) found.push(user);
  }
  return found;
}

const admin = { tenantId: "default", caller: { isAdmin: true } };

test("collaborators hear of an application, those of its organizations included, contacts when they are meant", async (t) => {
  const started = await server(t);
  const send = createMethod(started);
  const { COLLABORATOR, ADMINISTRATIVE_CONTACT, TECHNICAL_CONTACT } = NotificationReceiver;
  const all = await send(notificationTo([COLLABORATOR]), admin);
  assert.deepEqual(await receiversOf(started, all.id), ["helper", "member", "proprietor"]);
  const contact = await send(notificationTo([ADMINISTRATIVE_CONTACT]), admin);
  assert.deepEqual(await receiversOf(started, contact.id), ["proprietor"]);
  const setContact = (fanout: boolean) =>
    Promise.all([
      started.call("PUT", "/applications/app1", {
        key: started.adminKey,
        body: {
          application: { technical_contact: { organization_ids: { organization_id: "org1" } } },
          field_mask: "technical_contact",
        },
      }),
      started.call("PUT", "/organizations/org1", {
        key: started.adminKey,
        body: { organization: { fanout_notifications: fanout }, field_mask: "fanout_notifications" },
      }),
    ]);
  for (const answer of await setContact(true)) assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const fanned = await send(notificationTo([TECHNICAL_CONTACT]), admin);
  assert.deepEqual(await receiversOf(started, fanned.id), ["helper", "member"]);
  await setContact(false);
  const single = await send(notificationTo([TECHNICAL_CONTACT]), admin);
  assert.deepEqual(await receiversOf(started, single.id), ["helper"]);
  const device = create(EntityIdentifiersSchema, {
    ids: { case: "deviceIds", value: { deviceId: "dev1", applicationIds: { applicationId: "app1" } } },
  });
  const ofDevice = await send(notificationTo([COLLABORATOR, ADMINISTRATIVE_CONTACT], device), admin);
  assert.deepEqual(await receiversOf(started, ofDevice.id), ["proprietor"]);
  const user = create(EntityIdentifiersSchema, { ids: { case: "userIds", value: { userId: "member" } } });
  const ofUser = await send(notificationTo([COLLABORATOR], user), admin);
  assert.deepEqual(await receiversOf(started, ofUser.id), ["member"]);
});

test("only admins create notifications, and not for nobody", async (t) => {
  const started = await startIdentityServer(t);
  const send = createMethod(started);
  const collaborators = notificationTo([NotificationReceiver.COLLABORATOR]);
  const named = (name: string) => (error: unknown) => error instanceof SkylarkError && error.name === name;
  const user = { ...admin, caller: { isAdmin: false } };
  await assert.rejects(send(collaborators, user), named("pkg/auth/rights:no_admin"));
  await assert.rejects(send(collaborators, admin), named("pkg/identityserver:no_receiver_user_ids"));
});

test("a new API key is told of without the key", async (t) => {
  const started = await server(t);
  const { key } = await createKey(started, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const { body } = await started.call("GET", "/users/proprietor/notifications", { key: started.adminKey });
  const list: { notification_type: string }[] = body.notifications ?? [];
  const told = list.find((each) => each.notification_type === "api_key_created");
  assert.ok(told !== undefined);
  assert.ok(!JSON.stringify(told).includes(key.split(".")[2] ?? key));
});

test("what causes a notification and the notification are written together, or neither is", async (t) => {
  const started = await server(t);
  const path = "/applications/app1/collaborators";
  const { body: before } = await started.call("GET", path, { key: started.adminKey });
  await started.store.write((writer) => writer.run(statement("DROP TABLE notifications")));
  const body = { name: "test", rights: ["RIGHT_APPLICATION_INFO"] };
  const created = await started.call("POST", "/applications/app1/api-keys", { key: started.adminKey, body });
  assert.equal(created.status, 500);
  const keys = await started.call("GET", "/applications/app1/api-keys", { key: started.adminKey });
  assert.deepEqual(keys.body, {});
  const collaborator = { ids: { user_ids: { user_id: "admin" } }, rights: ["RIGHT_APPLICATION_INFO"] };
  const set = await started.call("PUT", path, { key: started.adminKey, body: { collaborator } });
  assert.equal(set.status, 500);
  const { body: after } = await started.call("GET", path, { key: started.adminKey });
  assert.deepEqual(after, before);
});
