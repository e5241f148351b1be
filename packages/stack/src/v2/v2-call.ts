import {
  ApplicationAccess,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
  Right,
  statusCodes,
} from "@skylark/api";
import { isV2Id, v3IdOf } from "../domain/v2-identifiers.ts";
import type { CallerDetails, InProcessAnswer, InProcessCaller } from "../rpc/in-process.ts";
import type { CallContext } from "../rpc/service.ts";
import {
  applicationNotRegistered,
  asV2Error,
  hasCode,
  invalidArgument,
  isUnknownCaller,
  missingRight,
} from "./errors.ts";
import type { ApplicationDirectory } from "./peers.ts";

type UnaryMethod = DescMethod & { readonly methodKind: "unary" };

/** A call of V2 on its way to the methods of V3. */
export interface V2Call {
  readonly tenantId: string;
  invoke<M extends UnaryMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): Promise<MessageShape<M["output"]>>;
  /** With what V3 says beside the message. */
  ask<M extends UnaryMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): Promise<InProcessAnswer<MessageShape<M["output"]>>>;
  readonly context: CallContext;
}

/** The rights of V2, and those of V3 that make them up: any of the first, and whatever V3 itself asks for. */
const rights = {
  settings: Right.APPLICATION_SETTINGS_BASIC,
  delete: Right.APPLICATION_DELETE,
  readDevices: Right.APPLICATION_DEVICES_READ,
  writeDevices: Right.APPLICATION_DEVICES_WRITE,
} as const;
const v2Names = { settings: "settings", delete: "delete", readDevices: "devices", writeDevices: "devices" };

export type V2Right = keyof typeof rights;

/** A registration and a deletion are for all servers. */
const headers = { "x-skylark-cascade": "true" };

export function createV2Call(caller: InProcessCaller, context: CallContext): V2Call {
  const { tenantId, remoteAddress, userAgent, requestId } = context;
  const details: CallerDetails = {
    tenantId,
    remoteAddress,
    userAgent,
    authorization: authorizationOf(context),
    headers: { ...headers, "x-request-id": requestId },
  };
  return {
    tenantId,
    context,
    ask: (method, request) => caller.call(method, request, details),
    invoke: async (method, request) => (await caller.call(method, request, details)).message,
  };
}

/** V2 keys were `<issuer>.<secret>`; a key of ours may stand in the place of the secret. */
const keyIssuer = /^ttn-account(?:-[a-z0-9]+)*\./;

function authorizationOf(context: CallContext): string {
  const token = context.header("token");
  if (token !== undefined && token !== "") return `Bearer ${token}`;
  const [, given] = /^(?:Key|Bearer) +(\S+)$/i.exec(context.header("authorization")?.trim() ?? "") ?? [];
  const key = context.header("key") || given;
  if (key === undefined || key === "") throw invalidArgument("Metadata", "neither token nor key present");
  return `Bearer ${key.replace(keyIssuer, "")}`;
}

/** What V3 calls the application or device; throws when V2 could not have it. */
export function v3Id(id: string, what: "AppID" | "DevID"): string {
  if (id === "") throw invalidArgument(what, "can not be empty");
  const v3 = isV2Id(id) ? v3IdOf(id) : undefined;
  if (v3 === undefined) {
    throw invalidArgument(what, "has wrong format: 2 to 36 of a-z and 0-9, with single - or _ between them");
  }
  return v3;
}

/**
 * Throws as V2 does when the caller lacks the right on an application, or when there is no such application; gives the
 * rights of V3 that the caller holds.
 */
export async function requireRight(
  call: V2Call,
  directory: ApplicationDirectory,
  { appId, right }: { readonly appId: string; readonly right: V2Right },
): Promise<ReadonlySet<Right>> {
  const applicationId = v3Id(appId, "AppID");
  try {
    const held = await call.invoke(ApplicationAccess.method.listRights, { applicationId });
    if (held.rights.includes(rights[right])) return new Set(held.rights);
  } catch (error) {
    const isRefused = hasCode(error, statusCodes.permissionDenied) || hasCode(error, statusCodes.notFound);
    // The keys of an application go with it.
    const isGone = isUnknownCaller(error) && !(await exists());
    if (!isRefused && !isGone) throw asV2Error(error);
  }
  // Which applications there are is public: discovery tells it.
  throw (await exists()) ? missingRight(v2Names[right], appId) : applicationNotRegistered(appId);

  async function exists(): Promise<boolean> {
    const ids = { tenantId: call.tenantId, applicationId };
    return (await directory.applicationAttributes(ids)) !== undefined;
  }
}
