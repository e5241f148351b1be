import {
  type ContactInfo,
  type OrganizationOrUserIdentifiers,
  Right,
  type Timestamp,
  timestampFromMs,
} from "@skylark/api";
import type { At } from "../../clock/clock.ts";
import { whenKnown } from "../../component/when-known.ts";
import type { EntityReference } from "../../domain/identifiers.ts";
import type { SkylarkError } from "../../errors/errors.ts";
import type { CallContext, Requirement } from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import { subjectOf } from "../access/api-keys.ts";
import { knownCaller } from "../access/authority.ts";
import type { OwnedEntityType } from "../access/collaborators.ts";
import type { RightSet } from "../access/right-sets.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { changedFields, registryEvents } from "../events.ts";
import type { StoredEntity } from "../storage/entity-store.ts";
import type { Account } from "../storage/membership-store.ts";
import type { Page } from "../storage/rows.ts";
import {
  accountNamed,
  checkContacts,
  checkContactsAreOwn,
  contactInfoOf,
  type WithContacts,
  withOwnerAsContact,
  withWholeContacts,
} from "./contacts.ts";
import { coversPath, pathsToRead, pathsToWrite } from "./field-masks.ts";
import {
  createEntity,
  deleteEntity,
  type EntityKind,
  purgeEntity,
  readKnown,
  restoreEntity,
  updateEntity,
} from "./lifecycle.ts";
import {
  type AccountRights,
  creatorRequirement,
  listOwned,
  publicOrRight,
  requireRestorable,
} from "./ownership.ts";
import { publicPaths } from "./public-fields.ts";
import type { Registries } from "./registries.ts";

/** What all entities that have collaborators have in common. */
export interface OwnedMessage extends WithContacts {
  createdAt?: Timestamp | undefined;
  updatedAt?: Timestamp | undefined;
  deletedAt?: Timestamp | undefined;
  contactInfo: ContactInfo[];
}

/** What tells one kind of owned entity from another. */
export interface OwnedEntityKind<M extends OwnedMessage> {
  readonly type: OwnedEntityType;
  readonly kind: EntityKind<M>;
  readonly idOf: (message: M) => string;
  readonly pick: (message: M, paths: readonly string[]) => M;
  readonly assign: (stored: M, source: M, paths: readonly string[]) => M;
  readonly rights: OwnedRights;
  readonly publicFields: readonly string[];
  /** Hides what a public field must not show to everyone. */
  readonly publicSafe: (message: M) => M;
  /** What of the asked for a caller with these rights may read, where that takes more than `info`. */
  readonly readablePaths?: (paths: readonly string[], held: RightSet) => readonly string[];
  /** Option `is.user-rights.create-…`; off, users that are no admins create them in organizations only. */
  readonly usersMayCreate: boolean;
  readonly adminsCreate: () => SkylarkError;
  readonly adminsPurge: () => SkylarkError;
}

interface OwnedRights {
  readonly info: Right;
  readonly delete: Right;
  /** Of a user, or of an organization where it can own such entities. */
  readonly list: AccountRights;
  readonly create: AccountRights;
}

/** Further parts of the one transaction. */
interface Ending {
  readonly check?: () => Promise<void>;
  readonly alongside?: (writer: Writer) => void;
}

interface Masked<M> {
  readonly message: M;
  readonly paths: readonly string[];
}

interface ListRequest extends Page {
  readonly collaborator?: OrganizationOrUserIdentifiers | undefined;
  readonly fieldMask?: { readonly paths: readonly string[] } | undefined;
  readonly deleted: boolean;
}

/** The life of entities with collaborators, from their creation by an account to their purge. */
export interface OwnedEntities<M> {
  reference(context: CallContext, id: string | undefined): EntityReference;
  creatorRequirement(collaborator: OrganizationOrUserIdentifiers | undefined): Requirement;
  create(context: CallContext, request: NewOwned<M>): Promise<M>;
  /** Without a promise when it is in memory. */
  get(context: CallContext, entity: EntityReference, mask: readonly string[] | undefined): M | Promise<M>;
  list(context: CallContext, request: ListRequest, updatedSince?: At): Promise<M[]>;
  /** The entity before and after, and what of it an answer shows. */
  update(context: CallContext, entity: EntityReference, change: Change<M>): Promise<Updated<M>>;
  delete(entity: EntityReference, ending?: Ending): Promise<void>;
  restore(context: CallContext, entity: EntityReference): Promise<void>;
  purge(context: CallContext, entity: EntityReference, ending?: Ending): Promise<void>;
}

