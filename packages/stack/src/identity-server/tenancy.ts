import { State } from "@skylark/api";
import { ConfigurationError } from "../config/load.ts";
import type { EntityReference } from "../domain/identifiers.ts";
import { defineErrors, type SkylarkError } from "../errors/errors.ts";

const errors = defineErrors("skylark/tenancy");
export const tenantNotFound = errors.notFound("tenant_not_found", "tenant `{tenant_id}` not found");
const tenantRequested = errors.permissionDenied(
  "tenant_requested",
  "tenant `{tenant_id}` is yet to be approved",
);
const tenantRejected = errors.permissionDenied("tenant_rejected", "tenant `{tenant_id}` was rejected");
const tenantSuspended = errors.permissionDenied("tenant_suspended", "tenant `{tenant_id}` is suspended");

/** Which tenants there are, and how names of the outside say which one is meant. Answers from memory. */
export interface Tenancy {
  readonly enabled: boolean;
  readonly defaultTenantId: string;
  /** The default one first. */
  readonly tenantIds: readonly string[];
  /**
   * Of a request: `tenant1.example.com` and `tenant1.localhost:1885` name tenant1, other hosts the default one. Below
   * a base domain there are only tenants: a name that is none is given back, and `checkServed` refuses it. An
   * identifier such as `app1@tenant1`, which gRPC clients may send, says it before the host does.
   */
  tenantOfHost(host: string | undefined, uid?: string): string;
  /** `app1` or `app1@tenant1`; throws on a tenant that does not exist. */
  parseUid(uid: string): { readonly tenantId: string; readonly id: string };
  /** `app1@tenant1` with tenancy on, else `app1`. */
  formatUid(entity: Pick<EntityReference, "tenantId" | "id">): string;
  /** Throws when nobody may use the tenant: it is gone, or not approved. */
  checkServed(tenantId: string): void;
  isServed(tenantId: string): boolean;
}

/** The tenancy as its registry keeps it current. */
export interface TenantDirectory extends Tenancy {
  /** How the tenant stands from now on; undefined when it is gone. */
  tenantChanged(tenantId: string, state: State | undefined): void;
  /** Calls back after each such change. */
  onTenantChanged(listener: (tenantId: string) => void): void;
}

export interface TenancyOptions {
  /** Option `tenancy.enabled`; naming tenants turns tenancy on as well. */
  readonly enabled?: boolean;
  /** Option `tenancy.base-domains`. */
  readonly baseDomains?: readonly string[];
}

const tenantIdPattern = /^[a-z0-9](?:-?[a-z0-9]){1,35}$/;

/** From the options `tenancy.tenants` and `tenancy.default`. */
export function createTenancy(
  tenants: readonly string[],
  implicitTenantId: string,
  { enabled = tenants.length > 0, baseDomains = [] }: TenancyOptions = {},
): TenantDirectory {
  const first = tenants.length > 0 ? tenants : [implicitTenantId];
  for (const id of first) {
    if (!tenantIdPattern.test(id))
      throw new ConfigurationError(`invalid tenant identifier ${JSON.stringify(id)}`);
  }
  const states = new Map(first.map((id): [string, State] => [id, State.APPROVED]));
  if (states.size !== first.length) throw new ConfigurationError("tenancy.tenants names a tenant twice");
  const defaultTenantId = first[0]!;
  const isOn = enabled || tenants.length > 0;
  const nameOfHost = hostReader(baseDomains);
  const listeners: ((tenantId: string) => void)[] = [];

  return {
    enabled: isOn,
    defaultTenantId,
    get tenantIds() {
      return [...states.keys()];
    },
    tenantOfHost(host, uid) {
      if (!isOn) return defaultTenantId;
      const at = uid?.lastIndexOf("@") ?? -1;
      if (uid !== undefined && at >= 0) return plainTenantId(uid.slice(at + 1));
      if (host === undefined) return defaultTenantId;
      const { name, mustExist } = nameOfHost(host);
      if (states.has(name)) return name;
      return mustExist ? plainTenantId(name) : defaultTenantId;
    },
    parseUid(uid) {
      const at = uid.lastIndexOf("@");
      if (at < 0) return { tenantId: defaultTenantId, id: uid };
      const tenantId = uid.slice(at + 1);
      if (!states.has(tenantId)) throw tenantNotFound({ tenant_id: tenantId });
      return { tenantId, id: uid.slice(0, at) };
    },
    formatUid: ({ tenantId, id }) => (isOn ? `${id}@${tenantId}` : id),
    checkServed(tenantId) {
      const error = standingError(states.get(tenantId), tenantId);
      if (error !== undefined) throw error;
    },
    isServed: (tenantId) => standingError(states.get(tenantId), tenantId) === undefined,
    tenantChanged(tenantId, state) {
      // The default one is where requests go that name none: it is always there.
      if (state !== undefined) states.set(tenantId, state);
      else if (tenantId !== defaultTenantId) states.delete(tenantId);
      for (const listener of listeners) listener(tenantId);
    },
    onTenantChanged: (listener) => void listeners.push(listener),
  };
}

/** What cannot be a tenant becomes a name that nobody has, since names end up in keys. */
function plainTenantId(name: string): string {
  return tenantIdPattern.test(name) ? name : "-";
}

/** A flagged tenant is one to look at, not one to refuse. */
function standingError(state: State | undefined, tenantId: string): SkylarkError | undefined {
  if (state === State.APPROVED || state === State.FLAGGED) return undefined;
  const attributes = { tenant_id: tenantId };
  if (state === undefined) return tenantNotFound(attributes);
  if (state === State.SUSPENDED) return tenantSuspended(attributes);
  return state === State.REJECTED ? tenantRejected(attributes) : tenantRequested(attributes);
}

interface HostName {
  /** Empty when the host names nobody. */
  readonly name: string;
  readonly mustExist: boolean;
}

/** Without base domains the first label of any host may name a tenant; with them only what stands before one. */
function hostReader(baseDomains: readonly string[]): (host: string) => HostName {
  const bases = baseDomains.map((domain) => domain.toLowerCase());
  const nobody: HostName = { name: "", mustExist: false };
  if (bases.length === 0) {
    return (host) => ({
      name: host.slice(0, Math.max(0, host.indexOf("."))).toLowerCase(),
      mustExist: false,
    });
  }
  return (host) => {
    const colon = host.lastIndexOf(":");
    const domain = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
    if (bases.includes(domain)) return nobody;
    const base = bases.find((each) => domain.endsWith(`.${each}`));
    if (base === undefined) return nobody;
    return { name: domain.slice(0, -base.length - 1), mustExist: true };
  };
}
