import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What `npm start` gives Node before the script. */
const nodeOptions = startOptions();

/** What is started: a script, relative to the root of the project, and options besides the ports. */
export interface StackProgram {
  readonly main: string;
  readonly options: readonly string[];
}

export interface RunningStack {
  readonly pid: number;
  readonly httpUrl: string;
  readonly grpcAddress: string;
  readonly mqttPort: number;
  readonly udpPort: number;
  readonly adminKey: string;
  /** From the start of the process until it said that it was ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

function startOptions(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const words: string[] = scripts.start.split(" ");
  return words.slice(words.indexOf("node") + 1, -1);
}

/** Below the ports that systems hand out to whoever asks for any, so that it is still free when the stack wants it. */
let nextPort = 10_240 + ((process.pid * 8) % 5600);

async function freePort(): Promise<number> {
  for (; ; nextPort++) {
    const server = createServer();
    const socket = createSocket("udp4");
    try {
      server.listen(nextPort, "127.0.0.1");
      await once(server, "listening");
      socket.bind(nextPort, "127.0.0.1");
      await once(socket, "listening");
      return nextPort++;
    } catch (error) {
      if (nextPort > 16_000) throw error;
    } finally {
      server.close();
      socket.close();
    }
  }
}

async function isReady(httpUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${httpUrl}/healthz/ready`)).status === 200;
  } catch {
    return false;
  }
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

/** Starts the stack with a data directory, on free ports of this machine only, and waits until it is ready. */
export async function startStack(program: StackProgram, dataDir: string): Promise<RunningStack> {
  const httpPort = await freePort();
  const grpcPort = await freePort();
  const mqttPort = await freePort();
  const udpPort = await freePort();
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...nodeOptions,
      program.main,
      `--data-dir=${dataDir}`,
      `--http.listen=127.0.0.1:${httpPort}`,
      `--grpc.listen=127.0.0.1:${grpcPort}`,
      `--as.mqtt.listen=127.0.0.1:${mqttPort}`,
      `--gs.udp.listen=127.0.0.1:${udpPort}`,
      "--v2.discovery.listen=127.0.0.1:0",
      "--v2.handler.listen=127.0.0.1:0",
      ...program.options,
    ],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-4000);
  });
  while (!(await isReady(httpUrl))) {
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}:\n${errors}`);
    if (performance.now() - startedAt > 60_000) {
      child.kill("SIGKILL");
      throw new Error(`the stack was not ready within a minute:\n${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const readyMs = performance.now() - startedAt;
  const adminKey = (await readFile(join(dataDir, "admin-api-key"), "utf8")).trim();
  return {
    pid: child.pid ?? 0,
    httpUrl,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    mqttPort,
    udpPort,
    adminKey,
    readyMs,
    async stop() {
      const impatience = setTimeout(() => child.kill("SIGKILL"), 15_000);
      child.kill("SIGTERM");
      const code = await exited(child);
      clearTimeout(impatience);
      if (code === 0) return;
      throw new Error(`the stack ended with ${code} after SIGTERM:\n${errors}`);
    },
  };
}