export interface NewOwned<M> {
  readonly message: M;
  readonly collaborator: OrganizationOrUserIdentifiers | undefined;
  readonly alongside?: (writer: Writer) => void;
}

export interface Change<M> extends Masked<M> {
  /** Further fields that can be written, e.g. `ids.eui`. */
  readonly alsoWritable?: readonly string[];
  readonly alongside?: (writer: Writer) => void;
}

export interface Updated<M> {
  readonly before: M;
  readonly after: M;
  readonly shown: readonly string[];
}

export function ownedEntities<M extends OwnedMessage>(
  registries: Registries,
  owned: OwnedEntityKind<M>,
): OwnedEntities<M> {
  const { kind, type } = owned;
  const publish = (
    verb: keyof (typeof registryEvents)[OwnedEntityType],
    entity: EntityReference,
    paths?: readonly string[],
  ) => registries.events.publish(registryEvents[type][verb], subjectOf(entity), changedFields(paths));
  const reference = (context: CallContext, id: string | undefined): EntityReference => ({
    tenantId: context.tenantId,
    type,
    id: id ?? "",
  });

  return {
    reference,
    creatorRequirement: (collaborator) => creatorRequirement(collaborator, owned.rights.create),
    async create(context, request) {
      const entity = reference(context, owned.idOf(request.message));
      const message = await createOwned(registries, owned, { context, entity }, request);
      publish("create", entity);
      return message;
    },
    get: (context, entity, mask) => getOwned(registries, owned, { context, entity }, mask),
    list: (context, request, updatedSince = 0) =>
      listEntities(registries, owned, { context, request, updatedSince }),
    async update(context, entity, change) {
      const paths = writablePaths(context, change);
      const updated = await updateOwned(registries, owned, { context, entity }, { ...change, paths });
      publish("update", entity, paths);
      return { ...updated, shown: pathsToRead(paths) };
    },
    async delete(entity, ending) {
      await deleteEntity(registries, kind, entity, ending);
      publish("delete", entity);
    },
    async restore(context, entity) {
      await requireRestorable(registries, context, entity, owned.rights.delete);
      await restoreEntity(registries, kind, entity);
      publish("restore", entity);
    },
    async purge(context, entity, ending) {
      if (!context.caller.isAdmin) throw owned.adminsPurge();
      await purgeOwned(registries, owned, entity, ending);
      publish("purge", entity);
    },
  };
}

interface Call {
  readonly context: CallContext;
  readonly entity: EntityReference;
}

async function createOwned<M extends OwnedMessage>(
  registries: Registries,
  owned: OwnedEntityKind<M>,
  { context, entity }: Call,
  { message: requested, collaborator, alongside }: NewOwned<M>,
): Promise<M> {
  checkIdAllowed(entity.id);
  const owner: Account = accountNamed(collaborator) ?? { type: "user", id: "" };
  if (owner.type === "user" && !owned.usersMayCreate && !context.caller.isAdmin) throw owned.adminsCreate();
  const at = registries.clock.now();
  const stamp = timestampFromMs(at);
  const message = withOwnerAsContact(requested, owner);
  const shared: OwnedMessage = message;
  shared.createdAt = stamp;
  shared.updatedAt = stamp;
  shared.contactInfo = [];
  delete shared.deletedAt;
  await createEntity(registries, owned.kind, entity, {
    message,
    at,
    alongside(writer) {
      registries.memberships.set(writer, entity, { accountId: owner.id, rights: [Right.ALL] });
      alongside?.(writer);
    },
  });
  return message;
}

