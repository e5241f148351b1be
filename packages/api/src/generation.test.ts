import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { commentsModule } from "../schema-comments.ts";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const binaries = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));

function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length), readFileSync(path, "utf8"));
  }
  return files;
}

test("the generated code is what the schema generates", () => {
  const folder = mkdtempSync(join(tmpdir(), "skylark-api-"));
  try {
    execFileSync(join(binaries, "buf"), ["generate", "--output", folder], {
      cwd: packageFolder,
      env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH}` },
    });
    const fresh = filesOf(join(folder, "src/gen"));
    const committed = filesOf(join(packageFolder, "src/gen"));
    assert.deepEqual([...committed.keys()].sort(), [...fresh.keys()].sort());
    for (const [path, text] of fresh) {
      assert.ok(committed.get(path) === text, `${path} is stale: npm run generate -w @skylark/api`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every generated file of the API is part of the schema", () => {
  const schema = readFileSync(join(packageFolder, "src/schema.ts"), "utf8");
  for (const folder of ["ttn", "tti", "skylark/v1"]) {
    const paths = [...filesOf(join(packageFolder, "src/gen", folder)).keys()];
    assert.ok(paths.length > 0);
    for (const path of paths) assert.ok(schema.includes(`/gen/${folder}${path}"`), path);
  }
});

test("the comments that the OpenAPI document shows are those of the schema", () => {
  const written = readFileSync(join(packageFolder, "src/openapi/comments.ts"), "utf8");
  assert.ok(written === commentsModule(), "src/openapi/comments.ts is stale: npm run docs");
});
