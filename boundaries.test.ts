import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, it } from "node:test";
import { allowedImports, type Boundaries, forbiddenImports, packageOf, stackFolders } from "./boundaries.ts";

const sources = globSync(["packages/*/src/**/*.ts", "scenarios/**/*.ts", "bench/**/*.ts"]).map((file) => ({
  file,
  text: readFileSync(file, "utf8"),
}));

describe("import boundaries", () => {
  it("holds in every source file", () => {
    assert.ok(sources.length > 100, "the sources were found");
    assert.deepEqual(forbiddenImports(sources, allowedImports), []);
  });

  it("reports a server that imports another server", () => {
    const file = "packages/stack/src/network-server/uplink/trespass.ts";
    const text =
      'import { x } from "../../gateway-server/connection.ts";\nimport type { y } from "../peers.ts";\n';
    assert.deepEqual(forbiddenImports([{ file, text }], allowedImports), [
      `${file} (stack/network-server) must not import packages/stack/src/gateway-server/connection.ts (stack/gateway-server)`,
    ]);
  });

  it("reports a package that imports upwards, also by its name, by re-export and dynamically", () => {
    const trespasses: readonly [string, string][] = [
      ["packages/lorawan/src/a.ts", 'import "@skylark/api";'],
      ["packages/stack/src/events/a.ts", 'export * from "../main/main.ts";'],
      ["packages/stack/src/rpc/a.ts", 'const x = await import("@skylark/testkit");'],
      ["packages/testkit/src/a.ts", 'import type { Store } from "../../stack/src/store/store.ts";'],
    ];
    for (const [file, text] of trespasses) {
      assert.equal(forbiddenImports([{ file, text }], allowedImports).length, 1, file);
    }
  });

  it("reports a pure folder that reaches for I/O or the clock", () => {
    const file = "packages/lorawan/src/frames/a.ts";
    assert.equal(
      forbiddenImports([{ file, text: 'import { readFileSync } from "node:fs";' }], allowedImports).length,
      1,
    );
  });

  it("names every folder of the stack, and no other", () => {
    const folders = new Set(
      sources.map(({ file }) => packageOf(file)).filter((name) => name.startsWith("stack/")),
    );
    assert.deepEqual([...folders].sort(), [...stackFolders].sort());
  });

  it("is the table that ARCHITECTURE.md prints", () => {
    const printed = readFileSync("ARCHITECTURE.md", "utf8");
    for (const [from, to] of Object.entries(allowedImports satisfies Boundaries)) {
      const row = `| ${from} | ${to.length === 0 ? "nothing of ours" : to.join(", ")} |`;
      assert.ok(printed.includes(row), `ARCHITECTURE.md lacks the row: ${row}`);
    }
  });

  it("finds every relative import on disk", () => {
    for (const { file, text } of sources) {
      for (const [, target] of text.matchAll(/from "(\.[^"]+)"/g)) {
        const path = normalize(join(dirname(file), target!));
        assert.ok(globSync(path).length === 1, `${file} imports ${target}`);
      }
    }
  });
});
