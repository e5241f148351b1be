import {
  create,
  Right,
  timestampFromMs,
  type UserSession,
  UserSessionRegistry,
  UserSessionSchema,
} from "@skylark/api";
import { implement, type ServiceImplementation, user } from "../../rpc/service.ts";
import { userSessionNotFound } from "../credential-errors.ts";
import type { Registries } from "../registries/registries.ts";
import type { SessionRecord } from "./session-store.ts";
import type { Sessions } from "./sessions.ts";

export function userSessionRegistry(
  { credentials, clock }: Pick<Registries, "credentials" | "clock">,
  sessions: Pick<Sessions, "end">,
): ServiceImplementation {
  return implement(UserSessionRegistry, {
    list: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_ALL),
      async handle({ userIds, order, limit, page }, context) {
        const { items, total } = await credentials.sessions.list(
          context.tenantId,
          userIds?.userId ?? "",
          clock.now(),
          { order, limit, page },
        );
        context.setTotalCount(total);
        return { sessions: items.map(sessionMessage) };
      },
    },
    delete: {
      requires: ({ userIds }) => user(userIds?.userId, Right.USER_ALL),
      async handle({ userIds, sessionId }, context) {
        const session = await credentials.sessions.get(context.tenantId, sessionId);
        // Another user's session is as good as none.
        if (session?.userId !== userIds?.userId) throw userSessionNotFound({ session_id: sessionId });
        await sessions.end({ tenantId: context.tenantId, id: sessionId });
        return {};
      },
    },
  });
}

/** Without anything that could be used to log in. */
export function sessionMessage({ id, userId, createdAt, expiresAt }: SessionRecord): UserSession {
  return create(UserSessionSchema, {
    userIds: { userId },
    sessionId: id,
    createdAt: timestampFromMs(createdAt),
    updatedAt: timestampFromMs(createdAt),
    expiresAt: timestampFromMs(expiresAt),
  });
}
