import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  callHeaderLength,
  commandCodes,
  defineHeaderLength,
  type FormatterFunction,
  forgetLength,
  formatterFunctions,
  resultCodes,
  resultHeaderLength,
  type SandboxSettings,
} from "./protocol.ts";
import type { Script } from "./script.ts";

/** One call of a formatter that somebody waits for. */
export interface FormatterCall {
  readonly script: Script;
  readonly name: FormatterFunction;
  readonly input: Uint8Array;
  readonly fPort: number;
  /** Milliseconds since the Unix epoch. */
  readonly recvTime: number;
  resolve(result: FormatterResult): void;
  reject(error: Error): void;
}

/** A result as the process gave it. */
export interface FormatterResult {
  readonly code: number;
  readonly text: string;
}

export interface ProcessEvents {
  /** It runs, with this engine. */
  ready(engine: string): void;
  result(call: FormatterCall, result: FormatterResult): void;
  /** It ended, by itself or because it was ended; these calls have no result. */
  exit(unfinished: readonly FormatterCall[]): void;
}

const folder = dirname(fileURLToPath(import.meta.url));
const entry = join(folder, "sandbox-process.ts");
const packageFolder = join(folder, "../../../..");
const launchFolder = join(packageFolder, "launch");
const preload = join(launchFolder, "preload.cjs");
// Sources kept in the process beside the warm ones.
const maxKnownScripts = 512;

/** Where the engines lie, as paths that the process may read. */
export function locateEngines(): Pick<SandboxSettings, "addonPath" | "quickjsUrl"> & {
  readonly readable: string;
} {
  const require = createRequire(import.meta.url);
  const quickjsUrl = import.meta.resolve("quickjs-emscripten");
  const quickjsPath = fileURLToPath(quickjsUrl);
  const readable = quickjsPath.slice(0, quickjsPath.lastIndexOf("node_modules") + "node_modules".length);
  try {
    const file = require.resolve("isolated-vm/package.json");
    const gypBuild = createRequire(file)("node-gyp-build") as { path(directory: string): string };
    return { addonPath: gypBuild.path(dirname(file)), quickjsUrl, readable };
  } catch {
    return { addonPath: undefined, quickjsUrl, readable };
  }
}

/** One formatter process, from its start to its end. */
export class SandboxProcess {
  readonly #child: ChildProcess;
  readonly #events: ProcessEvents;
  readonly #inFlight: FormatterCall[] = [];
  #firstInFlight = 0;
  /** Numbers of the scripts that the process has, in order of use. */
  readonly #known = new Map<Script, number>();
  #nextScriptId = 1;
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(settings: SandboxSettings, readable: string, events: ProcessEvents) {
    this.#events = events;
    const paths = [folder, launchFolder, join(packageFolder, "package.json"), readable];
    const reads = paths.map((path) => `--allow-fs-read=${path}`);
    // Nothing of the server's environment: it may hold secrets, and NODE_OPTIONS would undo the permissions.
    this.#child = spawn(
      process.execPath,
      [
        "--permission",
        "--allow-addons",
        ...reads,
        "--no-warnings",
        "-r",
        preload,
        entry,
        JSON.stringify(settings),
      ],
      { cwd: folder, env: {}, stdio: ["pipe", "pipe", "ignore"] },
    );
    this.#child.stdout!.on("data", (chunk: Buffer) => this.#handleData(chunk));
    this.#child.stdin!.on("error", () => {});
    this.#child.on("error", () => this.#handleEnd());
    this.#child.on("close", () => this.#handleEnd());
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Processor time used so far; undefined where the system does not tell. In steps of 10 ms. */
  cpuMs(): number | undefined {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "latin1");
      // After the name in parentheses; user and system time are fields 14 and 15 of the line.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      return undefined;
    }
  }

  get inFlight(): number {
    return this.#inFlight.length - this.#firstInFlight;
  }

  send(calls: readonly FormatterCall[]): void {
    const commands: Buffer[] = [];
    for (const call of calls) {
      const scriptId = this.#defineScript(call.script, commands);
      commands.push(encodeCall(call, scriptId));
      this.#inFlight.push(call);
    }
    this.#child.stdin!.write(commands.length === 1 ? commands[0]! : Buffer.concat(commands));
  }

  #defineScript(script: Script, commands: Buffer[]): number {
    const known = this.#known.get(script);
    if (known !== undefined) return known;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < maxKnownScripts) break;
      commands.push(this.#forgetScript(oldest));
    }
    const id = this.#nextScriptId++;
    this.#known.set(script, id);
    const source = Buffer.from(script.source, "utf8");
    const define = Buffer.allocUnsafe(defineHeaderLength);
    define[0] = commandCodes.define;
    define.writeUInt32LE(id, 1);
    define.writeUInt32LE(source.length, 5);
    commands.push(define, source);
    return id;
  }

  #forgetScript(script: Script): Buffer {
    const forget = Buffer.allocUnsafe(forgetLength);
    forget[0] = commandCodes.forget;
    forget.writeUInt32LE(this.#known.get(script) ?? 0, 1);
    this.#known.delete(script);
    return forget;
  }

  #handleData(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let offset = 0;
    while (buffer.length - offset >= resultHeaderLength) {
      const start = offset + resultHeaderLength;
      const end = start + buffer.readUInt32LE(offset + 1);
      if (end > buffer.length) break;
      this.#handleResult({ code: buffer[offset]!, text: buffer.toString("utf8", start, end) });
      offset = end;
    }
    this.#rest = buffer.subarray(offset);
    if (this.#firstInFlight > 1024) this.#compact();
  }

  #handleResult(result: FormatterResult): void {
    if (result.code === resultCodes.ready) {
      this.#events.ready(result.text);
      return;
    }
    const call = this.#inFlight[this.#firstInFlight];
    if (call === undefined) return;
    this.#firstInFlight++;
    if (this.#firstInFlight === this.#inFlight.length) this.#compact();
    // The process runs it no more under this number; whenever it is called again it gets a new one.
    const isStruck = result.code === resultCodes.timeout || result.code === resultCodes.outOfMemory;
    if (isStruck && this.#known.has(call.script)) this.#child.stdin!.write(this.#forgetScript(call.script));
    this.#events.result(call, result);
  }

  #compact(): void {
    this.#inFlight.splice(0, this.#firstInFlight);
    this.#firstInFlight = 0;
  }

  #handleEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.exit(this.#inFlight.slice(this.#firstInFlight));
  }

  /** Ends it at once; `exit` follows. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

function encodeCall(call: FormatterCall, scriptId: number): Buffer {
  const command = Buffer.allocUnsafe(callHeaderLength + call.input.length);
  command[0] = commandCodes.call;
  command.writeUInt32LE(scriptId, 1);
  command[5] = formatterFunctions.indexOf(call.name);
  command.writeUInt16LE(call.fPort, 6);
  command.writeDoubleLE(call.recvTime, 8);
  command.writeUInt32LE(call.input.length, 16);
  command.set(call.input, callHeaderLength);
  return command;
}
