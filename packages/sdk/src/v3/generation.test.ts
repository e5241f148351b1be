import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { httpBindings, schemaFiles } from "@skylark/api";
import { generatedModules } from "../../generate.ts";
import * as sdk from "./index.ts";

test("the generated modules are what the schema generates", () => {
  for (const [name, text] of generatedModules()) {
    const written = readFileSync(new URL(name, import.meta.url), "utf8");
    assert.ok(written === text, `src/v3/${name} is stale: npm run generate -w @skylark/sdk`);
  }
});

test("every method that HTTP can call is there", () => {
  const exported = sdk as unknown as Readonly<Record<string, Readonly<Record<string, string>>>>;
  let count = 0;
  for (const service of schemaFiles.flatMap((file) => file.services)) {
    for (const { method, verb, template } of httpBindings(service)) {
      const route = exported[service.name]?.[method.name] ?? "";
      assert.ok(
        route.split("|").some((binding) => binding.replace("*", "") === `${verb} ${template}`),
        `${service.name}.${method.name}`,
      );
      count++;
    }
  }
  assert.ok(count > 300, String(count));
});
