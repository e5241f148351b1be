import {
  assign,
  clone,
  create,
  pick,
  Right,
  State,
  timestampFromMs,
  type User,
  UserRegistry,
  UserSchema,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
  user as userRights,
} from "../../rpc/service.ts";
import { hashCosts } from "../access/secret-hash.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { changedFields, passwordChanged, registryEvents } from "../events.ts";
import { coversPath, pathsToRead, pathsToWrite } from "../registries/field-masks.ts";
import {
  createEntity,
  deleteEntity,
  purgeEntity,
  readEntity,
  restoreEntity,
  updateEntity,
} from "../registries/lifecycle.ts";
import { publicOrRight, requireRestorable } from "../registries/ownership.ts";
import { publicUser, userPublicFields } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import { freeAccountId, takeAccountId } from "../storage/account-store.ts";
import { checkPassword } from "./passwords.ts";

const errors = defineErrors("pkg/identityserver");
const storage = defineErrors("pkg/identityserver/store");
const rightsErrors = defineErrors("pkg/auth/rights");
const registrationDisabled = errors.invalidArgument(
  "user_registration_disabled",
  "account registration is disabled",
);
const passwordInUpdate = errors.invalidArgument(
  "password_in_update",
  "the password is changed with its own request",
);
const updateAdminField = errors.permissionDenied(
  "update_admin_field",
  "only admins may change the field `{field}`",
);
const adminsPurgeUsers = errors.permissionDenied("admins_purge_users", "users may only be purged by admins");
const oldPassword = errors.unauthenticated("old_password", "old password is not right");
const passwordEqualsOld = errors.invalidArgument("password_equals_old", "new password is the old one");
const noAdmin = rightsErrors.permissionDenied("no_admin", "the caller is not an admin");
const lastAdmin = storage.failedPrecondition("last_admin", "user `{user_id}` is the last admin");

const adminFields = [
  "admin",
  "state",
  "state_description",
  "require_password_update",
  "primary_email_address_validated_at",
  "password_updated_at",
];

/** What a client never sets and never sees. */
const hiddenFields = ["password", "temporary_password"];

export interface UserRegistryOptions {
  readonly registrationEnabled: boolean;
  readonly approvalRequired: boolean;
}

type Methods = ServiceMethods<typeof UserRegistry>;

interface Parts extends Pick<Registries, "hasher" | "passwords"> {
  readonly registries: Registries;
  readonly options: UserRegistryOptions;
  readonly kind: Registries["users"];
  publish(verb: keyof typeof registryEvents.user, entity: EntityReference, changed?: readonly string[]): void;
  /** Without an admin nobody could appoint another. */
  checkAdminLeft(entity: EntityReference, leaving: User): Promise<void>;
}

export function userRegistry(registries: Registries, options: UserRegistryOptions): ServiceImplementation {
  const kind = registries.users;
  const adminsBut = async (entity: EntityReference): Promise<number> => {
    const page = { order: "-admin", limit: 1000, page: 1 };
    const { items } = await kind.entities.list(entity.tenantId, { deleted: false, updatedSince: 0 }, page);
    return items.filter((each) => isActiveAdmin(each) && each.ids?.userId !== entity.id).length;
  };
  const parts: Parts = {
    registries,
    options,
    kind,
    hasher: registries.hasher,
    passwords: registries.passwords,
    publish: (verb, { tenantId, id }, changed) =>
      registries.events.publish(
        registryEvents.user[verb],
        { kind: "user", tenantId, userId: id },
        changedFields(changed),
      ),
    async checkAdminLeft(entity, leaving) {
      if (isActiveAdmin(leaving) && (await adminsBut(entity)) === 0) throw lastAdmin({ user_id: entity.id });
    },
  };
  return implement(UserRegistry, {
    create: createMethod(parts),
    get: getMethod(parts),
    list: listMethod(parts),
    update: updateMethod(parts),
    createTemporaryPassword: { later: "identity-server: temporary passwords and e-mail" },
    updatePassword: updatePasswordMethod(parts),
    delete: deleteMethod(parts),
    restore: restoreMethod(parts),
    purge: purgeMethod(parts),
  });
}

