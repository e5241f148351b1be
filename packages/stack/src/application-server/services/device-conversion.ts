import {
  create,
  type EndDevice,
  EndDeviceSchema,
  type MessageInitShape,
  type MessagePayloadFormatters,
  PayloadFormatter,
  type Session,
  timestampFromMs,
} from "@skylark/api";
import { type DevAddr, formatHex, parseDevAddr, parseEUI64 } from "@skylark/lorawan";
import { bytesOfDevAddr, bytesOfEui } from "../../domain/identifier-bytes.ts";
import { defineErrors } from "../../errors/errors.ts";
import type { DeviceRegistry } from "../device-registry.ts";
import {
  type ApplicationDevice,
  type ApplicationSession,
  type DeviceSettings,
  formatterNames,
  type PayloadFormatters,
  type VersionIdentifiers,
} from "../end-device.ts";

const errors = defineErrors("pkg/applicationserver");
const fieldValue = errors.invalidArgument("field_value", "invalid value of field `{field}`");
const scriptTooLarge = errors.invalidArgument(
  "formatter_script_too_large",
  "formatter script size of {size} bytes exceeds maximum of {max_size}",
);

const maxScriptLength = 40_960;

type EndDeviceInit = MessageInitShape<typeof EndDeviceSchema>;

/** A device as the API shows it, keys included: whoever answers picks what may be seen. */
export function deviceMessage(device: ApplicationDevice, registry: DeviceRegistry): EndDevice {
  const { settings, session, pendingSession } = device;
  const { skipPayloadCrypto, formatters } = settings;
  const init: EndDeviceInit = {
    ids: idsMessage(device),
    createdAt: timestampFromMs(device.createdAt),
    updatedAt: timestampFromMs(device.updatedAt),
    ...(formatters !== undefined && { formatters: formattersMessage(formatters) }),
    ...(skipPayloadCrypto !== undefined && {
      skipPayloadCrypto,
      skipPayloadCryptoOverride: skipPayloadCrypto,
    }),
    ...(settings.versionIds !== undefined && { versionIds: settings.versionIds }),
    ...(settings.loraAllianceProfileIds !== undefined && {
      loraAllianceProfileIds: settings.loraAllianceProfileIds,
    }),
    ...(settings.serialNumber !== undefined && { serialNumber: settings.serialNumber }),
    ...(session !== undefined && { session: sessionMessage(session, registry) }),
    ...(pendingSession !== undefined && { pendingSession: sessionMessage(pendingSession, registry) }),
  };
  return create(EndDeviceSchema, init);
}

function idsMessage({ ids, session }: ApplicationDevice): EndDeviceInit["ids"] & object {
  return {
    deviceId: ids.deviceId,
    applicationIds: { applicationId: ids.applicationId },
    ...(ids.devEui !== undefined && { devEui: bytesOfEui(ids.devEui) }),
    ...(ids.joinEui !== undefined && { joinEui: bytesOfEui(ids.joinEui) }),
    ...(session !== undefined && { devAddr: bytesOfDevAddr(session.devAddr) }),
  };
}

function sessionMessage(
  session: ApplicationSession,
  registry: DeviceRegistry,
): EndDeviceInit["session"] & object {
  return {
    devAddr: bytesOfDevAddr(session.devAddr),
    keys: { sessionKeyId: session.sessionKeyId, appSKey: { key: registry.openAppSKey(session) } },
    lastAFCntDown: session.lastAFCntDown,
  };
}

export function formattersMessage({ up, down }: PayloadFormatters): EndDeviceInit["formatters"] & object {
  return {
    upFormatter: PayloadFormatter[up.formatter],
    upFormatterParameter: up.parameter,
    downFormatter: PayloadFormatter[down.formatter],
    downFormatterParameter: down.parameter,
  };
}

export function formattersOf(message: MessagePayloadFormatters): PayloadFormatters {
  const parameters = {
    up_formatter_parameter: message.upFormatterParameter,
    down_formatter_parameter: message.downFormatterParameter,
  };
  for (const [name, parameter] of Object.entries(parameters)) {
    const size = Buffer.byteLength(parameter);
    if (size <= maxScriptLength) continue;
    const cause = scriptTooLarge({ size, max_size: maxScriptLength });
    throw fieldValue({ field: `formatters.${name}` }, { cause });
  }
  return {
    up: {
      formatter: formatterNames[message.upFormatter] ?? "FORMATTER_NONE",
      parameter: message.upFormatterParameter,
    },
    down: {
      formatter: formatterNames[message.downFormatter] ?? "FORMATTER_NONE",
      parameter: message.downFormatterParameter,
    },
  };
}

/** What is kept of a device message beside its sessions. */
export function settingsOf(message: EndDevice): DeviceSettings {
  const { ids, formatters, versionIds, loraAllianceProfileIds } = message;
  const override = message.skipPayloadCryptoOverride ?? (message.skipPayloadCrypto ? true : undefined);
  return {
    ...(ids !== undefined && ids.devEui.length > 0 && { devEui: parseEUI64(formatHex(ids.devEui)) }),
    ...(ids !== undefined && ids.joinEui.length > 0 && { joinEui: parseEUI64(formatHex(ids.joinEui)) }),
    ...(formatters !== undefined && { formatters: formattersOf(formatters) }),
    ...(override !== undefined && { skipPayloadCrypto: override }),
    ...(versionIds !== undefined && { versionIds: versionIdsOf(versionIds) }),
    ...(loraAllianceProfileIds !== undefined && {
      loraAllianceProfileIds: {
        vendorId: loraAllianceProfileIds.vendorId,
        vendorProfileId: loraAllianceProfileIds.vendorProfileId,
      },
    }),
    ...(message.serialNumber !== "" && { serialNumber: message.serialNumber }),
  };
}

function versionIdsOf(ids: NonNullable<EndDevice["versionIds"]>): VersionIdentifiers {
  const { brandId, modelId, hardwareVersion, firmwareVersion, bandId } = ids;
  return { brandId, modelId, hardwareVersion, firmwareVersion, bandId };
}

/** The session of a device message; throws `field_value` when it lacks its address or key. */
export function sessionOf(message: Session, registry: DeviceRegistry): ApplicationSession {
  const key = message.keys?.appSKey?.key ?? new Uint8Array(0);
  if (message.devAddr.length !== 4 || message.devAddr.every((byte) => byte === 0))
    throw fieldValue({ field: "session.dev_addr" });
  if (key.length !== 16 || key.every((byte) => byte === 0)) {
    throw fieldValue({ field: "session.keys.app_s_key.key" });
  }
  const session = {
    devAddr: devAddrOf(message.devAddr),
    sessionKeyId: message.keys?.sessionKeyId ?? new Uint8Array(0),
    lastAFCntDown: message.lastAFCntDown,
  };
  return registry.sealSession(session, key);
}

function devAddrOf(bytes: Uint8Array): DevAddr {
  return parseDevAddr(formatHex(bytes));
}
