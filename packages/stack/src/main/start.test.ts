import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const preload = new URL("../../launch/preload.cjs", import.meta.url).pathname;
const program = new URL("./main.ts", import.meta.url).href;

/** What the program has loaded when it is about to start the servers: Node's own modules, and CommonJS files. */
function loadedModules(): readonly string[] {
  const script = `
    process.argv = ["node", "main.ts", "--help"];
    await import(${JSON.stringify(program)});
    const files = Object.keys(process.getBuiltinModule("node:module")._cache);
    console.log("\\n" + JSON.stringify([...process.moduleLoadList, ...files]));
  `;
  const args = ["-r", preload, "--input-type=module", "-e", script];
  const output = execFileSync(process.execPath, args, { encoding: "utf8" });
  return JSON.parse(output.slice(output.lastIndexOf("\n[") + 1));
}

test("a start loads nothing that most never need, or that the first need of it can wait for", () => {
  const loaded = loadedModules();
  assert.ok(loaded.some((name) => name.includes("@grpc/grpc-js")));
  for (const name of [
    "undici",
    "yaml",
    "mqtt-packet",
    "nodemailer",
    "openid-client",
    "ws",
    "quickjs-emscripten",
  ]) {
    const folder = new RegExp(`/(node_modules|deps)/${name}/`);
    assert.deepEqual(
      loaded.filter((each) => folder.test(each)),
      [],
      name,
    );
  }
});
