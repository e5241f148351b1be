// Node strips types with a WebAssembly module that stays in memory, 25 MB for every thread that met a `.ts` file.
// This process does it instead, once for each version of a file, and ends. Each result has the digest of its source
// for a name, and lies where the packages do, so that whoever could change it could change the code as well.
const { hash } = require("node:crypto");
const fs = require("node:fs");
const { stripTypeScriptTypes } = require("node:module");
const { join } = require("node:path");

const packages = join(__dirname, "../..");
const cache = join(packages, "../node_modules/.cache/skylark", process.version);

/** Where the source is kept without its types, if it is. */
function strippedPath(source) {
  return join(cache, `${hash("sha256", source)}.js`);
}

function stripAll() {
  fs.mkdirSync(cache, { recursive: true });
  const current = new Set();
  for (const file of fs.globSync("*/src/**/*.ts", { cwd: packages, exclude: ["**/*.test.ts"] })) {
    const source = fs.readFileSync(join(packages, file));
    const path = strippedPath(source);
    current.add(path);
    if (fs.existsSync(path)) continue;
    const stripped = stripIfValid(source.toString());
    if (stripped !== undefined) writeWhole(path, stripped);
  }
  for (const name of fs.readdirSync(cache)) {
    const path = join(cache, name);
    if (name.endsWith(".js") && !current.has(path)) fs.rmSync(path, { force: true });
  }
}

/** What is wrong with a file is said by Node once the file is loaded. */
function stripIfValid(source) {
  try {
    return withoutBlanks(source, stripTypeScriptTypes(source));
  } catch {
    return undefined;
  }
}

/** A type leaves blanks in its place: a quarter of the text, which stays in memory as long as its module. */
function withoutBlanks(source, stripped) {
  const before = source.split("\n");
  const isEmptied = (line, index) => line.trim() === "" && before[index].trim() !== "";
  return stripped
    .split("\n")
    .map((line, index) => (isEmptied(line, index) ? "" : line))
    .join("\n");
}

/** Several processes may do this at once. */
function writeWhole(path, text) {
  const unfinished = `${path}.${process.pid}`;
  fs.writeFileSync(unfinished, text);
  fs.renameSync(unfinished, path);
}

module.exports = { packages, strippedPath };
if (require.main === module) stripAll();
