import {
  ApplicationRegistry,
  As,
  EndDeviceBatchRegistry,
  EndDeviceRegistry,
  EntityAccess,
  type MessagePayloadFormatters,
  PayloadFormatter,
  Right,
  statusCodes,
  type v2,
} from "@skylark/api";
import { v2IdAttributes } from "../domain/v2-identifiers.ts";
import { anyone, type ServiceMethods } from "../rpc/service.ts";
import {
  alreadyExists,
  applicationNotRegistered,
  asV2Error,
  hasCode,
  invalidArgument,
  isNamed,
  missingRight,
} from "./errors.ts";
import type { HandlerParts } from "./handler-parts.ts";
import {
  composePayloadFunctions,
  noPayloadFunctions,
  type PayloadFunctions,
  splitPayloadFunctions,
} from "./payload-functions.ts";
import { createV2Call, requireRight, type V2Call, v3Id } from "./v2-call.ts";

type Methods = Pick<
  ServiceMethods<typeof v2.ApplicationManager>,
  "registerApplication" | "getApplication" | "setApplication" | "deleteApplication"
>;

export function applicationMethods(parts: HandlerParts): Methods {
  const requires = () => anyone;
  return {
    registerApplication: {
      requires,
      async handle({ appId }, context) {
        await registerApplication(parts, createV2Call(parts.caller, context), appId);
        return {};
      },
    },
    getApplication: {
      requires,
      handle: ({ appId }, context) => getApplication(parts, createV2Call(parts.caller, context), appId),
    },
    setApplication: {
      requires,
      async handle(application, context) {
        await setApplication(parts, createV2Call(parts.caller, context), application);
        return {};
      },
    },
    deleteApplication: {
      requires,
      async handle({ appId }, context) {
        await deleteApplication(parts, createV2Call(parts.caller, context), appId);
        return {};
      },
    },
  };
}

/** Every application of V3 is registered already; one that was deleted comes back, and a user's is made. */
async function registerApplication({ directory }: HandlerParts, call: V2Call, appId: string): Promise<void> {
  const applicationId = v3Id(appId, "AppID");
  const { tenantId } = call;
  if ((await directory.applicationAttributes({ tenantId, applicationId })) !== undefined) {
    await requireRight(call, directory, { appId, right: "settings" });
    throw alreadyExists("Application");
  }
  try {
    const userId = await callingUser(call);
    if (userId === undefined) await restore(call, applicationId);
    else await create(call, { appId, applicationId, userId });
  } catch (error) {
    throw asV2Error(error);
  }
}

async function callingUser(call: V2Call): Promise<string | undefined> {
  const { accessMethod } = await call.invoke(EntityAccess.method.authInfo, {});
  switch (accessMethod.case) {
    case "apiKey": {
      const ids = accessMethod.value.entityIds?.ids;
      return ids?.case === "userIds" ? ids.value.userId : undefined;
    }
    case "oauthAccessToken":
      return accessMethod.value.userIds?.userId;
    case "userSession":
      return accessMethod.value.userIds?.userId;
    default:
      return undefined;
  }
}

interface NewApplication {
  readonly appId: string;
  readonly applicationId: string;
  readonly userId: string;
}

async function create(call: V2Call, { appId, applicationId, userId }: NewApplication): Promise<void> {
  try {
    await call.invoke(ApplicationRegistry.method.create, {
      application: { ids: { applicationId }, attributes: v2IdAttributes(appId) },
      collaborator: { ids: { case: "userIds", value: { userId } } },
    });
  } catch (error) {
    if (!isNamed(error, "id_taken")) throw error;
    await restore(call, applicationId);
  }
}

async function restore(call: V2Call, applicationId: string): Promise<void> {
  await call.invoke(ApplicationRegistry.method.restore, { applicationId });
}

/** Of a key only what is not secret is remembered: nothing is registered on join. */
const registerOnJoinAttribute = "v2-register-on-join";

async function getApplication({ directory }: HandlerParts, call: V2Call, appId: string) {
  const applicationId = v3Id(appId, "AppID");
  await requireRight(call, directory, { appId, right: "settings" });
  const attributes = await directory.applicationAttributes({ tenantId: call.tenantId, applicationId });
  if (attributes === undefined) throw applicationNotRegistered(appId);
  const formatters = await linkFormatters(call, applicationId);
  return {
    appId,
    payloadFormat: formatOf(formatters),
    ...functionsOf(formatters),
    registerOnJoinAccessKey: attributes[registerOnJoinAttribute] ?? "",
  };
}

async function linkFormatters(
  call: V2Call,
  applicationId: string,
): Promise<MessagePayloadFormatters | undefined> {
  try {
    const link = await call.invoke(As.method.getLink, {
      applicationIds: { applicationId },
      fieldMask: { paths: ["default_formatters"] },
    });
    return link.defaultFormatters;
  } catch (error) {
    if (hasCode(error, statusCodes.notFound)) return undefined;
    throw error;
  }
}

const formats = {
  custom: PayloadFormatter.FORMATTER_JAVASCRIPT,
  cayennelpp: PayloadFormatter.FORMATTER_CAYENNELPP,
  "": PayloadFormatter.FORMATTER_NONE,
} as const;

type Format = keyof typeof formats;

