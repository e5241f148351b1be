import {
  AsEndDeviceRegistry,
  assign,
  create,
  type EndDevice,
  type EndDeviceIdentifiers as EndDeviceIdentifiersMessage,
  EndDeviceSchema,
  Right,
} from "@skylark/api";
import { type EndDeviceIdentifiers, endDeviceKey } from "../../domain/identifiers.ts";
import { defineErrors } from "../../errors/errors.ts";
import { defineEvent } from "../../events/events.ts";
import { requestedDevice, shownDevice } from "../../rpc/end-device-requests.ts";
import { application, implement, type Requirement, type ServiceImplementation } from "../../rpc/service.ts";
import { commit } from "../../store/store.ts";
import type { DeviceChange } from "../device-registry.ts";
import { deviceNotFound } from "../downlink/downlink-requests.ts";
import type { ApplicationDevice } from "../end-device.ts";
import { deviceMessage, sessionOf, settingsOf } from "./device-conversion.ts";
import type { ServiceContext } from "./services.ts";

const readOnlyField = defineErrors("pkg/applicationserver/redis").invalidArgument(
  "read_only_field",
  "read-only field `{field}`",
);
const devicesRead = ["RIGHT_APPLICATION_DEVICES_READ"];
const deviceCreated = defineEvent("as.end_device.create", "create end device", devicesRead);
const deviceUpdated = defineEvent("as.end_device.update", "update end device", devicesRead);
const deviceDeleted = defineEvent("as.end_device.delete", "delete end device", devicesRead);

/** Whether a mask path holds a key, is part of one, or has one below it. */
function touchesKeys(path: string): boolean {
  const [session, keys, key] = path.split(".");
  if (session !== "session" && session !== "pending_session") return false;
  if (keys === undefined) return true;
  return keys === "keys" && (key === undefined || key === "app_s_key");
}

function requirement(
  ids: EndDeviceIdentifiersMessage | undefined,
  paths: readonly string[],
  [right, keysRight]: readonly [Right, Right],
): Requirement {
  const rights = paths.some(touchesKeys) ? [right, keysRight] : [right];
  return application(ids?.applicationIds?.applicationId, ...rights);
}

export function endDeviceService(context: ServiceContext): ServiceImplementation {
  const { devices, store, events } = context;

  const setDevice = async (
    ids: EndDeviceIdentifiers,
    source: EndDevice,
    paths: readonly string[],
  ): Promise<EndDevice> => {
    const known = await devices.load(ids);
    const change = changeOf(context, known, source, paths);
    await commit(store, [devices.stage(ids, change)]);
    const device = await devices.load(ids);
    if (device === undefined) throw deviceNotFound({ device_uid: endDeviceKey(ids) });
    const definition = known === undefined ? deviceCreated : deviceUpdated;
    events.publish(definition, { kind: "device", ids: device.ids });
    return shownDevice(deviceMessage(device, devices), paths);
  };

  return implement(AsEndDeviceRegistry, {
    get: {
      requires: ({ endDeviceIds, fieldMask }) =>
        requirement(endDeviceIds, fieldMask?.paths ?? [], [
          Right.APPLICATION_DEVICES_READ,
          Right.APPLICATION_DEVICES_READ_KEYS,
        ]),
      async handle({ endDeviceIds, fieldMask }, { tenantId }) {
        const ids = requestedDevice(tenantId, endDeviceIds);
        const device = await devices.load(ids);
        if (device === undefined) throw deviceNotFound({ device_uid: context.formatDeviceUid(ids) });
        return shownDevice(deviceMessage(device, devices), fieldMask?.paths);
      },
    },
    set: {
      requires: ({ endDevice, fieldMask }) =>
        requirement(endDevice?.ids, fieldMask?.paths ?? [], [
          Right.APPLICATION_DEVICES_WRITE,
          Right.APPLICATION_DEVICES_WRITE_KEYS,
        ]),
      handle({ endDevice, fieldMask }, { tenantId }) {
        const source = endDevice ?? create(EndDeviceSchema);
        return setDevice(requestedDevice(tenantId, source.ids), source, fieldMask?.paths ?? []);
      },
    },
    delete: {
      requires: (ids) =>
        requirement(ids, [], [Right.APPLICATION_DEVICES_WRITE, Right.APPLICATION_DEVICES_WRITE]),
      async handle(message, { tenantId }) {
        const ids = requestedDevice(tenantId, message);
        const device = await devices.load(ids);
        if (device === undefined) throw deviceNotFound({ device_uid: context.formatDeviceUid(ids) });
        await context.deleteDevice(ids);
        events.publish(deviceDeleted, { kind: "device", ids: device.ids });
        return {};
      },
    },
  });
}

/** What a Set changes: identifiers as they come, the rest by the mask. */
function changeOf(
  { devices }: ServiceContext,
  known: ApplicationDevice | undefined,
  source: EndDevice,
  paths: readonly string[],
): DeviceChange {
  const before = known === undefined ? create(EndDeviceSchema) : deviceMessage(known, devices);
  checkIdentifiers(known, source);
  const writable = paths.filter((path) => path !== "ids" && !path.startsWith("ids."));
  const after = assign(EndDeviceSchema, before, source, writable);
  after.ids = known === undefined || hasMoreEuis(source, before) ? mergedIds(before, source) : before.ids!;
  if (paths.includes("skip_payload_crypto") && !paths.includes("skip_payload_crypto_override")) {
    after.skipPayloadCryptoOverride = source.skipPayloadCrypto;
  }
  const settings = settingsOf(after);
  const setsSession = paths.some((path) => path.startsWith("session"));
  if (!setsSession) return { settings };
  if (after.session === undefined) return { settings, session: null };
  return { settings, session: sessionOf(after.session, devices) };
}

function checkIdentifiers(known: ApplicationDevice | undefined, { ids }: EndDevice): void {
  const { devEui, joinEui } = known?.ids ?? {};
  const differs = (stored: string | undefined, given: Uint8Array | undefined): boolean =>
    stored !== undefined && given !== undefined && given.length > 0 && given.toHex().toUpperCase() !== stored;
  if (differs(devEui, ids?.devEui)) throw readOnlyField({ field: "ids.dev_eui" });
  if (differs(joinEui, ids?.joinEui)) throw readOnlyField({ field: "ids.join_eui" });
}

function hasMoreEuis({ ids }: EndDevice, before: EndDevice): boolean {
  return (
    (before.ids?.devEui.length === 0 && (ids?.devEui.length ?? 0) > 0) ||
    (before.ids?.joinEui.length === 0 && (ids?.joinEui.length ?? 0) > 0)
  );
}

function mergedIds(before: EndDevice, { ids }: EndDevice): EndDeviceIdentifiersMessage {
  const given = ids ?? before.ids;
  if (given === undefined) throw readOnlyField({ field: "ids" });
  if (before.ids === undefined) return given;
  return {
    ...given,
    devEui: given.devEui.length > 0 ? given.devEui : before.ids.devEui,
    joinEui: given.joinEui.length > 0 ? given.joinEui : before.ids.joinEui,
  };
}
