import type { ADRSettings, EndDevice, MACParameters, MACSettings, RelaySettings } from "@skylark/api";
import type { Band } from "@skylark/lorawan";
import { invalidField, unwantedField } from "./field-value.ts";

interface Value {
  readonly value: number;
}

/** What the owner wants, against what the band has. */
export function checkMACSettings({ macSettings }: EndDevice, band: Band): void {
  if (macSettings === undefined) return;
  checkDataRates(macSettings, band);
  const mostOffsets = Math.max(...band.rx1DataRates.map((offsets) => offsets?.length ?? 0));
  const offsets = {
    rx1_data_rate_offset: macSettings.rx1DataRateOffset,
    desired_rx1_data_rate_offset: macSettings.desiredRx1DataRateOffset,
  };
  for (const [name, given] of Object.entries(offsets)) {
    if (given !== undefined && given.value >= mostOffsets) throw invalidField(`mac_settings.${name}.value`);
  }
  const { factoryPresetFrequencies: presets, uplinkDwellTime, downlinkDwellTime } = macSettings;
  if (presets.length > band.maxUplinkChannels || !presets.every((each) => isOfBand(Number(each), band))) {
    throw invalidField("mac_settings.factory_preset_frequencies");
  }
  for (const [name, given] of Object.entries({
    uplink_dwell_time: uplinkDwellTime,
    downlink_dwell_time: downlinkDwellTime,
  })) {
    if (given !== undefined && !band.supportsTxParamSetup) throw invalidField(`mac_settings.${name}.value`);
  }
  checkADR(macSettings, band);
  checkRelay(macSettings.relay, band, "mac_settings.relay");
  checkRelay(macSettings.desiredRelay, band, "mac_settings.desired_relay");
}

/** Where channels are masked, presets name some of those that there are; elsewhere they are channels of their own. */
function isOfBand(frequency: number, { cfListType, subBands, uplinkChannels }: Band): boolean {
  return cfListType === "frequencies"
    ? subBands.some((each) => each.minFrequency <= frequency && frequency <= each.maxFrequency)
    : uplinkChannels.some((channel) => channel.frequency === frequency);
}

function checkDataRates(macSettings: MACSettings, band: Band): void {
  const dataRates: Readonly<Record<string, Value | undefined>> = {
    rx2_data_rate_index: macSettings.rx2DataRateIndex,
    desired_rx2_data_rate_index: macSettings.desiredRx2DataRateIndex,
    ping_slot_data_rate_index: macSettings.pingSlotDataRateIndex,
    desired_ping_slot_data_rate_index: macSettings.desiredPingSlotDataRateIndex,
  };
  for (const [name, given] of Object.entries(dataRates)) {
    if (given !== undefined && band.dataRates[given.value] === undefined) {
      throw invalidField(`mac_settings.${name}.value`);
    }
  }
}

/** The older settings for ADR and the newer ones exclude each other. */
function checkADR({ adr, useAdr, adrMargin }: MACSettings, band: Band): void {
  if (adr !== undefined) {
    if (useAdr !== undefined) throw unwantedField("mac_settings.use_adr");
    if (adrMargin !== undefined) throw unwantedField("mac_settings.adr_margin");
    checkADRMode(adr, band);
  }
  if (useAdr?.value && !band.supportsDynamicADR) throw invalidField("mac_settings.use_adr.value");
}

type DynamicADR = Extract<ADRSettings["mode"], { readonly case: "dynamic" }>["value"];

