import { type Latencies, latencies } from "./latencies.ts";
import { cpuMicroseconds } from "./processes.ts";

export interface LoopResult {
  readonly calls: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly latency: Latencies;
  readonly serverMicrosecondsEach: number;
}

export interface LoopOptions {
  readonly workers: number;
  /** Ends the run; whichever comes first. */
  readonly seconds: number;
  readonly calls: number;
  readonly serverPid: number;
}

/** Workers that each begin the next call as soon as the one before is answered; a call that fails ends the run. */
export async function runClosedLoop(
  options: LoopOptions,
  call: (index: number, worker: number) => Promise<void>,
): Promise<LoopResult> {
  const elapsed = new Float64Array(options.calls);
  const cpuBefore = cpuMicroseconds(options.serverPid);
  const startedAt = performance.now();
  const endAt = startedAt + options.seconds * 1000;
  let begun = 0;
  let answered = 0;
  const work = async (worker: number): Promise<void> => {
    while (begun < options.calls) {
      const callAt = performance.now();
      if (callAt >= endAt) return;
      await call(begun++, worker);
      elapsed[answered++] = performance.now() - callAt;
    }
  };
  await Promise.all(Array.from({ length: options.workers }, (_, worker) => work(worker)));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    calls: answered,
    seconds,
    perSecond: answered / seconds,
    latency: latencies(elapsed.subarray(0, answered)),
    serverMicrosecondsEach: (cpuMicroseconds(options.serverPid) - cpuBefore) / Math.max(1, answered),
  };
}
