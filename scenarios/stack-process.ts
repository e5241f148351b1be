import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The whole stack in a process of its own, as a user starts it, on free ports of 127.0.0.1. */
export interface StackProcess extends Ports {
  readonly dataDirectory: string;
  readonly adminKey: string;
  /** Lines of the log so far. */
  readonly log: readonly string[];
  readonly pid: number;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
}

export interface StackProcessOptions {
  /** Kept and reused when given; otherwise a fresh one, removed at the end of the process. */
  readonly dataDirectory?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const preload = new URL("../packages/stack/launch/preload.cjs", import.meta.url).pathname;
const main = new URL("../packages/stack/src/main/main.ts", import.meta.url).pathname;

const temporaryDirectories: string[] = [];
const unfinished = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of unfinished) child.kill("SIGKILL");
  for (const directory of temporaryDirectories) rmSync(directory, { recursive: true, force: true });
});

/** Gone when this process ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "skylark-"));
  temporaryDirectories.push(directory);
  return directory;
}

/** Starts a program that does not outlive this process. */
export function spawnMain(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [main, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  unfinished.add(child);
  child.once("close", () => unfinished.delete(child));
  return child;
}

/**
 * Listeners of HTTP, MQTT and UDP on ports that stay free while the stack is down: they lie below those that systems
 * hand out to whoever asks for any, and another process of ours begins elsewhere.
 */
export async function lastingPorts(): Promise<string[]> {
  const flags: string[] = [];
  for (let port = 10_240 + ((process.pid * 8) % 5600); flags.length < 3; port++) {
    if (!(await isFree(port))) continue;
    const name = ["http", "as.mqtt", "gs.udp"][flags.length];
    flags.push(`--${name}.listen=127.0.0.1:${port}`);
  }
  return flags;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket("udp4");
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}

function freePorts(dataDirectory: string): string[] {
  return [
    `--data-dir=${dataDirectory}`,
    "--http.listen=127.0.0.1:0",
    "--grpc.listen=127.0.0.1:0",
    "--as.mqtt.listen=127.0.0.1:0",
    "--gs.udp.listen=127.0.0.1:0",
    "--v2.discovery.listen=127.0.0.1:0",
    "--v2.handler.listen=127.0.0.1:0",
    "--log.format=json",
  ];
}

/** How a start ended that could not succeed. */
export interface FailedStart {
  readonly code: number | null;
  readonly stderr: string;
}

/** Starts the stack with what it must refuse; fails when it is ready all the same. */
export async function startFailingStack(
  flags: readonly string[],
  { dataDirectory = temporaryDirectory(), env = {} }: Pick<StackProcessOptions, "dataDirectory" | "env"> = {},
): Promise<FailedStart> {
  const child = spawnMain([...freePorts(dataDirectory), ...flags], env);
  child.stdout.resume();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (text.includes('"message":"ready"')) child.kill("SIGKILL");
  });
  await once(child, "close");
  return { code: child.exitCode, stderr };
}

/** Starts the stack and waits until it is ready. */
export async function startStackProcess(options: StackProcessOptions = {}): Promise<StackProcess> {
  const dataDirectory = options.dataDirectory ?? temporaryDirectory();
  const flags = [...freePorts(dataDirectory), ...(options.flags ?? [])];
  const child = spawn(process.execPath, ["-r", preload, main, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const stopWithUs = () => child.kill("SIGKILL");
  process.on("exit", stopWithUs);
  child.once("exit", () => process.off("exit", stopWithUs));
  const log: string[] = [];
  const ready = await untilReady(child, log);
  return {
    dataDirectory,
    ...ready,
    adminKey: readFileSync(join(dataDirectory, "admin-api-key"), "utf8").trim(),
    log,
    pid: child.pid!,
    stop: async () => {
      child.kill("SIGTERM");
      return exitOf(child);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exitOf(child);
    },
  };
}

interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly mqttPort: number;
  readonly udpPort: number;
  /** 0 without a certificate. */
  readonly httpTlsPort: number;
  readonly mqttTlsPort: number;
  readonly v2DiscoveryPort: number;
  readonly v2HandlerPort: number;
  /** 0 unless the option turns it on. */
  readonly v2HandlerHttpPort: number;
}

function untilReady(child: ChildProcess, log: string[]): Promise<Ports> {
  return new Promise((resolve, reject) => {
    const read = (line: string) => {
      log.push(line);
      if (!line.startsWith("{")) return;
      const record = JSON.parse(line) as Record<string, unknown>;
      if (record.message !== "ready") return;
      resolve({
        httpPort: Number(record.http),
        grpcPort: Number(record.grpc ?? 0),
        mqttPort: Number(record.mqtt),
        udpPort: Number(record.udp),
        httpTlsPort: Number(record.httpTls ?? 0),
        mqttTlsPort: Number(record.mqttTls ?? 0),
        v2DiscoveryPort: Number(record.v2Discovery ?? 0),
        v2HandlerPort: Number(record.v2Handler ?? 0),
        v2HandlerHttpPort: Number(record.v2HandlerHttp ?? 0),
      });
    };
    createInterface({ input: child.stdout! }).on("line", read);
    createInterface({ input: child.stderr! }).on("line", read);
    child.once("exit", (code, signal) =>
      reject(new Error(`the stack ended (${code ?? signal}) before it was ready:\n${log.join("\n")}`)),
    );
  });
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}
