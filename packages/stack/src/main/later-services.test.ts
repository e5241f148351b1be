import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { registry } from "@skylark/api";
import { laterServices } from "./later-services.ts";

const source = new URL("..", import.meta.url);

/** Names of the services that a server of ours implements, as its source says. */
function implementedNames(): ReadonlySet<string> {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !/\.(?:test|fixture)\.ts$/.test(path),
  );
  const texts = files.map((path) => readFileSync(new URL(path, source), "utf8"));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/\bimplement\(\s*(\w+)/g)].map(([, name]) => name!)),
  );
}

test("every service of the schema is served by a server or belongs to a later area, and none to both", () => {
  const implemented = implementedNames();
  const areas = new Map([...laterServices].map(([{ typeName }, area]) => [typeName, area]));
  const services = [...registry].filter((type) => type.kind === "service");
  assert.ok(services.length >= 68);
  const neither = services.filter(({ name, typeName }) => !implemented.has(name) && !areas.has(typeName));
  const both = services.filter(({ name, typeName }) => implemented.has(name) && areas.has(typeName));
  assert.deepEqual(
    { neither: neither.map(({ typeName }) => typeName), both: both.map(({ typeName }) => typeName) },
    { neither: [], both: [] },
  );
});