const createMethod = ({
  registries,
  options,
  kind,
  hasher,
  passwords,
  publish,
}: Parts): Methods["create"] => ({
  requires: () => ({ kind: "handler", reason: "admins, and anyone while registration is open" }),
  async handle({ user: requested }, context) {
    const { isAdmin } = context.caller;
    if (!isAdmin && !options.registrationEnabled) throw registrationDisabled();
    const entity = reference(context, requested?.ids?.userId);
    checkIdAllowed(entity.id);
    checkPassword(requested?.password ?? "", entity.id);
    const hash = await hasher.hash(requested?.password ?? "", hashCosts.password);
    const at = registries.clock.now();
    const message = newUser(requested ?? create(UserSchema), at, {
      byAdmin: isAdmin,
      approvalRequired: options.approvalRequired,
    });
    await createEntity(registries, kind, entity, {
      message,
      at,
      alongside(writer) {
        takeAccountId(writer, entity.tenantId, entity.id, "user");
        passwords.set(writer, entity.tenantId, entity.id, hash);
      },
    });
    publish("create", entity);
    return message;
  },
});

const getMethod = ({ registries, kind }: Parts): Methods["get"] => ({
  requires: () => authenticated,
  async handle({ userIds, fieldMask }, context) {
    const entity = reference(context, userIds?.userId);
    const paths = readable(fieldMask?.paths);
    const allowed = await publicOrRight(registries, context, {
      entity,
      right: Right.USER_INFO,
      paths,
      publicFields: userPublicFields,
    });
    const { message } = await readEntity(kind, entity);
    return pick(UserSchema, allowed ? message : publicUser(message), paths);
  },
});

const listMethod = ({ kind }: Parts): Methods["list"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ fieldMask, deleted, ...page }, context) {
    if (!context.caller.isAdmin) throw noAdmin();
    const selection = { deleted, updatedSince: 0 };
    const { items, total } = await kind.entities.list(context.tenantId, selection, page);
    context.setTotalCount(total);
    const paths = readable(fieldMask?.paths);
    return { users: items.map((message) => pick(UserSchema, message, paths)) };
  },
});

const updateMethod = ({ registries, kind, publish, checkAdminLeft }: Parts): Methods["update"] => ({
  requires: ({ user: changed }) => userRights(changed?.ids?.userId, Right.USER_SETTINGS_BASIC),
  async handle({ user: changed, fieldMask }, context) {
    const entity = reference(context, changed?.ids?.userId);
    const source = changed ?? create(UserSchema);
    const paths = pathsToWrite(fieldMask?.paths);
    if (hiddenFields.some((field) => coversPath(paths, field))) throw passwordInUpdate();
    const restricted = adminFields.find((field) => coversPath(paths, field));
    if (restricted !== undefined && !context.caller.isAdmin) throw updateAdminField({ field: restricted });
    const message = await updateEntity(registries, kind, entity, async (stored, at) => {
      const next = { ...assign(UserSchema, stored, source, paths), updatedAt: timestampFromMs(at) };
      if (!isActiveAdmin(next)) await checkAdminLeft(entity, stored);
      return next;
    });
    publish("update", entity, paths);
    return pick(UserSchema, message, readable(paths));
  },
});

const updatePasswordMethod = ({ registries, kind, hasher, passwords }: Parts): Methods["updatePassword"] => ({
  requires: ({ userIds }) => userRights(userIds?.userId, Right.USER_ALL),
  async handle({ userIds, old, new: password }, context) {
    const entity = reference(context, userIds?.userId);
    const hash = await passwords.hashOf(entity.tenantId, entity.id);
    if (hash === undefined || !(await hasher.verify(old, hash))) throw oldPassword();
    if (old === password) throw passwordEqualsOld();
    checkPassword(password, entity.id);
    const next = await hasher.hash(password, hashCosts.password);
    await registries.store.transact((writer) => passwords.set(writer, entity.tenantId, entity.id, next));
    await updateEntity(registries, kind, entity, (stored, at) => {
      const stamp = timestampFromMs(at);
      return { ...stored, updatedAt: stamp, passwordUpdatedAt: stamp, requirePasswordUpdate: false };
    });
    registries.events.publish(passwordChanged, {
      kind: "user",
      tenantId: entity.tenantId,
      userId: entity.id,
    });
    return {};
  },
});

