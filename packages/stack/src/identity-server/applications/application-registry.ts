import {
  type Application,
  ApplicationRegistry,
  ApplicationSchema,
  assign,
  clone,
  create,
  pick,
  Right,
} from "@skylark/api";
import { bytesOfEui } from "../../domain/identifier-bytes.ts";
import type { ApplicationIdentifiers, EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  application,
  authenticated,
  implement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import type { IssueDevEui } from "../dev-eui/dev-eui-issuer.ts";
import { type OwnedEntities, type OwnedEntityKind, ownedEntities } from "../registries/owned-entities.ts";
import { listingReason } from "../registries/ownership.ts";
import { applicationPublicFields, publicApplication } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";

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
  readonly issueDevEui: IssueDevEui;
}

export function applicationRegistry(
  registries: Registries,
  options: ApplicationRegistryOptions,
): ServiceImplementation {
  const applications = ownedEntities(registries, ownedApplications(registries, options.usersMayCreate));
  const { reference } = applications;
  return implement(ApplicationRegistry, {
    ...lifeMethods(applications),
    ...endMethods(registries, applications, options),
    issueDevEUI: {
      requires: ({ applicationId }) => application(applicationId, Right.APPLICATION_DEVICES_WRITE),
      handle: async ({ applicationId }, context) => ({
        devEui: bytesOfEui(await options.issueDevEui(reference(context, applicationId))),
      }),
    },
  });
}

function ownedApplications(registries: Registries, usersMayCreate: boolean): OwnedEntityKind<Application> {
  return {
    type: "application",
    kind: registries.applications,
    idOf: ({ ids }) => ids?.applicationId ?? "",
    pick: (message, paths) => pick(ApplicationSchema, message, paths),
    assign: (stored, source, paths) => assign(ApplicationSchema, stored, source, paths),
    rights: {
      info: Right.APPLICATION_INFO,
      delete: Right.APPLICATION_DELETE,
      list: { user: Right.USER_APPLICATIONS_LIST, organization: Right.ORGANIZATION_APPLICATIONS_LIST },
      create: { user: Right.USER_APPLICATIONS_CREATE, organization: Right.ORGANIZATION_APPLICATIONS_CREATE },
    },
    publicFields: applicationPublicFields,
    publicSafe: publicApplication,
    usersMayCreate,
    adminsCreate: adminsCreateApplications,
    adminsPurge: adminsPurgeApplications,
  };
}

type Methods = ServiceMethods<typeof ApplicationRegistry>;

function lifeMethods(
  applications: OwnedEntities<Application>,
): Pick<Methods, "create" | "get" | "list" | "update"> {
  const { reference } = applications;
  return {
    create: {
      requires: ({ collaborator }) => applications.creatorRequirement(collaborator),
      handle({ application: requested, collaborator }, context) {
        const message = clone(ApplicationSchema, requested ?? create(ApplicationSchema));
        message.devEuiCounter = 0;
        return applications.create(context, { message, collaborator });
      },
    },
    get: {
      requires: () => authenticated,
      handle: ({ applicationIds, fieldMask }, context) =>
        applications.get(context, reference(context, applicationIds?.applicationId), fieldMask?.paths),
    },
    list: {
      requires: () => ({ kind: "handler", reason: listingReason }),
      handle: async (request, context) => ({ applications: await applications.list(context, request) }),
    },
    update: {
      requires: ({ application: changed }) =>
        application(changed?.ids?.applicationId, Right.APPLICATION_SETTINGS_BASIC),
      async handle({ application: changed, fieldMask }, context) {
        const { after, shown } = await applications.update(
          context,
          reference(context, changed?.ids?.applicationId),
          { message: changed ?? create(ApplicationSchema), paths: fieldMask?.paths ?? [] },
        );
        return pick(ApplicationSchema, after, shown);
      },
    },
  };
}

function endMethods(
  registries: Registries,
  applications: OwnedEntities<Application>,
  options: ApplicationRegistryOptions,
): Pick<Methods, "delete" | "restore" | "purge"> {
  const { reference } = applications;
  /** Devices go first, and none may come while the application goes. */
  const withoutDevices = ({ tenantId, id }: EntityReference) => ({
    async check() {
      const count = await registries.endDevices.count({ tenantId, applicationId: id });
      if (count > 0) throw applicationHasDevices({ count });
    },
    alongside: (writer: Writer) =>
      registries.endDevices.expectNoDevices(writer, { tenantId, applicationId: id }),
  });
  return {
    delete: {
      requires: ({ applicationId }) => application(applicationId, Right.APPLICATION_DELETE),
      async handle({ applicationId }, context) {
        const entity = reference(context, applicationId);
        await applications.delete(entity, withoutDevices(entity));
        return {};
      },
    },
    restore: {
      requires: () => ({ kind: "handler", reason: "the right to delete, on an application that is deleted" }),
      async handle({ applicationId }, context) {
        await applications.restore(context, reference(context, applicationId));
        return {};
      },
    },
    purge: {
      requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
      async handle({ applicationId }, context) {
        const entity = reference(context, applicationId);
        await applications.purge(context, entity, withoutDevices(entity));
        await options.onApplicationPurged({ tenantId: entity.tenantId, applicationId });
        return {};
      },
    },
  };
}