function checkADRMode({ mode }: ADRSettings, band: Band): void {
  const lastPowerIndex = band.txPowerOffsets.length - 1;
  const prefix = "mac_settings.adr.mode";
  if (mode.case === "static") {
    const { dataRateIndex, txPowerIndex } = mode.value;
    if (band.dataRates[dataRateIndex] === undefined) throw invalidField(`${prefix}.static.data_rate_index`);
    if (txPowerIndex > lastPowerIndex) throw invalidField(`${prefix}.static.tx_power_index`);
  }
  if (mode.case !== "dynamic") return;
  if (!band.supportsDynamicADR) throw invalidField(`${prefix}.dynamic`);
  const { minDataRateIndex, maxDataRateIndex, minTxPowerIndex, maxTxPowerIndex } = mode.value;
  const isDataRate = (index: number) =>
    band.dataRates[index] !== undefined && index <= band.maxADRDataRateIndex;
  for (const [name, given] of [
    ["min_data_rate_index", minDataRateIndex],
    ["max_data_rate_index", maxDataRateIndex],
  ] as const) {
    if (given !== undefined && !isDataRate(given.value))
      throw invalidField(`${prefix}.dynamic.${name}.value`);
  }
  for (const [name, given] of [
    ["min_tx_power_index", minTxPowerIndex],
    ["max_tx_power_index", maxTxPowerIndex],
  ] as const) {
    if (given !== undefined && given > lastPowerIndex) throw invalidField(`${prefix}.dynamic.${name}`);
  }
  checkRanges(mode.value, `${prefix}.dynamic`);
}

function checkRanges(dynamic: DynamicADR, prefix: string): void {
  const check = (name: string, least: number | undefined, most: number | undefined): void => {
    if (least !== undefined && most !== undefined && most < least) throw invalidField(`${prefix}.${name}`);
  };
  check("max_data_rate_index.value", dynamic.minDataRateIndex?.value, dynamic.maxDataRateIndex?.value);
  check("max_tx_power_index", dynamic.minTxPowerIndex, dynamic.maxTxPowerIndex);
  check("max_nb_trans", dynamic.minNbTrans, dynamic.maxNbTrans);
  const overrides = (dynamic.overrides ?? {}) as Readonly<
    Record<string, { readonly minNbTrans?: number; readonly maxNbTrans?: number } | undefined>
  >;
  for (let index = 0; index < 16; index++) {
    const { minNbTrans, maxNbTrans } = overrides[`dataRate${index}`] ?? {};
    check(`overrides.data_rate_${index}.max_nb_trans`, minNbTrans, maxNbTrans);
  }
}

function checkRelay(relay: RelaySettings | undefined, band: Band, prefix: string): void {
  if (relay?.mode.case === undefined) return;
  const { secondChannel } = relay.mode.value;
  if (secondChannel !== undefined && band.dataRates[secondChannel.dataRateIndex] === undefined) {
    throw invalidField(`${prefix}.mode.${relay.mode.case}.second_channel.data_rate_index`);
  }
  if (relay.mode.case !== "serving") return;
  const { defaultChannelIndex } = relay.mode.value;
  const channels = band.relay?.worChannels.length ?? 0;
  if (defaultChannelIndex !== undefined && defaultChannelIndex >= channels) {
    throw invalidField(`${prefix}.mode.serving.default_channel_index`);
  }
}

/** Parameters that the device is said to have already. */
export function checkParameters(given: MACParameters | undefined, band: Band, prefix: string): void {
  if (given === undefined) return;
  if (band.dataRates[given.rx2DataRateIndex] === undefined) {
    throw invalidField(`${prefix}.rx2_data_rate_index`);
  }
  if (given.adrDataRateIndex > band.maxADRDataRateIndex) throw invalidField(`${prefix}.adr_data_rate_index`);
  if (given.adrTxPowerIndex >= band.txPowerOffsets.length) throw invalidField(`${prefix}.adr_tx_power_index`);
  if (given.channels.length > band.maxUplinkChannels) throw invalidField(`${prefix}.channels`);
  const pingSlotIndex = given.pingSlotDataRateIndexValue?.value;
  if (pingSlotIndex !== undefined && band.dataRates[pingSlotIndex] === undefined) {
    throw invalidField(`${prefix}.ping_slot_data_rate_index_value.value`);
  }
}
