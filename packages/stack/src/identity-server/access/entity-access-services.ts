import { ApplicationAccess, GatewayAccess, Right, UserAccess } from "@skylark/api";
import {
  application,
  authenticated,
  type CallContext,
  gateway,
  implement,
  type ServiceImplementation,
  user,
} from "../../rpc/service.ts";
import type { EntityReference } from "../entity.ts";
import type { Registries } from "../registries/registries.ts";
import { createApiKeys, type KeyedEntityType } from "./api-keys.ts";
import { knownCaller } from "./authority.ts";
import { createCollaborators } from "./collaborators.ts";
import { potentialRights, sortedRights } from "./right-sets.ts";

type Listing = { readonly order: string; readonly limit: number; readonly page: number };

function referenceTo(type: KeyedEntityType) {
  return (context: CallContext, id: string | undefined): EntityReference => ({
    tenantId: context.tenantId,
    type,
    id: id ?? "",
  });
}

/** The rights of the caller on the entity, of the kind that the entity has. */
async function listRights({ rights }: Registries, context: CallContext, entity: EntityReference) {
  const held = await rights.rightsOn(knownCaller(context.caller), entity);
  return { rights: sortedRights(held.intersection(potentialRights(entity.type))) };
}

function pageOf({ order, limit, page }: Listing): Listing {
  return { order, limit, page };
}

export function applicationAccess(registries: Registries): ServiceImplementation {
  const keys = createApiKeys(registries, "application");
  const collaborators = createCollaborators(registries, "application");
  const reference = referenceTo("application");
  type Ids = { readonly applicationIds?: { readonly applicationId: string } | undefined };
  const ofRequest = (context: CallContext, { applicationIds }: Ids) =>
    reference(context, applicationIds?.applicationId);
  const manageKeys = ({ applicationIds }: Ids) =>
    application(applicationIds?.applicationId, Right.APPLICATION_SETTINGS_API_KEYS);
  const manageCollaborators = ({ applicationIds }: Ids) =>
    application(applicationIds?.applicationId, Right.APPLICATION_SETTINGS_COLLABORATORS);

  return implement(ApplicationAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ applicationId }, context) =>
        listRights(registries, context, reference(context, applicationId)),
    },
    createAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.create(context, ofRequest(context, request), request),
    },
    listAPIKeys: {
      requires: manageKeys,
      handle: async (request, context) => ({
        apiKeys: await keys.list(context, ofRequest(context, request), pageOf(request)),
      }),
    },
    getAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.get(ofRequest(context, request), request.keyId),
    },
    updateAPIKey: {
      requires: manageKeys,
      handle: (request, context) =>
        keys.update(context, ofRequest(context, request), {
          key: request.apiKey!,
          paths: request.fieldMask?.paths ?? [],
        }),
    },
    deleteAPIKey: {
      requires: manageKeys,
      async handle(request, context) {
        await keys.delete(ofRequest(context, request), request.keyId);
        return {};
      },
    },
    getCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        const { ids, rights } = await collaborators.get(ofRequest(context, request), request.collaborator);
        return { ...(ids === undefined ? {} : { ids }), rights };
      },
    },
    setCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        await collaborators.set(context, ofRequest(context, request), request.collaborator);
        return {};
      },
    },
    listCollaborators: {
      requires: manageCollaborators,
      handle: async (request, context) => ({
        collaborators: await collaborators.list(context, ofRequest(context, request), pageOf(request)),
      }),
    },
    deleteCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        await collaborators.delete(ofRequest(context, request), request.collaboratorIds);
        return {};
      },
    },
  });
}

export function gatewayAccess(registries: Registries): ServiceImplementation {
  const keys = createApiKeys(registries, "gateway");
  const collaborators = createCollaborators(registries, "gateway");
  const reference = referenceTo("gateway");
  type Ids = { readonly gatewayIds?: { readonly gatewayId: string } | undefined };
  const ofRequest = (context: CallContext, { gatewayIds }: Ids) => reference(context, gatewayIds?.gatewayId);
  const manageKeys = ({ gatewayIds }: Ids) => gateway(gatewayIds?.gatewayId, Right.GATEWAY_SETTINGS_API_KEYS);
  const manageCollaborators = ({ gatewayIds }: Ids) =>
    gateway(gatewayIds?.gatewayId, Right.GATEWAY_SETTINGS_COLLABORATORS);

  return implement(GatewayAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ gatewayId }, context) => listRights(registries, context, reference(context, gatewayId)),
    },
    createAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.create(context, ofRequest(context, request), request),
    },
    listAPIKeys: {
      requires: manageKeys,
      handle: async (request, context) => ({
        apiKeys: await keys.list(context, ofRequest(context, request), pageOf(request)),
      }),
    },
    getAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.get(ofRequest(context, request), request.keyId),
    },
    updateAPIKey: {
      requires: manageKeys,
      handle: (request, context) =>
        keys.update(context, ofRequest(context, request), {
          key: request.apiKey!,
          paths: request.fieldMask?.paths ?? [],
        }),
    },
    deleteAPIKey: {
      requires: manageKeys,
      async handle(request, context) {
        await keys.delete(ofRequest(context, request), request.keyId);
        return {};
      },
    },
    getCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        const { ids, rights } = await collaborators.get(ofRequest(context, request), request.collaborator);
        return { ...(ids === undefined ? {} : { ids }), rights };
      },
    },
    setCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        await collaborators.set(context, ofRequest(context, request), request.collaborator);
        return {};
      },
    },
    listCollaborators: {
      requires: manageCollaborators,
      handle: async (request, context) => ({
        collaborators: await collaborators.list(context, ofRequest(context, request), pageOf(request)),
      }),
    },
    deleteCollaborator: {
      requires: manageCollaborators,
      async handle(request, context) {
        await collaborators.delete(ofRequest(context, request), request.collaboratorIds);
        return {};
      },
    },
  });
}

export function userAccess(registries: Registries): ServiceImplementation {
  const keys = createApiKeys(registries, "user");
  const reference = referenceTo("user");
  type Ids = { readonly userIds?: { readonly userId: string } | undefined };
  const ofRequest = (context: CallContext, { userIds }: Ids) => reference(context, userIds?.userId);
  const manageKeys = ({ userIds }: Ids) => user(userIds?.userId, Right.USER_SETTINGS_API_KEYS);

  return implement(UserAccess, {
    listRights: {
      requires: () => authenticated,
      handle: ({ userId }, context) => listRights(registries, context, reference(context, userId)),
    },
    createAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.create(context, ofRequest(context, request), request),
    },
    listAPIKeys: {
      requires: manageKeys,
      handle: async (request, context) => ({
        apiKeys: await keys.list(context, ofRequest(context, request), pageOf(request)),
      }),
    },
    getAPIKey: {
      requires: manageKeys,
      handle: (request, context) => keys.get(ofRequest(context, request), request.keyId),
    },
    updateAPIKey: {
      requires: manageKeys,
      handle: (request, context) =>
        keys.update(context, ofRequest(context, request), {
          key: request.apiKey!,
          paths: request.fieldMask?.paths ?? [],
        }),
    },
    deleteAPIKey: {
      requires: manageKeys,
      async handle(request, context) {
        await keys.delete(ofRequest(context, request), request.keyId);
        return {};
      },
    },
    createLoginToken: { later: "identity-server: sessions and login tokens" },
  });
}