function getOwned<M extends OwnedMessage>(
  registries: Registries,
  owned: OwnedEntityKind<M>,
  { context, entity }: Call,
  mask: readonly string[] | undefined,
): M | Promise<M> {
  const paths = pathsToRead(mask);
  const { publicFields, rights } = owned;
  const show = ({ message }: StoredEntity<M>, allowed: boolean): M | Promise<M> => {
    if (!allowed) return owned.pick(owned.publicSafe(message), paths);
    return whenKnown(withContactInfo(registries, context, message, paths), (shown) =>
      owned.pick(shown, paths),
    );
  };
  const read = { entity, right: rights.info, paths, publicFields };
  return whenKnown(publicOrRight(registries, context, read), (allowed) =>
    whenKnown(readKnown(owned.kind, entity), (stored) => show(stored, allowed)),
  );
}

interface Listing {
  readonly context: CallContext;
  readonly request: ListRequest;
  readonly updatedSince: At;
}

async function listEntities<M extends OwnedMessage>(
  registries: Registries,
  owned: OwnedEntityKind<M>,
  { context, request, updatedSince }: Listing,
): Promise<M[]> {
  const paths = pathsToRead(request.fieldMask?.paths);
  const listed = await listOwned(registries, context, owned.kind, {
    type: owned.type,
    infoRight: owned.rights.info,
    listRights: owned.rights.list,
    collaborator: request.collaborator,
    deleted: request.deleted,
    updatedSince,
    page: request,
  });
  const caller = knownCaller(context.caller);
  return Promise.all(
    listed.map(async (message) => {
      const entity = { tenantId: context.tenantId, type: owned.type, id: owned.idOf(message) };
      // An admin holds on each what it holds on all.
      const held = caller.universalRights.has(owned.rights.info)
        ? caller.universalRights
        : await registries.rights.rightsOn(caller, entity, { includeDeleted: true });
      if (!held.has(owned.rights.info)) {
        return owned.pick(owned.publicSafe(message), publicPaths(paths, owned.publicFields));
      }
      const readable = owned.readablePaths?.(paths, held) ?? paths;
      return owned.pick(await withContactInfo(registries, context, message, paths), readable);
    }),
  );
}

/** The deprecated field is derived, and only when asked for. */
function withContactInfo<M extends OwnedMessage>(
  registries: Registries,
  { tenantId }: CallContext,
  message: M,
  paths: readonly string[],
): M | Promise<M> {
  if (!coversPath(paths, "contact_info")) return message;
  return contactInfoOf(registries, tenantId, message).then((contactInfo) => ({ ...message, contactInfo }));
}

function writablePaths(
  context: CallContext,
  { paths, alsoWritable }: Pick<Change<unknown>, "paths" | "alsoWritable">,
): readonly string[] {
  if (coversPath(paths, "contact_info")) {
    context.warn(
      "contact_info is deprecated and was not changed: set administrative_contact and technical_contact",
    );
  }
  const writable = pathsToWrite(paths, alsoWritable).filter((path) => !coversPath([path], "contact_info"));
  return withWholeContacts(writable);
}

async function updateOwned<M extends OwnedMessage>(
  registries: Registries,
  owned: OwnedEntityKind<M>,
  { context, entity }: Call,
  { message: source, paths, alongside }: Change<M>,
): Promise<Pick<Updated<M>, "before" | "after">> {
  if (!registries.othersMayBeContacts) checkContactsAreOwn(knownCaller(context.caller), source, paths);
  let before = source;
  const after = await updateEntity(registries, owned.kind, entity, async (stored, at, also) => {
    before = stored;
    if (alongside !== undefined) also(alongside);
    const next = owned.assign(stored, source, paths);
    await checkContacts(registries, entity, next, paths);
    const shared: OwnedMessage = next;
    shared.updatedAt = timestampFromMs(at);
    return next;
  });
  return { before, after };
}

async function purgeOwned<M extends OwnedMessage>(
  registries: Registries,
  { kind }: OwnedEntityKind<M>,
  entity: EntityReference,
  { check, alongside }: Ending = {},
): Promise<void> {
  await purgeEntity(registries, kind, entity, {
    ...(check === undefined ? {} : { check }),
    alongside(writer) {
      registries.apiKeys.deleteAll(writer, entity);
      registries.memberships.deleteAll(writer, entity);
      alongside?.(writer);
    },
  });
  registries.authenticator.entityPurged(entity);
}
