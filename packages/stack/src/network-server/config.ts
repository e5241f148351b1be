import { type DevAddrPrefix, parseDevAddrPrefix, parseNetID } from "@skylark/lorawan";
import { defineOptions, duration, integer, type OptionReader, type OptionValues } from "../config/option.ts";

const netIdOption: OptionReader<ReturnType<typeof parseNetID>> = (value) => {
  if (!/^[0-9A-Fa-f]{6}$/.test(value)) throw new TypeError("expected 6 hexadecimal digits");
  return parseNetID(value);
};

const prefixesOption: OptionReader<readonly DevAddrPrefix[]> = (value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => {
      try {
        return parseDevAddrPrefix(item);
      } catch {
        throw new TypeError("expected address prefixes such as 26000000/7");
      }
    });

export const networkServerOptions = defineOptions({
  "ns.net-id": {
    read: netIdOption,
    default: "000000",
    description: "NetID of the network; 000000 and 000001 are free for private networks",
  },
  "ns.dev-addr-prefixes": {
    read: prefixesOption,
    default: "",
    description: "Blocks that device addresses are taken from; the block of the NetID when empty",
  },
  "ns.deduplication-window": {
    read: duration,
    default: "200ms",
    description: "How long copies of a frame from other gateways are waited for",
  },
  "ns.cooldown-window": {
    read: duration,
    default: "1s",
    description: "How long after the de-duplication window late copies of a frame are dropped",
  },
  "ns.device-cache-size": {
    read: integer(100),
    default: "200000",
    description: "Device addresses whose sessions are kept in memory",
  },
  "ns.desired-rx1-delay": {
    read: integer(1, 15),
    default: "5",
    description:
      "Seconds from an uplink to RX1 that devices are set to, unless their MAC settings say otherwise",
  },
  "ns.status-time-periodicity": {
    read: duration,
    default: "24h",
    description: "How often devices are asked for battery and margin; 0s turns it off",
  },
  "ns.status-count-periodicity": {
    read: integer(0),
    default: "200",
    description: "Uplinks after which a device is asked for battery and margin; 0 turns it off",
  },
});

export type NetworkServerOptions = OptionValues<typeof networkServerOptions>;
