import type { DeviceBehaviour } from "./behaviour.ts";

export const linkCheck: DeviceBehaviour<"linkCheck"> = {
  handleRequest: (mac, _request, uplink) => ({
    mac,
    // TS001-1.0.4 §5.1: 0 to 254 dB above the floor; 255 is reserved.
    answer: {
      margin: Math.min(254, Math.max(0, Math.round(uplink.demodulationMargin))),
      gatewayCount: Math.min(255, uplink.gatewayCount),
    },
  }),
};
