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
// The longest lie here: begun last, they would keep one processor waiting for the other.
const isStory = (file: string) => file.startsWith("scenarios");
const ordered = [...files.filter(isStory), ...files.filter((file) => !isStory(file))];
if (files.length === 0) {
  console.error(`no test file matches ${patterns.join(" ")}`);
  process.exit(1);
}
const run = spawnSync(process.execPath, ["scripts/run-tests.ts", ...ordered], { stdio: "inherit" });
process.exit(run.status ?? 1);
