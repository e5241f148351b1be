import { parseArgs } from "node:util";

interface OptionEntry {
  readonly default: string;
  readonly description: string;
}

const table = {
  devices: { default: "50000", description: "ABP devices that send uplinks" },
  gateways: {
    default: "64",
    description: "gateways that receive uplinks; servers limit the datagrams of each",
  },
  rate: { default: "", description: "uplinks per second to hold; searched for when not given" },
  frames: { default: "200000", description: "uplinks of the search for the highest rate" },
  seconds: { default: "10", description: "length of every run at a fixed rate" },
  window: { default: "96", description: "PUSH_DATA that may be unacknowledged, over all gateways" },
  "in-flight": { default: "12000", description: "uplinks that may be under way during the search" },
  "dedup-window-ms": {
    default: "200",
    description: "the server's de-duplication window, for the latency less the window",
  },
  copies: { default: "1,3", description: "how many gateways hear each uplink, one run for each" },
  formatter: {
    default: "on,off",
    description: "JavaScript formatter, one run for each (off only with one gateway)",
  },
  joins: { default: "4000", description: "OTAA devices that join" },
  downlinks: { default: "4000", description: "devices that receive a downlink" },
  "radio-gateways": {
    default: "500",
    description: "gateways that share joins and downlinks, as airtime limits each",
  },
  "radio-rates": {
    default: "500,1000,2000,4000",
    description: "joins and downlinks per second to try, in this order",
  },
  "api-connections": { default: "32", description: "connections that call the API, each one call at a time" },
  "api-registrations": { default: "5000", description: "devices of each run that registers on four servers" },
  "start-devices": { default: "100000", description: "devices in the store of the second start" },
  "data-dir": {
    default: "",
    description: "keep the server's data here and use it again; else a temporary directory",
  },
  connections: { default: "32", description: "HTTP connections while registering" },
  "stack-option": {
    default: "",
    description: "options for the stack, separated by blanks, as in --stack-option='--a=1 --b=2'",
  },
  "stack-main": { default: "packages/stack/src/main/main.ts", description: "the program to measure" },
  json: { default: "", description: "write the results to this file" },
} as const satisfies Record<string, OptionEntry>;

type OptionName = keyof typeof table;

/** The parts of the benchmark. */
const parts = ["uplinks", "joins", "downlinks", "api", "start"] as const;
export type Part = (typeof parts)[number];

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  number(name: OptionName): number;
  text(name: OptionName): string;
  list(name: OptionName): readonly string[];
}

const quickValues: Partial<Record<OptionName, string>> = {
  devices: "200",
  gateways: "4",
  rate: "500",
  seconds: "3",
  joins: "40",
  downlinks: "40",
  "radio-gateways": "20",
  "radio-rates": "40",
  "api-registrations": "100",
  "start-devices": "200",
};

export const help = [
  `npm run bench -- [${parts.join("|")}]... [options]`,
  "",
  ...Object.entries(table).map(
    ([name, entry]) =>
      `  --${name.padEnd(16)} ${entry.description}${entry.default === "" ? "" : ` (${entry.default})`}`,
  ),
  "  --quick            a few devices and seconds: checks that everything is right, measures nothing",
].join("\n");

/** Reads the command line; undefined when help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const options = Object.fromEntries(Object.keys(table).map((name) => [name, { type: "string" as const }]));
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...options, quick: { type: "boolean" as const }, help: { type: "boolean" as const } },
    allowPositionals: true,
  });
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  for (const part of positionals) {
    if (!parts.includes(part as Part)) throw new TypeError(`no part ${part}; there are ${parts.join(", ")}`);
  }
  const text = (name: OptionName): string => {
    const given = (values as Record<string, unknown>)[name];
    if (typeof given === "string") return given;
    return (quick ? quickValues[name] : undefined) ?? table[name].default;
  };
  return {
    parts: positionals.length > 0 ? (positionals as Part[]) : parts,
    quick,
    text,
    number(name) {
      const value = Number(text(name));
      if (!Number.isFinite(value) || value < 0) throw new TypeError(`--${name} wants a number`);
      return value;
    },
    list: (name) =>
      text(name)
        .split(",")
        .filter((item) => item !== ""),
  };
}
