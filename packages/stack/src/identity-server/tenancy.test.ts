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

test("below a base domain every name is a tenant, there or not", () => {
  const tenancy = createTenancy(["tenant1", "tenant2"], "default", {
    baseDomains: ["Example.com", "eu.example.net"],
  });
  const served = (host: string, uid?: string) => {
    const tenantId = tenancy.tenantOfHost(host, uid);
    tenancy.checkServed(tenantId);
    return tenantId;
  };
  assert.equal(served("tenant2.EXAMPLE.com:1885"), "tenant2");
  assert.equal(served("tenant2.eu.example.net"), "tenant2");
  for (const host of [
    "example.com",
    "eu.example.net:443",
    "127.0.0.1:1885",
    "localhost",
    "tenant2.example.org",
  ]) {
    assert.equal(served(host), "tenant1", host);
  }
  for (const host of ["tenant3.example.com", "a.tenant2.example.com", "a/b.example.com", ".example.com"]) {
    assert.throws(() => served(host), { name: "skylark/tenancy:tenant_not_found" }, host);
  }
  assert.equal(served("example.com", "app1@tenant2"), "tenant2");
  assert.equal(served("tenant2.example.com", "app1"), "tenant2");
  assert.throws(() => served("example.com", "app1@tenant3"), { name: "skylark/tenancy:tenant_not_found" });
});