function formatOf(formatters: MessagePayloadFormatters | undefined): Format {
  const { upFormatter, downFormatter } = formatters ?? {};
  const found = (["custom", "cayennelpp"] as const).find(
    (name) => formats[name] === upFormatter || formats[name] === downFormatter,
  );
  return found ?? "";
}

function functionsOf(formatters: MessagePayloadFormatters | undefined): PayloadFunctions {
  if (formatters === undefined) return noPayloadFunctions;
  const { upFormatterParameter: up, downFormatterParameter: down } = formatters;
  return splitPayloadFunctions({ up, down });
}

async function setApplication(
  { directory }: HandlerParts,
  call: V2Call,
  application: v2.Application,
): Promise<void> {
  const { appId } = application;
  const applicationId = v3Id(appId, "AppID");
  await requireRight(call, directory, { appId, right: "settings" });
  try {
    await setRegisterOnJoin({ directory }, call, { applicationId, key: application.registerOnJoinAccessKey });
    const before = await linkFormatters(call, applicationId);
    const format = requestedFormat(application, formatOf(before));
    await call.invoke(As.method.setLink, {
      applicationIds: { applicationId },
      link: { defaultFormatters: formattersOf(format, mergedFunctions(application, functionsOf(before))) },
      fieldMask: { paths: ["default_formatters"] },
    });
  } catch (error) {
    throw asV2Error(error);
  }
}

const functionNames = ["decoder", "converter", "validator", "encoder"] as const;

/** Functions without a format are custom ones; a request of nothing at all turns the format off. */
function requestedFormat(application: v2.Application, before: Format): Format {
  const { payloadFormat, registerOnJoinAccessKey } = application;
  if (payloadFormat !== "") {
    if (payloadFormat !== "custom" && payloadFormat !== "cayennelpp") {
      throw invalidArgument("PayloadFormat", "unknown");
    }
    return payloadFormat;
  }
  if (functionNames.some((name) => application[name] !== "")) return "custom";
  return registerOnJoinAccessKey === "" ? "" : before;
}

function mergedFunctions(given: v2.Application, before: PayloadFunctions): PayloadFunctions {
  const entries = functionNames.map(
    (name) => [name, given[name] === "" ? before[name] : given[name]] as const,
  );
  return Object.fromEntries(entries) as unknown as PayloadFunctions;
}

function formattersOf(format: Format, functions: PayloadFunctions) {
  const { up, down } = composePayloadFunctions(functions);
  const formatter = formats[format];
  // Without any function for uplinks there is nothing to run for each of them.
  const isIdle = format === "custom" && up === "";
  return {
    upFormatter: isIdle ? PayloadFormatter.FORMATTER_NONE : formatter,
    upFormatterParameter: up,
    downFormatter: formatter,
    downFormatterParameter: down,
  };
}

interface RegisterOnJoin {
  readonly applicationId: string;
  readonly key: string;
}

async function setRegisterOnJoin(
  { directory }: Pick<HandlerParts, "directory">,
  call: V2Call,
  { applicationId, key }: RegisterOnJoin,
): Promise<void> {
  if (key === "") return;
  const attributes = await directory.applicationAttributes({ tenantId: call.tenantId, applicationId });
  const shown = withoutSecret(key);
  if (attributes === undefined || attributes[registerOnJoinAttribute] === shown) return;
  await call.invoke(ApplicationRegistry.method.update, {
    application: { ids: { applicationId }, attributes: { ...attributes, [registerOnJoinAttribute]: shown } },
    fieldMask: { paths: ["attributes"] },
  });
}

/** `NNSXS.ABC.secret` as `NNSXS.ABC`. */
function withoutSecret(key: string): string {
  const lastDot = key.lastIndexOf(".");
  const shown = lastDot < 0 ? "" : key.slice(0, lastDot);
  if (shown.length === 0 || shown.length > 200)
    throw invalidArgument("RegisterOnJoinAccessKey", "no access key");
  // What was shown before comes back without its secret.
  return /^[A-Z]{5}\.[A-Z0-9]+$/.test(key) ? key : shown;
}

const deletedAtOnce = 20;

async function deleteApplication({ directory }: HandlerParts, call: V2Call, appId: string): Promise<void> {
  const applicationId = v3Id(appId, "AppID");
  const held = await requireRight(call, directory, { appId, right: "delete" });
  try {
    if (held.has(Right.APPLICATION_DEVICES_READ) && held.has(Right.APPLICATION_DEVICES_WRITE)) {
      await deleteDevices(call, applicationId);
    }
    // The functions go with the registration, unless the key may not change settings.
    if (held.has(Right.APPLICATION_SETTINGS_BASIC)) {
      await call.invoke(As.method.deleteLink, { applicationId });
    }
    await call.invoke(ApplicationRegistry.method.delete, { applicationId });
  } catch (error) {
    throw isNamed(error, "application_has_devices") ? missingRight("devices", appId) : asV2Error(error);
  }
}

async function deleteDevices(call: V2Call, applicationId: string): Promise<void> {
  const applicationIds = { applicationId };
  for (;;) {
    const { endDevices } = await call.invoke(EndDeviceRegistry.method.list, {
      applicationIds,
      fieldMask: { paths: ["ids"] },
      limit: deletedAtOnce,
      page: 1,
    });
    if (endDevices.length === 0) return;
    const deviceIds = endDevices.map(({ ids }) => ids?.deviceId ?? "");
    await call.invoke(EndDeviceBatchRegistry.method.delete, { applicationIds, deviceIds });
  }
}
