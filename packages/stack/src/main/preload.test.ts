import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
    writeFileSync(join(root, "node_modules"), "not a folder");
    assert.equal(run("packages/stack/src/main.ts").stdout, "1\n");
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
