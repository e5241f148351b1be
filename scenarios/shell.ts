import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Arrivals } from "./arrivals.ts";

/** What a command printed and how it ended. */
export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs a command line as pasted into a shell. */
export function shell(command: string): Promise<ShellResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ stdout, stderr, code }));
  });
}

/** A command that keeps printing, such as `mosquitto_sub` or `curl` on a stream. */
export interface RunningCommand {
  /** The next line that satisfies `matches`, among those printed so far and those to come. */
  line(matches: (line: string) => boolean, timeoutMs?: number): Promise<string>;
  readonly lines: readonly string[];
  stop(): void;
}

export function runCommand(program: string, args: readonly string[]): RunningCommand {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const arrivals = new Arrivals<string>();
  const lines = arrivals.items;
  child.once("error", (error) => arrivals.end(error));
  child.once("close", (code) =>
    arrivals.end(new Error(`${program} ended with ${code}:\n${lines.join("\n")}`)),
  );
  createInterface({ input: child.stdout }).on("line", (line) => arrivals.add(line));
  createInterface({ input: child.stderr }).on("line", (line) => arrivals.add(line));
  const stop = () => child.kill();
  process.once("exit", stop);
  return { lines, stop, line: (matches, timeoutMs) => arrivals.first(matches, timeoutMs) };
}
