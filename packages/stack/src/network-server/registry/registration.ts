import {
  create,
  durationMs,
  type EndDevice,
  EndDeviceSchema,
  enumName,
  fromBinary,
  type MACSettings,
  MACVersionSchema,
  PHYVersionSchema,
  pick,
  toBinary,
} from "@skylark/api";
import {
  has32BitFCntOption,
  type MACVersion,
  macVersions,
  type PHYVersion,
  phyVersions,
} from "@skylark/lorawan";
import type { DeviceSettings, MACParameters } from "../device.ts";

/** What the registry keeps as it was given; sessions and MAC states are kept in forms of their own. */
export const keptPaths: readonly string[] = [
  "version_ids",
  "supports_class_b",
  "supports_class_c",
  "lorawan_version",
  "lorawan_phy_version",
  "frequency_plan_id",
  "min_frequency",
  "max_frequency",
  "supports_join",
  "mac_settings",
  "multicast",
  "serial_number",
  "lora_alliance_profile_ids",
];

/** `kept` is the MAC state that was given and that the session does not hold itself. */
export function encodeRegistration(device: EndDevice, kept: EndDevice | undefined): Uint8Array {
  const registration = pick(EndDeviceSchema, device, keptPaths);
  if (kept?.macState !== undefined && kept.session !== undefined) {
    registration.macState = kept.macState;
    registration.session = kept.session;
  }
  return toBinary(EndDeviceSchema, registration);
}

export function decodeRegistration(bytes: Uint8Array): EndDevice {
  return bytes.length === 0 ? create(EndDeviceSchema) : fromBinary(EndDeviceSchema, bytes);
}

export function macVersionOf(device: EndDevice): MACVersion | undefined {
  return macVersionNamed(device.lorawanVersion);
}

export function macVersionNamed(given: EndDevice["lorawanVersion"] | undefined): MACVersion | undefined {
  const name = given === undefined ? undefined : enumName(MACVersionSchema, given);
  return macVersions.find((version) => version === name);
}

export function phyVersionOf(device: EndDevice): PHYVersion | undefined {
  const name = enumName(PHYVersionSchema, device.lorawanPhyVersion);
  return phyVersions.find((version) => version === name);
}

/** What the Network Server acts on, from a device whose versions have been checked. */
export function settingsOf(
  device: EndDevice,
  versions: { readonly macVersion: MACVersion; readonly phyVersion: PHYVersion },
): DeviceSettings {
  const settings = device.macSettings;
  const { statusTimePeriodicity, statusCountPeriodicity } = settings ?? {};
  return {
    ...versions,
    frequencyPlanId: device.frequencyPlanId,
    supportsJoin: device.supportsJoin,
    resetsFCnt: settings?.resetsFCnt?.value ?? false,
    supports32BitFCnt: has32BitFCntOption(versions.macVersion)
      ? (settings?.supports32BitFCnt?.value ?? true)
      : true,
    scheduleDownlinks: settings?.scheduleDownlinks?.value ?? true,
    factory: factoryOf(settings),
    wanted: wantedOf(settings),
    ...(statusTimePeriodicity === undefined
      ? {}
      : { statusTimePeriodicityMs: durationMs(statusTimePeriodicity) }),
    ...(statusCountPeriodicity === undefined ? {} : { statusCountPeriodicity }),
  };
}

type Named = { readonly [K in keyof MACParameters]?: number | undefined };

function factoryOf(settings: MACSettings | undefined): DeviceSettings["factory"] {
  if (settings === undefined) return {};
  const frequencies = settings.factoryPresetFrequencies.map(Number);
  return {
    ...given({
      rx1Delay: settings.rx1Delay?.value,
      rx1DataRateOffset: settings.rx1DataRateOffset?.value,
      rx2DataRateIndex: settings.rx2DataRateIndex?.value,
      rx2Frequency: frequency(settings.rx2Frequency),
      maxDutyCycle: settings.maxDutyCycle?.value,
    }),
    ...(frequencies.length === 0 ? {} : { frequencies }),
  };
}

function wantedOf(settings: MACSettings | undefined): DeviceSettings["wanted"] {
  if (settings === undefined) return {};
  return given({
    rx1Delay: settings.desiredRx1Delay?.value,
    rx1DataRateOffset: settings.desiredRx1DataRateOffset?.value,
    rx2DataRateIndex: settings.desiredRx2DataRateIndex?.value,
    rx2Frequency: frequency(settings.desiredRx2Frequency),
    maxDutyCycle: settings.desiredMaxDutyCycle?.value,
  });
}

function frequency(value: { readonly value: bigint } | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.value);
}

function given(parameters: Named): DeviceSettings["wanted"] {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}
