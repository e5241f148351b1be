import type { CFList, JoinAccept } from "@skylark/lorawan";
import { type DeviceChannel, type DeviceRegion, deviceRegions } from "./device-region.ts";

/** What the network can change about a device's radio. */
export interface DeviceParameters {
  rx1DelayMs: number;
  rx1DROffset: number;
  rx2Frequency: number;
  rx2DataRate: number;
  /** By channel index; holes are channels that do not exist. */
  channels: (DeviceChannel | undefined)[];
  enabled: boolean[];
  dataRate: number;
  txPowerIndex: number;
  nbTrans: number;
  /** The exponent of the aggregated duty cycle, 0 for none. */
  maxDutyCycle: number;
  adrAckLimit: number;
  adrAckDelay: number;
}

/** What a device was set up with at the factory, where it differs from its region's defaults. */
export interface FactorySettings {
  readonly rx1DelaySeconds?: number;
  readonly rx1DROffset?: number;
  readonly rx2Frequency?: number;
  readonly rx2DataRate?: number;
  /** Hz; replaces the default channels. */
  readonly frequencies?: readonly number[];
  /** Indices of the channels that are on, for regions with a fixed list. */
  readonly enabledChannels?: readonly number[];
  readonly dataRate?: number;
}

export function initialParameters(region: DeviceRegion, factory: FactorySettings): DeviceParameters {
  const channels: DeviceChannel[] = factory.frequencies?.map((frequency) => ({
    frequency,
    downlinkFrequency: frequency,
    minDataRate: 0,
    maxDataRate: 5,
  })) ?? [...region.defaultChannels];
  return {
    rx1DelayMs: (factory.rx1DelaySeconds ?? 1) * 1000,
    rx1DROffset: factory.rx1DROffset ?? 0,
    rx2Frequency: factory.rx2Frequency ?? region.rx2.frequency,
    rx2DataRate: factory.rx2DataRate ?? region.rx2.dataRate,
    channels,
    enabled: channels.map((_, index) => factory.enabledChannels?.includes(index) ?? true),
    dataRate: factory.dataRate ?? (region === deviceRegions.US915 ? 3 : 5),
    txPowerIndex: 0,
    nbTrans: 1,
    maxDutyCycle: 0,
    adrAckLimit: 64,
    adrAckDelay: 32,
  };
}

/** TS001-1.0.4 §6.2.6: what a join-accept sets; RxDelay 0 means one second. */
export function applyJoinAccept(
  parameters: DeviceParameters,
  accept: JoinAccept,
  region: DeviceRegion,
): void {
  parameters.rx1DelayMs = Math.max(1, accept.rxDelay) * 1000;
  parameters.rx1DROffset = accept.dlSettings.rx1DROffset;
  parameters.rx2DataRate = accept.dlSettings.rx2DR;
  if (accept.cfList !== undefined) applyCFList(parameters, accept.cfList, region);
}

function applyCFList(parameters: DeviceParameters, list: CFList, region: DeviceRegion): void {
  if (list.type === "channelMasks") {
    if (region.dynamicChannels) return;
    for (let index = 0; index < parameters.enabled.length; index++) {
      parameters.enabled[index] = list.channelMasks[index] ?? false;
    }
    return;
  }
  if (!region.dynamicChannels) return;
  for (const [offset, frequency] of list.frequencies.entries()) {
    const index = region.defaultChannels.length + offset;
    parameters.enabled[index] = frequency !== 0;
    parameters.channels[index] =
      frequency === 0
        ? undefined
        : { frequency, downlinkFrequency: frequency, minDataRate: 0, maxDataRate: 5 };
  }
}

/** Indices of the channels that may carry an uplink of this data rate. */
export function usableChannels(parameters: DeviceParameters, dataRate: number): number[] {
  const usable: number[] = [];
  for (const [index, channel] of parameters.channels.entries()) {
    if (channel === undefined || parameters.enabled[index] !== true) continue;
    if (dataRate >= channel.minDataRate && dataRate <= channel.maxDataRate) usable.push(index);
  }
  return usable;
}

/** TS001-1.0.4 §4.3.1.1: what a device gives up, one step at a time, when ADRACKReq stays unanswered. */
export function backOff(parameters: DeviceParameters, region: DeviceRegion): void {
  if (parameters.txPowerIndex > 0) parameters.txPowerIndex = 0;
  else if (parameters.dataRate > region.uplinkDataRates[0]) parameters.dataRate--;
  else {
    for (const index of region.defaultChannels.keys()) parameters.enabled[index] = true;
    parameters.nbTrans = 1;
  }
}
