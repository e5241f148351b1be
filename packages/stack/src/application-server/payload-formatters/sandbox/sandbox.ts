import { defineErrors } from "../../../errors/errors.ts";
import type { Logger } from "../../../log/log.ts";
import { Offenders } from "./offenders.ts";
import { type FormatterCall, type FormatterResult, locateEngines, SandboxProcess } from "./process-client.ts";
import { type FormatterFunction, resultCodes, type SandboxSettings } from "./protocol.ts";
import type { Script } from "./script.ts";

const errors = defineErrors("skylark/formatters");
const suspended = errors.resourceExhausted(
  "suspended",
  "the script is suspended for {seconds} s, since it, or many of its application, ran out of time or memory",
);
const quarantined = errors.aborted(
  "quarantined",
  "the script ended the formatter process and is not run until it is changed",
);
const busy = errors.resourceExhausted("busy", "too many payloads wait for their formatter");
const stopped = errors.unavailable("stopped", "payload formatters are not available");

export interface SandboxOptions {
  readonly timeoutMs: number;
  readonly memoryLimitBytes: number;
  readonly maxWarmScripts: number;
  readonly engine: SandboxSettings["engine"];
}

const batchWindowMs = 2;
const batchSize = 64;
/** Calls on their way at once: enough that the process has the next batch while its results are read. */
const maxInFlight = 2 * batchSize;
const maxWaiting = 50_000;
const maxWaitingOfOffender = 64;
const maxResultLength = 64 * 1024;
const quarantineMs = 600_000;
const idleMs = 30_000;
const maxFailedStarts = 5;
const maxStartMs = 10_000;
const watchdogIntervalMs = 30;
/** Processor time, in calls' worth, after which a process without a result is given up. */
const watchdogShare = 1.6;
/** More for what the process's other threads use: they compile its engine, most of it after its start. */
const watchdogSlackMs = 100;
/** A second end of the shared process within this time is not put down to the first call alone. */
const suspicionMs = 10_000;

/** Since when a process is waited for, and the processor time it had used by then. */
interface Patience {
  readonly cpuMs: number | undefined;
  readonly sinceMs: number;
}

/** Calls that take turns in a process. */
interface Lane {
  /** Alone: one call at a time, so that a crash has one possible cause. */
  readonly alone: boolean;
  readonly waiting: FormatterCall[];
  process: SandboxProcess | undefined;
  batchTimer: NodeJS.Timeout | undefined;
  watchdog: NodeJS.Timeout | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  failedStarts: number;
  isReady: boolean;
  /** Results so far: as long as it grows, nothing hangs. */
  results: number;
}

/**
 * Runs formatter scripts in processes of their own. They share one; those that ran out of time or memory, or were
 * running when the process ended, are moved to a second one until they behave. Neither is started before it is needed:
 * a process costs 50 MB, and starts within the 200 ms that the first uplink waits for its copies.
 * Timers are real ones: they watch real processes.
 */
export class FormatterSandbox {
  readonly #settings: SandboxSettings;
  readonly #readable: string;
  readonly #log: Logger;
  readonly #offenders = new Offenders();
  readonly #shared = newLane(false);
  readonly #alone = newLane(true);
  #closed = false;
  #lastSharedExitMs = Number.NEGATIVE_INFINITY;
  #engine: string | undefined;

  constructor(options: SandboxOptions, log: Logger) {
    const { readable, ...engines } = locateEngines();
    this.#settings = { ...options, ...engines, maxResultLength };
    this.#readable = readable;
    this.#log = log;
  }

  /** The engine in use, once a process has started. */
  get engine(): string | undefined {
    return this.#engine;
  }

  get processIds(): readonly number[] {
    const ids = [this.#shared.process?.pid, this.#alone.process?.pid];
    return ids.filter((id) => id !== undefined);
  }

  call(
    script: Script,
    name: FormatterFunction,
    input: Uint8Array,
    context: { readonly fPort: number; readonly recvTime: number },
  ): Promise<FormatterResult> {
    if (this.#closed) return Promise.reject(stopped());
    const now = performance.now();
    if (script.quarantinedUntilMs > now) return Promise.reject(quarantined());
    const suspendedMs = this.#offenders.suspendedMs(script, now);
    if (suspendedMs > 0) return Promise.reject(suspended({ seconds: Math.ceil(suspendedMs / 1000) }));
    const lane = this.#offenders.isAlone(script) ? this.#alone : this.#shared;
    if (!this.#hasRoom(lane, script)) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const { fPort, recvTime } = context;
      lane.waiting.push({ script, name, input, fPort, recvTime, resolve, reject });
      this.#schedule(lane);
    });
  }

  #hasRoom(lane: Lane, script: Script): boolean {
    if (lane.waiting.length >= maxWaiting) return false;
    if (!lane.alone) return true;
    let waiting = 0;
    for (const call of lane.waiting) if (call.script.applicationKey === script.applicationKey) waiting++;
    return waiting < maxWaitingOfOffender;
  }

