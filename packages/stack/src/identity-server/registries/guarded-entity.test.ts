import assert from "node:assert/strict";
import { test } from "node:test";
import { Right } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import {
  createApplication,
  createUser,
  startIdentityServer,
  type TestServer,
} from "../identity-server.fixture.ts";
import { createGatewayFinder } from "../storage/gateway-finder.ts";
import { createMembershipStore } from "../storage/membership-store.ts";
import { readGuarded } from "./guarded-entity.ts";
import { applicationKind, clientKind, gatewayKind, organizationKind, userKind } from "./kinds.ts";

const app1: EntityReference = { tenantId: "default", type: "application", id: "app1" };
const stale = { name: "skylark/store:stale" };

function kindsOf({ store }: TestServer) {
  return {
    applications: applicationKind(store),
    gateways: gatewayKind(store, createGatewayFinder(store)),
    users: userKind(store),
    organizations: organizationKind(store),
    clients: clientKind(store),
  };
}

test("nothing is put beside an entity that is gone since it was read", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const guarded = await readGuarded(kindsOf(server), app1);
  await server.store.transact((writer) => guarded.expectPresent(writer));
  await server.call("DELETE", "/applications/app1", { key: server.adminKey });
  await assert.rejects(
    server.store.transact((writer) => guarded.expectPresent(writer)),
    stale,
  );
  await server.call("DELETE", "/applications/app1/purge", { key: server.adminKey });
  await assert.rejects(
    server.store.transact((writer) => guarded.expectPresent(writer)),
    stale,
  );
});

test("of two changes that depend on each other the later one sees that the former came first", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  const [first, second] = [
    await readGuarded(kindsOf(server), app1),
    await readGuarded(kindsOf(server), app1),
  ];
  await server.store.transact((writer) => first.expectCurrent(writer));
  await assert.rejects(
    server.store.transact((writer) => second.expectCurrent(writer)),
    stale,
  );
});

test("an account that is purged is made no collaborator of anything", async (t) => {
  const server = await startIdentityServer(t);
  await createApplication(server);
  await createUser(server, "user1");
  const memberships = createMembershipStore(server.store);
  const add = () =>
    server.store.transact((writer) =>
      memberships.set(writer, app1, { accountId: "user1", rights: [Right.APPLICATION_INFO] }),
    );
  await add();
  await server.call("DELETE", "/users/user1/purge", { key: server.adminKey });
  await assert.rejects(add(), stale);
  const members = await memberships.membersOf(app1);
  assert.deepEqual(
    members.map(({ account }) => account.id),
    ["admin"],
  );
});
