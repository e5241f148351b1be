import { applicationServerOptions } from "../application-server/config.ts";
import { mqttOptions } from "../application-server/integrations/mqtt/config.ts";
import { boolean, defineOptions, listenAddress, type OptionValues, oneOf, text } from "../config/option.ts";
import { eventOptions } from "../events/config.ts";
import { gatewayServerOptions } from "../gateway-server/config.ts";
import { identityServerOptions } from "../identity-server/config.ts";
import { joinServerOptions } from "../join-server/config.ts";
import { networkServerOptions } from "../network-server/config.ts";
import { rpcOptions } from "../rpc/config.ts";
import { v2Options } from "../v2/config.ts";

/** Every option of Skylark, by its name. */
export const options = defineOptions({
  "data-dir": {
    read: text,
    default: "./data",
    description: "Directory of the embedded store and of the secrets of the installation",
  },
  "store.url": {
    read: oneOf("sqlite:"),
    default: "sqlite:",
    description: "The store: `sqlite:` is the embedded one in the data directory",
  },
  "http.listen": { read: listenAddress, default: ":1885", description: "HTTP API, health and metrics" },
  "http.listen-tls": {
    read: listenAddress,
    default: ":8885",
    description: "The same over TLS, once a certificate is configured",
  },
  ...rpcOptions,
  "tls.certificate": { read: text, default: "", description: "File with the certificate chain (PEM)" },
  "tls.key": { read: text, default: "", description: "File with the private key of the certificate (PEM)" },
  "log.level": {
    read: oneOf("debug", "info", "warn", "error"),
    default: "info",
    description: "The least severe lines that are logged",
  },
  "log.format": { read: oneOf("text", "json"), default: "text", description: "Form of the log lines" },
  demo: {
    read: boolean,
    default: "false",
    description: "Adds a simulated gateway and three simulated devices",
  },
  ...gatewayServerOptions,
  ...networkServerOptions,
  ...joinServerOptions,
  ...applicationServerOptions,
  ...mqttOptions,
  ...identityServerOptions,
  ...eventOptions,
  ...v2Options,
});

export type Options = OptionValues<typeof options>;
