import assert from "node:assert/strict";
import { test } from "node:test";
import { createTenancy } from "./tenancy.ts";

test("without tenants there is one, whatever the host says, and names carry no tenant", () => {
  const tenancy = createTenancy([], "default");
  assert.equal(tenancy.enabled, false);
  assert.equal(tenancy.tenantOfHost("tenant1.example.com"), "default");
  assert.deepEqual(tenancy.parseUid("app1"), { tenantId: "default", id: "app1" });
  assert.deepEqual(tenancy.parseUid("app1@default"), { tenantId: "default", id: "app1" });
  assert.equal(tenancy.formatUid({ tenantId: "default", id: "app1" }), "app1");
  assert.throws(() => tenancy.parseUid("app1@other"), { name: "skylark/tenancy:tenant_not_found" });
});

test("with tenants the first label of the host selects one, and the first tenant is the default", () => {
  const tenancy = createTenancy(["tenant1", "tenant2"], "default");
  assert.equal(tenancy.defaultTenantId, "tenant1");
  assert.equal(tenancy.tenantOfHost("TENANT2.example.com:1885"), "tenant2");
  assert.equal(tenancy.tenantOfHost("tenant2.localhost"), "tenant2");
  assert.equal(tenancy.tenantOfHost("tenant2"), "tenant1");
  assert.equal(tenancy.tenantOfHost("127.0.0.1"), "tenant1");
  assert.equal(tenancy.tenantOfHost(undefined), "tenant1");
  assert.equal(tenancy.formatUid({ tenantId: "tenant2", id: "app1" }), "app1@tenant2");
  assert.throws(() => tenancy.parseUid("app1@default"));
});

test("tenants that cannot be told apart are a configuration error", () => {
  assert.throws(() => createTenancy(["a1", "a1"], "default"), /twice/);
  assert.throws(() => createTenancy(["A B"], "default"), /invalid tenant/);
});
