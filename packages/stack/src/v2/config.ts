import { defineOptions, listenAddress, text } from "../config/option.ts";

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
    read: text,
    default: "",
    description:
      "Host name under which V2 clients reach this installation, as discovery tells them; by default that of `as.mqtt.public-address`",
  },
  "v2.frequency-plan": {
    read: text,
    default: "EU_863_870",
    description:
      "Frequency plan of devices that V2 clients register, unless their application has the attribute `v2-frequency-plan`",
  },
});
