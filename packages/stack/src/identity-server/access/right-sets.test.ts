import assert from "node:assert/strict";
import { test } from "node:test";
import { Right, rightName } from "@skylark/api";
import { adminRights, allRights, potentialRights, withImplied } from "./right-sets.ts";

test("there are 63 rights, named as the API names them", () => {
  assert.equal(allRights.size, 63);
  assert.equal(rightName(Right.APPLICATION_DEVICES_READ), "RIGHT_APPLICATION_DEVICES_READ");
  assert.ok([...allRights].every((right) => /^RIGHT_[A-Z_]+$/.test(rightName(right))));
});

test("collective rights imply those of their class, and linking what a link needs", () => {
  assert.deepEqual(withImplied([Right.ALL]), allRights);
  assert.equal(withImplied([Right.APPLICATION_ALL]).size, 15);
  assert.ok(!withImplied([Right.APPLICATION_ALL]).has(Right.GATEWAY_INFO));
  assert.deepEqual(
    withImplied([Right.APPLICATION_LINK]),
    new Set([
      Right.APPLICATION_LINK,
      Right.APPLICATION_INFO,
      Right.APPLICATION_TRAFFIC_READ,
      Right.APPLICATION_TRAFFIC_DOWN_WRITE,
    ]),
  );
  assert.deepEqual(withImplied([Right.GATEWAY_LINK]), new Set([Right.GATEWAY_LINK, Right.GATEWAY_INFO]));
});

test("an admin's universal rights leave out keys and collective rights", () => {
  const excluded = allRights.difference(adminRights);
  assert.ok([...excluded].map(rightName).every((name) => name.endsWith("_KEYS") || name.endsWith("_ALL")));
  assert.ok(excluded.has(Right.APPLICATION_DEVICES_READ_KEYS));
  assert.ok(excluded.has(Right.ALL));
  assert.ok(adminRights.has(Right.APPLICATION_DELETE));
});

test("an application has application rights only, a user those of everything it can own", () => {
  assert.ok(!potentialRights("application").has(Right.GATEWAY_INFO));
  assert.ok(potentialRights("user").has(Right.GATEWAY_INFO));
});
