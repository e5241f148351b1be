import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { runChecks } from "./checks.ts";
import { ensureSystemPrograms } from "./system-packages.ts";

// Usage: npm test [-- path or part of a path …]
const patterns = process.argv.slice(2);

if (patterns.length === 0) {
  try {
    ensureSystemPrograms();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
  if (!runChecks()) process.exit(1);
}

const files = globSync([
  "packages/*/src/**/*.test.ts",
  "scenarios/**/*.test.ts",
  "bench/*.test.ts",
  "*.test.ts",
])
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${patterns.join(" ")}`);
  process.exit(1);
}
const run = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=2", "--test-timeout=300000", ...files],
  {
    stdio: "inherit",
  },
);
process.exit(run.status ?? 1);
