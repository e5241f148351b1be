import { isIP } from "node:net";
import { frequencyPlans } from "@skylark/lorawan";
import { defineOptions, listenAddress, type OptionReader } from "../config/option.ts";

const frequencyPlanId: OptionReader<string> = (value) => {
  if (!frequencyPlans.has(value))
    throw new TypeError(`expected one of ${[...frequencyPlans.keys()].join(", ")}`);
  return value;
};

/** A name or an address, as it stands before a port, though without brackets. */
const hostName: OptionReader<string> = (value) => {
  if (value !== "" && isIP(value) === 0 && !/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/.test(value)) {
    throw new TypeError("expected a host name or an IP address without a port");
  }
  return value;
};

export const v2Options = defineOptions({
  "v2.discovery.listen": {
    read: listenAddress,
    default: ":1900",
    description: "Discovery server for clients of The Things Network V2 (gRPC over TLS)",
  },
  "v2.handler.listen": {
    read: listenAddress,
    default: ":1904",
    description: "Handler for clients of The Things Network V2: applications and devices (gRPC over TLS)",
  },
  "v2.handler-http.listen": {
    read: listenAddress,
    default: "",
    description: "The handler and the discovery server as JSON over HTTP; `:8084` was V2's port",
  },
  "v2.public-host": {
    read: hostName,
    default: "",
    description:
      "Host name under which V2 clients reach this installation, as discovery tells them; by default that of `as.mqtt.public-address` if that is set, else the one under which each client reached discovery",
  },
  "v2.frequency-plan": {
    read: frequencyPlanId,
    default: "EU_863_870",
    description:
      "Frequency plan of devices that V2 clients register, unless their application has the attribute `v2-frequency-plan`",
  },
});