  #schedule(lane: Lane): void {
    if (lane.alone || lane.waiting.length === batchSize) {
      this.#flush(lane);
      return;
    }
    lane.batchTimer ??= setTimeout(() => {
      lane.batchTimer = undefined;
      this.#flush(lane);
    }, batchWindowMs);
  }

  #flush(lane: Lane): void {
    const process = this.#process(lane);
    if (process === undefined) return;
    const room = lane.alone ? 1 - process.inFlight : Math.min(batchSize, maxInFlight - process.inFlight);
    if (room <= 0 || lane.waiting.length === 0) return;
    clearTimeout(lane.idleTimer);
    process.send(lane.alone ? [takeTurn(lane.waiting)] : lane.waiting.splice(0, room));
    this.#watch(lane);
  }

  #process(lane: Lane): SandboxProcess | undefined {
    if (lane.process !== undefined || this.#closed) return lane.process;
    const process = new SandboxProcess(this.#settings, this.#readable, {
      ready: (engine) => {
        lane.failedStarts = 0;
        lane.isReady = true;
        if (this.#engine !== engine) this.#log.info("payload formatters are ready", { engine });
        this.#engine = engine;
        clearTimeout(startTimer);
      },
      result: (call, result) => this.#handleResult(lane, call, result),
      exit: (unfinished) => {
        clearTimeout(startTimer);
        this.#handleExit(lane, unfinished);
      },
    });
    const startTimer = setTimeout(() => process.kill(), maxStartMs);
    lane.isReady = false;
    lane.process = process;
    return process;
  }

  #handleResult(lane: Lane, call: FormatterCall, result: FormatterResult): void {
    lane.results++;
    const { script } = call;
    if (result.code === resultCodes.skipped) this.#moveSkipped(call);
    else {
      if (result.code === resultCodes.timeout || result.code === resultCodes.outOfMemory) {
        const now = performance.now();
        this.#offenders.strike(script, now);
        this.#moveOffender(script, now);
      } else if (lane.alone) this.#offenders.succeed(script, performance.now());
      call.resolve(result);
    }
    if (lane.alone && lane.process?.inFlight === 0) this.#rest(lane);
    if (lane.waiting.length === 0) return;
    const inFlight = lane.process?.inFlight ?? 0;
    if (lane.waiting.length >= batchSize && inFlight <= batchSize) this.#flush(lane);
    else if (lane.alone || lane.batchTimer === undefined) this.#schedule(lane);
  }

  #rest(lane: Lane): void {
    clearTimeout(lane.idleTimer);
    lane.idleTimer = setTimeout(() => lane.process?.kill(), idleMs);
    lane.idleTimer.unref();
  }

  /**
   * Ends a process that gives no result although it had the processor for longer than a call may take: some
   * built-ins cannot be interrupted from within.
   */
  #watch(lane: Lane): void {
    const { process } = lane;
    if (lane.watchdog !== undefined || process === undefined || process.inFlight === 0) return;
    let results = lane.results;
    let patience: Patience | undefined;
    const check = (): void => {
      lane.watchdog = undefined;
      if (lane.process !== process || process.inFlight === 0) return;
      if (lane.results !== results || !lane.isReady) {
        results = lane.results;
        patience = undefined;
      } else patience ??= { cpuMs: process.cpuMs(), sinceMs: performance.now() };
      if (patience !== undefined && this.#isExhausted(patience, process)) process.kill();
      else lane.watchdog = setTimeout(check, watchdogIntervalMs);
    };
    lane.watchdog = setTimeout(check, watchdogIntervalMs);
  }

  #isExhausted({ cpuMs, sinceMs }: Patience, process: SandboxProcess): boolean {
    const elapsedMs = performance.now() - sinceMs;
    const nowCpuMs = cpuMs === undefined ? undefined : process.cpuMs();
    // Where its processor time is unknown, or it gets none, the clock decides in the end.
    const usedMs = nowCpuMs === undefined ? elapsedMs / 10 : Math.max(nowCpuMs - cpuMs!, elapsedMs / 50);
    return usedMs > watchdogShare * this.#settings.timeoutMs + watchdogSlackMs;
  }

  #handleExit(lane: Lane, unfinished: readonly FormatterCall[]): void {
    clearTimeout(lane.watchdog);
    lane.watchdog = undefined;
    clearTimeout(lane.idleTimer);
    const wasReady = lane.isReady;
    lane.process = undefined;
    lane.isReady = false;
    if (this.#closed) {
      for (const call of unfinished) call.reject(stopped());
      return;
    }
    if (!wasReady) {
      this.#handleFailedStart(lane, unfinished);
      return;
    }
    if (unfinished.length === 0) {
      if (!lane.alone) this.#process(lane);
    } else if (lane.alone) this.#quarantine(unfinished);
    else this.#rerunAlone(unfinished);
    if (lane.waiting.length > 0) this.#flush(lane);
  }

  #handleFailedStart(lane: Lane, unfinished: readonly FormatterCall[]): void {
    lane.failedStarts++;
    this.#log.error("a formatter process did not start", { attempt: lane.failedStarts });
    lane.waiting.unshift(...unfinished);
    if (lane.failedStarts >= maxFailedStarts) {
      for (const call of lane.waiting.splice(0)) call.reject(stopped());
      lane.failedStarts = 0;
      return;
    }
    setTimeout(() => this.#flush(lane), 100 * 2 ** lane.failedStarts).unref();
  }

  #quarantine(unfinished: readonly FormatterCall[]): void {
    const now = performance.now();
    for (const call of unfinished) {
      call.script.quarantinedUntilMs = now + quarantineMs;
      this.#offenders.strike(call.script, now);
      this.#log.warn("a formatter script ended its process and is quarantined", {
        application: call.script.applicationKey,
      });
      call.reject(quarantined());
    }
    this.#alone.waiting.splice(0).forEach((call) => {
      if (call.script.quarantinedUntilMs > now) call.reject(quarantined());
      else this.#alone.waiting.push(call);
    });
  }

  /**
   * One of these ended the process that they shared; alone it shows whether it was the one. Results of scripts that
   * are new to a process are not held back, so it is nearly always the first; the others go on together.
   */
  #rerunAlone(unfinished: readonly FormatterCall[]): void {
    this.#log.warn("the formatter process ended and is started again", { calls: unfinished.length });
    const now = performance.now();
    const again = now - this.#lastSharedExitMs < suspicionMs;
    this.#lastSharedExitMs = now;
    const suspects = new Set((again ? unfinished : unfinished.slice(0, 1)).map(({ script }) => script));
    for (const script of suspects) this.#offenders.suspect(script);
    const isSuspect = ({ script }: FormatterCall) => this.#offenders.isAlone(script);
    const waiting = [...unfinished, ...this.#shared.waiting];
    this.#alone.waiting.push(...waiting.filter(isSuspect));
    this.#shared.waiting.splice(
      0,
      this.#shared.waiting.length,
      ...waiting.filter((call) => !isSuspect(call)),
    );
    this.#process(this.#shared);
    this.#flush(this.#shared);
    this.#flush(this.#alone);
  }

  /** What waits in the shared lane for a script that now runs alone, or not at all, must not hold up the others. */
  #moveOffender(offender: Script, now: number): void {
    const key = this.#offenders.keyOf(offender);
    const isOwn = ({ script }: FormatterCall) => this.#offenders.keyOf(script) === key;
    const seconds = Math.ceil(this.#offenders.suspendedMs(offender, now) / 1000);
    for (const lane of [this.#shared, this.#alone]) {
      if (!lane.waiting.some(isOwn)) continue;
      if (seconds === 0 && lane.alone) continue;
      const own = lane.waiting.filter(isOwn);
      const others = lane.waiting.filter((call) => !isOwn(call));
      lane.waiting.splice(0, lane.waiting.length, ...others);
      if (seconds > 0) for (const call of own) call.reject(suspended({ seconds }));
      else {
        const room = Math.max(0, maxWaitingOfOffender - this.#alone.waiting.length);
        this.#alone.waiting.push(...own.slice(0, room));
        for (const call of own.slice(room)) call.reject(busy());
        this.#flush(this.#alone);
      }
    }
  }

  /** It was under way together with the call that took more than its share. */
  #moveSkipped(call: FormatterCall): void {
    const suspendedMs = this.#offenders.suspendedMs(call.script, performance.now());
    if (suspendedMs > 0) call.reject(suspended({ seconds: Math.ceil(suspendedMs / 1000) }));
    else if (!this.#hasRoom(this.#alone, call.script)) call.reject(busy());
    else {
      this.#alone.waiting.push(call);
      this.#flush(this.#alone);
    }
  }

  /** Ends the processes; calls without a result are rejected. */
  close(): void {
    this.#closed = true;
    for (const lane of [this.#shared, this.#alone]) {
      clearTimeout(lane.batchTimer);
      clearTimeout(lane.watchdog);
      clearTimeout(lane.idleTimer);
      for (const call of lane.waiting.splice(0)) call.reject(stopped());
      lane.process?.kill();
    }
  }
}

function newLane(alone: boolean): Lane {
  return {
    alone,
    waiting: [],
    process: undefined,
    batchTimer: undefined,
    watchdog: undefined,
    idleTimer: undefined,
    failedStarts: 0,
    isReady: false,
    results: 0,
  };
}

/** The first call of the application that waits longest since its last turn: its later calls go to the end. */
function takeTurn(waiting: FormatterCall[]): FormatterCall {
  const call = waiting.shift()!;
  const key = call.script.applicationKey;
  const own = waiting.filter((other) => other.script.applicationKey === key);
  if (own.length > 0) {
    const others = waiting.filter((other) => other.script.applicationKey !== key);
    waiting.splice(0, waiting.length, ...others, ...own);
  }
  return call;
}
