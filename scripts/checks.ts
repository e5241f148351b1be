import { spawnSync } from "node:child_process";

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["types", "tsc", "-p", "."],
  ["lint and format", "biome", "check", "."],
];

/** Types and lint; the import boundaries are a test. Runs all, so that one look shows everything. */
export function runChecks(): boolean {
  const failed = checks.filter(
    ([, command, ...args]) => spawnSync(command, args, { stdio: "inherit" }).status !== 0,
  );
  for (const [name] of failed) console.error(`failed: ${name}`);
  return failed.length === 0;
}

if (import.meta.main) process.exit(runChecks() ? 0 : 1);
