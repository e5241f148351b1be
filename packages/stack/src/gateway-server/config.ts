import { frequencyPlans } from "@skylark/lorawan";
import {
  boolean,
  defineOptions,
  duration,
  integer,
  listenAddress,
  type OptionReader,
} from "../config/option.ts";

const frequencyPlanId: OptionReader<string> = (value) => {
  if (value !== "" && !frequencyPlans.has(value))
    throw new TypeError(`expected one of ${[...frequencyPlans.keys()].join(", ")}, or nothing`);
  return value;
};

/** Options of the Gateway Server. */
export const gatewayServerOptions = defineOptions({
  "gs.udp.listen": {
    read: listenAddress,
    default: ":1700",
    description: "Where gateways reach the server with the Semtech UDP packet forwarder protocol.",
  },
  "gs.udp.max-datagrams-per-second": {
    read: integer(1),
    default: "1000",
    description: "How many datagrams per second are taken from one gateway; the rest is dropped and counted.",
  },
  "gs.udp.connection-expires": {
    read: duration,
    default: "3m",
    description: "A gateway is disconnected when nothing came from it for so long.",
  },
  "gs.udp.downlink-path-expires": {
    read: duration,
    default: "90s",
    description: "No downlinks go to a gateway that has not sent PULL_DATA for so long.",
  },
  "gs.udp.address-change-block": {
    read: duration,
    default: "60s",
    description:
      "How long a gateway must be silent before datagrams from another address are taken for it; 0s to take them at once.",
  },
  "gs.udp.schedule-late-time": {
    read: duration,
    default: "800ms",
    description:
      "How long before its transmission a gateway gets a downlink, where it is set to get them late.",
  },
  "gs.require-registered-gateways": {
    read: boolean,
    default: "false",
    description: "Refuse gateways whose EUI is not registered.",
  },
  "gs.fallback-frequency-plan": {
    read: frequencyPlanId,
    default: "EU_863_870_TTN",
    description: "Frequency plan of gateways that are not registered or have none; empty refuses them.",
  },
  "gs.max-unregistered-gateways": {
    read: integer(0),
    default: "10000",
    description: "How many gateways that are not registered may be connected at once.",
  },
});
