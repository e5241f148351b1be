import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { registry } from "@skylark/api";
import { loadConfiguration } from "../config/load.ts";
import { silentLogger } from "../log/log.ts";
import { options } from "./options.ts";
import { startStack } from "./stack.ts";

test("every service of the schema is served by a server or belongs to a later area, and none to both", async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "skylark-services-"));
  t.after(() => rm(dataDirectory, { recursive: true, force: true }));
  const listeners = Object.keys(options).filter((name) => /\.listen(?:-tls)?$/.test(name));
  const args = [`--data-dir=${dataDirectory}`, ...listeners.map((name) => `--${name}=`)];
  const stack = await startStack(loadConfiguration(options, { args, env: {} }), silentLogger);
  await stack.close();
  const served = stack.services.map(({ descriptor }) => descriptor.typeName);
  const inSchema = [...registry].filter((type) => type.kind === "service").map(({ typeName }) => typeName);
  assert.ok(inSchema.length >= 68);
  assert.deepEqual(served.toSorted(), inSchema.toSorted());
});
