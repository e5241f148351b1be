import type { EndDevice } from "@skylark/api";
import {
  type Band,
  bandVersions,
  type FrequencyPlan,
  frequencyPlans,
  getBand,
  isBandId,
  type MACVersion,
  type PHYVersion,
  requiresDevEuiForABP,
} from "@skylark/lorawan";
import { defineErrors, type SkylarkError } from "../../errors/errors.ts";
import { macVersionOf, phyVersionOf } from "./registration.ts";

const errors = defineErrors("pkg/networkserver");
const internal = defineErrors("pkg/networkserver/internal");
const fieldValueError = errors.invalidArgument("field_value", "invalid value of field `{field}`");
const bandMismatch = errors.invalidArgument(
  "device_and_frequency_plan_band_mismatch",
  "device band ID `{dev_band_id}` and frequency plan band ID `{fp_band_id}` do not match",
);
const noBandVersion = internal.invalidArgument(
  "no_band_version",
  "specified version `{ver}` of band `{id}` does not exist",
);

export function invalidField(field: string): SkylarkError {
  return fieldValueError({ field });
}

export interface CheckedRegistration {
  readonly macVersion: MACVersion;
  readonly phyVersion: PHYVersion;
}

/** Throws `field_value` for the first field that cannot be. `device` is the whole device as it is going to be. */
export function checkRegistration(device: EndDevice): CheckedRegistration {
  const plan = frequencyPlans.get(device.frequencyPlanId);
  if (plan === undefined) throw invalidField("frequency_plan_id");
  const macVersion = macVersionOf(device);
  if (macVersion === undefined) throw invalidField("lorawan_version");
  const phyVersion = phyVersionOf(device);
  if (phyVersion === undefined) throw invalidField("lorawan_phy_version");
  const band = bandOf(plan, phyVersion);
  const bandId = device.versionIds?.bandId ?? "";
  if (bandId !== "" && bandId !== plan.bandId) {
    throw bandMismatch({ dev_band_id: bandId, fp_band_id: plan.bandId });
  }
  checkActivation(device, macVersion);
  checkMACSettings(device, band);
  return { macVersion, phyVersion };
}

function bandOf({ bandId }: FrequencyPlan, phyVersion: PHYVersion): Band {
  if (!isBandId(bandId) || !bandVersions(bandId).includes(phyVersion)) {
    throw noBandVersion({ ver: phyVersion, id: bandId });
  }
  return getBand(bandId, phyVersion);
}

function checkActivation(device: EndDevice, macVersion: MACVersion): void {
  const hasDevEui = (device.ids?.devEui.length ?? 0) > 0;
  if (device.supportsJoin) {
    if (device.multicast) throw invalidField("multicast");
    if ((device.ids?.joinEui.length ?? 0) === 0) throw invalidField("ids.join_eui");
    if (!hasDevEui) throw invalidField("ids.dev_eui");
  } else if (!device.multicast && !hasDevEui && requiresDevEuiForABP(macVersion)) {
    throw invalidField("ids.dev_eui");
  }
}

function checkMACSettings({ macSettings }: EndDevice, band: Band): void {
  if (macSettings === undefined) return;
  const dataRates = {
    rx2_data_rate_index: macSettings.rx2DataRateIndex,
    desired_rx2_data_rate_index: macSettings.desiredRx2DataRateIndex,
  };
  for (const [name, given] of Object.entries(dataRates)) {
    if (given !== undefined && band.dataRates[given.value] === undefined) {
      throw invalidField(`mac_settings.${name}.value`);
    }
  }
  const mostOffsets = Math.max(...band.rx1DataRates.map((offsets) => offsets?.length ?? 0));
  const offsets = {
    rx1_data_rate_offset: macSettings.rx1DataRateOffset,
    desired_rx1_data_rate_offset: macSettings.desiredRx1DataRateOffset,
  };
  for (const [name, given] of Object.entries(offsets)) {
    if (given !== undefined && given.value >= mostOffsets) throw invalidField(`mac_settings.${name}.value`);
  }
  const { factoryPresetFrequencies } = macSettings;
  const isBeyondBand = factoryPresetFrequencies.length > band.maxUplinkChannels;
  if (isBeyondBand || factoryPresetFrequencies.some((frequency) => frequency < 100_000n)) {
    throw invalidField("mac_settings.factory_preset_frequencies");
  }
  if (
    macSettings.adr !== undefined &&
    (macSettings.useAdr !== undefined || macSettings.adrMargin !== undefined)
  ) {
    throw invalidField("mac_settings.use_adr");
  }
}
