import { generateChMasks } from "@skylark/lorawan";
import type { DeviceChannel, MACState } from "../device.ts";
import { accept, type NetworkBehaviour, refuse } from "./behaviour.ts";

const name = "linkADR";

/** Only the channel mask for now: data rate and power stay what the device uses. */
export const linkADR: NetworkBehaviour<"linkADR"> = {
  request: ({ mac, region: { band }, dataRateIndex }) => {
    if (mac.refused.includes(name) || !differsInMask(mac)) return [];
    const current = enabledChannels(mac.current.channels, band.channelMask.channels);
    const desired = enabledChannels(mac.desired.channels, band.channelMask.channels);
    return generateChMasks(band.channelMask, current, desired).map((mask) => ({
      ...mask,
      dataRateIndex,
      txPowerIndex: mac.current.txPowerIndex,
      nbTrans: mac.desired.nbTrans,
    }));
  },
  // TS001-1.0.4 §5.3: a block takes effect as a whole, or not at all.
  handleAnswer: (mac, answer, requests) => {
    const isAccepted = answer.channelMaskAck && answer.dataRateIndexAck && answer.txPowerIndexAck;
    if (!isAccepted) return refuse(mac, name);
    return accept(mac, {
      nbTrans: requests.at(-1)?.nbTrans ?? mac.current.nbTrans,
      channels: mac.current.channels.map((channel, index) => ({
        ...channel,
        enableUplink: mac.desired.channels[index]?.enableUplink ?? false,
      })),
    });
  },
  answersBlock: true,
};

function differsInMask({ current, desired }: MACState): boolean {
  // A mask must not name a channel that the device does not know yet.
  if (current.channels.length < desired.channels.length) return false;
  return (
    current.nbTrans !== desired.nbTrans ||
    current.channels.some(
      ({ enableUplink }, index) => enableUplink !== (desired.channels[index]?.enableUplink ?? false),
    )
  );
}

function enabledChannels(channels: readonly DeviceChannel[], count: number): boolean[] {
  return Array.from({ length: count }, (_, index) => channels[index]?.enableUplink ?? false);
}
