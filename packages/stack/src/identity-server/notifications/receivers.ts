import { NotificationReceiver } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { accountNamed, type WithContacts } from "../registries/contacts.ts";
import type { Registries } from "../registries/registries.ts";
import type { Account } from "../storage/membership-store.ts";
import type { Notice } from "./notice.ts";
import type { NotificationStore } from "./notification-store.ts";

/** Where it is known who belongs to what. */
export type ReceiverSources = Pick<
  Registries,
  "applications" | "clients" | "gateways" | "organizations" | "memberships"
> & { readonly notifications: Pick<NotificationStore, "adminIds"> };

/** Identifiers of the users who hear of it, each once. */
export async function receiversOf(sources: ReceiverSources, notice: Notice): Promise<ReadonlySet<string>> {
  const { entity } = notice;
  const { tenantId } = entity;
  if (notice.toAdmins) return new Set(await sources.notifications.adminIds(tenantId));
  if (entity.type === "user") return new Set([entity.id]);
  const owner: EntityReference =
    entity.type === "end device" ? { tenantId, type: "application", id: entity.applicationId } : entity;
  const accounts = [...(await contactsOf(sources, owner, notice.receivers))];
  // Whoever collaborates on an application hears of the application, not of each of its devices.
  if (notice.receivers.includes(NotificationReceiver.COLLABORATOR) && entity.type !== "end device") {
    accounts.push(...(await membersOf(sources, owner)));
  }
  const users = await Promise.all(accounts.map((account) => usersOf(sources, tenantId, account)));
  return new Set(users.flat());
}

const contactKinds = [
  { receiver: NotificationReceiver.ADMINISTRATIVE_CONTACT, field: "administrativeContact" },
  { receiver: NotificationReceiver.TECHNICAL_CONTACT, field: "technicalContact" },
] as const;

async function contactsOf(
  sources: ReceiverSources,
  entity: EntityReference,
  receivers: readonly NotificationReceiver[],
): Promise<readonly Account[]> {
  const wanted = contactKinds.filter(({ receiver }) => receivers.includes(receiver));
  if (wanted.length === 0) return [];
  const contacts = await loadContacts(sources, entity);
  const accounts = await Promise.all(
    wanted.map(({ field }) => contactAccount(sources, entity.tenantId, contacts, field)),
  );
  return accounts.filter((account) => account !== undefined);
}

async function loadContacts(
  sources: ReceiverSources,
  entity: EntityReference,
): Promise<WithContacts | undefined> {
  const { tenantId, id } = entity;
  switch (entity.type) {
    case "application":
      return (await sources.applications.entities.get(tenantId, id))?.message;
    case "client":
      return (await sources.clients.entities.get(tenantId, id))?.message;
    case "gateway":
      return (await sources.gateways.entities.get(tenantId, id))?.message;
    case "organization":
      return (await sources.organizations.entities.get(tenantId, id))?.message;
    case "user":
      return undefined;
  }
}

/** An organization that does not fan out is reached at its own contact. */
async function contactAccount(
  { organizations }: ReceiverSources,
  tenantId: string,
  contacts: WithContacts | undefined,
  field: keyof WithContacts,
): Promise<Account | undefined> {
  const account = accountNamed(contacts?.[field]);
  if (account?.type !== "organization") return account;
  const organization = (await organizations.entities.get(tenantId, account.id))?.message;
  if (organization === undefined || organization.fanoutNotifications) return account;
  return accountNamed(organization[field]) ?? account;
}

/** A user is itself; an organization is its members, of which none is an organization. */
async function usersOf(
  sources: ReceiverSources,
  tenantId: string,
  account: Account,
): Promise<readonly string[]> {
  if (account.type === "user") return [account.id];
  const members = await membersOf(sources, { tenantId, type: "organization", id: account.id });
  return members.filter(({ type }) => type === "user").map(({ id }) => id);
}

async function membersOf(
  { memberships }: ReceiverSources,
  entity: EntityReference,
): Promise<readonly Account[]> {
  const members = await memberships.membersOf(entity);
  return members.filter((member) => !member.deleted).map((member) => member.account);
}
