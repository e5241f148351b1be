import { type OrganizationOrUserIdentifiers, Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { type CallContext, type Requirement, user } from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import { insufficientRights } from "../access/rights-resolver.ts";
import type { EntitySelection } from "../storage/entity-store.ts";
import type { Page } from "../storage/rows.ts";
import { accountId } from "./contacts.ts";
import type { EntityKind } from "./lifecycle.ts";
import { onlyPublic } from "./public-fields.ts";
import type { Registries } from "./registries.ts";

/** Creating an entity under an account needs the account's right to. */
export function creatorRequirement(
  collaborator: OrganizationOrUserIdentifiers | undefined,
  right: Right,
): Requirement {
  if (collaborator?.ids.case === "organizationIds") {
    const id = collaborator.ids.value.organizationId;
    return { kind: "rights", entity: { type: "organization", id }, rights: [right] };
  }
  return user(accountId(collaborator), right);
}

interface PublicRead {
  readonly entity: EntityReference;
  readonly right: Right;
  readonly paths: readonly string[];
  readonly publicFields: readonly string[];
}

/** True with the right; false without it, when only what is public was asked for; else throws what is missing. */
export async function publicOrRight(
  { rights, formatUid }: Pick<Registries, "rights" | "formatUid">,
  context: CallContext,
  { entity, right, paths, publicFields }: PublicRead,
): Promise<boolean> {
  const held = await rights.rightsOn(knownCaller(context.caller), entity);
  if (held.has(right)) return true;
  if (!onlyPublic(paths, publicFields)) throw insufficientRights(entity, formatUid(entity), held, [right]);
  return false;
}

export interface OwnedListing {
  readonly type: "application" | "gateway";
  /** On the account that the list is asked of. */
  readonly listRight: Right;
  readonly collaborator: OrganizationOrUserIdentifiers | undefined;
  readonly deleted: boolean;
  readonly updatedSince: At;
  readonly page: Page;
}

/**
 * Lists what an account collaborates on. Without an account: everything for an admin, what the caller collaborates
 * on for a user, and its own entity for a key of one.
 */
export async function listOwned<M>(
  registries: Pick<Registries, "rights">,
  context: CallContext,
  kind: EntityKind<M>,
  listing: OwnedListing,
): Promise<readonly M[]> {
  const selection = await selectionOf(registries, context, listing);
  const listed =
    selection === undefined
      ? { items: [], total: 0 }
      : await kind.entities.list(context.tenantId, selection, listing.page);
  context.setTotalCount(listed.total);
  return listed.items;
}

async function selectionOf(
  { rights }: Pick<Registries, "rights">,
  context: CallContext,
  listing: OwnedListing,
): Promise<EntitySelection | undefined> {
  const caller = knownCaller(context.caller);
  const { type, deleted, updatedSince } = listing;
  const filter = { deleted, updatedSince };
  if (listing.collaborator !== undefined) {
    const account = accountId(listing.collaborator);
    const kind = listing.collaborator.ids.case === "organizationIds" ? "organization" : "user";
    await rights.require(caller, { tenantId: context.tenantId, type: kind, id: account }, [
      listing.listRight,
    ]);
    return { ...filter, memberOf: { entityType: type, accountId: account } };
  }
  if (caller.universalRights.has(type === "application" ? Right.APPLICATION_INFO : Right.GATEWAY_INFO)) {
    return filter;
  }
  if (caller.entity === undefined) return undefined;
  if (caller.entity.type === type) return { ...filter, id: caller.entity.id };
  if (caller.entity.type !== "user") return undefined;
  await rights.require(caller, caller.entity, [listing.listRight]);
  return { ...filter, memberOf: { entityType: type, accountId: caller.entity.id } };
}

/** The right to delete is the right to restore; a deleted entity still has its collaborators. */
export async function requireRestorable(
  { rights }: Pick<Registries, "rights">,
  context: CallContext,
  entity: EntityReference,
  right: Right,
): Promise<void> {
  await rights.require(knownCaller(context.caller), entity, [right], { includeDeleted: true });
}
