import { create, Right, UpdateUserPasswordRequestSchema } from "@skylark/api";
import type { CallContext, ServiceImplementation } from "../../rpc/service.ts";
import type { RightsResolver } from "../access/rights-resolver.ts";
import type { AccountEndpointsOptions } from "./account-endpoints.ts";
import type { Exchange } from "./exchange.ts";
import type { Login } from "./logins.ts";

/** Changes passwords by the method of the API, so that its rules hold here as well. */
export function passwordChanger(
  userRegistry: ServiceImplementation,
  rights: Pick<RightsResolver, "require">,
): AccountEndpointsOptions["changePassword"] {
  const method = userRegistry.methods.updatePassword;
  if (method === undefined || !("handle" in method)) throw new TypeError("passwords cannot be changed");
  const handle = method.handle as (request: unknown, context: CallContext) => unknown;
  return async (exchange, login, change) => {
    const { user, caller } = login;
    exchange.call.limitAttempts(`${user.tenantId}/${user.id}`);
    await rights.require(caller, user, [Right.USER_ALL]);
    const request = create(UpdateUserPasswordRequestSchema, { userIds: { userId: user.id }, ...change });
    await handle(request, contextOf(exchange, login));
  };
}

/** For a method of the API that a form calls. */
export function contextOf({ call, request }: Exchange, { caller }: Pick<Login, "caller">): CallContext {
  const { tenantId, requestId, remoteAddress, userAgent, signal } = call;
  return {
    tenantId,
    caller,
    requestId,
    correlationIds: [],
    remoteAddress,
    userAgent,
    signal,
    // A form has no place for warnings and counts.
    warn: () => {},
    setTotalCount: () => {},
    setHeader: () => {},
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  };
}
