// Loaded before anything else (`node -r`), in every thread of the servers and in the formatter process.
// Plain JavaScript because it must also load in a Node that cannot read TypeScript: `npm ci` brings the Node that
// Skylark runs on (package.json, optionalDependencies), but not for every platform.
const [major] = process.versions.node.split(".");
if (Number(major) < 26) {
  console.error(
    `Skylark needs Node 26. npm ci brought none for ${process.platform}-${process.arch}, and the one installed is ${process.version}.`,
  );
  process.exit(1);
}

const { spawnSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { registerHooks } = require("node:module");
const { join, sep } = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");
const { isMainThread } = require("node:worker_threads");
const { packages, strippedPath } = require("./strip-types.cjs");

const packagesUrl = pathToFileURL(packages + sep).href;
let mayStrip = isMainThread && process.permission === undefined;

registerHooks({
  load(url, context, nextLoad) {
    const source = isKept(url) ? stripped(url) : undefined;
    return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
  },
});

function isKept(url) {
  return url.startsWith(packagesUrl) && url.endsWith(".ts") && !url.endsWith(".test.ts");
}

/** Undefined where it cannot be had, as on a read-only disk: then Node does it in this thread. */
function stripped(url) {
  const path = strippedPath(readFileSync(fileURLToPath(url), "utf8"));
  const known = readIfThere(path);
  if (known !== undefined || !mayStrip) return known;
  mayStrip = false;
  const script = join(__dirname, "strip-types.cjs");
  spawnSync(process.execPath, ["--no-warnings", script], { stdio: "ignore" });
  return readIfThere(path);
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
