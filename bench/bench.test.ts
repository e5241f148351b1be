import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { latencies, less } from "./latencies.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs the benchmark against a fake stack that makes one kind of mistake. */
function runBench(parts: readonly string[], fault: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(
    process.execPath,
    [
      ...["bench/main.ts", ...parts, "--quick", "--stack-main", "bench/fake-stack.ts"],
      ...[`--stack-option=--fault=${fault}`, "--seconds", "1", "--devices", "100", "--formatter", "on"],
      // So few that the smallest buffer of a socket holds them: a lost datagram is what the benchmark is to notice.
      ...["--copies", fault === "none" ? "1,3" : "1", "--in-flight", "40"],
    ],
    { cwd: root },
  );
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

describe("the benchmark", { concurrency: 2 }, () => {
  it("finds every uplink, join and downlink of a server that makes no mistake", async () => {
    const { code, output } = await runBench(["uplinks", "joins", "downlinks"], "none");
    assert.equal(code, 0, output);
    assert.match(output, /joins at 40\/s: 40 messages and 40 transmissions of 40/);
    assert.match(output, /downlinks at 40\/s: 40 messages and 40 transmissions of 40/);
    assert.match(output, /\| 3 \| on \| fixed rate/);
  });

  for (const [fault, column] of [
    ["lose", /\| 1 \| on \| warm-up \| \d+ \| 1 \| 0 \| 0 \|/],
    ["twice", /\| 1 \| on \| warm-up \| \d+ \| 0 \| 1 \| 0 \|/],
    ["corrupt", /frm_payload of frame 49/],
    ["decode", /decoded_payload of frame 49/],
  ] as const) {
    it(`fails when the server makes the mistake "${fault}"`, async () => {
      const { code, output } = await runBench(["uplinks"], fault);
      assert.equal(code, 1, output);
      assert.match(output, column);
    });
  }

  it("computes percentiles, also less a constant", () => {
    const measured = latencies(Float64Array.from({ length: 100 }, (_, index) => 100 - index));
    assert.deepEqual(measured, { p50: 51, p95: 96, p99: 100, max: 100 });
    assert.deepEqual(less(measured, 60), { p50: 0, p95: 36, p99: 40, max: 40 });
  });
});
