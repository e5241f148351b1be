// A formatter process: runs scripts of strangers, with no permission to do anything else. It ends with its input.
import { writeSync } from "node:fs";
import { type LoadedScript, type Outcome, type ScriptEngine, ScriptLoadError } from "./engine.ts";
import { createIsolatedVmEngine } from "./isolated-vm-engine.ts";
import {
  callHeaderLength,
  commandCodes,
  defineHeaderLength,
  type FormatterFunction,
  forgetLength,
  formatterFunctions,
  type ResultCode,
  resultCodes,
  resultHeaderLength,
  type SandboxSettings,
} from "./protocol.ts";
import { createQuickjsEngine } from "./quickjs-engine.ts";

const outputDescriptor = 1;
// A result waits for those behind it only as long as they are quick, and run scripts that proved themselves here:
// when a call ends the process, the first one without a result is the one.
const maxResultDelayMs = 5;
const provingCalls = 16;

async function createEngine(settings: SandboxSettings): Promise<ScriptEngine> {
  if (settings.engine !== "quickjs" && settings.addonPath !== undefined) {
    try {
      return createIsolatedVmEngine(settings.addonPath, settings);
    } catch (error) {
      if (settings.engine === "isolated-vm") throw error;
    }
  }
  return createQuickjsEngine(settings.quickjsUrl, settings);
}

class ScriptRunner {
  readonly #engine: ScriptEngine;
  readonly #maxWarm: number;
  readonly #sources = new Map<number, string>();
  readonly #calls = new Map<number, number>();
  /** In order of use, the longest unused first. */
  readonly #warm = new Map<number, LoadedScript>();
  /** Scripts that ran out of time or memory: their calls behind that must not hold up those of others. */
  readonly #struck = new Set<number>();

  constructor(engine: ScriptEngine, maxWarm: number) {
    this.#engine = engine;
    this.#maxWarm = maxWarm;
  }

  define(id: number, source: string): void {
    this.#sources.set(id, source);
  }

  forget(id: number): void {
    this.#sources.delete(id);
    this.#calls.delete(id);
    this.#struck.delete(id);
    this.#discard(id);
  }

  /** Whether the script has run here often enough to be trusted not to end the process. */
  isProven(id: number): boolean {
    return (this.#calls.get(id) ?? 0) >= provingCalls;
  }

  /** Undefined when it is not run any more. */
  call(id: number, name: FormatterFunction, input: string): Outcome | undefined {
    if (this.#struck.has(id)) return undefined;
    const outcome = this.#run(id, name, input);
    if (outcome.kind !== "text") this.#struck.add(id);
    return outcome;
  }

  #run(id: number, name: FormatterFunction, input: string): Outcome {
    const calls = this.#calls.get(id) ?? 0;
    if (calls < provingCalls) this.#calls.set(id, calls + 1);
    try {
      const outcome = this.#script(id).call(name, input);
      // What an interrupted script left behind is not worth keeping.
      if (outcome.kind !== "text") this.#discard(id);
      return outcome;
    } catch (error) {
      this.#discard(id);
      if (error instanceof ScriptLoadError && error.outcome !== "syntax") return { kind: error.outcome };
      const message = error instanceof Error ? error.message : String(error);
      return {
        kind: "text",
        text: `E${JSON.stringify({ name: "script", message: message.slice(0, 1000) })}`,
      };
    }
  }

  #script(id: number): LoadedScript {
    const known = this.#warm.get(id);
    if (known !== undefined) {
      if (this.#warm.size > 1) {
        this.#warm.delete(id);
        this.#warm.set(id, known);
      }
      return known;
    }
    for (const oldest of this.#warm.keys()) {
      if (this.#warm.size < this.#maxWarm) break;
      this.#discard(oldest);
    }
    const script = this.#engine.load(this.#sources.get(id) ?? "");
    this.#warm.set(id, script);
    return script;
  }

  #discard(id: number): void {
    const script = this.#warm.get(id);
    this.#warm.delete(id);
    script?.dispose();
  }
}

class ResultWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  add(code: ResultCode, text: string): void {
    const needed = this.#length + resultHeaderLength + text.length * 3;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    const length = this.#buffer.write(text, this.#length + resultHeaderLength, "utf8");
    this.#buffer[this.#length] = code;
    this.#buffer.writeUInt32LE(length, this.#length + 1);
    this.#length += resultHeaderLength + length;
  }

  addOutcome(outcome: Outcome | undefined): void {
    if (outcome === undefined) this.add(resultCodes.skipped, "");
    else if (outcome.kind === "timeout") this.add(resultCodes.timeout, "");
    else if (outcome.kind === "outOfMemory") this.add(resultCodes.outOfMemory, "");
    else this.add(codesOfLetters[outcome.text[0] ?? ""] ?? resultCodes.error, outcome.text.slice(1));
  }

  /** Written without leaving the thread: what a loop behind it holds up is not the result. */
  flush(): void {
    let offset = 0;
    while (offset < this.#length) {
      try {
        offset += writeSync(outputDescriptor, this.#buffer, offset, this.#length - offset);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
    this.#length = 0;
  }
}

const codesOfLetters: Readonly<Record<string, ResultCode>> = {
  D: resultCodes.data,
  W: resultCodes.dataWithWarnings,
};

function inputOf(name: FormatterFunction, input: Buffer, fPort: number, recvTime: number): string {
  if (name === "encodeDownlink" || name === "dryRunDownlink")
    return `{"data":${input.toString("utf8")},"fPort":${fPort}}`;
  const time = name === "decodeUplink" ? `,"recvTime":${recvTime}` : "";
  return `{"bytes":[${input.join()}],"fPort":${fPort}${time}}`;
}

class CommandReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #runner: ScriptRunner;
  readonly #writer: ResultWriter;

  constructor(runner: ScriptRunner, writer: ResultWriter) {
    this.#runner = runner;
    this.#writer = writer;
  }

  handle(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let offset = 0;
    let flushedAt = performance.now();
    for (;;) {
      const end = this.#handleCommand(buffer, offset);
      if (end === undefined) break;
      offset = end;
      const now = performance.now();
      if (now - flushedAt > maxResultDelayMs) {
        this.#writer.flush();
        flushedAt = now;
      }
    }
    this.#rest = buffer.subarray(offset);
    this.#writer.flush();
  }

  /** Where the next command begins; undefined when this one is not complete. */
  #handleCommand(buffer: Buffer, offset: number): number | undefined {
    const available = buffer.length - offset;
    if (available < forgetLength) return undefined;
    const id = buffer.readUInt32LE(offset + 1);
    switch (buffer[offset]) {
      case commandCodes.define: {
        if (available < defineHeaderLength) return undefined;
        const start = offset + defineHeaderLength;
        const end = start + buffer.readUInt32LE(offset + 5);
        if (end > buffer.length) return undefined;
        this.#runner.define(id, buffer.toString("utf8", start, end));
        return end;
      }
      case commandCodes.forget:
        this.#runner.forget(id);
        return offset + forgetLength;
      default: {
        if (available < callHeaderLength) return undefined;
        const start = offset + callHeaderLength;
        const end = start + buffer.readUInt32LE(offset + 16);
        if (end > buffer.length) return undefined;
        const name = formatterFunctions[buffer[offset + 5]!]!;
        const fPort = buffer.readUInt16LE(offset + 6);
        const recvTime = buffer.readDoubleLE(offset + 8);
        const input = inputOf(name, buffer.subarray(start, end), fPort, recvTime);
        if (!this.#runner.isProven(id)) this.#writer.flush();
        this.#writer.addOutcome(this.#runner.call(id, name, input));
        return end;
      }
    }
  }
}

const settings = JSON.parse(process.argv[2] ?? "{}") as SandboxSettings;
const engine = await createEngine(settings);
const writer = new ResultWriter();
const reader = new CommandReader(new ScriptRunner(engine, settings.maxWarmScripts), writer);
writer.add(resultCodes.ready, engine.name);
writer.flush();
// The server that stops still wants the answers that are under way; it closes the input when it is done.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.stdin.on("data", (chunk: Buffer) => reader.handle(chunk));
process.stdin.on("end", () => process.exit(0));
