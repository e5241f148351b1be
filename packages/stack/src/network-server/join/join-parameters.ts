import { type Band, type CFList, encodeCFList, type MACVersion } from "@skylark/lorawan";
import type { DeviceSettings, MACParameters, MACState } from "../device.ts";
import { desiredParameters, factoryParameters, hasFixedChannels, regionOf } from "../region.ts";

/** What a join-accept sets, and the MAC state of the session that it begins. */
export interface JoinParameters {
  readonly factory: MACParameters;
  readonly desired: MACParameters;
  readonly mac: MACState;
  /** 16 bytes as they go on air; absent where there is nothing to say. */
  readonly cfList?: Uint8Array;
}

const known = new WeakMap<DeviceSettings, Map<number, JoinParameters>>();

/** Computed once for all devices with the same settings. */
export function joinParameters(
  settings: DeviceSettings,
  defaults: { readonly rx1Delay: number },
): JoinParameters {
  let byDelay = known.get(settings);
  if (byDelay === undefined) {
    byDelay = new Map();
    known.set(settings, byDelay);
  }
  let parameters = byDelay.get(defaults.rx1Delay);
  if (parameters === undefined) {
    parameters = compute(settings, defaults);
    byDelay.set(defaults.rx1Delay, parameters);
  }
  return parameters;
}

function compute(settings: DeviceSettings, defaults: { readonly rx1Delay: number }): JoinParameters {
  const { band } = regionOf(settings);
  const factory = factoryParameters(settings);
  const desired = desiredParameters(settings, defaults);
  const cfList = cfListOf(band, factory, desired);
  const { rx1Delay, rx1DataRateOffset, rx2DataRateIndex } = desired;
  const current = {
    ...factory,
    rx1Delay,
    rx1DataRateOffset,
    rx2DataRateIndex,
    channels: cfList === undefined ? factory.channels : desired.channels,
  };
  const mac = { macVersion: settings.macVersion, current, desired, pendingRequests: [], refused: [] };
  return { factory, desired, mac, ...(cfList === undefined ? {} : { cfList: encodeCFList(cfList) }) };
}

/** A CFList that takes the device from its factory's channels to the desired ones, where one can. */
function cfListOf(band: Band, factory: MACParameters, desired: MACParameters): CFList | undefined {
  if (band.cfListType === undefined) return undefined;
  if (hasFixedChannels(band)) {
    return { type: "channelMasks", channelMasks: desired.channels.map(({ enableUplink }) => enableUplink) };
  }
  const isFactory = factory.channels.length === band.uplinkChannels.length;
  const frequencies = desired.channels.slice(band.uplinkChannels.length).map((each) => each.uplinkFrequency);
  if (!isFactory || frequencies.length === 0 || frequencies.length > 5) return undefined;
  return { type: "frequencies", frequencies };
}

/** The MAC state of a device activated by personalization. */
export function personalizedMACState(
  settings: DeviceSettings & { readonly macVersion: MACVersion },
  defaults: { readonly rx1Delay: number },
): MACState {
  return {
    macVersion: settings.macVersion,
    current: factoryParameters(settings),
    desired: desiredParameters(settings, defaults),
    pendingRequests: [],
    refused: [],
  };
}
