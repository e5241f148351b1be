import assert from "node:assert/strict";
import { test } from "node:test";
import { Right } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { entityKey } from "../entity.ts";
import type { Caller } from "./authentication.ts";
import { noRights, type RightSet } from "./right-sets.ts";
import { createRightsResolver, type EntityAccess } from "./rights-resolver.ts";

const tenantId = "default";
const app1: EntityReference = { tenantId, type: "application", id: "app1" };
const org1: EntityReference = { tenantId, type: "organization", id: "org1" };
const info: RightSet = new Set([Right.APPLICATION_INFO]);
const read: RightSet = new Set([Right.APPLICATION_DEVICES_READ]);
const both = info.union(read);

function callerOf(type: "user" | "organization", id: string): Caller {
  return {
    tenantId,
    entity: { tenantId, type, id },
    rights: both,
    universalRights: noRights,
    isAdmin: false,
    warnings: [],
  };
}

function access(
  members: readonly (readonly [string, RightSet])[],
  more: Partial<EntityAccess> = {},
): EntityAccess {
  return {
    deletedAt: undefined,
    members: new Map(members),
    organizations: [],
    publicRights: noRights,
    ...more,
  };
}

/** A resolver over rows that the test changes, which counts what it reads. */
function setUp() {
  const rows = new Map([
    [entityKey(app1), access([["org1", both]], { organizations: ["org1"] })],
    [entityKey(org1), access([["user1", info]])],
  ]);
  const reads: string[] = [];
  const load = async (entity: EntityReference) => {
    reads.push(entity.id);
    return rows.get(entityKey(entity));
  };
  return { rows, reads, load, resolver: createRightsResolver(load, ({ id }) => id) };
}

const user1 = callerOf("user", "user1");

test("rights through an organization are answered from memory until one of the two changes", async () => {
  const { rows, reads, resolver } = setUp();
  assert.deepEqual(await resolver.rightsOn(user1, app1), info);
  const known = resolver.rightsOn(user1, app1);
  assert.ok(known instanceof Set, "answered without a promise");
  assert.equal(resolver.rightsOn(user1, app1), known);
  assert.deepEqual(reads, ["app1", "org1"]);

  rows.set(entityKey(org1), access([["user1", both]]));
  resolver.entityChanged(org1);
  assert.deepEqual(await resolver.rightsOn(user1, app1), both);
  assert.deepEqual(reads, ["app1", "org1", "org1"]);

  rows.set(entityKey(app1), access([["org1", read]], { organizations: ["org1"] }));
  resolver.entityChanged(app1);
  assert.deepEqual(await resolver.rightsOn(user1, app1), read);

  rows.set(entityKey(org1), access([["user1", both]], { deletedAt: 1 }));
  resolver.entityChanged(org1);
  assert.equal((await resolver.rightsOn(user1, app1)).size, 0);
  const key = callerOf("organization", "org1");
  assert.equal((await resolver.rightsOn(key, app1)).size, 0);
  rows.set(entityKey(org1), access([]));
  resolver.entityChanged(org1);
  assert.deepEqual(await resolver.rightsOn(key, app1), read);
});

test("a change while an organization is being read is not missed", async () => {
  const { rows, load } = setUp();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let slow = true;
  const resolver = createRightsResolver(
    async (entity) => {
      const found = await load(entity);
      if (entity.type !== "organization" || !slow) return found;
      slow = false;
      begun.resolve();
      await gate.promise;
      return found;
    },
    ({ id }) => id,
  );
  const early = resolver.rightsOn(user1, app1);
  await begun.promise;
  rows.set(entityKey(org1), access([]));
  resolver.entityChanged(org1);
  gate.resolve();
  await early;
  assert.equal((await resolver.rightsOn(user1, app1)).size, 0);
});

test("nothing holds in another tenant, nor for an account of the same name of another kind", async () => {
  const { rows, resolver } = setUp();
  rows.set(entityKey(app1), access([["app1", both]]));
  const application: Caller = { ...user1, entity: { tenantId, type: "gateway", id: "app1" } };
  assert.equal((await resolver.rightsOn(application, app1)).size, 0);
  const foreign: Caller = {
    ...user1,
    tenantId: "other",
    entity: { tenantId: "other", type: "user", id: "user1" },
  };
  assert.equal((await resolver.rightsOn(foreign, app1)).size, 0);
});

test("a check from memory through an organization costs less than a microsecond", async () => {
  const { resolver } = setUp();
  await resolver.rightsOn(user1, app1);
  const checks = 200_000;
  let known: unknown;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const before = process.threadCpuUsage();
    for (let index = 0; index < checks; index++) known = resolver.rightsOn(user1, app1);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / checks);
  }
  assert.equal(known, resolver.rightsOn(user1, app1));
  assert.ok(best < 1000, `${best} ns`);
});
