import { defineEvent } from "../events/events.ts";

const status = ["RIGHT_GATEWAY_STATUS_READ"];
const traffic = ["RIGHT_GATEWAY_TRAFFIC_READ"];
const link = ["RIGHT_GATEWAY_LINK", "RIGHT_GATEWAY_STATUS_READ"];

/** What happens to gateways and their traffic, by the names of The Things Stack where it has one. */
export const gatewayEvents = {
  connect: defineEvent("gs.gateway.connect", "connect gateway", link),
  connectFail: defineEvent("gs.gateway.connect.fail", "reject connection of gateway", link),
  disconnect: defineEvent("gs.gateway.disconnect", "disconnect gateway", link),
  statusReceive: defineEvent("gs.status.receive", "receive gateway status", status),
  upReceive: defineEvent("gs.up.receive", "receive uplink message", traffic),
  upForward: defineEvent("gs.up.forward", "forward uplink message", traffic),
  upDrop: defineEvent("gs.up.drop", "drop uplink message", traffic),
  upRepeat: defineEvent("gs.io.up.repeat", "received repeated uplink message from gateway", traffic),
  downScheduleAttempt: defineEvent(
    "gs.down.schedule.attempt",
    "schedule downlink for transmission by gateway",
    traffic,
  ),
  downScheduleFail: defineEvent(
    "gs.down.schedule.fail",
    "fail to schedule downlink for transmission by gateway",
    traffic,
  ),
  downSend: defineEvent("gs.down.send", "send downlink message", traffic),
  downTxSuccess: defineEvent("gs.down.tx.success", "transmit downlink message successful", traffic),
  downTxFail: defineEvent("gs.down.tx.fail", "transmit downlink message failure", traffic),
  txAckReceive: defineEvent("gs.txack.receive", "receive transmission acknowledgement", traffic),
  txAckDrop: defineEvent("gs.txack.drop", "drop transmission acknowledgement", status),
} as const;
