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
    for (const page of [...globSync("*.md"), ...globSync("docs/**/*.md"), "packages/sdk/README.md"]) {
      const text = readFileSync(page, "utf8");
      for (const [link, target, heading] of text.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
        const file = target === "" ? page : join(dirname(page), target!);
        if (!headingsOf(file).has(heading!)) wrong.push(`${page}: ${link}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("gives a reason for each dependency, and for no other", () => {
    const [, table] = readFileSync("ARCHITECTURE.md", "utf8").split("\n## Dependencies\n");
    const reasoned = [...table!.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names]) =>
      [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!.replace(/^@types\/\*$/, "@types/node")),
    );
    assert.deepEqual(reasoned.sort(), [...dependencies()].sort());
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
      for (const [use, script, workspace, all] of text.matchAll(
        /npm run ([a-z-]+)(?: -w @skylark\/([a-z-]+)| (--workspaces))?/g,
      )) {
        const one = workspace === undefined ? "." : `packages/${workspace}`;
        const folders = all === undefined ? [one] : globSync("packages/*");
        if (!folders.some((folder) => scriptsOf(folder).includes(script!))) wrong.push(`${page}: ${use}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});

/** Of all packages; other types of libraries and other platforms' Nodes go without saying. */
function dependencies(): ReadonlySet<string> {
  const names = ["package.json", ...globSync("{packages/*,scenarios,bench}/package.json")].flatMap((path) => {
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Record<string, object | undefined>;
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest;
    return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  });
  const selfEvident = /^(@skylark\/.*|@types\/(?!node$).*|node-(?!linux-x64$).*)$/;
  return new Set(names.filter((name) => !selfEvident.test(name)));
}

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
