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
    const scripts = JSON.parse(readFileSync("package.json", "utf8")).scripts as Record<string, string>;
    const wrong: string[] = [];
    for (const page of [...globSync("*.md"), ...globSync("docs/*.md")]) {
      const text = readFileSync(page, "utf8");
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        if (!existsSync(join(dirname(page), target!))) wrong.push(`${page}: ${target}`);
      }
      for (const [, path] of text.matchAll(/`((?:packages|scenarios|bench|docs|scripts)\/[\w./-]+)`/g)) {
        if (!existsSync(path!)) wrong.push(`${page}: ${path}`);
      }
      for (const [, script] of text.matchAll(/npm run ([a-z-]+)(?! -w)/g)) {
        if (scripts[script!] === undefined && !text.includes(`npm run ${script} -w`))
          wrong.push(`${page}: ${script}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});
