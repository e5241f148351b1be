import { accept, type NetworkBehaviour, refuse } from "./behaviour.ts";

const name = "rxParamSetup";

export const rxParamSetup: NetworkBehaviour<"rxParamSetup"> = {
  request: ({ mac: { current, desired, refused } }) => {
    const isAsDesired =
      current.rx1DataRateOffset === desired.rx1DataRateOffset &&
      current.rx2DataRateIndex === desired.rx2DataRateIndex &&
      current.rx2Frequency === desired.rx2Frequency;
    if (isAsDesired || refused.includes(name)) return [];
    const { rx1DataRateOffset, rx2DataRateIndex, rx2Frequency } = desired;
    return [{ rx1DataRateOffset, rx2DataRateIndex, rx2Frequency }];
  },
  // TS001-1.0.4 §5.4: unless all three are acknowledged, the device changes nothing.
  handleAnswer: (mac, answer, [request]) => {
    if (request === undefined) return { mac };
    const isAccepted = answer.rx2FrequencyAck && answer.rx2DataRateIndexAck && answer.rx1DataRateOffsetAck;
    if (!isAccepted) return refuse(mac, name);
    const { rx1DataRateOffset, rx2DataRateIndex, rx2Frequency } = request;
    return accept(mac, { rx1DataRateOffset, rx2DataRateIndex, rx2Frequency });
  },
  isSticky: true,
};
