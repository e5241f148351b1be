import {
  type ContactInfo,
  ContactInfoSchema,
  ContactMethod,
  ContactType,
  create,
  type OrganizationOrUserIdentifiers,
  OrganizationOrUserIdentifiersSchema,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { Caller } from "../access/authentication.ts";
import type { Account, MembershipStore } from "../storage/membership-store.ts";
import { coversPath } from "./field-masks.ts";
import type { Registries } from "./registries.ts";

const errors = defineErrors("pkg/identityserver");
const contactNoCollaborator = errors.invalidArgument(
  "contact_no_collaborator",
  "contact `{contact}` is not a collaborator",
);
const contactInfoRestricted = defineErrors("pkg/identityserver/store").permissionDenied(
  "contact_info_restricted",
  "only the caller itself can be made a contact",
);

export interface WithContacts {
  administrativeContact?: OrganizationOrUserIdentifiers | undefined;
  technicalContact?: OrganizationOrUserIdentifiers | undefined;
}

/** The account that identifiers name; undefined when they name none. */
export function accountNamed(ids: OrganizationOrUserIdentifiers | undefined): Account | undefined {
  switch (ids?.ids.case) {
    case "userIds":
      return { type: "user", id: ids.ids.value.userId };
    case "organizationIds":
      return { type: "organization", id: ids.ids.value.organizationId };
    default:
      return undefined;
  }
}

/** The identifier alone, which users and organizations do not share; empty when there is none. */
export function accountId(ids: OrganizationOrUserIdentifiers | undefined): string {
  return accountNamed(ids)?.id ?? "";
}

export function accountIdentifiers({ type, id }: Account): OrganizationOrUserIdentifiers {
  return create(OrganizationOrUserIdentifiersSchema, {
    ids:
      type === "user"
        ? { case: "userIds", value: { userId: id } }
        : { case: "organizationIds", value: { organizationId: id } },
  });
}

export function sameAccount(a: Account | undefined, b: Account | undefined): boolean {
  return a?.type === b?.type && a?.id === b?.id;
}

/** A new entity's contacts are its owner, who is its only collaborator. */
export function withOwnerAsContact<M extends WithContacts>(message: M, owner: Account): M {
  for (const contact of [message.administrativeContact, message.technicalContact]) {
    if (contact !== undefined && !sameAccount(accountNamed(contact), owner)) {
      throw contactNoCollaborator({ contact: accountId(contact) });
    }
  }
  const account = accountIdentifiers(owner);
  return { ...message, administrativeContact: account, technicalContact: account };
}

function changedContacts(changed: WithContacts, paths: readonly string[]): OrganizationOrUserIdentifiers[] {
  return [
    coversPath(paths, "administrative_contact") ? changed.administrativeContact : undefined,
    coversPath(paths, "technical_contact") ? changed.technicalContact : undefined,
  ].filter((contact) => contact !== undefined);
}

/** A mask may name a contact by parts of it, but one account cannot be half replaced by another. */
export function withWholeContacts(paths: readonly string[]): readonly string[] {
  const whole = (path: string) => /^(administrative_contact|technical_contact)\./.exec(path)?.[1] ?? path;
  return [...new Set(paths.map(whole))];
}

/** Refuses a change that makes a stranger a contact. */
export async function checkContacts(
  { memberships }: { readonly memberships: Pick<MembershipStore, "membersOf"> },
  entity: EntityReference,
  changed: WithContacts,
  paths: readonly string[],
): Promise<void> {
  const contacts = changedContacts(changed, paths);
  if (contacts.length === 0) return;
  const members = await memberships.membersOf(entity);
  for (const contact of contacts) {
    const account = accountNamed(contact);
    const isMember = members.some((member) => !member.deleted && sameAccount(member.account, account));
    if (!isMember) throw contactNoCollaborator({ contact: account?.id ?? "" });
  }
}

/** With option `is.collaborator-rights.set-others-as-contacts` off, people make only themselves contacts. */
export function checkContactsAreOwn(caller: Caller, changed: WithContacts, paths: readonly string[]): void {
  if (caller.isAdmin) return;
  for (const contact of changedContacts(changed, paths)) {
    const account = accountNamed(contact);
    if (caller.entity?.type !== account?.type || caller.entity?.id !== account?.id) {
      throw contactInfoRestricted();
    }
  }
}

type Directory = Pick<Registries, "users" | "organizations">;

/** What the deprecated field `contact_info` shows: the addresses of the contacts. */
export async function contactInfoOf(
  directory: Directory,
  tenantId: string,
  { administrativeContact, technicalContact }: WithContacts,
): Promise<ContactInfo[]> {
  const found = await Promise.all([
    contactInfo(directory, tenantId, accountNamed(administrativeContact), "administrativeContact"),
    contactInfo(directory, tenantId, accountNamed(technicalContact), "technicalContact"),
  ]);
  return found.filter((info) => info !== undefined);
}

async function contactInfo(
  directory: Directory,
  tenantId: string,
  account: Account | undefined,
  role: keyof WithContacts,
): Promise<ContactInfo | undefined> {
  if (account === undefined) return undefined;
  const userId =
    account.type === "user" ? account.id : await contactOf(directory, tenantId, account.id, role);
  const stored = userId === "" ? undefined : await directory.users.entities.get(tenantId, userId);
  if (stored === undefined || stored.deletedAt !== undefined) return undefined;
  const { primaryEmailAddress, primaryEmailAddressValidatedAt } = stored.message;
  if (primaryEmailAddress === "") return undefined;
  return create(ContactInfoSchema, {
    contactType: role === "technicalContact" ? ContactType.TECHNICAL : ContactType.OTHER,
    contactMethod: ContactMethod.EMAIL,
    value: primaryEmailAddress,
    ...(primaryEmailAddressValidatedAt === undefined ? {} : { validatedAt: primaryEmailAddressValidatedAt }),
  });
}

/** The user behind an organization that is a contact: its own contact of that kind. */
async function contactOf(
  { organizations }: Directory,
  tenantId: string,
  organizationId: string,
  role: keyof WithContacts,
): Promise<string> {
  const stored = await organizations.entities.get(tenantId, organizationId);
  return accountId(stored?.message[role]);
}
