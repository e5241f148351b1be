import {
  assign,
  clone,
  create,
  type Organization,
  OrganizationRegistry,
  OrganizationSchema,
  pick,
  Right,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import {
  authenticated,
  implement,
  organization as organizationRights,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import type { Writer } from "../../store/store.ts";
import { nestedOrganizations } from "../errors.ts";
import { withdrawAsContact } from "../registries/former-contacts.ts";
import { type OwnedEntities, type OwnedEntityKind, ownedEntities } from "../registries/owned-entities.ts";
import { listingReason } from "../registries/ownership.ts";
import { organizationPublicFields, publicContacts } from "../registries/public-fields.ts";
import type { Registries } from "../registries/registries.ts";
import { freeAccountId, takeAccountId } from "../storage/account-store.ts";

const errors = defineErrors("pkg/identityserver");
const adminsCreateOrganizations = errors.permissionDenied(
  "admins_create_organizations",
  "organizations may only be created by admins",
);
const adminsPurgeOrganizations = errors.permissionDenied(
  "admins_purge_organizations",
  "organizations may only be purged by admins",
);

export interface OrganizationRegistryOptions {
  /** Option `is.user-rights.create-organizations`. */
  readonly usersMayCreate: boolean;
}

export function organizationRegistry(
  registries: Registries,
  options: OrganizationRegistryOptions,
): ServiceImplementation {
  const organizations = ownedEntities(registries, ownedOrganizations(registries, options));
  return implement(OrganizationRegistry, {
    ...lifeMethods(organizations),
    ...endMethods(registries, organizations),
  });
}

function ownedOrganizations(
  registries: Registries,
  { usersMayCreate }: OrganizationRegistryOptions,
): OwnedEntityKind<Organization> {
  return {
    type: "organization",
    kind: registries.organizations,
    idOf: ({ ids }) => ids?.organizationId ?? "",
    pick: (message, paths) => pick(OrganizationSchema, message, paths),
    assign: (stored, source, paths) => assign(OrganizationSchema, stored, source, paths),
    rights: {
      info: Right.ORGANIZATION_INFO,
      delete: Right.ORGANIZATION_DELETE,
      list: { user: Right.USER_ORGANIZATIONS_LIST, organization: undefined },
      create: { user: Right.USER_ORGANIZATIONS_CREATE, organization: undefined },
    },
    publicFields: organizationPublicFields,
    publicSafe: publicContacts,
    usersMayCreate,
    adminsCreate: adminsCreateOrganizations,
    adminsPurge: adminsPurgeOrganizations,
  };
}

type Methods = ServiceMethods<typeof OrganizationRegistry>;

function lifeMethods(
  organizations: OwnedEntities<Organization>,
): Pick<Methods, "create" | "get" | "list" | "update"> {
  const { reference } = organizations;
  return {
    create: {
      requires: ({ collaborator }) => organizations.creatorRequirement(collaborator),
      handle({ organization: requested, collaborator }, context) {
        if (collaborator?.ids.case === "organizationIds") throw nestedOrganizations();
        const message = clone(OrganizationSchema, requested ?? create(OrganizationSchema));
        const { tenantId, id } = reference(context, message.ids?.organizationId);
        return organizations.create(context, {
          message,
          collaborator,
          alongside: (writer) => takeAccountId(writer, tenantId, id, "organization"),
        });
      },
    },
    get: {
      requires: () => authenticated,
      handle: ({ organizationIds, fieldMask }, context) =>
        organizations.get(context, reference(context, organizationIds?.organizationId), fieldMask?.paths),
    },
    list: {
      requires: () => ({ kind: "handler", reason: listingReason }),
      handle: async (request, context) => ({ organizations: await organizations.list(context, request) }),
    },
    update: {
      requires: ({ organization: changed }) =>
        organizationRights(changed?.ids?.organizationId, Right.ORGANIZATION_SETTINGS_BASIC),
      async handle({ organization: changed, fieldMask }, context) {
        const { after, shown } = await organizations.update(
          context,
          reference(context, changed?.ids?.organizationId),
          { message: changed ?? create(OrganizationSchema), paths: fieldMask?.paths ?? [] },
        );
        return pick(OrganizationSchema, after, shown);
      },
    },
  };
}

function endMethods(
  registries: Registries,
  organizations: OwnedEntities<Organization>,
): Pick<Methods, "delete" | "restore" | "purge"> {
  const { reference } = organizations;
  return {
    delete: {
      requires: ({ organizationId }) => organizationRights(organizationId, Right.ORGANIZATION_DELETE),
      async handle({ organizationId }, context) {
        await organizations.delete(reference(context, organizationId));
        return {};
      },
    },
    restore: {
      requires: () => ({
        kind: "handler",
        reason: "the right to delete, on an organization that is deleted",
      }),
      async handle({ organizationId }, context) {
        await organizations.restore(context, reference(context, organizationId));
        return {};
      },
    },
    purge: {
      requires: () => ({ kind: "handler", reason: "admins only, with an error of its own" }),
      async handle({ organizationId }, context) {
        const entity = reference(context, organizationId);
        let owned: readonly EntityReference[] = [];
        await organizations.purge(context, entity, {
          async check() {
            await withdrawAsContact(registries, entity);
            owned = await registries.memberships.entitiesOf(entity.tenantId, entity.id);
          },
          alongside: (writer) => leaveEverything(registries, writer, entity),
        });
        for (const each of owned) registries.rights.entityChanged(each);
        return {};
      },
    },
  };
}

/** Whoever takes the identifier next must not inherit anything. */
function leaveEverything(
  { memberships }: Registries,
  writer: Writer,
  { tenantId, id }: EntityReference,
): void {
  memberships.deleteAccount(writer, tenantId, id);
  freeAccountId(writer, tenantId, id);
}
