import { accept, type NetworkBehaviour } from "./behaviour.ts";

export const rxTimingSetup: NetworkBehaviour<"rxTimingSetup"> = {
  request: ({ mac: { current, desired } }) =>
    current.rx1Delay === desired.rx1Delay ? [] : [{ delay: desired.rx1Delay }],
  handleAnswer: (mac, _answer, [request]) =>
    request === undefined ? { mac } : accept(mac, { rx1Delay: Math.max(1, request.delay) }),
  isSticky: true,
};
