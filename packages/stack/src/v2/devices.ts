import {
  AsEndDeviceRegistry,
  type EndDevice,
  EndDeviceRegistry,
  EndDeviceSchema,
  JsEndDeviceRegistry,
  NsEndDeviceRegistry,
  pick,
  Right,
  statusCodes,
  type v2,
} from "@skylark/api";
import { v2IdOf } from "../domain/v2-identifiers.ts";
import { anyone, type ServiceMethods } from "../rpc/service.ts";
import {
  type DeviceChange,
  type DeviceParts,
  deviceChange,
  type ShownAs,
  v2Device,
} from "./device-conversion.ts";
import { asV2Error, hasCode, invalidArgument, isNamed, missingRight, notFound } from "./errors.ts";
import type { HandlerParts } from "./handler-parts.ts";
import { createV2Call, requireRight, type V2Call, v3Id } from "./v2-call.ts";

type Methods = Pick<
  ServiceMethods<typeof v2.ApplicationManager>,
  "getDevice" | "setDevice" | "deleteDevice" | "getDevicesForApplication"
>;

interface DeviceKey {
  readonly applicationId: string;
  readonly deviceId: string;
  /** As V2 spells it. */
  readonly devId: string;
}

export function deviceMethods(parts: HandlerParts): Methods {
  const requires = () => anyone;
  return {
    getDevice: {
      requires,
      handle: (request, context) => getDevice(parts, createV2Call(parts.caller, context), request),
    },
    setDevice: {
      requires,
      async handle(device, context) {
        await setDevice(parts, createV2Call(parts.caller, context), device);
        return {};
      },
    },
    deleteDevice: {
      requires,
      async handle(request, context) {
        await deleteDevice(parts, createV2Call(parts.caller, context), request);
        return {};
      },
    },
    getDevicesForApplication: {
      requires,
      handle: (request, context) => listDevices(parts, createV2Call(parts.caller, context), request.appId),
    },
  };
}

async function getDevice({ directory }: HandlerParts, call: V2Call, { appId, devId }: v2.DeviceIdentifier) {
  const held = await requireRight(call, directory, { appId, right: "readDevices" });
  const found = await findDevice(call, keyOf(appId, devId), held);
  if (found === undefined) throw deviceNotFound(devId);
  return v2Device(found, shownAs(appId, held, { withCounters: true }));
}

function shownAs(
  appId: string,
  held: ReadonlySet<Right>,
  { withCounters }: { readonly withCounters: boolean },
): ShownAs {
  return { appId, withCounters, withKeys: held.has(Right.APPLICATION_DEVICES_READ_KEYS) };
}

async function setDevice(parts: HandlerParts, call: V2Call, device: v2.Device): Promise<void> {
  const { appId, devId } = device;
  const key = keyOf(appId, devId);
  const held = await requireRight(call, parts.directory, { appId, right: "writeDevices" });
  // Without what is there nothing could be left as it is.
  if (!held.has(Right.APPLICATION_DEVICES_READ) || !held.has(Right.APPLICATION_DEVICES_READ_KEYS)) {
    throw missingRight("devices", appId);
  }
  const frequencyPlanId = await frequencyPlanOf(parts, call, key.applicationId);
  const apply = async (): Promise<void> => {
    const before = await findDevice(call, key, held);
    await applyChange(call, deviceChange({ device, ...key, frequencyPlanId, before }), before);
  };
  try {
    // Somebody else may have registered it meanwhile: then this is a change.
    await apply().catch((error: unknown) => (isNamed(error, "id_taken") ? apply() : Promise.reject(error)));
  } catch (error) {
    throw asV2Error(error);
  }
}

const frequencyPlanAttribute = "v2-frequency-plan";

async function frequencyPlanOf(
  { directory, options }: HandlerParts,
  call: V2Call,
  applicationId: string,
): Promise<string> {
  const attributes = await directory.applicationAttributes({ tenantId: call.tenantId, applicationId });
  return attributes?.[frequencyPlanAttribute] ?? options["v2.frequency-plan"];
}

