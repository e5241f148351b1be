import type { EntityReference } from "../../domain/identifiers.ts";
import { untilCurrent } from "../../store/staged-transaction.ts";
import { accountNamed, type WithContacts } from "./contacts.ts";
import type { EntityKind } from "./lifecycle.ts";
import type { Registries } from "./registries.ts";

type Parts = Pick<
  Registries,
  | "store"
  | "clock"
  | "memberships"
  | "applications"
  | "gateways"
  | "clients"
  | "organizations"
  | "entityChanged"
>;

/**
 * Ends the contacts that an account is, before it is purged: whoever takes its identifier next must not be told what
 * concerns the entities of others. Deleted entities too, since they may be restored.
 */
export async function withdrawAsContact(parts: Parts, account: EntityReference): Promise<void> {
  // A contact is a collaborator always, so there are no others to look through.
  for (const entity of await parts.memberships.entitiesOf(account.tenantId, account.id)) {
    await withdrawFrom(parts, entity, account);
  }
}

function withdrawFrom(parts: Parts, entity: EntityReference, account: EntityReference): Promise<void> {
  switch (entity.type) {
    case "application":
      return withdraw(parts, parts.applications, entity, account);
    case "gateway":
      return withdraw(parts, parts.gateways, entity, account);
    case "client":
      return withdraw(parts, parts.clients, entity, account);
    case "organization":
      return withdraw(parts, parts.organizations, entity, account);
    case "user":
      return Promise.resolve();
  }
}

async function withdraw<M extends WithContacts>(
  { store, clock, entityChanged }: Parts,
  { entities }: EntityKind<M>,
  entity: EntityReference,
  account: EntityReference,
): Promise<void> {
  const { tenantId, id } = entity;
  await untilCurrent(async () => {
    const stored = await entities.get(tenantId, id);
    if (stored === undefined) return;
    const message = withoutContact(stored.message, account);
    if (message === stored.message) return;
    const change = { stored, message, at: clock.now(), deletedAt: stored.deletedAt };
    await store.transact((writer) => entities.update(writer, tenantId, id, change));
    entityChanged(entity);
  });
}

function withoutContact<M extends WithContacts>(message: M, { type, id }: EntityReference): M {
  const isAccount = (contact: WithContacts[keyof WithContacts]) => {
    const named = accountNamed(contact);
    return named?.type === type && named.id === id;
  };
  const [administrative, technical] = [message.administrativeContact, message.technicalContact].map(
    isAccount,
  );
  if (!administrative && !technical) return message;
  const copy = { ...message };
  if (administrative) delete copy.administrativeContact;
  if (technical) delete copy.technicalContact;
  return copy;
}
