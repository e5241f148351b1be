import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { anchor } from "./scripts/api-pages.ts";
import { generatedPages, stalePages } from "./scripts/docs.ts";

describe("documentation", () => {
  it("is what the code says (npm run docs)", async () => {
    assert.deepEqual(await stalePages(), []);
  });

  it("has no page in docs/api that the schema does not give", async () => {
    const generated = [...(await generatedPages()).keys()].filter((path) => path.startsWith("docs/api/"));
    assert.deepEqual(globSync("docs/api/*").sort(), generated.sort());
  });

  it("links to headings that exist", () => {
    const wrong: string[] = [];
    for (const page of globSync("docs/api/*.md")) {
      const text = readFileSync(page, "utf8");
      for (const [link, target, heading] of text.matchAll(/\]\(([\w.]*)#([\w-]+)\)/g)) {
        const file = target === "" ? page : join(dirname(page), target!);
        if (!headingsOf(file).has(heading!)) wrong.push(`${page}: ${link}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("names only paths and scripts that exist", () => {
    const wrong: string[] = [];
    for (const page of [...globSync("*.md"), ...globSync("docs/**/*.md")]) {
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

const headings = new Map<string, ReadonlySet<string>>();

function headingsOf(page: string): ReadonlySet<string> {
  let known = headings.get(page);
  if (known === undefined) {
    const text = readFileSync(page, "utf8");
    known = new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!)));
    headings.set(page, known);
  }
  return known;
}

function scriptsOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { scripts?: object };
  return Object.keys(manifest.scripts ?? {});
}
