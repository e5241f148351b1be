import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { stalePages } from "./scripts/docs.ts";

describe("documentation", () => {
  it("is what the code says (npm run docs)", () => {
    assert.deepEqual(stalePages(), []);
  });

  it("names only paths and scripts that exist", () => {
    const wrong: string[] = [];
    for (const page of [...globSync("*.md"), ...globSync("docs/*.md")]) {
      const text = readFileSync(page, "utf8");
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        if (!existsSync(join(dirname(page), target!))) wrong.push(`${page}: ${target}`);
      }
      for (const [, path] of text.matchAll(/`((?:packages|scenarios|bench|docs|scripts)\/[\w./-]+)`/g)) {
        if (!existsSync(path!)) wrong.push(`${page}: ${path}`);
      }
      for (const [use, script, workspace] of text.matchAll(
        /npm run ([a-z-]+)(?: -w @skylark\/([a-z-]+))?/g,
      )) {
        const folder = workspace === undefined ? "." : `packages/${workspace}`;
        if (!scriptsOf(folder).includes(script!)) wrong.push(`${page}: ${use}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});

function scriptsOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { scripts?: object };
  return Object.keys(manifest.scripts ?? {});
}
