import type { DeviceChannel, MACState } from "../device.ts";
import { hasFixedChannels } from "../region.ts";
import { accept, type NetworkBehaviour, refuse } from "./behaviour.ts";

const refusal = (channelIndex: number): string => `newChannel ${channelIndex}`;

export const newChannel: NetworkBehaviour<"newChannel"> = {
  request: ({ mac: { current, desired, refused }, region: { band } }) => {
    if (hasFixedChannels(band)) return [];
    return desired.channels.flatMap((wanted, channelIndex) => {
      // TS001-1.0.4 §5.6: the band's default channels cannot be changed.
      const isDefault = channelIndex < band.uplinkChannels.length;
      if (isDefault || refused.includes(refusal(channelIndex))) return [];
      if (isSame(current.channels[channelIndex], wanted)) return [];
      return [
        {
          channelIndex,
          frequency: wanted.uplinkFrequency,
          minDataRateIndex: wanted.minDataRateIndex,
          maxDataRateIndex: wanted.maxDataRateIndex,
        },
      ];
    });
  },
  handleAnswer: (mac, answer, [request]) => {
    if (request === undefined) return { mac };
    if (!answer.frequencyAck || !answer.dataRateAck) return refuse(mac, refusal(request.channelIndex));
    return accept(mac, {
      channels: withChannel(mac, request.channelIndex, {
        uplinkFrequency: request.frequency,
        downlinkFrequency: request.frequency,
        minDataRateIndex: request.minDataRateIndex,
        maxDataRateIndex: request.maxDataRateIndex,
        enableUplink: request.frequency !== 0,
      }),
    });
  },
};

function isSame(a: DeviceChannel | undefined, b: DeviceChannel): boolean {
  return (
    a !== undefined &&
    a.uplinkFrequency === b.uplinkFrequency &&
    a.minDataRateIndex === b.minDataRateIndex &&
    a.maxDataRateIndex === b.maxDataRateIndex
  );
}

const absent: DeviceChannel = {
  uplinkFrequency: 0,
  downlinkFrequency: 0,
  minDataRateIndex: 0,
  maxDataRateIndex: 0,
  enableUplink: false,
};

function withChannel({ current }: MACState, index: number, channel: DeviceChannel): readonly DeviceChannel[] {
  const channels = [...current.channels];
  while (channels.length < index) channels.push(absent);
  channels[index] = channel;
  return channels;
}