async function applyChange(
  call: V2Call,
  change: DeviceChange,
  before: DeviceParts | undefined,
): Promise<void> {
  const { kind, device } = change;
  if (kind === "create") {
    await call.invoke(EndDeviceRegistry.method.create, { endDevice: device });
  } else if (kind === "update") {
    if (change.paths.length === 0) return;
    await call.invoke(EndDeviceRegistry.method.update, {
      endDevice: device,
      fieldMask: { paths: [...change.paths] },
    });
  } else {
    await replaceDevice(call, device, before);
  }
}

/** Takes the device away and registers it anew; one that cannot be registered so leaves it as it was. */
async function replaceDevice(
  call: V2Call,
  device: EndDevice,
  before: DeviceParts | undefined,
): Promise<void> {
  await call.invoke(EndDeviceRegistry.method.delete, device.ids!);
  try {
    await call.invoke(EndDeviceRegistry.method.create, { endDevice: device });
  } catch (error) {
    if (before !== undefined) {
      await call.invoke(EndDeviceRegistry.method.create, { endDevice: wholeOf(before) });
    }
    throw error;
  }
}

/** The parts as one registration. */
function wholeOf({ identityServer, networkServer, applicationServer, joinServer }: DeviceParts): EndDevice {
  const session = networkServer?.session;
  const appSKey = applicationServer?.session?.keys?.appSKey;
  return {
    ...identityServer,
    ...(networkServer === undefined ? {} : membersOf(networkServer, networkPaths)),
    ...(applicationServer?.formatters === undefined ? {} : { formatters: applicationServer.formatters }),
    ...(joinServer?.rootKeys === undefined ? {} : { rootKeys: joinServer.rootKeys }),
    ...(session === undefined
      ? {}
      : {
          session: { ...session, keys: { ...session.keys!, ...(appSKey === undefined ? {} : { appSKey }) } },
        }),
  };
}

function membersOf(device: EndDevice, paths: readonly string[]): Partial<EndDevice> {
  const { lorawanVersion, lorawanPhyVersion, frequencyPlanId, supportsJoin, macSettings } = pick(
    EndDeviceSchema,
    device,
    paths,
  );
  const settings = macSettings === undefined ? {} : { macSettings };
  return { lorawanVersion, lorawanPhyVersion, frequencyPlanId, supportsJoin, ...settings };
}

async function deleteDevice(
  { directory }: HandlerParts,
  call: V2Call,
  { appId, devId }: v2.DeviceIdentifier,
): Promise<void> {
  const key = keyOf(appId, devId);
  await requireRight(call, directory, { appId, right: "writeDevices" });
  try {
    const found = await findRegistered(call, key, ["ids", "attributes"]);
    if (found === undefined) throw deviceNotFound(devId);
    await call.invoke(EndDeviceRegistry.method.delete, found.ids!);
  } catch (error) {
    throw hasCode(error, statusCodes.notFound) ? deviceNotFound(devId) : asV2Error(error);
  }
}

const identityPaths = ["ids", "name", "description", "attributes", "locations", "last_seen_at"];
const networkPaths = [
  "lorawan_version",
  "lorawan_phy_version",
  "frequency_plan_id",
  "supports_join",
  "mac_settings",
];
const sessionPaths = ["session", "pending_session"];
/** For callers that may not see keys. */
const counterPaths = ["session.dev_addr", "session.last_f_cnt_up", "session.last_n_f_cnt_down"];
const applicationCounterPaths = ["session.last_a_f_cnt_down"];

/** The device as the four servers have it; undefined when the Identity Server has none. */
async function findDevice(
  call: V2Call,
  key: DeviceKey,
  held: ReadonlySet<Right>,
): Promise<DeviceParts | undefined> {
  const identityServer = await findRegistered(call, key, identityPaths);
  return identityServer && elsewhere(call, identityServer, held);
}

/** As the Identity Server has it. What V2 calls otherwise is another device, although V3 cannot have both. */
export async function findRegistered(
  call: V2Call,
  key: DeviceKey,
  paths: readonly string[],
): Promise<EndDevice | undefined> {
  const found = await unlessMissing(call.invoke(EndDeviceRegistry.method.get, requestFor(key, paths)));
  return found && v2IdOf(key.deviceId, found.attributes) === key.devId ? found : undefined;
}

