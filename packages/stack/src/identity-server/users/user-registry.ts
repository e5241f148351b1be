import { pick, Right, UserRegistry, UserSchema } from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import {
  authenticated,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
  user as userRights,
} from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import { userLogout, userRevocation } from "../access/credential-stores.ts";
import { withdrawAsContact } from "../registries/former-contacts.ts";
import { deleteEntity, purgeEntity, readEntity, readKnown, restoreEntity } from "../registries/lifecycle.ts";
import { publicOrRight, requireRestorable } from "../registries/ownership.ts";
import { publicUser, userPublicFields } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import { freeAccountId } from "../storage/account-store.ts";
import { createTemporaryPasswordMethod, updatePasswordMethod } from "./change-password.ts";
import { createUserMethod } from "./create-user.ts";
import { shownUser } from "./shown-user.ts";
import { updateUserMethod } from "./update-user.ts";
import { adminsPurgeUsers, noAdmin } from "./user-errors.ts";
import {
  createUserParts,
  readableUserPaths,
  type UserParts,
  type UserRegistryOptions,
  userReference,
} from "./user-parts.ts";

type Methods = ServiceMethods<typeof UserRegistry>;

export function userRegistry(registries: Registries, options: UserRegistryOptions): ServiceImplementation {
  const parts = createUserParts(registries, options);
  return implement(UserRegistry, {
    create: createUserMethod(parts),
    get: getMethod(parts),
    list: listMethod(parts),
    update: updateUserMethod(parts),
    createTemporaryPassword: createTemporaryPasswordMethod(parts),
    updatePassword: updatePasswordMethod(parts),
    delete: deleteMethod(parts),
    restore: restoreMethod(parts),
    purge: purgeMethod(parts),
  });
}

const getMethod = (parts: UserParts): Methods["get"] => ({
  requires: () => authenticated,
  async handle({ userIds, fieldMask }, context) {
    const { registries, kind } = parts;
    const entity = userReference(context, userIds?.userId);
    const paths = readableUserPaths(fieldMask?.paths);
    const allowed = await publicOrRight(registries, context, {
      entity,
      right: Right.USER_INFO,
      paths,
      publicFields: userPublicFields,
    });
    const { message } = await readKnown(kind, entity);
    const shown = shownUser(parts, message);
    return pick(UserSchema, allowed ? shown : publicUser(shown), paths);
  },
});

const listMethod = (parts: UserParts): Methods["list"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ fieldMask, deleted, ...page }, context) {
    if (!context.caller.isAdmin) throw noAdmin();
    const selection = { deleted, updatedSince: 0 };
    const { items, total } = await parts.kind.entities.list(context.tenantId, selection, page);
    context.setTotalCount(total);
    const paths = readableUserPaths(fieldMask?.paths);
    return { users: items.map((message) => pick(UserSchema, shownUser(parts, message), paths)) };
  },
});

const deleteMethod = ({ registries, kind, publish, checkAdminLeft }: UserParts): Methods["delete"] => ({
  requires: ({ userId }) => userRights(userId, Right.USER_DELETE),
  async handle({ userId }, context) {
    const entity = userReference(context, userId);
    const { message } = await readEntity(kind, entity);
    const logout = userLogout(registries, entity.tenantId, entity.id);
    let expectAdminLeft: (writer: Writer) => void;
    await deleteEntity(registries, kind, entity, {
      async check() {
        expectAdminLeft = await checkAdminLeft(entity, message);
      },
      alongside(writer) {
        expectAdminLeft(writer);
        logout.write(writer);
      },
    });
    logout.committed();
    publish("delete", entity);
    return {};
  },
});

const restoreMethod = ({ registries, kind, publish }: UserParts): Methods["restore"] => ({
  requires: () => ({ kind: "handler", reason: "the right to delete, on a user that is deleted" }),
  async handle({ userId }, context) {
    const entity = userReference(context, userId);
    await requireRestorable(registries, context, entity, Right.USER_DELETE);
    await restoreEntity(registries, kind, entity);
    publish("restore", entity);
    return {};
  },
});

const purgeMethod = (parts: UserParts): Methods["purge"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ userId }, context) {
    if (!context.caller.isAdmin) throw adminsPurgeUsers();
    const entity = userReference(context, userId);
    await purgeUser(parts, entity);
    parts.publish("purge", entity);
    return {};
  },
});

async function purgeUser(parts: UserParts, entity: EntityReference): Promise<void> {
  const { registries, options } = parts;
  const { tenantId, id } = entity;
  const stored = await registries.users.entities.get(tenantId, id);
  const memberOf = await registries.memberships.entitiesOf(tenantId, id);
  const revocation = userRevocation(registries, tenantId, id);
  const remaining = options.onPurge(entity);
  let expectAdminLeft = (_: Writer): void => {};
  await purgeEntity(registries, registries.users, entity, {
    async check() {
      const isPresent = stored !== undefined && stored.deletedAt === undefined;
      if (isPresent) expectAdminLeft = await parts.checkAdminLeft(entity, stored.message);
      await withdrawAsContact(registries, entity);
    },
    alongside(writer) {
      expectAdminLeft(writer);
      registries.apiKeys.deleteAll(writer, entity);
      registries.memberships.deleteAccount(writer, tenantId, id);
      registries.passwords.delete(writer, tenantId, id);
      options.temporaryPasswords.delete(writer, tenantId, id);
      options.pictures.delete(writer, tenantId, stored?.message.profilePicture);
      revocation.write(writer);
      remaining(writer);
      freeAccountId(writer, tenantId, id);
    },
  });
  revocation.committed();
  registries.authenticator.entityPurged(entity);
  for (const each of memberOf) registries.rights.entityChanged(each);
}
