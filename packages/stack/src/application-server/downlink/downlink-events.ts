import { defineEvent } from "../../events/events.ts";

const trafficRead = ["RIGHT_APPLICATION_TRAFFIC_READ"];

export const downlinkReceived = defineEvent(
  "as.down.data.receive",
  "receive downlink data message",
  trafficRead,
);
export const downlinkForwarded = defineEvent(
  "as.down.data.forward",
  "forward downlink data message",
  trafficRead,
);
export const downlinkDropped = defineEvent("as.down.data.drop", "drop downlink data message", trafficRead);
export const encodeFailed = defineEvent(
  "as.down.data.encode.fail",
  "encode downlink data message failure",
  trafficRead,
);
export const downlinkDecodeFailed = defineEvent(
  "as.down.data.decode.fail",
  "decode downlink data message failure",
  trafficRead,
);