async function elsewhere(
  call: V2Call,
  identityServer: EndDevice,
  held: ReadonlySet<Right>,
): Promise<DeviceParts> {
  const key = {
    applicationId: identityServer.ids?.applicationIds?.applicationId ?? "",
    deviceId: identityServer.ids?.deviceId ?? "",
  };
  const seesKeys = held.has(Right.APPLICATION_DEVICES_READ_KEYS);
  const [networkServer, applicationServer, joinServer] = await Promise.all([
    unlessMissing(
      call.invoke(
        NsEndDeviceRegistry.method.get,
        requestFor(key, [...networkPaths, ...(seesKeys ? sessionPaths : counterPaths)]),
      ),
    ),
    unlessMissing(
      call.invoke(
        AsEndDeviceRegistry.method.get,
        requestFor(key, ["formatters", ...(seesKeys ? sessionPaths : applicationCounterPaths)]),
      ),
    ),
    seesKeys
      ? unlessMissing(call.invoke(JsEndDeviceRegistry.method.get, requestFor(key, ["root_keys"])))
      : undefined,
  ]);
  return { identityServer, networkServer, applicationServer, joinServer };
}

function requestFor({ applicationId, deviceId }: Omit<DeviceKey, "devId">, paths: readonly string[]) {
  return { endDeviceIds: { applicationIds: { applicationId }, deviceId }, fieldMask: { paths: [...paths] } };
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, statusCodes.notFound)) return undefined;
    throw error;
  }
}

/** As many as V3 lists at once. */
const pageSize = 1000;
/** Devices that are put together at the same time. */
const concurrency = 16;

async function listDevices({ directory }: HandlerParts, call: V2Call, appId: string) {
  const applicationId = v3Id(appId, "AppID");
  const held = await requireRight(call, directory, { appId, right: "readDevices" });
  const range = requestedRange(call);
  const { devices, total } = await registeredDevices(call, applicationId, range);
  const shown: ReturnType<typeof v2Device>[] = [];
  for (let start = 0; start < devices.length; start += concurrency) {
    const parts = devices.slice(start, start + concurrency).map((device) => elsewhere(call, device, held));
    for (const device of await Promise.all(parts)) {
      shown.push(v2Device(device, shownAs(appId, held, { withCounters: false })));
    }
  }
  call.context.setHeader("total", String(total));
  call.context.setHeader("selected", String(shown.length));
  return { devices: shown };
}

interface Range {
  readonly offset: number;
  /** Infinity when the client wants all. */
  readonly limit: number;
}

function requestedRange({ context }: V2Call): Range {
  const numberOf = (name: string): number => {
    const text = context.header(name) ?? "";
    if (!/^\d{0,9}$/.test(text)) throw invalidArgument("Metadata", `${name} is no number`);
    return Number(text);
  };
  return { offset: numberOf("offset"), limit: numberOf("limit") || Number.POSITIVE_INFINITY };
}

async function registeredDevices(call: V2Call, applicationId: string, { offset, limit }: Range) {
  const devices: EndDevice[] = [];
  let total = 0;
  for (let page = Math.floor(offset / pageSize) + 1; ; page++) {
    const { message, totalCount = 0 } = await call.ask(EndDeviceRegistry.method.list, {
      applicationIds: { applicationId },
      fieldMask: { paths: identityPaths },
      limit: pageSize,
      page,
    });
    total = totalCount;
    const before = (page - 1) * pageSize;
    devices.push(
      ...message.endDevices.slice(Math.max(0, offset - before), Math.max(0, offset + limit - before)),
    );
    if (page * pageSize >= Math.min(total, offset + limit)) return { devices, total };
  }
}

export function keyOf(appId: string, devId: string): DeviceKey {
  return { applicationId: v3Id(appId, "AppID"), deviceId: v3Id(devId, "DevID"), devId };
}

export function deviceNotFound(devId: string) {
  return notFound(`Device with ID ${devId}`);
}
