import {
  type APIKey,
  ApplicationAccess,
  ClientAccess,
  type Collaborator,
  type FieldMask,
  GatewayAccess,
  OrganizationAccess,
  type OrganizationOrUserIdentifiers,
  Right,
  UserAccess,
} from "@skylark/api";
import type { EntityReference } from "../../domain/identifiers.ts";
import {
  application,
  authenticated,
  type CallContext,
  client,
  gateway,
  implement,
  organization,
  type Requirement,
  type ServiceImplementation,
  type ServiceMethods,
  user,
} from "../../rpc/service.ts";
import type { Registries } from "../registries/registries.ts";
import { type ApiKeys, createApiKeys, type NewApiKey } from "./api-keys.ts";
import { knownCaller } from "./authority.ts";
import { type Collaborators, createCollaborators } from "./collaborators.ts";
import { potentialRights, sortedRights } from "./right-sets.ts";

/** How a request names its entity, and what that needs. */
interface Access<Request> {
  readonly entityOf: (context: CallContext, request: Request) => EntityReference;
  readonly requires: (request: Request) => Requirement;
}

interface Paged {
  readonly order: string;
  readonly limit: number;
  readonly page: number;
}

interface KeyChange {
  readonly apiKey?: APIKey | undefined;
  readonly fieldMask?: FieldMask | undefined;
}

/** The methods for API keys, which every kind of entity has. */
function apiKeyMethods<Request>(keys: ApiKeys, { entityOf, requires }: Access<Request>) {
  return {
    createAPIKey: {
      requires,
      handle: (request: Request & NewApiKey, context: CallContext) =>
        keys.create(context, entityOf(context, request), request),
    },
    listAPIKeys: {
      requires,
      handle: async (request: Request & Paged, context: CallContext) => ({
        apiKeys: await keys.list(context, entityOf(context, request), request),
      }),
    },
    getAPIKey: {
      requires,
      handle: (request: Request & { readonly keyId: string }, context: CallContext) =>
        keys.get(entityOf(context, request), request.keyId),
    },
    updateAPIKey: {
      requires,
      handle: (request: Request & KeyChange, context: CallContext) =>
        keys.update(context, entityOf(context, request), {
          key: request.apiKey,
          paths: request.fieldMask?.paths ?? [],
        }),
    },
    deleteAPIKey: {
      requires,
      async handle(request: Request & { readonly keyId: string }, context: CallContext) {
        await keys.delete(entityOf(context, request), request.keyId);
        return {};
      },
    },
  };
}

type Account = OrganizationOrUserIdentifiers | undefined;

/** The methods for collaborators, which every kind of entity has but users. */
function collaboratorMethods<Request>(collaborators: Collaborators, { entityOf, requires }: Access<Request>) {
  return {
    getCollaborator: {
      requires,
      async handle(request: Request & { readonly collaborator?: Account }, context: CallContext) {
        const { ids, rights } = await collaborators.get(entityOf(context, request), request.collaborator);
        return { ...(ids === undefined ? {} : { ids }), rights };
      },
    },
    setCollaborator: {
      requires,
      async handle(
        request: Request & { readonly collaborator?: Collaborator | undefined },
        context: CallContext,
      ) {
        await collaborators.set(context, entityOf(context, request), request.collaborator);
        return {};
      },
    },
    listCollaborators: {
      requires: () => authenticated,
      handle: async (request: Request & Paged, context: CallContext) => ({
        collaborators: await collaborators.list(context, entityOf(context, request), request),
      }),
    },
    deleteCollaborator: {
      requires,
      async handle(request: Request & { readonly collaboratorIds?: Account }, context: CallContext) {
        await collaborators.delete(entityOf(context, request), request.collaboratorIds);
        return {};
      },
    },
  };
}

function reference(
  context: CallContext,
  type: EntityReference["type"],
  id: string | undefined,
): EntityReference {
  return { tenantId: context.tenantId, type, id: id ?? "" };
}

/** The rights of the caller on the entity, of the kind that the entity has. */
async function listRights({ rights }: Registries, context: CallContext, entity: EntityReference) {
  const held = await rights.rightsOn(knownCaller(context.caller), entity);
  return { rights: sortedRights(held.intersection(potentialRights(entity.type))) };
}

