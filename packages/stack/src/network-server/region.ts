import { type Band, type FrequencyPlan, getBand, getFrequencyPlan } from "@skylark/lorawan";
import type { DeviceChannel, DeviceSettings, MACParameters } from "./device.ts";

/** Where and by which version of the regional parameters a device operates. */
export interface Region {
  readonly band: Band;
  readonly plan: FrequencyPlan;
}

const regions = new WeakMap<DeviceSettings, Region>();

export function regionOf(settings: DeviceSettings): Region {
  const known = regions.get(settings);
  if (known !== undefined) return known;
  const plan = getFrequencyPlan(settings.frequencyPlanId);
  const region = { plan, band: getBand(plan.bandId, settings.phyVersion) };
  regions.set(settings, region);
  return region;
}

/** What a device does when it leaves the factory: the band's defaults and what its owner says of it. */
export function factoryParameters(settings: DeviceSettings): MACParameters {
  const { band } = regionOf(settings);
  const { frequencies, ...factory } = settings.factory;
  return {
    rx1Delay: band.receiveDelay1Ms / 1000,
    rx1DataRateOffset: 0,
    rx2DataRateIndex: band.defaultRx2.dataRateIndex,
    rx2Frequency: band.defaultRx2.frequency,
    maxDutyCycle: 0,
    nbTrans: 1,
    txPowerIndex: 0,
    channels: factoryChannels(band, frequencies ?? []),
    ...factory,
  };
}

/** What the network wants of a device: the frequency plan, the network's defaults, and what its owner says. */
export function desiredParameters(
  settings: DeviceSettings,
  defaults: { readonly rx1Delay: number },
): MACParameters {
  const { band, plan } = regionOf(settings);
  return {
    rx1Delay: defaults.rx1Delay,
    rx1DataRateOffset: 0,
    rx2DataRateIndex: plan.rx2?.dataRateIndex ?? band.defaultRx2.dataRateIndex,
    rx2Frequency: plan.rx2?.frequency ?? band.defaultRx2.frequency,
    maxDutyCycle: 0,
    nbTrans: 1,
    txPowerIndex: 0,
    channels: desiredChannels({ band, plan }),
    ...settings.wanted,
  };
}

/** Bands with a fixed list of channels switch them on and off; the others let the network define channels. */
export function hasFixedChannels(band: Band): boolean {
  return band.channelMask.channels > 16;
}

function bandChannels(band: Band): DeviceChannel[] {
  return band.uplinkChannels.map((channel, index) => ({
    uplinkFrequency: channel.frequency,
    downlinkFrequency:
      band.downlinkChannels[index % (band.rx1ChannelModulo ?? Number.MAX_SAFE_INTEGER)]?.frequency ??
      channel.frequency,
    minDataRateIndex: channel.minDR,
    maxDataRateIndex: channel.maxDR,
    enableUplink: true,
  }));
}

function newChannel(band: Band, frequency: number): DeviceChannel {
  const model = band.uplinkChannels[0]!;
  return {
    uplinkFrequency: frequency,
    downlinkFrequency: frequency,
    minDataRateIndex: model.minDR,
    maxDataRateIndex: model.maxDR,
    enableUplink: true,
  };
}

function factoryChannels(band: Band, frequencies: readonly number[]): readonly DeviceChannel[] {
  const channels = bandChannels(band);
  if (frequencies.length === 0) return channels;
  if (!hasFixedChannels(band)) return frequencies.map((frequency) => newChannel(band, frequency));
  return channels.map((channel) => ({
    ...channel,
    enableUplink: frequencies.includes(channel.uplinkFrequency),
  }));
}

function desiredChannels({ band, plan }: Region): readonly DeviceChannel[] {
  const channels = bandChannels(band);
  if (hasFixedChannels(band)) {
    const used = new Set(plan.uplinkChannels.map(({ frequency }) => frequency));
    if (plan.loraStandardChannel !== undefined) used.add(plan.loraStandardChannel.frequency);
    return channels.map((channel) => ({ ...channel, enableUplink: used.has(channel.uplinkFrequency) }));
  }
  const known = new Set(channels.map(({ uplinkFrequency }) => uplinkFrequency));
  const further = plan.uplinkChannels
    .map((channel, index) => ({ channel, downlink: plan.downlinkChannels[index] }))
    .filter(({ channel }) => !known.has(channel.frequency))
    .slice(0, band.maxUplinkChannels - channels.length)
    .map(({ channel, downlink }) => ({
      uplinkFrequency: channel.frequency,
      downlinkFrequency: downlink?.frequency ?? channel.frequency,
      minDataRateIndex: channel.minDR,
      maxDataRateIndex: channel.maxDR,
      enableUplink: true,
    }));
  return [...channels, ...further];
}
