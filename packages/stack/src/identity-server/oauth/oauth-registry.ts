import {
  create,
  type OAuthAccessToken,
  OAuthAccessTokenSchema,
  OAuthAuthorizationRegistry,
  type OAuthClientAuthorization,
  OAuthClientAuthorizationSchema,
  Right,
  timestampFromMs,
} from "@skylark/api";
import { defineErrors } from "../../errors/errors.ts";
import {
  type CallContext,
  implement,
  type Requirement,
  type ServiceImplementation,
  user,
} from "../../rpc/service.ts";
import { isStale } from "../../store/staged-transaction.ts";
import { knownCaller } from "../access/authority.ts";
import { grantRevocation } from "../access/credential-stores.ts";
import { sortedRights } from "../access/right-sets.ts";
import { accessTokenNotFound, authorizationNotFound } from "../credential-errors.ts";
import type { Registries } from "../registries/registries.ts";
import type { AuthorizationRecord, Grant } from "./authorization-store.ts";
import { oauthEvents } from "./events.ts";
import type { AccessTokenRecord } from "./token-store.ts";

const accessTokenMismatch = defineErrors("pkg/identityserver").invalidArgument(
  "access_token_mismatch",
  "the access token belongs to another user or client",
);

type Parts = Pick<Registries, "credentials" | "authenticator" | "store" | "rights" | "events">;

interface GrantIdentifiers {
  readonly userIds?: { readonly userId: string } | undefined;
  readonly clientIds?: { readonly clientId: string } | undefined;
}

const byToken: Requirement = {
  kind: "handler",
  reason: "the user, and the client that acts for it, for its own tokens",
};

/** What users let OAuth clients do. */
export function oauthAuthorizationRegistry(registries: Parts): ServiceImplementation {
  const { credentials, authenticator, store, events } = registries;
  const ofUser = ({ userIds }: GrantIdentifiers): Requirement =>
    user(userIds?.userId, Right.USER_AUTHORIZED_CLIENTS);
  return implement(OAuthAuthorizationRegistry, {
    list: {
      requires: ofUser,
      async handle({ userIds, order, limit, page }, context) {
        const { items, total } = await credentials.authorizations.list(
          context.tenantId,
          userIds?.userId ?? "",
          { order, limit, page },
        );
        context.setTotalCount(total);
        return { authorizations: items.map(authorizationMessage) };
      },
    },
    listTokens: {
      requires: () => byToken,
      async handle(request, context) {
        const grant = grantOf(context, request);
        await requireGrant(registries, context, grant);
        const { items, total } = await credentials.accessTokens.list(grant, request);
        context.setTotalCount(total);
        return { tokens: items.map((token) => accessTokenMessage(token)) };
      },
    },
    delete: {
      requires: ofUser,
      async handle(request, context) {
        const grant = grantOf(context, request);
        await revokeGrant({ credentials, authenticator, store }, grant);
        return {};
      },
    },
    deleteToken: {
      requires: () => byToken,
      async handle(request, context) {
        const grant = grantOf(context, request);
        await requireGrant(registries, context, grant);
        const token = await credentials.accessTokens.get(context.tenantId, request.id);
        if (token === undefined) throw accessTokenNotFound({ access_token_id: request.id });
        if (token.userId !== grant.userId || token.clientId !== grant.clientId) throw accessTokenMismatch();
        await deleteAccessToken({ credentials, authenticator, store }, token);
        events.publish(oauthEvents.tokenDeleted, {
          kind: "user",
          tenantId: grant.tenantId,
          userId: grant.userId,
        });
        return {};
      },
    },
  });
}

type Revoking = Pick<Registries, "credentials" | "authenticator" | "store">;

/** Takes back what a user let a client do; throws when that was nothing. */
export async function revokeGrant(parts: Revoking, grant: Grant): Promise<void> {
  const revocation = grantRevocation(parts, grant);
  try {
    await parts.store.transact((writer) => revocation.write(writer));
  } catch (error) {
    if (!isStale(error)) throw error;
    throw authorizationNotFound({ user_id: grant.userId, client_id: grant.clientId });
  } finally {
    revocation.committed();
  }
}

/** Removes a token, and the refresh token with it. */
async function deleteAccessToken(
  { credentials, authenticator, store }: Revoking,
  { tenantId, id }: Pick<AccessTokenRecord, "tenantId" | "id">,
): Promise<void> {
  try {
    await store.transact((writer) => credentials.accessTokens.delete(writer, tenantId, id));
  } catch (error) {
    throw isStale(error) ? accessTokenNotFound({ access_token_id: id }) : error;
  } finally {
    authenticator.accessTokenChanged(tenantId, id);
  }
}

function grantOf(context: CallContext, { userIds, clientIds }: GrantIdentifiers): Grant {
  return {
    tenantId: context.tenantId,
    userId: userIds?.userId ?? "",
    clientId: clientIds?.clientId ?? "",
  };
}

/** A client needs no right to look after its own tokens. */
async function requireGrant({ rights }: Parts, context: CallContext, grant: Grant): Promise<void> {
  const caller = knownCaller(context.caller);
  const { accessToken } = caller;
  if (accessToken?.userId === grant.userId && accessToken.clientId === grant.clientId) return;
  const entity = { tenantId: grant.tenantId, type: "user", id: grant.userId } as const;
  await rights.require(caller, entity, [Right.USER_AUTHORIZED_CLIENTS]);
}

function authorizationMessage(record: AuthorizationRecord): OAuthClientAuthorization {
  return create(OAuthClientAuthorizationSchema, {
    userIds: { userId: record.userId },
    clientIds: { clientId: record.clientId },
    rights: sortedRights(record.rights),
    createdAt: timestampFromMs(record.createdAt),
    updatedAt: timestampFromMs(record.updatedAt),
  });
}

/** Without the tokens themselves. */
export function accessTokenMessage(
  record: AccessTokenRecord,
  rights: Iterable<Right> = record.rights,
): OAuthAccessToken {
  return create(OAuthAccessTokenSchema, {
    userIds: { userId: record.userId },
    userSessionId: record.sessionId,
    clientIds: { clientId: record.clientId },
    id: record.id,
    rights: sortedRights(rights),
    createdAt: timestampFromMs(record.createdAt),
    expiresAt: timestampFromMs(record.expiresAt),
  });
}
