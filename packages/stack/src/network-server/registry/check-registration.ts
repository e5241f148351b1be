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
import { defineErrors } from "../../errors/errors.ts";
import { checkMACSettings, checkParameters } from "./check-mac-settings.ts";
import { invalidField, missingField, unwantedField } from "./field-value.ts";
import { macVersionOf, phyVersionOf } from "./registration.ts";

const errors = defineErrors("pkg/networkserver");
const internal = defineErrors("pkg/networkserver/internal");
const bandMismatch = errors.invalidArgument(
  "device_and_frequency_plan_band_mismatch",
  "device band ID `{dev_band_id}` and frequency plan band ID `{fp_band_id}` do not match",
);
const noBandVersion = internal.invalidArgument(
  "no_band_version",
  "specified version `{ver}` of band `{id}` does not exist",
);

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
    const mismatch = bandMismatch({ dev_band_id: bandId, fp_band_id: plan.bandId });
    throw invalidField("version_ids.band_id", mismatch);
  }
  checkActivation(device, macVersion);
  checkClasses(device, band);
  checkMACSettings(device, band);
  checkParameters(device.macState?.currentParameters, band, "mac_state.current_parameters");
  checkParameters(device.macState?.desiredParameters, band, "mac_state.desired_parameters");
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
    if (device.multicast) throw unwantedField("multicast");
    if ((device.ids?.joinEui.length ?? 0) === 0) throw missingField("ids.join_eui");
    if (!hasDevEui) throw missingField("ids.dev_eui");
    return;
  }
  if (!device.multicast && !hasDevEui && requiresDevEuiForABP(macVersion)) throw missingField("ids.dev_eui");
  if ((device.session?.keys?.sessionKeyId.length ?? 0) > 0)
    throw unwantedField("session.keys.session_key_id");
}

function checkClasses(device: EndDevice, band: Band): void {
  const { macSettings, multicast, supportsClassB, supportsClassC, supportsJoin } = device;
  if (multicast) {
    if (!supportsClassB && !supportsClassC) throw missingField("supports_class_b");
    if (macSettings?.scheduleDownlinks?.value) throw unwantedField("mac_settings.schedule_downlinks.value");
    if (macSettings?.relay !== undefined) throw unwantedField("mac_settings.relay");
    if (macSettings?.desiredRelay !== undefined) throw unwantedField("mac_settings.desired_relay");
    if ((device.session?.lastFCntUp ?? 0) !== 0) throw unwantedField("session.last_f_cnt_up");
    if ((device.session?.lastConfFCntDown ?? 0) !== 0) throw unwantedField("session.last_conf_f_cnt_down");
  }
  if (!supportsClassB) return;
  if (!supportsJoin && macSettings?.pingSlotPeriodicity === undefined) {
    throw missingField("mac_settings.ping_slot_periodicity.value");
  }
  const frequencies = [
    ["ping_slot_frequency", macSettings?.pingSlotFrequency, band.pingSlotFrequencies],
    ["desired_ping_slot_frequency", macSettings?.desiredPingSlotFrequency, band.pingSlotFrequencies],
    ["beacon_frequency", macSettings?.beaconFrequency, band.beacon.frequencies],
    ["desired_beacon_frequency", macSettings?.desiredBeaconFrequency, band.beacon.frequencies],
  ] as const;
  for (const [name, given, ofBand] of frequencies) {
    if ((given?.value ?? 0n) === 0n && ofBand.length === 0) throw missingField(`mac_settings.${name}.value`);
  }
}
