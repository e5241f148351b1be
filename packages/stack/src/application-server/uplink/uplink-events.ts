import { defineEvent } from "../../events/events.ts";

const trafficRead = ["RIGHT_APPLICATION_TRAFFIC_READ"];

export const dataReceived = defineEvent("as.up.data.receive", "receive uplink data message", trafficRead);
export const dataForwarded = defineEvent("as.up.data.forward", "forward uplink data message", trafficRead);
export const dataDropped = defineEvent("as.up.data.drop", "drop uplink data message", trafficRead);
export const decodeFailed = defineEvent(
  "as.up.data.decode.fail",
  "decode uplink data message failure",
  trafficRead,
);
export const decodeWarned = defineEvent(
  "as.up.data.decode.warning",
  "decode uplink data message warning",
  trafficRead,
);
export const joinReceived = defineEvent("as.up.join.receive", "receive join-accept message", trafficRead);
export const joinForwarded = defineEvent("as.up.join.forward", "forward join-accept message", trafficRead);
export const joinDropped = defineEvent("as.up.join.drop", "drop join-accept message", trafficRead);
export const locationForwarded = defineEvent(
  "as.up.location.forward",
  "forward location solved message",
  trafficRead,
);
