import { Right, rightName } from "@skylark/api";
import { LRUCache } from "lru-cache";
import type { At } from "../../clock/clock.ts";
import { atMost } from "../../component/at-most.ts";
import { LoadingCache } from "../../component/loading-cache.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import { entityKey, isPlainId, parseEntityKey, sameEntity } from "../entity.ts";
import {
  applicationNotFound,
  clientNotFound,
  gatewayNotFound,
  organizationNotFound,
  unauthenticated,
  userNotFound,
} from "../errors.ts";
import type { Caller } from "./authentication.ts";
import { noRights, potentialRights, type RightSet, sortedRights } from "./right-sets.ts";
import { standingError } from "./user-standing.ts";

const errors = defineErrors("pkg/auth/rights");
const missingRights = {
  application: {
    none: errors.permissionDenied("no_application_rights", "no rights for application `{uid}`"),
    insufficient: errors.permissionDenied(
      "insufficient_application_rights",
      "insufficient rights for application `{uid}`",
    ),
    notFound: (id: string) => applicationNotFound({ application_id: id }),
  },
  gateway: {
    none: errors.permissionDenied("no_gateway_rights", "no rights for gateway `{uid}`"),
    insufficient: errors.permissionDenied(
      "insufficient_gateway_rights",
      "insufficient rights for gateway `{uid}`",
    ),
    notFound: (id: string) => gatewayNotFound({ gateway_id: id }),
  },
  user: {
    none: errors.permissionDenied("no_user_rights", "no rights for user `{uid}`"),
    insufficient: errors.permissionDenied("insufficient_user_rights", "insufficient rights for user `{uid}`"),
    notFound: (id: string) => userNotFound({ user_id: id }),
  },
  organization: {
    none: errors.permissionDenied("no_organization_rights", "no rights for organization `{uid}`"),
    insufficient: errors.permissionDenied(
      "insufficient_organization_rights",
      "insufficient rights for organization `{uid}`",
    ),
    notFound: (id: string) => organizationNotFound({ organization_id: id }),
  },
  client: {
    none: errors.permissionDenied("no_client_rights", "no rights for client `{uid}`"),
    insufficient: errors.permissionDenied(
      "insufficient_client_rights",
      "insufficient rights for client `{uid}`",
    ),
    notFound: (id: string) => clientNotFound({ client_id: id }),
  },
} as const;
const noUniversalRights = errors.permissionDenied("no_universal_rights", "no universal rights");
const insufficientUniversalRights = errors.permissionDenied(
  "insufficient_universal_rights",
  "insufficient universal rights",
);

/** What decides over the rights on an entity; a new object after every change, so that answers can be kept with it. */
export interface EntityAccess {
  readonly deletedAt: At | undefined;
  /** With what they imply, by account: users and organizations share one namespace. */
  readonly members: ReadonlyMap<string, RightSet>;
  /** Those of the members that are organizations, whose own members have rights through them. */
  readonly organizations: readonly string[];
  /** What anyone may do. */
  readonly publicRights: RightSet;
}

export interface RightsOptions {
  /** Also on an entity that is deleted but can be restored. */
  readonly includeDeleted?: boolean;
}

/** Answers which rights a caller has; from memory once an entity is loaded. */
export interface RightsResolver {
  /** Rights on an entity; none when it does not exist, except that an admin is told so with the entity's error. */
  rightsOn(caller: Caller, entity: EntityReference, options?: RightsOptions): RightSet | Promise<RightSet>;
  /** Throws what is missing, by the entity's own error. */
  require(
    caller: Caller,
    entity: EntityReference,
    rights: Iterable<Right>,
    options?: RightsOptions,
  ): void | Promise<void>;
  entityChanged(entity: EntityReference): void;
}

const cachedEntities = 100_000;
const trackedOrganizations = 100_000;

/** Whether what was read of an organization still holds. */
interface Currency {
  current: boolean;
}

