import {
  create,
  type OrganizationOrUserIdentifiers,
  OrganizationOrUserIdentifiersSchema,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { MembershipStore } from "../storage/membership-store.ts";
import { coversPath } from "./field-masks.ts";

const errors = defineErrors("pkg/identityserver");
const contactNoCollaborator = errors.invalidArgument(
  "contact_no_collaborator",
  "contact `{contact}` is not a collaborator",
);

interface WithContacts {
  administrativeContact?: OrganizationOrUserIdentifiers | undefined;
  technicalContact?: OrganizationOrUserIdentifiers | undefined;
}

export function accountId(ids: OrganizationOrUserIdentifiers | undefined): string {
  switch (ids?.ids.case) {
    case "userIds":
      return ids.ids.value.userId;
    case "organizationIds":
      return ids.ids.value.organizationId;
    default:
      return "";
  }
}

export function userAccount(userId: string): OrganizationOrUserIdentifiers {
  return create(OrganizationOrUserIdentifiersSchema, { ids: { case: "userIds", value: { userId } } });
}

/** A new entity's contacts are its owner, who is its only collaborator. */
export function withOwnerAsContact<M extends WithContacts>(message: M, owner: string): M {
  for (const contact of [message.administrativeContact, message.technicalContact]) {
    if (contact !== undefined && accountId(contact) !== owner) {
      throw contactNoCollaborator({ contact: accountId(contact) });
    }
  }
  const account = userAccount(owner);
  return { ...message, administrativeContact: account, technicalContact: account };
}

/** Refuses a change that makes a stranger a contact. */
export async function checkContacts(
  { memberships }: { readonly memberships: Pick<MembershipStore, "membersOf"> },
  entity: EntityReference,
  changed: WithContacts,
  paths: readonly string[],
): Promise<void> {
  const contacts = [
    coversPath(paths, "administrative_contact") ? changed.administrativeContact : undefined,
    coversPath(paths, "technical_contact") ? changed.technicalContact : undefined,
  ].filter((contact) => contact !== undefined);
  if (contacts.length === 0) return;
  const members = await memberships.membersOf(entity);
  for (const contact of contacts) {
    const id = accountId(contact);
    if (!members.some((member) => member.accountId === id)) throw contactNoCollaborator({ contact: id });
  }
}
