import { hasDlChannel } from "@skylark/lorawan";
import { hasFixedChannels } from "../region.ts";
import { accept, type NetworkBehaviour, refuse } from "./behaviour.ts";

const refusal = (channelIndex: number): string => `dlChannel ${channelIndex}`;

export const dlChannel: NetworkBehaviour<"dlChannel"> = {
  request: ({ mac: { current, desired, refused, macVersion }, region: { band } }) => {
    if (!hasDlChannel(macVersion) || hasFixedChannels(band)) return [];
    return desired.channels.flatMap((wanted, channelIndex) => {
      const known = current.channels[channelIndex];
      const hasUplink = known !== undefined && known.uplinkFrequency === wanted.uplinkFrequency;
      if (!hasUplink || known.downlinkFrequency === wanted.downlinkFrequency) return [];
      return refused.includes(refusal(channelIndex))
        ? []
        : [{ channelIndex, frequency: wanted.downlinkFrequency }];
    });
  },
  handleAnswer: (mac, answer, [request]) => {
    if (request === undefined) return { mac };
    const { channelIndex, frequency } = request;
    if (!answer.frequencyAck || !answer.channelIndexAck) return refuse(mac, refusal(channelIndex));
    return accept(mac, {
      channels: mac.current.channels.map((channel, index) =>
        index === channelIndex ? { ...channel, downlinkFrequency: frequency } : channel,
      ),
    });
  },
  isSticky: true,
};
