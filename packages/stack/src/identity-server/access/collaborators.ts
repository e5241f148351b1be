import {
  type Collaborator,
  CollaboratorSchema,
  create,
  type OrganizationOrUserIdentifiers,
  Right,
  toJSON,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import type { CallContext } from "../../rpc/service.ts";
import { untilCurrent } from "../../store/staged-transaction.ts";
import type { Writer } from "../../store/store.ts";
import { accountNotFound, membershipNotFound, nestedOrganizations } from "../errors.ts";
import { membershipEvents } from "../events.ts";
import { accountIdentifiers, accountNamed, sameAccount } from "../registries/contacts.ts";
import { type GuardedEntity, readGuarded } from "../registries/guarded-entity.ts";
import { contactNotice } from "../registries/notices.ts";
import type { Registries } from "../registries/registries.ts";
import type { Account, Member, MembershipStore } from "../storage/membership-store.ts";
import { type Page, pageBounds } from "../storage/rows.ts";
import { subjectOf } from "./api-keys.ts";
import { knownCaller } from "./authority.ts";
import { withImplied } from "./right-sets.ts";

const errors = defineErrors("pkg/identityserver");
const collaboratorIsContact = errors.failedPrecondition(
  "collaborator_is_contact",
  "`{collaborator_id}` is the administrative or technical contact",
);

export type OwnedEntityType = keyof typeof membershipEvents;

interface Ownership {
  readonly all: Right;
  /** What it takes to see and change the rights of collaborators. */
  readonly manage: Right;
  readonly needed: () => SkylarkError;
}

const ownership: Readonly<Record<OwnedEntityType, Ownership>> = {
  application: {
    all: Right.APPLICATION_ALL,
    manage: Right.APPLICATION_SETTINGS_COLLABORATORS,
    needed: errors.failedPrecondition(
      "application_needs_collaborator",
      "every application needs at least one collaborator with all rights",
    ),
  },
  gateway: {
    all: Right.GATEWAY_ALL,
    manage: Right.GATEWAY_SETTINGS_COLLABORATORS,
    needed: errors.failedPrecondition(
      "gateway_needs_collaborator",
      "every gateway needs at least one collaborator with all rights",
    ),
  },
  client: {
    all: Right.CLIENT_ALL,
    manage: Right.CLIENT_SETTINGS_COLLABORATORS,
    needed: errors.failedPrecondition(
      "client_needs_collaborator",
      "every client needs at least one collaborator with all rights",
    ),
  },
  organization: {
    all: Right.ORGANIZATION_ALL,
    manage: Right.ORGANIZATION_SETTINGS_MEMBERS,
    needed: errors.failedPrecondition(
      "organization_needs_collaborator",
      "every organization needs at least one collaborator with all rights",
    ),
  },
};

/** Collaborators of applications, gateways, clients and organizations: the same for each. */
export interface Collaborators {
  get(entity: EntityReference, account: OrganizationOrUserIdentifiers | undefined): Promise<Collaborator>;
  /** Who may not manage them sees who they are, not their rights. */
  list(context: CallContext, entity: EntityReference, page: Page): Promise<Collaborator[]>;
  /** Without rights the collaborator is removed. */
  set(context: CallContext, entity: EntityReference, collaborator: Collaborator | undefined): Promise<void>;
  delete(entity: EntityReference, account: OrganizationOrUserIdentifiers | undefined): Promise<void>;
}

export function createCollaborators(registries: Registries, type: OwnedEntityType): Collaborators {
  const { memberships } = registries;
  return {
    async get(entity, ids) {
      return collaboratorOf(await requireMember(registries, entity, namedAccount(ids)));
    },
    async list(context, entity, page) {
      const held = await registries.rights.rightsOn(knownCaller(context.caller), entity);
      await readGuarded(registries, entity);
      const present = (await memberships.membersOf(entity)).filter(({ deleted }) => !deleted);
      const members = sorted(present, page.order);
      context.setTotalCount(members.length);
      const [limit, offset] = pageBounds(page);
      const shown = held.has(ownership[type].manage) ? collaboratorOf : withoutRights;
      return members.slice(offset, offset + limit).map(shown);
    },
    async set(context, entity, collaborator) {
      const account = namedAccount(collaborator?.ids);
      if (type === "organization" && account.type === "organization") throw nestedOrganizations();
      const place = { registries, type, entity, account };
      if (collaborator === undefined || collaborator.rights.length === 0) {
        context.warn("a collaborator without rights is removed; use DELETE for this");
        return removeMember(place, [checkOwnerLeft, checkNoContact]);
      }
      await setMember(place, context, collaborator);
    },
    delete: (entity, ids) =>
      removeMember({ registries, type, entity, account: namedAccount(ids) }, [
        checkNoContact,
        checkOwnerLeft,
      ]),
  };
}

/** One account's place at one entity. */
interface Place {
  readonly registries: Registries;
  readonly type: OwnedEntityType;
  readonly entity: EntityReference;
  readonly account: Account;
}

type Check = (place: Place, guarded: GuardedEntity) => void | Promise<void>;

async function removeMember(place: Place, checks: readonly Check[]): Promise<void> {
  const { registries, type, entity, account } = place;
  await untilCurrent(async () => {
    const guarded = await readGuarded(registries, entity);
    await requireMember(registries, entity, account);
    for (const check of checks) await check(place, guarded);
    await commit(registries, entity, (writer) => {
      guarded.expectCurrent(writer);
      registries.memberships.delete(writer, entity, account.id);
    });
  });
  registries.events.publish(membershipEvents[type].delete, subjectOf(entity), undefined, [
    subjectOf({ ...account, tenantId: entity.tenantId }),
  ]);
}

async function setMember(place: Place, context: CallContext, collaborator: Collaborator): Promise<void> {
  const { registries, type, entity, account } = place;
  const { rights } = collaborator;
  const after = withImplied(rights);
  await untilCurrent(async () => {
    const guarded = await readGuarded(registries, entity);
    await requireAccount(registries, entity.tenantId, account);
    const before = withImplied((await memberOf(registries.memberships, entity, account))?.rights ?? []);
    // Nobody hands out, or takes away, rights that they do not have.
    const changed = before.symmetricDifference(after);
    await registries.rights.require(knownCaller(context.caller), entity, changed);
    const ceasesToOwn = before.has(ownership[type].all) && !after.has(ownership[type].all);
    if (ceasesToOwn) await checkOwnerLeft(place);
    const notice = await registries.notices.prepare(
      contactNotice(
        entity,
        "collaborator_changed",
        { schema: CollaboratorSchema, message: collaborator },
        { email: false },
      ),
    );
    await commit(registries, entity, (writer) => {
      // Two owners must not step down at once, each because of the other.
      if (ceasesToOwn) guarded.expectCurrent(writer);
      else guarded.expectPresent(writer);
      registries.memberships.set(writer, entity, { accountId: account.id, rights });
      notice.write(writer);
    });
    notice.committed();
  });
  registries.events.publish(
    membershipEvents[type].update,
    subjectOf(entity),
    () => ({
      data: { typeName: CollaboratorSchema.typeName, json: toJSON(CollaboratorSchema, collaborator) },
    }),
    [subjectOf({ ...account, tenantId: entity.tenantId })],
  );
}

/** Also after a failure the rights are computed anew: what the store made of it is not known. */
async function commit(
  { store, rights }: Registries,
  entity: EntityReference,
  write: (writer: Writer) => void,
): Promise<void> {
  try {
    await store.transact(write);
  } finally {
    rights.entityChanged(entity);
  }
}

function namedAccount(ids: OrganizationOrUserIdentifiers | undefined): Account {
  return accountNamed(ids) ?? { type: "user", id: "" };
}

async function memberOf(
  memberships: MembershipStore,
  entity: EntityReference,
  account: Account,
): Promise<Member | undefined> {
  const members = await memberships.membersOf(entity);
  return members.find((member) => !member.deleted && sameAccount(member.account, account));
}

async function requireMember(
  registries: Registries,
  entity: EntityReference,
  account: Account,
): Promise<Member> {
  const member = await memberOf(registries.memberships, entity, account);
  if (member !== undefined) return member;
  await requireAccount(registries, entity.tenantId, account);
  throw membershipNotFound({
    account_id: account.id,
    account_type: account.type,
    entity_id: entity.id,
    entity_type: entity.type,
  });
}

async function requireAccount(
  { users, organizations }: Registries,
  tenantId: string,
  { type, id }: Account,
): Promise<void> {
  const stored = await (type === "user" ? users : organizations).entities.get(tenantId, id);
  if (stored === undefined || stored.deletedAt !== undefined) {
    throw accountNotFound({ account_type: type, account_id: id });
  }
}

/** Somebody must be left who can do everything. */
async function checkOwnerLeft({ registries, type, entity, account: leaving }: Place): Promise<void> {
  const { all, needed } = ownership[type];
  const members = await registries.memberships.membersOf(entity);
  const owners = members.filter(({ deleted, rights }) => !deleted && withImplied(rights).has(all));
  if (owners.every(({ account }) => sameAccount(account, leaving))) throw needed();
}

function checkNoContact({ account }: Place, { contacts }: GuardedEntity): void {
  const named = [contacts.administrativeContact, contacts.technicalContact].map(accountNamed);
  if (named.some((contact) => sameAccount(contact, account))) {
    throw collaboratorIsContact({ collaborator_id: account.id });
  }
}

function collaboratorOf({ account, rights }: Member): Collaborator {
  return create(CollaboratorSchema, { ids: accountIdentifiers(account), rights: [...rights] });
}

function withoutRights({ account }: Member): Collaborator {
  return create(CollaboratorSchema, { ids: accountIdentifiers(account) });
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
