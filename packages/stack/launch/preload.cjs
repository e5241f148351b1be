// Loaded before anything else (`node -r`), in every thread of the servers and in the formatter process.
// Plain JavaScript because it must also load in a Node that cannot read TypeScript: `npm ci` brings the Node that
// Skylark runs on (package.json, optionalDependencies), but not for every platform.
const [major] = process.versions.node.split(".");
// npm writes this file when it has installed everything.
if (!require("node:fs").existsSync(`${__dirname}/../../../node_modules/.package-lock.json`)) {
  console.error("What Skylark needs is not installed yet: run `npm ci` in its folder.");
  process.exit(1);
}
if (Number(major) < 26) {
  console.error(
    `Skylark needs Node 26. npm ci brought none for ${process.platform}-${process.arch}, and the one installed is ${process.version}: install Node 26, or run npm ci without --omit=optional.`,
  );
  process.exit(1);
}

const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { registerHooks } = require("node:module");
const { join, sep } = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");
const { isMainThread } = require("node:worker_threads");
const { packages, strippedPath } = require("./strip-types.cjs");

const packagesUrl = pathToFileURL(packages + sep).href;
const rootUrl = new URL("../", packagesUrl).href;
const resolved = new Map();
let mayStrip = isMainThread && process.permission === undefined;

registerHooks({
  // Node looks for each module where each importer says; with hundreds of them that is a fifth of the start.
  resolve(specifier, context, nextResolve) {
    const { conditions, parentURL = "" } = context;
    if (!conditions.includes("import") || !parentURL.startsWith(rootUrl))
      return nextResolve(specifier, context);
    if (specifier.startsWith(".")) {
      const url = new URL(specifier, parentURL);
      const isThere = /\.[jt]s$/.test(specifier) && existsSync(url);
      return isThere ? { url: url.href, shortCircuit: true } : nextResolve(specifier, context);
    }
    if (!parentURL.startsWith(packagesUrl)) return nextResolve(specifier, context);
    // A name means the same in all files of a package.
    const key = `${parentURL.slice(0, parentURL.indexOf("/", packagesUrl.length))} ${specifier}`;
    const known = resolved.get(key) ?? nextResolve(specifier, context);
    resolved.set(key, known);
    return { ...known, shortCircuit: true };
  },
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
  const path = strippedPath(readFileSync(fileURLToPath(url)));
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
