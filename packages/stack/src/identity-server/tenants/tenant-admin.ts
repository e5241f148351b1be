import { createHash, timingSafeEqual } from "node:crypto";
import { Right } from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";
import type { Authority, CallContext, Caller as PlatformCaller } from "../../rpc/service.ts";
import type { Caller } from "../access/authentication.ts";
import { knownCaller } from "../access/authority.ts";
import { noRights } from "../access/right-sets.ts";
import { requireAuthenticated } from "../access/rights-resolver.ts";
import type { Tenancy } from "../tenancy.ts";

const errors = defineErrors("skylark/tenancy");
const invalidKey = errors.unauthenticated("invalid_tenant_admin_key", "invalid tenant admin key");
const notTenantAdmin = errors.permissionDenied("not_tenant_admin", "only a tenant admin may do this");
const notEnabled = errors.failedPrecondition("tenancy_not_enabled", "this installation has no tenancy");

/** A caller with a tenant admin key: it may manage tenants, and nothing within one. */
interface TenantAdmin extends Caller {
  readonly isTenantAdmin: true;
}

export interface TenantAdminKeys {
  /** None is configured. */
  readonly isEmpty: boolean;
  has(key: string): boolean;
}

const scheme = "TenantAdminKey";

/** From the option `tenancy.admin-keys`. */
export function tenantAdminKeys(keys: readonly string[]): TenantAdminKeys {
  const digests = keys.map(digestOf);
  return {
    isEmpty: keys.length === 0,
    has(key) {
      const digest = digestOf(key);
      return digests.filter((known) => timingSafeEqual(known, digest)).length > 0;
    },
  };
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** In front of the authority: nobody gets into a tenant that is not served, and tenant admins get their own caller. */
export function authorityOfTenants(authority: Authority, tenancy: Tenancy, keys: TenantAdminKeys): Authority {
  if (!tenancy.enabled) return authority;
  const checkServed = (caller: PlatformCaller): void => {
    if (!isTenantAdmin(caller)) tenancy.checkServed(caller.tenantId);
  };
  return {
    authenticate(tenantId, authorization, session, beforeLookup) {
      if (authorization !== undefined && isTenantAdminScheme(authorization)) {
        if (!keys.has(authorization.slice(scheme.length).trim())) throw invalidKey();
        return tenantAdmin(tenantId);
      }
      tenancy.checkServed(tenantId);
      return authority.authenticate(tenantId, authorization, session, beforeLookup);
    },
    require(caller, requirement) {
      checkServed(caller);
      return authority.require(caller, requirement);
    },
    // A stream begins while the tenant is served.
    requireStill(caller, requirement) {
      checkServed(caller);
      return authority.requireStill(caller, requirement);
    },
    watch: authority.watch,
    rightsOn: (caller, entity) =>
      tenancy.isServed(caller.tenantId) ? authority.rightsOn(caller, entity) : noRights,
  };
}

function isTenantAdminScheme(authorization: string): boolean {
  const first = authorization.charCodeAt(0);
  if (first !== 0x54 && first !== 0x74) return false;
  return new RegExp(`^${scheme} `, "i").test(authorization);
}

function tenantAdmin(tenantId: string): TenantAdmin {
  return {
    tenantId,
    isTenantAdmin: true,
    isAdmin: false,
    rights: noRights,
    universalRights: noRights,
    warnings: [],
  };
}

function isTenantAdmin(caller: PlatformCaller): caller is TenantAdmin {
  return "isTenantAdmin" in caller && caller.isTenantAdmin === true;
}

/** Throws unless the caller may manage tenants: with a tenant admin key or, while none is configured, as an admin of the default tenant. */
export function requireTenantAdmin(
  { caller }: Pick<CallContext, "caller">,
  tenancy: Tenancy,
  keys: TenantAdminKeys,
): void {
  if (isTenantAdmin(caller)) return;
  const known = knownCaller(caller);
  requireAuthenticated(known);
  const mayAsAdmin = keys.isEmpty && caller.tenantId === tenancy.defaultTenantId && caller.isAdmin;
  if (!mayAsAdmin || !known.rights.has(Right.ALL)) throw notTenantAdmin();
  if (!tenancy.enabled) throw notEnabled();
}
