import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allApplicationRights,
  allRights,
  impliedRights,
  rightKinds,
  rightName,
  rightsByKind,
  universalAdminRights,
} from "./rights.ts";
import { Right } from "./schema.ts";

test("there are 63 rights, each of one kind of entity save two", () => {
  assert.equal(allRights.length, 63);
  const ofEntities = rightKinds.flatMap((kind) => rightsByKind[kind]);
  const others = allRights.filter((right) => !ofEntities.includes(right));
  assert.deepEqual(others.map(rightName), ["RIGHT_SEND_INVITES", "RIGHT_ALL"]);
  assert.equal(allApplicationRights.length, 15);
});

test("a right to everything implies everything of its kind", () => {
  assert.deepEqual(
    impliedRights([Right.APPLICATION_ALL]),
    new Set(
      [...allApplicationRights].sort((a, b) =>
        a === Right.APPLICATION_ALL ? -1 : b === Right.APPLICATION_ALL ? 1 : 0,
      ),
    ),
  );
  assert.equal(impliedRights([Right.ALL]).size, 63);
  assert.equal(impliedRights([Right.CLIENT_ALL]).size, 5);
});

test("the right to link implies what a link does, and an ordinary right nothing", () => {
  assert.deepEqual([...impliedRights([Right.APPLICATION_LINK])].map(rightName), [
    "RIGHT_APPLICATION_LINK",
    "RIGHT_APPLICATION_INFO",
    "RIGHT_APPLICATION_TRAFFIC_READ",
    "RIGHT_APPLICATION_TRAFFIC_DOWN_WRITE",
  ]);
  assert.deepEqual([...impliedRights([Right.GATEWAY_INFO])], [Right.GATEWAY_INFO]);
});

test("an admin does not hold the rights to keys and to everything by being admin", () => {
  assert.ok(universalAdminRights.includes(Right.APPLICATION_DELETE));
  for (const right of [Right.APPLICATION_SETTINGS_API_KEYS, Right.APPLICATION_DEVICES_READ_KEYS, Right.ALL]) {
    assert.ok(!universalAdminRights.includes(right));
  }
});
