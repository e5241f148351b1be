import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiResult, benchApi, checkRegistered, formatApiTable } from "./api.ts";
import { type BenchOptions, help, readOptions } from "./options.ts";
import { Registry } from "./population.ts";
import { benchDownlinks, benchJoins, formatRadioTable, isComplete } from "./radio.ts";
import type { RadioResult } from "./radio-run.ts";
import { type StackProgram, startStack } from "./stack-process.ts";
import { benchStart, formatStartTable, type StartResult } from "./start.ts";
import { benchUplinks, formatUplinkTable, isRight, type UplinkRow } from "./uplinks.ts";

interface Results {
  readonly machine: string;
  readonly date: string;
  uplinks: readonly UplinkRow[];
  joins: readonly RadioResult[];
  downlinks: readonly RadioResult[];
  api: readonly ApiResult[];
  start: readonly StartResult[];
}

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function machine(): string {
  const receiveBuffer = readFileSync("/proc/sys/net/core/rmem_max", "utf8").trim();
  const model = cpus()[0]?.model ?? "unknown";
  return `${availableParallelism()} cores of ${model}, Node ${process.versions.node}, net.core.rmem_max ${receiveBuffer}`;
}

async function benchRunning(options: BenchOptions, program: StackProgram, results: Results): Promise<void> {
  const kept = options.text("data-dir");
  const dataDir = kept === "" ? await mkdtemp(join(tmpdir(), "skylark-bench-")) : kept;
  await mkdir(dataDir, { recursive: true });
  const connections = options.number("connections");
  let stack = await startStack(program, dataDir);
  try {
    const registry = await Registry.open(stack, dataDir, { connections, log });
    const bench = { options, registry, stack, log };
    if (options.parts.includes("uplinks"))
      results.uplinks = await benchUplinks(options, stack, registry, log);
    if (options.parts.includes("joins")) results.joins = await benchJoins(bench);
    if (options.parts.includes("downlinks")) results.downlinks = await benchDownlinks(bench);
    if (options.parts.includes("api")) results.api = await benchApi(bench);
    registry.client.close();
    if (options.parts.includes("api")) {
      await stack.stop();
      stack = await startStack(program, dataDir);
      const reopened = await Registry.open(stack, dataDir, { connections, log });
      await checkRegistered(reopened, log);
      reopened.client.close();
    }
  } finally {
    await stack.stop();
    if (kept === "") await rm(dataDir, { recursive: true, force: true });
  }
}

/** Runs the parts that were asked for and prints their tables; fails when a message was lost, doubled or wrong. */
async function main(options: BenchOptions): Promise<void> {
  const program: StackProgram = {
    main: options.text("stack-main"),
    options: options
      .text("stack-option")
      .split(" ")
      .filter((item) => item !== ""),
  };
  const results: Results = {
    machine: machine(),
    date: new Date().toISOString().slice(0, 10),
    uplinks: [],
    joins: [],
    downlinks: [],
    api: [],
    start: [],
  };
  if (options.parts.some((part) => part !== "start")) await benchRunning(options, program, results);
  if (options.parts.includes("start")) results.start = await benchStart(options, program, log);
  console.log(`${results.machine}, ${results.date}\n`);
  const windowMs = options.number("dedup-window-ms");
  if (results.uplinks.length > 0) console.log(`${formatUplinkTable(results.uplinks, windowMs)}\n`);
  const radio = [...results.joins, ...results.downlinks];
  if (radio.length > 0) console.log(`${formatRadioTable(radio)}\n`);
  if (results.api.length > 0) console.log(`${formatApiTable(results.api)}\n`);
  if (results.start.length > 0) console.log(`${formatStartTable(results.start)}\n`);
  const path = options.text("json");
  if (path !== "") await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
  // A rising rate may fail at its end; the first must not.
  const firsts = [results.joins[0], results.downlinks[0]].filter((result) => result !== undefined);
  if (!results.uplinks.every(isRight) || !firsts.every(isComplete)) {
    console.error("messages were lost, doubled or wrong");
    process.exitCode = 1;
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else await main(options);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