type ApplicationRequest = { readonly applicationIds?: { readonly applicationId: string } | undefined };
type GatewayRequest = { readonly gatewayIds?: { readonly gatewayId: string } | undefined };
type OrganizationRequest = { readonly organizationIds?: { readonly organizationId: string } | undefined };
type ClientRequest = { readonly clientIds?: { readonly clientId: string } | undefined };
type UserRequest = { readonly userIds?: { readonly userId: string } | undefined };

export function applicationAccess(registries: Registries): ServiceImplementation {
  const entityOf = (context: CallContext, { applicationIds }: ApplicationRequest) =>
    reference(context, "application", applicationIds?.applicationId);
  const needs =
    (right: Right) =>
    ({ applicationIds }: ApplicationRequest) =>
      application(applicationIds?.applicationId, right);
  return implement(ApplicationAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ applicationId }, context) =>
        listRights(registries, context, reference(context, "application", applicationId)),
    },
    ...apiKeyMethods(createApiKeys(registries, "application"), {
      entityOf,
      requires: needs(Right.APPLICATION_SETTINGS_API_KEYS),
    }),
    ...collaboratorMethods(createCollaborators(registries, "application"), {
      entityOf,
      requires: needs(Right.APPLICATION_SETTINGS_COLLABORATORS),
    }),
  });
}

export function gatewayAccess(registries: Registries): ServiceImplementation {
  const entityOf = (context: CallContext, { gatewayIds }: GatewayRequest) =>
    reference(context, "gateway", gatewayIds?.gatewayId);
  const needs =
    (right: Right) =>
    ({ gatewayIds }: GatewayRequest) =>
      gateway(gatewayIds?.gatewayId, right);
  return implement(GatewayAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ gatewayId }, context) =>
        listRights(registries, context, reference(context, "gateway", gatewayId)),
    },
    ...apiKeyMethods(createApiKeys(registries, "gateway"), {
      entityOf,
      requires: needs(Right.GATEWAY_SETTINGS_API_KEYS),
    }),
    ...collaboratorMethods(createCollaborators(registries, "gateway"), {
      entityOf,
      requires: needs(Right.GATEWAY_SETTINGS_COLLABORATORS),
    }),
  });
}

export function organizationAccess(registries: Registries): ServiceImplementation {
  const entityOf = (context: CallContext, { organizationIds }: OrganizationRequest) =>
    reference(context, "organization", organizationIds?.organizationId);
  const needs =
    (right: Right) =>
    ({ organizationIds }: OrganizationRequest) =>
      organization(organizationIds?.organizationId, right);
  return implement(OrganizationAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ organizationId }, context) =>
        listRights(registries, context, reference(context, "organization", organizationId)),
    },
    ...apiKeyMethods(createApiKeys(registries, "organization"), {
      entityOf,
      requires: needs(Right.ORGANIZATION_SETTINGS_API_KEYS),
    }),
    ...collaboratorMethods(createCollaborators(registries, "organization"), {
      entityOf,
      requires: needs(Right.ORGANIZATION_SETTINGS_MEMBERS),
    }),
  });
}

export function clientAccess(registries: Registries): ServiceImplementation {
  return implement(ClientAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ clientId }, context) =>
        listRights(registries, context, reference(context, "client", clientId)),
    },
    ...collaboratorMethods(createCollaborators(registries, "client"), {
      entityOf: (context: CallContext, { clientIds }: ClientRequest) =>
        reference(context, "client", clientIds?.clientId),
      requires: ({ clientIds }: ClientRequest) =>
        client(clientIds?.clientId, Right.CLIENT_SETTINGS_COLLABORATORS),
    }),
  });
}

export function userAccess(
  registries: Registries,
  createLoginToken: ServiceMethods<typeof UserAccess>["createLoginToken"],
): ServiceImplementation {
  return implement(UserAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ userId }, context) => listRights(registries, context, reference(context, "user", userId)),
    },
    ...apiKeyMethods(createApiKeys(registries, "user"), {
      entityOf: (context: CallContext, { userIds }: UserRequest) =>
        reference(context, "user", userIds?.userId),
      requires: ({ userIds }: UserRequest) => user(userIds?.userId, Right.USER_SETTINGS_API_KEYS),
    }),
    createLoginToken,
  });
}
