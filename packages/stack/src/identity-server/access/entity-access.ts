import {
  type AuthInfoResponse,
  AuthInfoResponse_APIKeyAccessSchema,
  AuthInfoResponseSchema,
  create,
  EntityAccess,
} from "@skylark/api";
import { anyone, implement, type ServiceImplementation } from "../../rpc/service.ts";
import { entityIdentifiersOf } from "../entity-identifiers.ts";
import { accessTokenMessage } from "../oauth/oauth-registry.ts";
import { sessionMessage } from "../sessions/user-session-registry.ts";
import { messageOf } from "./api-keys.ts";
import type { Caller } from "./authentication.ts";
import { knownCaller } from "./authority.ts";
import { sortedRights } from "./right-sets.ts";
import { isActingAdmin } from "./user-standing.ts";

export function entityAccess(): ServiceImplementation {
  return implement(EntityAccess, {
    authInfo: {
      requires: () => anyone,
      handle: (_, context) => authInfo(knownCaller(context.caller)),
    },
  });
}

function authInfo(caller: Caller): AuthInfoResponse {
  const info = create(AuthInfoResponseSchema, {
    isAdmin: caller.user !== undefined && isActingAdmin(caller.user),
    ...(caller.universalRights.size === 0
      ? {}
      : { universalRights: { rights: sortedRights(caller.universalRights) } }),
  });
  if (caller.entity === undefined) return info;
  if (caller.accessToken !== undefined) {
    const value = accessTokenMessage(caller.accessToken, caller.rights);
    return { ...info, accessMethod: { case: "oauthAccessToken", value } };
  }
  if (caller.session !== undefined) {
    return { ...info, accessMethod: { case: "userSession", value: sessionMessage(caller.session) } };
  }
  if (caller.apiKey === undefined) return info;
  const apiKey = { ...messageOf(caller.apiKey), rights: sortedRights(caller.rights) };
  const value = create(AuthInfoResponse_APIKeyAccessSchema, {
    apiKey,
    entityIds: entityIdentifiersOf(caller.entity),
  });
  return { ...info, accessMethod: { case: "apiKey", value } };
}
