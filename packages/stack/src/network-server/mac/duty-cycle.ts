import { accept, type NetworkBehaviour } from "./behaviour.ts";

export const dutyCycle: NetworkBehaviour<"dutyCycle"> = {
  request: ({ mac: { current, desired } }) =>
    current.maxDutyCycle === desired.maxDutyCycle ? [] : [{ maxDutyCycle: desired.maxDutyCycle }],
  handleAnswer: (mac, _answer, [request]) =>
    request === undefined ? { mac } : accept(mac, { maxDutyCycle: request.maxDutyCycle }),
};
