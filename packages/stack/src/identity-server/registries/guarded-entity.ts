import type { EntityReference } from "../../domain/identifiers.ts";
import type { Writer } from "../../store/store.ts";
import type { WithContacts } from "./contacts.ts";
import { type EntityKind, readEntity } from "./lifecycle.ts";
import type { Registries } from "./registries.ts";

/** An entity as it was read, for changes of what is kept beside it: its collaborators and its keys. */
export interface GuardedEntity {
  /** Users have none. */
  readonly contacts: WithContacts;
  /** The transaction fails as `stale` when the entity was changed meanwhile, or something beside it that said so too. */
  expectCurrent(writer: Writer): void;
  /** The transaction fails as `stale` when the entity is gone. */
  expectPresent(writer: Writer): void;
}

type Kinds = Pick<Registries, "applications" | "gateways" | "clients" | "organizations" | "users">;

/** Throws when there is no such entity, or it is deleted. */
export function readGuarded(kinds: Kinds, entity: EntityReference): Promise<GuardedEntity> {
  switch (entity.type) {
    case "application":
      return guard(kinds.applications, entity, (application) => application);
    case "gateway":
      return guard(kinds.gateways, entity, (gateway) => gateway);
    case "client":
      return guard(kinds.clients, entity, (client) => client);
    case "organization":
      return guard(kinds.organizations, entity, (organization) => organization);
    case "user":
      return guard(kinds.users, entity, () => ({}));
  }
}

async function guard<M>(
  kind: EntityKind<M>,
  entity: EntityReference,
  contactsOf: (message: M) => WithContacts,
): Promise<GuardedEntity> {
  const stored = await readEntity(kind, entity);
  return {
    contacts: contactsOf(stored.message),
    expectCurrent: (writer) => kind.entities.expectCurrent(writer, entity.tenantId, entity.id, stored),
    expectPresent: (writer) => kind.entities.expectPresent(writer, entity.tenantId, entity.id),
  };
}
