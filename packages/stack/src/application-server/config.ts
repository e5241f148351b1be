import { defineOptions, duration, integer, type OptionReader, type OptionValues } from "../config/option.ts";

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `512MiB`, `1GiB`; the value is in bytes. */
const byteSize: OptionReader<number> = (value) => {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/.exec(value);
  const unit = match?.[2] === undefined ? undefined : sizeUnits[match[2]];
  if (match === null || unit === undefined) throw new TypeError("expected a size such as 512MiB, 1GiB");
  return Math.floor(Number(match[1]) * unit);
};

export const applicationServerOptions = defineOptions({
  "as.messages.retention": {
    read: duration,
    default: "48h",
    description: "How long messages are kept for integrations that have not read them yet",
  },
  "as.messages.max-size": {
    read: byteSize,
    default: "1GiB",
    description: "Size of all kept messages together, beyond which the oldest are dropped",
  },
  "as.formatters.timeout": {
    read: duration,
    default: "100ms",
    description: "CPU time that one call of a payload formatter may take",
  },
  "as.formatters.memory-limit": {
    read: byteSize,
    default: "16MiB",
    description: "Memory that the payload formatters of one application may use",
  },
  "as.formatters.isolates": {
    read: integer(1, 4096),
    default: "64",
    description: "Payload formatter scripts that are kept warm",
  },
  "as.formatters.engine": {
    read: (value) => {
      if (value !== "auto" && value !== "isolated-vm" && value !== "quickjs")
        throw new TypeError("expected auto, isolated-vm or quickjs");
      return value;
    },
    default: "auto",
    description: "What runs JavaScript formatters; auto takes isolated-vm where it loads, otherwise quickjs",
  },
  "as.devices.cache-size": {
    read: integer(1),
    default: "200000",
    description: "End devices whose session is kept in memory",
  },
  "as.downlinks.queue-capacity": {
    read: integer(1, 100_000),
    default: "10000",
    description: "Downlinks that one end device may have in its queue",
  },
  "as.downlinks.confirmed-attempts": {
    read: integer(1, 32),
    default: "8",
    description: "How often a confirmed downlink is sent again before it fails, unless it says otherwise",
  },
});

export type ApplicationServerOptions = OptionValues<typeof applicationServerOptions>;