interface KnownRights {
  readonly rights: RightSet;
  /** Of the organizations that had a say in it. */
  readonly dependsOn: readonly Currency[];
}

/** A gateway that nobody registered is known by its EUI; an admin can watch it under this identifier. */
const unregisteredGatewayId = /^eui-[0-9a-f]{16}$/;
const unregisteredGatewayRights: RightSet = new Set([Right.GATEWAY_STATUS_READ, Right.GATEWAY_TRAFFIC_READ]);

export function createRightsResolver(
  load: (entity: EntityReference) => Promise<EntityAccess | undefined>,
  formatUid: (entity: EntityReference) => string,
): RightsResolver {
  const entities = new LoadingCache<EntityAccess>(cachedEntities, (key) => load(parseEntityKey(key)));
  const known = new WeakMap<Caller, WeakMap<EntityAccess, KnownRights>>();
  // Forgetting one ends what depends on it, so that the cache may forget any.
  const currencies = new LRUCache<string, Currency>({
    ...atMost(trackedOrganizations),
    dispose: (currency) => {
      currency.current = false;
    },
  });
  const currencyOf = (key: string): Currency => {
    let currency = currencies.get(key);
    if (currency === undefined) {
      currency = { current: true };
      currencies.set(key, currency);
    }
    return currency;
  };
  /** Asked before the organization is read: a change that comes in between is then noticed. */
  const organizationOf = (tenantId: string, id: string): OrganizationAccess => {
    const key = entityKey({ tenantId, type: "organization", id });
    const currency = currencyOf(key);
    return { id, currency, access: entities.get(key) };
  };

  const remember = (caller: Caller, access: EntityAccess, computed: KnownRights): RightSet => {
    let ofCaller = known.get(caller);
    if (ofCaller === undefined) {
      ofCaller = new WeakMap();
      known.set(caller, ofCaller);
    }
    ofCaller.set(access, computed);
    return computed.rights;
  };

  const compute = (
    caller: Caller,
    entity: EntityReference,
    access: EntityAccess,
  ): RightSet | Promise<RightSet> => {
    const involved = organizationsInvolved(caller, access).map((id) => organizationOf(caller.tenantId, id));
    const dependsOn = involved.map(({ currency }) => currency);
    const finish = (organizations: readonly LoadedOrganization[]) =>
      remember(caller, access, {
        rights: computeRights(caller, entity, { access, organizations }),
        dependsOn,
      });
    const loading = involved.some((organization) => organization.access instanceof Promise);
    if (!loading) return finish(involved as readonly LoadedOrganization[]);
    return Promise.all(involved.map(async ({ id, access: loaded }) => ({ id, access: await loaded }))).then(
      finish,
    );
  };

  const rightsWith = (
    caller: Caller,
    entity: EntityReference,
    access: EntityAccess | undefined,
    options: RightsOptions,
  ): RightSet | Promise<RightSet> => {
    if (access === undefined || (access.deletedAt !== undefined && !options.includeDeleted)) {
      if (!caller.isAdmin) return noRights;
      const mayWatch = unregisteredGatewayRights.isSubsetOf(caller.universalRights);
      if (entity.type === "gateway" && unregisteredGatewayId.test(entity.id) && mayWatch)
        return unregisteredGatewayRights;
      throw missingRights[entity.type].notFound(entity.id);
    }
    const found = known.get(caller)?.get(access);
    if (found !== undefined && allCurrent(found.dependsOn)) return found.rights;
    return compute(caller, entity, access);
  };

  const rightsOn = (caller: Caller, entity: EntityReference, options: RightsOptions = {}) => {
    if (entity.tenantId !== caller.tenantId) return noRights;
    if (!isPlainId(entity.id)) return rightsWith(caller, entity, undefined, options);
    const access = entities.get(entityKey(entity));
    return access instanceof Promise
      ? access.then((loaded) => rightsWith(caller, entity, loaded, options))
      : rightsWith(caller, entity, access, options);
  };

  const check = (entity: EntityReference, held: RightSet, rights: Iterable<Right>): void => {
    const missing = sortedRights(rights).filter((right) => !held.has(right));
    if (missing.length === 0) return;
    if (held === unregisteredGatewayRights) throw missingRights[entity.type].notFound(entity.id);
    throw insufficientRights(entity, formatUid(entity), held, missing);
  };

  return {
    rightsOn,
    require(caller, entity, rights, options) {
      const held = rightsOn(caller, entity, options);
      return held instanceof Promise
        ? held.then((loaded) => check(entity, loaded, rights))
        : check(entity, held, rights);
    },
    entityChanged(entity) {
      const key = entityKey(entity);
      entities.invalidate(key);
      if (entity.type === "organization") currencies.delete(key);
    },
  };
}

