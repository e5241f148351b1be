import { GatewayFleet } from "./gateway-fleet.ts";
import { less } from "./latencies.ts";
import { MqttConnection } from "./mqtt-connection.ts";
import type { BenchOptions } from "./options.ts";
import { applicationId, type Registry, seeds } from "./population.ts";
import type { RunningStack } from "./stack-process.ts";
import { type FrameSource, frameSource, uplinkFormatter } from "./uplink-frames.ts";
import { prepareUplinks, runUplinks, type UplinkPace, type UplinkResult } from "./uplink-run.ts";

/** One line of the table. */
export interface UplinkRow {
  readonly copies: number;
  readonly formatter: boolean;
  readonly what: string;
  /** The rate that was to be held, if any. */
  readonly rate: number | undefined;
  readonly held: boolean;
  readonly result: UplinkResult;
}

interface Bench {
  readonly options: BenchOptions;
  readonly registry: Registry;
  readonly stack: RunningStack;
  readonly sources: readonly FrameSource[];
  readonly fleet: GatewayFleet;
  readonly mqtt: MqttConnection;
  readonly log: (line: string) => void;
}

interface Setting {
  readonly copies: number;
  readonly formatter: boolean;
}

let sequence = 1;

/** Nothing lost, nothing twice, nothing wrong. */
export function isRight({ result }: UplinkRow): boolean {
  return result.received === result.sent && result.duplicates === 0 && result.wrong === 0;
}

async function run(
  bench: Bench,
  setting: Setting,
  what: string,
  count: number,
  pace: UplinkPace,
): Promise<UplinkRow> {
  const { registry, sources, fleet, mqtt, stack } = bench;
  const firstFCnt = await registry.takeFCnts("uplinks", Math.ceil(count / sources.length));
  const firstSequence = sequence;
  sequence += count;
  const uplinks = prepareUplinks({ sources, fleet, count, copies: setting.copies, firstFCnt, firstSequence });
  const result = await runUplinks(
    { uplinks, sources, formatter: setting.formatter, fleet, mqtt, serverPid: stack.pid },
    pace,
  );
  // Held: the sender was never kept waiting for long, and nothing had piled up at the end.
  const planned = pace.rate === undefined ? 0 : count / pace.rate;
  const piledUp = result.seconds - result.sendingSeconds > 1;
  const row = {
    ...setting,
    what,
    rate: pace.rate,
    result,
    held: pace.rate === undefined || (result.sendingSeconds < planned * 1.02 + 0.05 && !piledUp),
  };
  const problems = isRight(row) ? "" : ` WRONG: ${result.firstMistake ?? JSON.stringify(result)}`;
  bench.log(
    `${what}: ${Math.round(result.perSecond)}/s, p99 ${result.latency.p99.toFixed(0)} ms, ` +
      `${result.serverMicrosecondsPerUplink.toFixed(1)} µs/uplink${row.held ? "" : ", not held"}${problems}`,
  );
  return row;
}

/** The highest fixed rate without loss: a search at full speed, then fixed rates downwards until one is held. */
async function findSustained(bench: Bench, setting: Setting): Promise<UplinkRow[]> {
  const { options } = bench;
  const inFlight = options.number("in-flight");
  const seconds = options.number("seconds");
  const fixed = options.text("rate") === "" ? undefined : options.number("rate");
  const rows: UplinkRow[] = [];
  let rate = fixed;
  if (rate === undefined) {
    const fastest = await run(bench, setting, "full speed", options.number("frames"), { inFlight });
    rows.push(fastest);
    rate = fastest.result.perSecond * 0.97;
  }
  for (let attempt = 0; attempt < 6; attempt++) {
    rate = Math.floor(rate / 100) * 100;
    const row = await run(bench, setting, "fixed rate", Math.max(1, Math.round(rate * seconds)), {
      rate,
      inFlight,
    });
    rows.push(row);
    if ((row.held && isRight(row)) || fixed !== undefined) break;
    rate *= 0.92;
  }
  const sustained = rows.at(-1)!;
  if (sustained.rate === undefined || !sustained.held) return rows;
  const half = Math.floor(sustained.rate / 2);
  rows.push(
    await run(bench, setting, "half of it", Math.max(1, Math.round(half * seconds)), {
      rate: half,
      inFlight,
    }),
  );
  return rows;
}

/** Measures the way of an uplink from the gateway's socket to the subscriber's. */
export async function benchUplinks(
  options: BenchOptions,
  stack: RunningStack,
  registry: Registry,
  log: (line: string) => void,
): Promise<UplinkRow[]> {
  const deviceCount = options.number("devices");
  const gateways = options.number("gateways");
  await registry.ensureGateways("uplinks", gateways);
  const { devices, seconds } = await registry.ensureDevices("uplinks", deviceCount);
  if (devices > 0) log(`${(devices / seconds).toFixed(0)} devices/s registered, in three calls each`);
  const fleet = await GatewayFleet.connect({
    seed: seeds.uplinks,
    count: gateways,
    port: stack.udpPort,
    window: options.number("window"),
  });
  const mqtt = await MqttConnection.open(stack.mqttPort, applicationId, registry.apiKey);
  const rows: UplinkRow[] = [];
  try {
    await mqtt.subscribe(`v3/${applicationId}/devices/+/up`);
    const sources = registry.identities("uplinks", deviceCount).map(frameSource);
    const bench = { options, registry, stack, sources, fleet, mqtt, log };
    for (const copies of options.list("copies").map(Number)) {
      for (const formatter of options.list("formatter").map((word) => word === "on")) {
        if (!formatter && copies > 1) continue;
        await registry.useFormatter(formatter ? uplinkFormatter : undefined);
        log(`-- ${copies} gateway(s) per uplink, formatter ${formatter ? "on" : "off"}`);
        // Every device once: sessions in the cache, compiled code, and the gateways of each device known.
        const setting = { copies, formatter };
        rows.push(
          await run(bench, setting, "warm-up", deviceCount, { inFlight: options.number("in-flight") }),
        );
        rows.push(...(await findSustained(bench, setting)));
      }
    }
  } finally {
    mqtt.close();
    fleet.close();
  }
  return rows;
}

/** The measurements as a markdown table. */
export function formatUplinkTable(rows: readonly UplinkRow[], windowMs: number): string {
  const lines = [
    "| gateways | formatter | run | uplinks/s | lost | twice | wrong | p50 | p95 | p99 | max ms | p99 less window | server µs/uplink | generator µs | RSS MB | downlinks |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const { copies, formatter, what, held, result } of rows) {
    const { latency: raw } = result;
    // The window applies where it was waited for: nothing is faster than it.
    const lessWindow = copies > 1 && raw.p50 >= windowMs ? less(raw, windowMs).p99.toFixed(1) : "-";
    lines.push(
      `| ${[
        copies,
        formatter ? "on" : "off",
        held ? what : `${what} (not held)`,
        Math.round(result.perSecond),
        result.sent - result.received,
        result.duplicates,
        result.wrong,
        ...[raw.p50, raw.p95, raw.p99, raw.max].map((value) => value.toFixed(1)),
        lessWindow,
        result.serverMicrosecondsPerUplink.toFixed(1),
        result.generatorMicrosecondsPerUplink.toFixed(1),
        result.serverMegabytes.toFixed(0),
        result.unexpectedDownlinks,
      ].join(" | ")} |`,
    );
  }
  return lines.join("\n");
}
