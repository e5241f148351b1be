import { whenKnown } from "../../component/when-known.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type {
  Authority,
  EntityReferenceInTenant,
  Caller as PlatformCaller,
  Requirement,
} from "../../rpc/service.ts";
import type { WatchAccess } from "./access-watch.ts";
import type { Authenticator, Caller } from "./authentication.ts";
import {
  insufficientRights,
  type RightsResolver,
  requireAuthenticated,
  requireUniversalRights,
} from "./rights-resolver.ts";
import { isSessionToken } from "./token.ts";

/** The caller as this server made it: the platform hands back what `authenticate` gave it. */
export function knownCaller(caller: PlatformCaller): Caller {
  return caller as Caller;
}

export interface AuthorityOptions {
  readonly authenticator: Pick<Authenticator, "authenticate" | "authenticateToken" | "refresh">;
  readonly rights: RightsResolver;
  readonly watchAccess: WatchAccess;
  readonly formatUid: (entity: EntityReference) => string;
}

/** What the platform asks before each method, and streams while they last. */
export function createAuthority(options: AuthorityOptions): Authority {
  const { authenticator, rights, watchAccess, formatUid } = options;
  const requireAnyRight = (caller: Caller, inTenant: EntityReferenceInTenant): void | Promise<void> => {
    const entity = { ...inTenant, tenantId: caller.tenantId };
    const held = rights.rightsOn(caller, entity);
    if (held instanceof Promise) return held.then((loaded) => checkAny(entity, loaded.size));
    checkAny(entity, held.size);
  };
  const checkAny = (entity: EntityReference, count: number): void => {
    if (count === 0) throw insufficientRights(entity, formatUid(entity), new Set(), []);
  };

  const require = (caller: Caller, requirement: Requirement): void | Promise<void> => {
    switch (requirement.kind) {
      case "public":
      case "handler":
        return;
      case "authenticated":
        return requireAuthenticated(caller);
      case "rights":
        return rights.require(
          caller,
          { ...requirement.entity, tenantId: caller.tenantId },
          requirement.rights,
        );
      case "anyRight":
        return requireAnyRight(caller, requirement.entity);
      case "universal":
        return requireUniversalRights(caller, requirement.rights);
      case "allOf":
        return requireEach(caller, requirement.requirements, 0);
    }
  };
  /** In turn, and without a promise as long as everything is in memory. */
  const requireEach = (
    caller: Caller,
    requirements: readonly Requirement[],
    from: number,
  ): void | Promise<void> => {
    for (let index = from; index < requirements.length; index++) {
      const checked = require(caller, requirements[index]!);
      if (checked instanceof Promise) return checked.then(() => requireEach(caller, requirements, index + 1));
    }
  };

  return {
    authenticate(tenantId, authorization, session, beforeLookup) {
      // Whatever else serves this host may set a cookie of that name.
      const isSession = authorization === undefined && session !== undefined && isSessionToken(session);
      return isSession
        ? authenticator.authenticateToken(tenantId, session, beforeLookup)
        : authenticator.authenticate(tenantId, authorization, beforeLookup);
    },
    require: (caller, requirement) => require(knownCaller(caller), requirement),
    requireStill: (caller, requirement) =>
      whenKnown(authenticator.refresh(knownCaller(caller)), (current) => require(current, requirement)),
    rightsOn: (caller, entity) =>
      whenKnown(authenticator.refresh(knownCaller(caller)), (current) =>
        rights.rightsOn(current, { ...entity, tenantId: caller.tenantId }),
      ),
    watch: (caller, entities, recheck) =>
      watchAccess(
        knownCaller(caller),
        entities.map((entity) => ({ ...entity, tenantId: caller.tenantId })),
        recheck,
      ),
  };
}
