import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./options.ts";
import { Registry } from "./population.ts";
import { cpuMicroseconds, proportionalMegabytes, residentMegabytes } from "./processes.ts";
import { type StackProgram, startStack } from "./stack-process.ts";

export interface StartResult {
  readonly devices: number;
  readonly readyMs: number;
  /** Processor time of the process tree until then: steadier than the clock where other programs run. */
  readonly readyCpuMs: number;
  /** Five seconds after it was ready; a formatter process is there once a device needs one. */
  readonly idleMegabytes: number;
  /** The same with shared pages counted once. */
  readonly idleProportionalMegabytes: number;
}

async function measure(dataDir: string, devices: number, program: StackProgram): Promise<StartResult> {
  const stack = await startStack(program, dataDir);
  const readyCpuMs = cpuMicroseconds(stack.pid) / 1000;
  try {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    return {
      devices,
      readyMs: stack.readyMs,
      readyCpuMs,
      idleMegabytes: residentMegabytes(stack.pid),
      idleProportionalMegabytes: proportionalMegabytes(stack.pid),
    };
  } finally {
    await stack.stop();
  }
}

/** Start to ready and idle memory: with a new store, with the same store again, and with many devices in it. */
export async function benchStart(
  options: BenchOptions,
  program: StackProgram,
  log: (line: string) => void,
): Promise<StartResult[]> {
  const kept = options.text("data-dir");
  const dataDir = kept === "" ? await mkdtemp(join(tmpdir(), "skylark-bench-start-")) : kept;
  const fresh = await mkdtemp(join(tmpdir(), "skylark-bench-fresh-"));
  const devices = options.number("start-devices");
  try {
    const results = [await measure(fresh, 0, program), await measure(fresh, 0, program)];
    const filling = await startStack(program, dataDir);
    try {
      const registry = await Registry.open(filling, dataDir, {
        connections: options.number("connections"),
        log,
      });
      await registry.ensureDevices("uplinks", devices);
      registry.client.close();
    } finally {
      await filling.stop();
    }
    results.push(await measure(dataDir, devices, program));
    return results;
  } finally {
    await rm(fresh, { recursive: true, force: true });
    if (kept === "") await rm(dataDir, { recursive: true, force: true });
  }
}

/** The measurements as a markdown table. */
export function formatStartTable(results: readonly StartResult[]): string {
  const lines = [
    "| start | devices | ready ms | CPU ms | idle RSS MB | idle PSS MB |",
    "|---|---|---|---|---|---|",
  ];
  const names = ["first, empty store", "again", "filled store"];
  for (const [index, result] of results.entries()) {
    const { devices, readyMs, readyCpuMs, idleMegabytes, idleProportionalMegabytes } = result;
    lines.push(
      `| ${names[index] ?? ""} | ${devices} | ${readyMs.toFixed(0)} | ${readyCpuMs.toFixed(0)} | ${idleMegabytes.toFixed(0)} | ${idleProportionalMegabytes.toFixed(0)} |`,
    );
  }
  return lines.join("\n");
}