interface OrganizationAccess {
  readonly id: string;
  readonly currency: Currency;
  readonly access: EntityAccess | undefined | Promise<EntityAccess | undefined>;
}

interface LoadedOrganization {
  readonly id: string;
  readonly access: EntityAccess | undefined;
}

function allCurrent(currencies: readonly Currency[]): boolean {
  for (const currency of currencies) if (!currency.current) return false;
  return true;
}

/** The organizations that must be known: those between a user and the entity, or the one that calls. */
function organizationsInvolved({ entity }: Caller, access: EntityAccess): readonly string[] {
  if (entity?.type === "user") return access.organizations;
  return entity?.type === "organization" && access.members.has(entity.id) ? [entity.id] : [];
}

interface Sources {
  readonly access: EntityAccess;
  readonly organizations: readonly LoadedOrganization[];
}

function computeRights(caller: Caller, entity: EntityReference, sources: Sources): RightSet {
  const universal = potentialRights(entity.type).intersection(caller.universalRights);
  return entityRights(caller, entity, sources).union(universal).union(sources.access.publicRights);
}

function entityRights(caller: Caller, entity: EntityReference, { access, organizations }: Sources): RightSet {
  const account = caller.entity;
  if (account === undefined) return noRights;
  if (sameEntity(account, entity)) return caller.rights;
  // Keys of applications and gateways hold on their own entity; accounts' also on what the account collaborates on.
  if (account.type !== "user" && account.type !== "organization") return noRights;
  const present = organizations.filter(
    (each) => each.access !== undefined && each.access.deletedAt === undefined,
  );
  if (account.type === "organization" && present.length === 0) return noRights;
  let rights = access.members.get(account.id) ?? noRights;
  for (const { id, access: organization } of account.type === "user" ? present : []) {
    const ofUser = organization?.members.get(account.id);
    const ofOrganization = access.members.get(id);
    if (ofUser !== undefined && ofOrganization !== undefined)
      rights = rights.union(ofOrganization.intersection(ofUser));
  }
  return rights.intersection(caller.rights);
}

export function insufficientRights(
  entity: EntityReference,
  uid: string,
  held: RightSet,
  missing: readonly Right[],
): SkylarkError {
  const error = missingRights[entity.type];
  return held.size === 0 ? error.none({ uid }) : error.insufficient({ uid, missing: missing.map(rightName) });
}

/** Throws unless the caller holds these rights in the whole tenant. */
export function requireUniversalRights(caller: Caller, rights: readonly Right[]): void {
  const missing = rights.filter((right) => !caller.universalRights.has(right));
  if (missing.length === 0) return;
  if (caller.universalRights.size === 0) throw noUniversalRights();
  throw insufficientUniversalRights({ missing: missing.map(rightName) });
}

/** Throws for a caller without credentials, and for a user whose account may not act. */
export function requireAuthenticated(caller: Caller): void {
  if (caller.entity === undefined) throw unauthenticated();
  const error = caller.user === undefined ? undefined : standingError(caller.user);
  if (error !== undefined) throw error;
}
