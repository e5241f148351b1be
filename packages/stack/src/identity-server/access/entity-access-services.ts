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
  authenticated,
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
  type ServiceMethods,
} from "../../rpc/service.ts";
import type { Registries } from "../registries/registries.ts";
import { createApiKeys, type KeyedEntityType, type NewApiKey } from "./api-keys.ts";
import { knownCaller } from "./authority.ts";
import { createCollaborators, type OwnedEntityType } from "./collaborators.ts";
import { potentialRights, sortedRights } from "./right-sets.ts";

/** How a request names its entity. */
interface Named<Request, Type extends EntityReference["type"]> {
  readonly type: Type;
  readonly idOf: (request: Request) => string | undefined;
}

function accessTo<Request>({ type, idOf }: Named<Request, EntityReference["type"]>, right: Right) {
  return {
    requires: (request: Request): Requirement => ({
      kind: "rights",
      entity: { type, id: idOf(request) ?? "" },
      rights: [right],
    }),
    entityOf: ({ tenantId }: CallContext, request: Request): EntityReference => ({
      tenantId,
      type,
      id: idOf(request) ?? "",
    }),
  };
}

/** The rights of the caller on the entity, of the kind that the entity has. */
function rightsMethod<Request>(
  { rights }: Registries,
  type: EntityReference["type"],
  idOf: (request: Request) => string,
) {
  const potential = potentialRights(type);
  return {
    requires: () => authenticated,
    async handle(request: Request, { tenantId, caller }: CallContext) {
      const entity = { tenantId, type, id: idOf(request) };
      const held = await rights.rightsOn(knownCaller(caller), entity);
      return { rights: sortedRights(held.intersection(potential)) };
    },
  };
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
function apiKeyMethods<Request>(
  registries: Registries,
  named: Named<Request, KeyedEntityType>,
  right: Right,
) {
  const keys = createApiKeys(registries, named.type);
  const { requires, entityOf } = accessTo(named, right);
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
function collaboratorMethods<Request>(
  registries: Registries,
  named: Named<Request, OwnedEntityType>,
  right: Right,
) {
  const collaborators = createCollaborators(registries, named.type);
  const { requires, entityOf } = accessTo(named, right);
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

type ApplicationRequest = { readonly applicationIds?: { readonly applicationId: string } | undefined };
type GatewayRequest = { readonly gatewayIds?: { readonly gatewayId: string } | undefined };
type OrganizationRequest = { readonly organizationIds?: { readonly organizationId: string } | undefined };
type ClientRequest = { readonly clientIds?: { readonly clientId: string } | undefined };
type UserRequest = { readonly userIds?: { readonly userId: string } | undefined };

export function applicationAccess(registries: Registries): ServiceImplementation {
  const named = {
    type: "application",
    idOf: ({ applicationIds }: ApplicationRequest) => applicationIds?.applicationId,
  } as const;
  return implement(ApplicationAccess, {
    listRights: rightsMethod(registries, "application", ({ applicationId }) => applicationId),
    ...apiKeyMethods(registries, named, Right.APPLICATION_SETTINGS_API_KEYS),
    ...collaboratorMethods(registries, named, Right.APPLICATION_SETTINGS_COLLABORATORS),
  });
}

export function gatewayAccess(registries: Registries): ServiceImplementation {
  const named = {
    type: "gateway",
    idOf: ({ gatewayIds }: GatewayRequest) => gatewayIds?.gatewayId,
  } as const;
  return implement(GatewayAccess, {
    listRights: rightsMethod(registries, "gateway", ({ gatewayId }) => gatewayId),
    ...apiKeyMethods(registries, named, Right.GATEWAY_SETTINGS_API_KEYS),
    ...collaboratorMethods(registries, named, Right.GATEWAY_SETTINGS_COLLABORATORS),
  });
}

export function organizationAccess(registries: Registries): ServiceImplementation {
  const named = {
    type: "organization",
    idOf: ({ organizationIds }: OrganizationRequest) => organizationIds?.organizationId,
  } as const;
  return implement(OrganizationAccess, {
    listRights: rightsMethod(registries, "organization", ({ organizationId }) => organizationId),
    ...apiKeyMethods(registries, named, Right.ORGANIZATION_SETTINGS_API_KEYS),
    ...collaboratorMethods(registries, named, Right.ORGANIZATION_SETTINGS_MEMBERS),
  });
}

export function clientAccess(registries: Registries): ServiceImplementation {
  const named = {
    type: "client",
    idOf: ({ clientIds }: ClientRequest) => clientIds?.clientId,
  } as const;
  return implement(ClientAccess, {
    listRights: rightsMethod(registries, "client", ({ clientId }) => clientId),
    ...collaboratorMethods(registries, named, Right.CLIENT_SETTINGS_COLLABORATORS),
  });
}

export function userAccess(
  registries: Registries,
  createLoginToken: ServiceMethods<typeof UserAccess>["createLoginToken"],
): ServiceImplementation {
  const named = {
    type: "user",
    idOf: ({ userIds }: UserRequest) => userIds?.userId,
  } as const;
  return implement(UserAccess, {
    listRights: rightsMethod(registries, "user", ({ userId }) => userId),
    ...apiKeyMethods(registries, named, Right.USER_SETTINGS_API_KEYS),
    createLoginToken,
  });
}
