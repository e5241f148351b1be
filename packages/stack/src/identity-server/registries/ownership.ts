import type { OrganizationOrUserIdentifiers, Right } from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { whenKnown } from "../../component/when-known.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import { authenticated, type CallContext, organization, type Requirement, user } from "../../rpc/service.ts";
import { knownCaller } from "../access/authority.ts";
import type { OwnedEntityType } from "../access/collaborators.ts";
import { insufficientRights } from "../access/rights-resolver.ts";
import { nestedOrganizations } from "../errors.ts";
import type { EntitySelection } from "../storage/entity-store.ts";
import type { Account } from "../storage/membership-store.ts";
import type { Page } from "../storage/rows.ts";
import { accountId, accountNamed } from "./contacts.ts";
import type { EntityKind } from "./lifecycle.ts";
import { onlyPublic } from "./public-fields.ts";
import type { Registries } from "./registries.ts";

/** Creating an entity under an account needs the account's right to. */
export function creatorRequirement(
  collaborator: OrganizationOrUserIdentifiers | undefined,
  rights: AccountRights,
): Requirement {
  if (collaborator?.ids.case !== "organizationIds") return user(accountId(collaborator), rights.user);
  // What an organization cannot own is refused by the handler, with an error that says so.
  if (rights.organization === undefined) return authenticated;
  return organization(collaborator.ids.value.organizationId, rights.organization);
}

/** What it takes of an account to create or list entities of a kind. */
export interface AccountRights {
  readonly user: Right;
  /** Absent where organizations own no such entities. */
  readonly organization: Right | undefined;
}

interface PublicRead {
  readonly entity: EntityReference;
  readonly right: Right;
  readonly paths: readonly string[];
  readonly publicFields: readonly string[];
}

/** True with the right; false without it, when only what is public was asked for; else throws what is missing. */
export function publicOrRight(
  { rights, formatUid }: Pick<Registries, "rights" | "formatUid">,
  context: CallContext,
  { entity, right, paths, publicFields }: PublicRead,
): boolean | Promise<boolean> {
  return whenKnown(rights.rightsOn(knownCaller(context.caller), entity), (held) => {
    if (held.has(right)) return true;
    if (!onlyPublic(paths, publicFields)) throw insufficientRights(entity, formatUid(entity), held, [right]);
    return false;
  });
}

export const listingReason = "lists what the caller, or the account it may list, collaborates on";

export interface OwnedListing {
  readonly type: OwnedEntityType;
  readonly infoRight: Right;
  /** On the account that the list is asked of. */
  readonly listRights: AccountRights;
  readonly collaborator: OrganizationOrUserIdentifiers | undefined;
  readonly deleted: boolean;
  readonly updatedSince: At;
  readonly page: Page;
}

/**
 * Lists what an account collaborates on. Without an account: everything for an admin, what the caller collaborates
 * on for a user (directly or through an organization) and an organization, and its own entity for a key of one.
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
  const requireListing = (account: Account) => {
    const right = listing.listRights[account.type];
    if (right === undefined) throw nestedOrganizations();
    return rights.require(caller, { ...account, tenantId: context.tenantId }, [right]);
  };
  if (listing.collaborator !== undefined) {
    const account = accountNamed(listing.collaborator) ?? { type: "user", id: "" };
    await requireListing(account);
    return { ...filter, memberOf: { entityType: type, accountId: account.id } };
  }
  if (caller.universalRights.has(listing.infoRight)) return filter;
  if (caller.entity === undefined) return undefined;
  const { type: callerType, id } = caller.entity;
  if (callerType === type) return { ...filter, id };
  if (callerType !== "user" && callerType !== "organization") return undefined;
  await requireListing({ type: callerType, id });
  const throughOrganizations = callerType === "user" && type !== "organization";
  return { ...filter, memberOf: { entityType: type, accountId: id, throughOrganizations } };
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
