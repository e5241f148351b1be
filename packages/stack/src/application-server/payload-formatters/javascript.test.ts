import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { silentLogger } from "../../log/log.ts";
import { formatterContract, limits } from "./javascript.contract.ts";
import { JavaScriptFormatter } from "./javascript.ts";
import { FormatterSandbox } from "./sandbox/sandbox.ts";
import { ScriptRegistry } from "./sandbox/script.ts";

formatterContract("isolated-vm");
formatterContract("quickjs");

test("a script that ends its process is quarantined, and those that shared it get their answers", async () => {
  const sandbox = new FormatterSandbox({ ...limits, engine: "isolated-vm" }, silentLogger);
  const scripts = new ScriptRegistry();
  const decode = (application: string, source: string) =>
    new JavaScriptFormatter(sandbox, scripts.get(application, source)).decodeUplink(Uint8Array.of(1), 1, 0);
  const crash = "function decodeUplink() { new Array(2 ** 32 - 2).fill(0) }";
  const fine = "function decodeUplink() { return { data: { fine: true } } }";
  const results = await Promise.allSettled([
    decode("a", fine),
    decode("bad", crash),
    decode("b", fine),
    decode("c", fine),
    decode("bad", crash),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value.json : result.reason.name)),
    [
      `{"fine":true}`,
      "skylark/formatters:quarantined",
      `{"fine":true}`,
      `{"fine":true}`,
      "skylark/formatters:quarantined",
    ],
  );
  await assert.rejects(decode("bad", crash), { name: "skylark/formatters:quarantined" });
  sandbox.close();
  await assert.rejects(decode("a", fine), { name: "skylark/formatters:stopped" });
});

test("the formatter process knows nothing of the server's environment", async () => {
  process.env.SKYLARK_TEST_SECRET = "secret";
  const sandbox = new FormatterSandbox({ ...limits, engine: "isolated-vm" }, silentLogger);
  const formatter = new JavaScriptFormatter(
    sandbox,
    new ScriptRegistry().get("a", "function decodeUplink() { return {} }"),
  );
  assert.deepEqual(sandbox.processIds, [], "no process before it is needed");
  await formatter.decodeUplink(Uint8Array.of(1), 1, 0);
  const [pid] = sandbox.processIds;
  assert.equal(readFileSync(`/proc/${pid}/environ`, "latin1").includes("secret"), false);
  assert.match(readFileSync(`/proc/${pid}/cmdline`, "latin1"), /--permission/);
  delete process.env.SKYLARK_TEST_SECRET;
  sandbox.close();
});
