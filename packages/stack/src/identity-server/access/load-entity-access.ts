import type { EntityReference } from "../../domain/identifiers.ts";
import type { EntityKind } from "../registries/lifecycle.ts";
import { publicGatewayRights } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import { noRights, type RightSet, withImplied } from "./right-sets.ts";
import type { EntityAccess } from "./rights-resolver.ts";

type Sources = Pick<
  Registries,
  "applications" | "gateways" | "clients" | "organizations" | "users" | "memberships"
>;

/** Reads what decides over the rights on an entity; undefined when there is no such entity. */
export async function loadEntityAccess(
  sources: Sources,
  entity: EntityReference,
): Promise<EntityAccess | undefined> {
  switch (entity.type) {
    case "user": {
      const user = await sources.users.entities.get(entity.tenantId, entity.id);
      return (
        user && { deletedAt: user.deletedAt, members: new Map(), organizations: [], publicRights: noRights }
      );
    }
    case "application":
      return accessTo(sources, sources.applications, entity);
    case "gateway":
      return accessTo(sources, sources.gateways, entity, publicGatewayRights);
    case "client":
      return accessTo(sources, sources.clients, entity);
    case "organization":
      return accessTo(sources, sources.organizations, entity);
  }
}

async function accessTo<M>(
  { memberships }: Sources,
  kind: EntityKind<M>,
  entity: EntityReference,
  publicRights: (message: M) => RightSet = () => noRights,
): Promise<EntityAccess | undefined> {
  const stored = await kind.entities.get(entity.tenantId, entity.id);
  if (stored === undefined) return undefined;
  const members = await memberships.membersOf(entity);
  return {
    deletedAt: stored.deletedAt,
    members: new Map(members.map(({ account, rights }) => [account.id, withImplied(rights)])),
    organizations: members
      .filter(({ account }) => account.type === "organization")
      .map(({ account }) => account.id),
    publicRights: publicRights(stored.message),
  };
}
