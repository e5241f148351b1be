import {
  AppAs,
  ApplicationAccess,
  type JsonObject,
  PayloadFormatter,
  statusCodes,
  type v2,
} from "@skylark/api";
import { anyone, type ServiceMethods } from "../rpc/service.ts";
import { deviceNotFound, findRegistered, keyOf } from "./devices.ts";
import { applicationNotRegistered, asV2Error, hasCode, invalidArgument, permissionDenied } from "./errors.ts";
import type { HandlerParts } from "./handler-parts.ts";
import { composePayloadFunctions } from "./payload-functions.ts";
import { createV2Call, requireRight, type V2Call, v3Id } from "./v2-call.ts";

type Methods = Pick<
  ServiceMethods<typeof v2.ApplicationManager>,
  "dryUplink" | "dryDownlink" | "simulateUplink"
>;

/** What developers try payload functions with. */
export function trialMethods(parts: HandlerParts): Methods {
  const requires = () => anyone;
  return {
    dryUplink: {
      requires,
      handle: (request, context) => dryUplink(parts, createV2Call(parts.caller, context), request),
    },
    dryDownlink: {
      requires,
      handle: (request, context) => dryDownlink(parts, createV2Call(parts.caller, context), request),
    },
    simulateUplink: {
      requires,
      async handle(request, context) {
        await simulateUplink(parts, createV2Call(parts.caller, context), request);
        return {};
      },
    },
  };
}

/** Whoever has any right on an application may try functions in its name: they run on its account. */
async function requireAnyRight(call: V2Call, app: v2.Application | undefined): Promise<string> {
  const appId = app?.appId ?? "";
  const applicationId = v3Id(appId, "AppID");
  try {
    await call.invoke(ApplicationAccess.method.listRights, { applicationId });
  } catch (error) {
    if (hasCode(error, statusCodes.notFound)) throw applicationNotRegistered(appId);
    if (hasCode(error, statusCodes.permissionDenied)) {
      throw permissionDenied(`No rights to Application "${appId}"`);
    }
    throw asV2Error(error);
  }
  return applicationId;
}

/** Where a program is tried, any port will do. */
const defaultPort = 1;

async function dryUplink(
  { payloadFunctions }: HandlerParts,
  call: V2Call,
  { payload, port, app }: v2.DryUplinkMessage,
) {
  const applicationId = await requireAnyRight(call, app);
  if (app?.payloadFormat === "cayennelpp") {
    return { payload, fields: await decodeCayenneLpp(call, { applicationId, payload, port }), valid: true };
  }
  const { up } = composePayloadFunctions(app ?? noFunctions);
  if (up === "") return { payload, valid: true };
  const ids = { tenantId: call.tenantId, applicationId };
  const { fields = "", valid, logs } = await payloadFunctions.dryRunUplink(ids, up, payload, port);
  return { payload, fields, valid, logs: logs.map(logEntry) };
}

const noFunctions = { decoder: "", converter: "", validator: "", encoder: "" };

function logEntry({
  function: name,
  fields,
}: {
  readonly function: string;
  readonly fields: readonly string[];
}) {
  return { function: name, fields: [...fields] };
}

interface Payload {
  readonly applicationId: string;
  readonly payload: Uint8Array;
  readonly port: number;
}

/** V3 has no uplink that was received on no channel. */
const anySettings = {
  frequency: 868_100_000n,
  dataRate: { modulation: { case: "lora", value: { spreadingFactor: 7, bandwidth: 125_000 } } },
} as const;

const formatter = PayloadFormatter.FORMATTER_CAYENNELPP;
/** The formatter is the same for every device. */
const anyDevice = (applicationId: string) => ({ applicationIds: { applicationId }, deviceId: "dry-run" });

async function decodeCayenneLpp(call: V2Call, { applicationId, payload, port }: Payload): Promise<string> {
  const { uplink } = await call.invoke(AppAs.method.decodeUplink, {
    endDeviceIds: anyDevice(applicationId),
    uplink: { frmPayload: payload, fPort: port || defaultPort, settings: anySettings },
    formatter,
  });
  return uplink?.decodedPayload === undefined ? "" : JSON.stringify(uplink.decodedPayload);
}

async function dryDownlink(
  { payloadFunctions }: HandlerParts,
  call: V2Call,
  { payload, fields, port, app }: v2.DryDownlinkMessage,
) {
  const applicationId = await requireAnyRight(call, app);
  if (payload.length > 0 && fields !== "") {
    throw invalidArgument("Downlink", "Both Fields and Payload provided");
  }
  if (payload.length > 0) return { payload };
  if (fields === "") throw invalidArgument("Downlink", "Neither Fields nor Payload provided");
  const object = parseFields(fields);
  if (app?.payloadFormat === "cayennelpp") {
    const { downlink } = await call.invoke(AppAs.method.encodeDownlink, {
      endDeviceIds: anyDevice(applicationId),
      downlink: { decodedPayload: object, fPort: port || defaultPort },
      formatter,
    });
    return { payload: downlink?.frmPayload ?? new Uint8Array(0) };
  }
  const { down } = composePayloadFunctions(app ?? noFunctions);
  if (down === "") throw invalidArgument("Downlink Payload", "fields supplied, but no Encoder function set");
  const ids = { tenantId: call.tenantId, applicationId };
  const encoded = await payloadFunctions.dryRunDownlink(ids, down, fields, port);
  return { payload: encoded.payload, logs: encoded.logs.map(logEntry) };
}

function parseFields(text: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
  } catch {
    // Answered like any other text that is no object.
  }
  throw invalidArgument("Fields", "no JSON object");
}

async function simulateUplink(
  { directory }: HandlerParts,
  call: V2Call,
  { appId, devId, payload, port }: v2.SimulatedUplinkMessage,
): Promise<void> {
  const key = keyOf(appId, devId);
  await requireRight(call, directory, { appId, right: "readDevices" });
  if (port > 255) throw invalidArgument("Port", "greater than 255");
  try {
    const found = await findRegistered(call, key, ["ids", "attributes", "locations"]);
    if (found === undefined) throw deviceNotFound(devId);
    const { ids, locations } = found;
    await call.invoke(AppAs.method.simulateUplink, {
      ...(ids === undefined ? {} : { endDeviceIds: ids }),
      up: {
        case: "uplinkMessage",
        value: { frmPayload: payload, fPort: port, locations, settings: anySettings },
      },
    });
  } catch (error) {
    throw asV2Error(error);
  }
}
