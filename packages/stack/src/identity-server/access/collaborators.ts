import {
  type Collaborator,
  CollaboratorSchema,
  create,
  type OrganizationOrUserIdentifiers,
  Right,
  toJSON,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { CallContext } from "../../rpc/service.ts";
import { membershipNotFound, organizationNotFound } from "../errors.ts";
import { membershipEvents } from "../events.ts";
import { accountId, userAccount } from "../registries/contacts.ts";
import { readEntity } from "../registries/lifecycle.ts";
import type { Registries } from "../registries/registries.ts";
import type { Member, MembershipStore } from "../storage/membership-store.ts";
import { type Page, pageBounds } from "../storage/rows.ts";
import { subjectOf } from "./api-keys.ts";
import { knownCaller } from "./authority.ts";
import { withImplied } from "./right-sets.ts";

const errors = defineErrors("pkg/identityserver");
const ownership = {
  application: {
    all: Right.APPLICATION_ALL,
    needed: errors.failedPrecondition(
      "application_needs_collaborator",
      "every application needs at least one collaborator with all rights",
    ),
  },
  gateway: {
    all: Right.GATEWAY_ALL,
    needed: errors.failedPrecondition(
      "gateway_needs_collaborator",
      "every gateway needs at least one collaborator with all rights",
    ),
  },
} as const;
const collaboratorIsContact = errors.failedPrecondition(
  "collaborator_is_contact",
  "`{collaborator_id}` is the administrative or technical contact",
);

type OwnedEntityType = keyof typeof membershipEvents;

/** Collaborators of applications and gateways: the same for both. */
export interface Collaborators {
  get(entity: EntityReference, account: OrganizationOrUserIdentifiers | undefined): Promise<Collaborator>;
  list(context: CallContext, entity: EntityReference, page: Page): Promise<Collaborator[]>;
  /** Without rights the collaborator is removed. */
  set(context: CallContext, entity: EntityReference, collaborator: Collaborator | undefined): Promise<void>;
  delete(entity: EntityReference, account: OrganizationOrUserIdentifiers | undefined): Promise<void>;
}

export function createCollaborators(registries: Registries, type: OwnedEntityType): Collaborators {
  const { memberships, store } = registries;

  const remove = async (entity: EntityReference, id: string): Promise<void> => {
    const member = await memberOf(memberships, entity, id);
    if (member === undefined) throw notMember(entity, id);
    await checkOwnerLeft(memberships, ownership[type], entity, id);
    await checkNoContact(registries, type, entity, id);
    try {
      await store.transact((writer) => memberships.delete(writer, entity, id));
    } finally {
      registries.rights.entityChanged(entity);
    }
    registries.events.publish(membershipEvents[type].delete, subjectOf(entity));
  };

  return {
    async get(entity, account) {
      const id = accountId(account);
      const member = await memberOf(memberships, entity, id);
      if (member === undefined) throw notMember(entity, id);
      return collaboratorOf(member);
    },
    async list(context, entity, page) {
      const members = sorted(await memberships.membersOf(entity), page.order);
      context.setTotalCount(members.length);
      const [limit, offset] = pageBounds(page);
      return members.slice(offset, offset + limit).map(collaboratorOf);
    },
    async set(context, entity, collaborator) {
      const account = collaborator?.ids;
      const id = accountId(account);
      if (collaborator === undefined || collaborator.rights.length === 0) return remove(entity, id);
      if (account?.ids.case === "organizationIds") throw organizationNotFound({ organization_id: id });
      await readEntity(registries.users, { ...entity, type: "user", id });
      const before = withImplied((await memberOf(memberships, entity, id))?.rights ?? []);
      const after = withImplied(collaborator.rights);
      // Nobody hands out, or takes away, rights that they do not have.
      await registries.rights.require(knownCaller(context.caller), entity, before.symmetricDifference(after));
      if (before.has(ownership[type].all) && !after.has(ownership[type].all))
        await checkOwnerLeft(memberships, ownership[type], entity, id);
      try {
        await store.transact((writer) =>
          memberships.set(writer, entity, { accountId: id, rights: collaborator.rights }),
        );
      } finally {
        registries.rights.entityChanged(entity);
      }
      registries.events.publish(membershipEvents[type].update, subjectOf(entity), () => ({
        data: { typeName: CollaboratorSchema.typeName, json: toJSON(CollaboratorSchema, collaborator) },
      }));
    },
    delete: (entity, account) => remove(entity, accountId(account)),
  };
}

async function memberOf(
  memberships: MembershipStore,
  entity: EntityReference,
  id: string,
): Promise<Member | undefined> {
  return (await memberships.membersOf(entity)).find((member) => member.accountId === id);
}

/** Somebody must be left who can do everything. */
async function checkOwnerLeft(
  memberships: MembershipStore,
  { all, needed }: (typeof ownership)[OwnedEntityType],
  entity: EntityReference,
  leaving: string,
): Promise<void> {
  const members = await memberships.membersOf(entity);
  const owners = members.filter(({ rights }) => withImplied(rights).has(all));
  if (owners.every(({ accountId: id }) => id === leaving)) throw needed();
}

async function checkNoContact(
  { applications, gateways }: Registries,
  type: OwnedEntityType,
  entity: EntityReference,
  id: string,
): Promise<void> {
  const kind = type === "application" ? applications : gateways;
  const message = (await kind.entities.get(entity.tenantId, entity.id))?.message;
  const contacts = [message?.administrativeContact, message?.technicalContact].map(accountId);
  if (contacts.includes(id)) throw collaboratorIsContact({ collaborator_id: id });
}

function collaboratorOf(member: Member): Collaborator {
  return create(CollaboratorSchema, { ids: userAccount(member.accountId), rights: [...member.rights] });
}

function notMember(entity: EntityReference, id: string) {
  return membershipNotFound({
    account_id: id,
    account_type: "user",
    entity_id: entity.id,
    entity_type: entity.type,
  });
}

/** By id, which is how they come, or by how many rights they have. */
function sorted(members: readonly Member[], order: string): readonly Member[] {
  const byRights = (a: Member, b: Member) => withImplied(a.rights).size - withImplied(b.rights).size;
  switch (order) {
    case "-id":
      return members.toReversed();
    case "rights":
      return members.toSorted(byRights);
    case "-rights":
      return members.toSorted((a, b) => byRights(b, a));
    default:
      return members;
  }
}
