import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigurationError, loadConfiguration } from "./load.ts";
import { boolean, defineOptions, duration, integer, listenAddress, oneOf, text, textList } from "./option.ts";

const table = defineOptions({
  "data-dir": { read: text, default: "./data", description: "where the store lies" },
  "http.listen": { read: listenAddress, default: ":1885", description: "HTTP" },
  "http.listen-tls": { read: listenAddress, default: ":8885", description: "HTTPS" },
  "ns.window": { read: duration, default: "200ms", description: "a duration" },
  "log.level": { read: oneOf("debug", "info"), default: "info", description: "a choice" },
  demo: { read: boolean, default: "false", description: "a switch" },
  limit: { read: integer(1, 10), default: "5", description: "a number" },
  tenants: { read: textList, default: "", description: "a list" },
  "smtp.password": { read: oneOf("x"), default: "x", description: "a secret", secret: true },
});

const load = (sources: Partial<Parameters<typeof loadConfiguration>[1]>) =>
  loadConfiguration(table, { args: [], env: {}, ...sources });

describe("loadConfiguration", () => {
  it("gives every option its default", () => {
    const values = load({});
    assert.equal(values["data-dir"], "./data");
    assert.deepEqual(values["http.listen"], { host: undefined, port: 1885 });
    assert.equal(values["ns.window"], 200);
    assert.equal(values.demo, false);
    assert.deepEqual(values.tenants, []);
  });

  it("lets flags win over environment, environment over file, file over default", () => {
    const file = {
      name: "skylark.yaml",
      text: "http:\n  listen: ':1'\n  listen-tls: ':2'\ndata-dir: /file\nlimit: 3\n",
    };
    const env = { SKYLARK_HTTP_LISTEN: ":11", SKYLARK_DATA_DIR: "/env", PATH: "/bin" };
    const values = load({ args: ["--http.listen=127.0.0.1:21"], env, file });
    assert.deepEqual(values["http.listen"], { host: "127.0.0.1", port: 21 });
    assert.deepEqual(values["http.listen-tls"], { host: undefined, port: 2 });
    assert.equal(values["data-dir"], "/env");
    assert.equal(values.limit, 3);
  });

  it("reads flags with a space, switches without a value, and yaml lists", () => {
    const values = load({
      args: ["--demo", "--ns.window", "5s"],
      file: { name: "f", text: "tenants: [a, b]\n" },
    });
    assert.equal(values.demo, true);
    assert.equal(values["ns.window"], 5000);
    assert.deepEqual(values.tenants, ["a", "b"]);
  });

  it("turns a listener off with the empty string", () => {
    assert.equal(load({ env: { SKYLARK_HTTP_LISTEN: "" } })["http.listen"], undefined);
    assert.equal(load({ file: { name: "f", text: "http:\n  listen: ''\n" } })["http.listen"], undefined);
  });

  it("reads an IPv6 address", () => {
    assert.deepEqual(load({ args: ["--http.listen=[::1]:80"] })["http.listen"], { host: "::1", port: 80 });
  });

  const wrong: readonly [string, Partial<Parameters<typeof loadConfiguration>[1]>, RegExp][] = [
    [
      "an unknown flag, with near names",
      { args: ["--http.lisen=:1"] },
      /unknown option --http\.lisen; did you mean --http\.listen/,
    ],
    [
      "an unknown variable, with near names",
      { env: { SKYLARK_DATADIR: "x" } },
      /SKYLARK_DATADIR; did you mean SKYLARK_DATA_DIR/,
    ],
    [
      "an unknown file key",
      { file: { name: "skylark.yaml", text: "http:\n  lissten: ':1'\n" } },
      /skylark\.yaml: unknown option http\.lissten; did you mean http\.listen/,
    ],
    [
      "a value of the wrong kind, by its origin",
      { env: { SKYLARK_LIMIT: "11" } },
      /SKYLARK_LIMIT: .*1 to 10/,
    ],
    ["a bad port", { args: ["--http.listen=:99999"] }, /--http\.listen: expected host:port/],
    ["a flag without its value", { args: ["--limit"] }, /--limit needs a value/],
    ["a stray argument", { args: ["strat"] }, /unexpected argument "strat"/],
    [
      "broken yaml",
      { file: { name: "skylark.yaml", text: "a: [" } },
      /^skylark\.yaml: .+ at line 1, column \d+$/,
    ],
    [
      "yaml without options",
      { file: { name: "skylark.yaml", text: "- a\n- b\n" } },
      /^skylark\.yaml: expected options/,
    ],
  ];
  for (const [what, sources, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => load(sources),
        (error: unknown) => error instanceof ConfigurationError && message.test(error.message),
      );
    });
  }

  it("never prints a secret", () => {
    assert.throws(
      () => load({ env: { SKYLARK_SMTP_PASSWORD: "hunter2" } }),
      (error: Error) => !error.message.includes("hunter2"),
    );
  });
});
