import { ConfigurationError } from "../config/load.ts";
import type { EntityReference } from "../domain/identifiers.ts";
import { defineErrors } from "../errors/errors.ts";

const errors = defineErrors("skylark/tenancy");
const unknownTenant = errors.notFound("tenant_not_found", "tenant `{tenant_id}` not found");

/** Which tenants there are, and how names of the outside say which one is meant. */
export interface Tenancy {
  readonly enabled: boolean;
  readonly defaultTenantId: string;
  /** The default one first. */
  readonly tenantIds: readonly string[];
  /** Of a request: `tenant1.example.com` and `tenant1.localhost:1885` name tenant1, other hosts the default one. */
  tenantOfHost(host: string | undefined): string;
  /** `app1` or `app1@tenant1`; throws on a tenant that does not exist. */
  parseUid(uid: string): { readonly tenantId: string; readonly id: string };
  /** `app1@tenant1` with tenancy on, else `app1`. */
  formatUid(entity: Pick<EntityReference, "tenantId" | "id">): string;
}

const tenantIdPattern = /^[a-z0-9](?:-?[a-z0-9]){1,35}$/;

/** From the options `tenancy.tenants` and `tenancy.default`. */
export function createTenancy(tenants: readonly string[], implicitTenantId: string): Tenancy {
  const enabled = tenants.length > 0;
  const tenantIds = enabled ? tenants : [implicitTenantId];
  for (const id of tenantIds) {
    if (!tenantIdPattern.test(id))
      throw new ConfigurationError(`invalid tenant identifier ${JSON.stringify(id)}`);
  }
  const known = new Set(tenantIds);
  if (known.size !== tenantIds.length) throw new ConfigurationError("tenancy.tenants names a tenant twice");
  const defaultTenantId = tenantIds[0]!;

  return {
    enabled,
    defaultTenantId,
    tenantIds,
    tenantOfHost(host) {
      if (!enabled || host === undefined) return defaultTenantId;
      const label = host.slice(0, Math.max(0, host.indexOf("."))).toLowerCase();
      return known.has(label) ? label : defaultTenantId;
    },
    parseUid(uid) {
      const at = uid.lastIndexOf("@");
      if (at < 0) return { tenantId: defaultTenantId, id: uid };
      const tenantId = uid.slice(at + 1);
      if (!known.has(tenantId)) throw unknownTenant({ tenant_id: tenantId });
      return { tenantId, id: uid.slice(0, at) };
    },
    formatUid: ({ tenantId, id }) => (enabled ? `${id}@${tenantId}` : id),
  };
}
