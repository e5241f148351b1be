import type { MACRequest } from "@skylark/lorawan";
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
    return accept(mac, { channels: withChannel(mac, request.channelIndex, asDefined(request)) });
  },
};

/**
 * The index of a channel that the device was asked to define and has not spoken of; -1 when there is none. Devices use
 * a new channel at once, and those before LoRaWAN 1.1 do not repeat an answer that was lost.
 */
export function unansweredChannelIndex(mac: MACState, frequency: number): number {
  for (const { name, fields } of mac.pendingRequests) {
    if (name === "newChannel" && fields.frequency === frequency) return fields.channelIndex as number;
  }
  if (mac.unansweredTimes === undefined) return -1;
  return mac.desired.channels.findIndex(
    ({ uplinkFrequency }, index) =>
      uplinkFrequency === frequency &&
      mac.current.channels[index]?.uplinkFrequency !== frequency &&
      !mac.refused.includes(refusal(index)),
  );
}

/** A device that sends on a channel has it, whether it said so or not. */
export function withChannelInUse(mac: MACState, channelIndex: number, frequency: number): MACState {
  const wanted = mac.desired.channels[channelIndex];
  const isKnown = mac.current.channels[channelIndex]?.uplinkFrequency === frequency;
  if (isKnown || wanted?.uplinkFrequency !== frequency) return mac;
  const channel = asDefined({ ...wanted, frequency });
  return { ...mac, current: { ...mac.current, channels: withChannel(mac, channelIndex, channel) } };
}

/** TS001-1.0.4 §5.6: the downlink frequency is the uplink's until DlChannelReq changes it. */
function asDefined(
  request: Pick<MACRequest<"newChannel">, "frequency" | "minDataRateIndex" | "maxDataRateIndex">,
): DeviceChannel {
  return {
    uplinkFrequency: request.frequency,
    downlinkFrequency: request.frequency,
    minDataRateIndex: request.minDataRateIndex,
    maxDataRateIndex: request.maxDataRateIndex,
    enableUplink: request.frequency !== 0,
  };
}

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