const deleteMethod = ({ registries, kind, publish, checkAdminLeft }: Parts): Methods["delete"] => ({
  requires: ({ userId }) => userRights(userId, Right.USER_DELETE),
  async handle({ userId }, context) {
    const entity = reference(context, userId);
    const { message } = await readEntity(kind, entity);
    await deleteEntity(registries, kind, entity, { check: () => checkAdminLeft(entity, message) });
    publish("delete", entity);
    return {};
  },
});

const restoreMethod = ({ registries, kind, publish }: Parts): Methods["restore"] => ({
  requires: () => ({ kind: "handler", reason: "the right to delete, on a user that is deleted" }),
  async handle({ userId }, context) {
    const entity = reference(context, userId);
    await requireRestorable(registries, context, entity, Right.USER_DELETE);
    await restoreEntity(registries, kind, entity);
    publish("restore", entity);
    return {};
  },
});

const purgeMethod = ({ registries, publish, checkAdminLeft }: Parts): Methods["purge"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ userId }, context) {
    if (!context.caller.isAdmin) throw adminsPurgeUsers();
    const entity = reference(context, userId);
    await purgeUser(registries, entity, checkAdminLeft);
    publish("purge", entity);
    return {};
  },
});

async function purgeUser(
  registries: Registries,
  entity: EntityReference,
  checkAdminLeft: (entity: EntityReference, leaving: User) => Promise<void>,
): Promise<void> {
  const { tenantId, id } = entity;
  const stored = await registries.users.entities.get(tenantId, id);
  const keyIds = await registries.apiKeys.idsOf(entity);
  const memberOf = await registries.memberships.entitiesOf(tenantId, id);
  await purgeEntity(registries, registries.users, entity, {
    async check() {
      if (stored?.deletedAt === undefined && stored !== undefined)
        await checkAdminLeft(entity, stored.message);
    },
    alongside(writer) {
      registries.apiKeys.deleteAll(writer, entity);
      registries.memberships.deleteAccount(writer, tenantId, id);
      registries.passwords.delete(writer, tenantId, id);
      freeAccountId(writer, tenantId, id);
    },
  });
  for (const keyId of keyIds) registries.authenticator.apiKeyChanged(tenantId, keyId);
  for (const each of memberOf) registries.rights.entityChanged(each);
}

function reference(context: CallContext, id: string | undefined): EntityReference {
  return { tenantId: context.tenantId, type: "user", id: id ?? "" };
}

function readable(paths: readonly string[] | undefined): readonly string[] {
  return pathsToRead(paths).filter((path) => !hiddenFields.includes(path));
}

function isActiveAdmin(user: User): boolean {
  return user.admin && user.state === State.APPROVED;
}

function newUser(
  requested: User,
  at: number,
  { byAdmin, approvalRequired }: { readonly byAdmin: boolean; readonly approvalRequired: boolean },
): User {
  const stamp = timestampFromMs(at);
  const message = {
    ...clone(UserSchema, requested),
    createdAt: stamp,
    updatedAt: stamp,
    passwordUpdatedAt: stamp,
    password: "",
    temporaryPassword: "",
  };
  delete message.deletedAt;
  delete message.temporaryPasswordCreatedAt;
  delete message.temporaryPasswordExpiresAt;
  if (byAdmin) {
    // An admin who creates a user approves of it; there is no telling "requested" from "not said".
    if (message.state === State.REQUESTED) message.state = State.APPROVED;
    return message;
  }
  message.admin = false;
  message.state = approvalRequired ? State.REQUESTED : State.APPROVED;
  message.stateDescription = "";
  delete message.primaryEmailAddressValidatedAt;
  return message;
}
