import {
  type Application,
  ApplicationRegistry,
  ApplicationSchema,
  assign,
  clone,
  create,
  pick,
  Right,
  timestampFromMs,
} from "@skylark/api";
import type { ApplicationIdentifiers, EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  application,
  authenticated,
  type CallContext,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import { checkIdAllowed } from "../blocklist.ts";
import { changedFields, registryEvents } from "../events.ts";
import { accountId, checkContacts, withOwnerAsContact } from "./contacts.ts";
import { pathsToRead, pathsToWrite } from "./field-masks.ts";
import {
  createEntity,
  deleteEntity,
  purgeEntity,
  readEntity,
  restoreEntity,
  updateEntity,
} from "./lifecycle.ts";
import { creatorRequirement, listOwned, publicOrRight, requireRestorable } from "./ownership.ts";
import { applicationPublicFields, publicApplication } from "./public-fields.ts";
import type { Registries } from "./registries.ts";

const errors = defineErrors("pkg/identityserver");
const adminsCreateApplications = errors.permissionDenied(
  "admins_create_applications",
  "applications may only be created by admins, or in organizations",
);
const adminsPurgeApplications = errors.permissionDenied(
  "admins_purge_applications",
  "applications may only be purged by admins",
);
const applicationHasDevices = errors.failedPrecondition(
  "application_has_devices",
  "application still has `{count}` devices",
);

export interface ApplicationRegistryOptions {
  /** Option `is.user-rights.create-applications`. */
  readonly usersMayCreate: boolean;
  /** Drops what other servers keep of an application; its devices are gone already. */
  readonly onApplicationPurged: (ids: ApplicationIdentifiers) => Promise<void>;
}

type Methods = ServiceMethods<typeof ApplicationRegistry>;

interface Parts {
  readonly registries: Registries;
  readonly options: ApplicationRegistryOptions;
  readonly kind: Registries["applications"];
  publish(
    verb: keyof typeof registryEvents.application,
    entity: EntityReference,
    changed?: readonly string[],
  ): void;
  checkNoDevices(entity: EntityReference): Promise<void>;
}

export function applicationRegistry(
  registries: Registries,
  options: ApplicationRegistryOptions,
): ServiceImplementation {
  const parts: Parts = {
    registries,
    options,
    kind: registries.applications,
    publish: (verb, { tenantId, id }, changed) =>
      registries.events.publish(
        registryEvents.application[verb],
        {
          kind: "application",
          ids: { tenantId, applicationId: id },
        },
        changedFields(changed),
      ),
    async checkNoDevices({ tenantId, id }) {
      const count = await registries.endDevices.count({ tenantId, applicationId: id });
      if (count > 0) throw applicationHasDevices({ count });
    },
  };
  return implement(ApplicationRegistry, {
    create: createMethod(parts),
    get: getMethod(parts),
    list: listMethod(parts),
    update: updateMethod(parts),
    delete: deleteMethod(parts),
    restore: restoreMethod(parts),
    purge: purgeMethod(parts),
    issueDevEUI: { later: "identity-server: blocks of DevEUIs" },
  });
}

function reference(context: CallContext, id: string | undefined): EntityReference {
  return { tenantId: context.tenantId, type: "application", id: id ?? "" };
}

const createMethod = ({ registries, options, kind, publish }: Parts): Methods["create"] => ({
  requires: ({ collaborator }) => creatorRequirement(collaborator, Right.USER_APPLICATIONS_CREATE),
  async handle({ application: requested, collaborator }, context) {
    if (!options.usersMayCreate && !context.caller.isAdmin) throw adminsCreateApplications();
    const entity = reference(context, requested?.ids?.applicationId);
    checkIdAllowed(entity.id);
    const owner = accountId(collaborator);
    const at = registries.clock.now();
    const message = newApplication(requested ?? create(ApplicationSchema), owner, at);
    await createEntity(registries, kind, entity, {
      message,
      at,
      alongside: (writer) =>
        registries.memberships.set(writer, entity, { accountId: owner, rights: [Right.ALL] }),
    });
    publish("create", entity);
    return message;
  },
});

const getMethod = ({ registries, kind }: Parts): Methods["get"] => ({
  requires: () => authenticated,
  async handle({ applicationIds, fieldMask }, context) {
    const entity = reference(context, applicationIds?.applicationId);
    const paths = pathsToRead(fieldMask?.paths);
    const allowed = await publicOrRight(registries, context, {
      entity,
      right: Right.APPLICATION_INFO,
      paths,
      publicFields: applicationPublicFields,
    });
    const { message } = await readEntity(kind, entity);
    return pick(ApplicationSchema, allowed ? message : publicApplication(message), paths);
  },
});

const listMethod = ({ registries, kind }: Parts): Methods["list"] => ({
  requires: () => ({
    kind: "handler",
    reason: "lists what the caller, or the account it may list, collaborates on",
  }),
  async handle({ collaborator, fieldMask, deleted, ...page }, context) {
    const paths = pathsToRead(fieldMask?.paths);
    const listed = await listOwned(registries, context, kind, {
      type: "application",
      listRight: Right.USER_APPLICATIONS_LIST,
      collaborator,
      deleted,
      updatedSince: 0,
      page,
    });
    return {
      applications: listed.map((item) => pick(ApplicationSchema, item, paths)),
    };
  },
});

const updateMethod = ({ registries, kind, publish }: Parts): Methods["update"] => ({
  requires: ({ application: changed }) =>
    application(changed?.ids?.applicationId, Right.APPLICATION_SETTINGS_BASIC),
  async handle({ application: changed, fieldMask }, context) {
    const entity = reference(context, changed?.ids?.applicationId);
    const source = changed ?? create(ApplicationSchema);
    const paths = pathsToWrite(fieldMask?.paths);
    const message = await updateEntity(registries, kind, entity, async (stored, at) => {
      const next = assign(ApplicationSchema, stored, source, paths);
      await checkContacts(registries, entity, next, paths);
      next.updatedAt = timestampFromMs(at);
      return next;
    });
    publish("update", entity, paths);
    return pick(ApplicationSchema, message, pathsToRead(paths));
  },
});

const deleteMethod = ({ registries, kind, publish, checkNoDevices }: Parts): Methods["delete"] => ({
  requires: ({ applicationId }) => application(applicationId, Right.APPLICATION_DELETE),
  async handle({ applicationId }, context) {
    const entity = reference(context, applicationId);
    await deleteEntity(registries, kind, entity, {
      check: () => checkNoDevices(entity),
      alongside: (writer) =>
        registries.endDevices.expectNoDevices(writer, { tenantId: entity.tenantId, applicationId }),
    });
    publish("delete", entity);
    return {};
  },
});

const restoreMethod = ({ registries, kind, publish }: Parts): Methods["restore"] => ({
  requires: () => ({ kind: "handler", reason: "the right to delete, on an application that is deleted" }),
  async handle({ applicationId }, context) {
    const entity = reference(context, applicationId);
    await requireRestorable(registries, context, entity, Right.APPLICATION_DELETE);
    await restoreEntity(registries, kind, entity);
    publish("restore", entity);
    return {};
  },
});

const purgeMethod = ({ registries, options, kind, publish, checkNoDevices }: Parts): Methods["purge"] => ({
  requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
  async handle({ applicationId }, context) {
    if (!context.caller.isAdmin) throw adminsPurgeApplications();
    const entity = reference(context, applicationId);
    const keyIds = await registries.apiKeys.idsOf(entity);
    await purgeEntity(registries, kind, entity, {
      check: () => checkNoDevices(entity),
      alongside(writer) {
        registries.endDevices.expectNoDevices(writer, { tenantId: entity.tenantId, applicationId });
        registries.apiKeys.deleteAll(writer, entity);
        registries.memberships.deleteAll(writer, entity);
      },
    });
    for (const id of keyIds) registries.authenticator.apiKeyChanged(entity.tenantId, id);
    await options.onApplicationPurged({ tenantId: entity.tenantId, applicationId: entity.id });
    publish("purge", entity);
    return {};
  },
});

function newApplication(requested: Application, owner: string, at: number): Application {
  const stamp = timestampFromMs(at);
  const message = { ...clone(ApplicationSchema, requested), createdAt: stamp, updatedAt: stamp };
  delete message.deletedAt;
  message.devEuiCounter = 0;
  return withOwnerAsContact(message, owner);
}
