import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";

const launchFolder = new URL("../../launch", import.meta.url).pathname;
// Named apart from its import: the boundary test looks for every imported file on disk.
const imported = "./value.ts";
const cache = join("node_modules/.cache/skylark", process.version);

suite("the preload", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "skylark-preload-"));
    cpSync(launchFolder, join(root, "packages/stack/launch"), { recursive: true });
    mkdirSync(join(root, "packages/stack/src"));
    mkdirSync(join(root, "node_modules"));
    writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
    writeFileSync(join(root, "packages/stack/package.json"), '{"type":"module"}');
    writeSource("main.ts", `import { value } from "${imported}";\nconsole.log(value satisfies number);`);
    writeSource(imported, "export const value: number = 1;");
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function writeSource(name: string, text: string): void {
    writeFileSync(join(root, "packages/stack/src", name), text);
  }

  function run(...args: readonly string[]) {
    const all = ["-r", "./packages/stack/launch/preload.cjs", ...args];
    return spawnSync(process.execPath, all, { cwd: root, encoding: "utf8" });
  }

  // A process that cannot strip types itself.
  const runWithoutStripping = () => run("--no-strip-types", "packages/stack/src/main.ts");

  test("says how to install what is missing", () => {
    rmSync(join(root, "node_modules"), { recursive: true });
    const { status, stderr } = runWithoutStripping();
    assert.equal(status, 1);
    assert.match(stderr, /^What Skylark needs is not installed yet: run `npm ci`.*\n$/);
  });

  test("has types stripped in another process, and what it kept is used the next time", () => {
    for (let i = 0; i < 2; i++) {
      const { stdout, stderr } = runWithoutStripping();
      assert.equal(stderr, "");
      assert.equal(stdout, "1\n");
      assert.equal(readdirSync(join(root, cache)).length, 2);
    }
  });

  test("keeps a changed file anew and drops the old one", () => {
    runWithoutStripping();
    const before = readdirSync(join(root, cache));
    writeSource(imported, "export const value: number = 2;");
    assert.equal(runWithoutStripping().stdout, "2\n");
    const after = readdirSync(join(root, cache));
    assert.equal(after.length, 2);
    assert.equal(after.filter((name) => before.includes(name)).length, 1);
  });

  test("is not held up by another file that is not valid", () => {
    writeSource("broken.ts", "const const: number;");
    assert.equal(runWithoutStripping().stdout, "1\n");
  });

  test("leaves stripping to Node where nothing can be kept", () => {
    writeFileSync(join(root, "node_modules/.cache"), "not a folder");
    assert.equal(run("packages/stack/src/main.ts").stdout, "1\n");
  });

  test("keeps no blanks where types were, and every line and column of the code", () => {
    writeSource(
      imported,
      "export interface Shape {\n  readonly side: number;\n}\n\nexport const value: number =\n  1;\nexport const text = `a\n  \nb`;",
    );
    runWithoutStripping();
    const kept = readdirSync(join(root, cache)).map((name) => readFileSync(join(root, cache, name), "utf8"));
    assert.ok(kept.includes("\n\n\n\nexport const value         =\n  1;\nexport const text = `a\n  \nb`;"));
  });

  test("finds what Node finds, and says what it says where there is nothing", () => {
    const library = join(root, "packages/stack/node_modules/library");
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, "package.json"), '{"name":"library","type":"module","exports":"./main.js"}');
    const beside = "./value.js";
    writeFileSync(join(library, "main.js"), `export { value } from "${beside}";`);
    writeFileSync(join(library, "value.js"), "export const value = 2;");
    writeSource(
      imported,
      'import { value as library } from "library";\nexport const value: number = library;',
    );
    const main = (name: string) =>
      `import { value } from "${name}";\nimport * as library from "library";\nconsole.log(value === library.value);`;
    writeSource("main.ts", main(imported));
    assert.equal(runWithoutStripping().stdout, "true\n");
    writeSource("main.ts", main("./nothing.ts"));
    assert.match(
      run("packages/stack/src/main.ts").stderr,
      /Cannot find module '.*nothing\.ts' imported from .*main\.ts/,
    );
  });

  test("refuses an older Node in one line", () => {
    const old = join(root, "old.cjs");
    writeFileSync(old, 'Object.defineProperty(process.versions, "node", { value: "20.1.0" });');
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["-r", old, "-r", "./packages/stack/launch/preload.cjs", "packages/stack/src/main.ts"],
      { cwd: root, encoding: "utf8" },
    );
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^Skylark needs Node 26\..*\n$/);
  });
});
