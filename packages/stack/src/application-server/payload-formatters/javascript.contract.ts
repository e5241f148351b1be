import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { silentLogger } from "../../log/log.ts";
import { dryRunDownlink, dryRunUplink } from "./dry-run.ts";
import type { DecodedPayload } from "./formatter.ts";
import { JavaScriptFormatter } from "./javascript.ts";
import { FormatterSandbox } from "./sandbox/sandbox.ts";
import { ScriptRegistry } from "./sandbox/script.ts";

export const limits = { timeoutMs: 100, memoryLimitBytes: 16 * 1024 ** 2, maxWarmScripts: 8 };

interface Hostile {
  readonly title: string;
  readonly script: string;
  /** What its answer, or its error, may be. */
  readonly answer: RegExp;
}

/** Attempts at I/O are only worth something when the answer says that there is nothing to reach. */
const hostile: readonly Hostile[] = [
  { title: "loops", script: "function decodeUplink() { for (;;); }", answer: /script_timeout/ },
  { title: "loops outside of its function", script: "for (;;);", answer: /script_timeout/ },
  { title: "recurses", script: "function decodeUplink() { return decodeUplink() }", answer: /runtime/ },
  {
    title: "fills memory",
    script: "function decodeUplink() { var a = []; for (;;) a.push(new Array(1000).fill(1)) }",
    answer: /script_timeout|script_memory|quarantined|runtime/,
  },
  {
    title: "fills memory with buffers",
    script: "function decodeUplink() { var a = []; for (;;) a.push(new Uint8Array(1e6)) }",
    answer: /script_timeout|script_memory|quarantined|runtime/,
  },
  {
    title: "grows a text",
    script: "function decodeUplink() { var s = 'x'; for (;;) s += s }",
    answer: /script_timeout|script_memory|runtime|quarantined/,
  },
  {
    title: "multiplies until the process ends",
    script: "function decodeUplink() { var x = 3n; for (;;) x = x * x }",
    answer: /script_timeout|script_memory|quarantined|runtime/,
  },
  {
    title: "fills an array until the process ends",
    script: "function decodeUplink() { new Array(2 ** 32 - 2).fill(0) }",
    answer: /script_timeout|script_memory|quarantined|runtime/,
  },
  {
    title: "backtracks in a regular expression",
    script: "function decodeUplink() { return { data: { x: /^(a+)+$/.test('a'.repeat(64) + 'b') } } }",
    answer: /script_timeout|runtime|quarantined/,
  },
  { title: "throws", script: "function decodeUplink() { throw new Error('mine') }", answer: /mine/ },
  { title: "throws nothing", script: "function decodeUplink() { throw undefined }", answer: /runtime/ },
  {
    title: "throws what throws",
    script: "function decodeUplink() { throw { toString: function () { throw 1 } } }",
    answer: /unknown error/,
  },
  { title: "returns nothing", script: "function decodeUplink() {}", answer: /did not return an object/ },
  {
    title: "returns an array",
    script: "function decodeUplink() { return { data: [1] } }",
    answer: /not an object/,
  },
  { title: "returns a promise", script: "async function decodeUplink() { return {} }", answer: /promise/ },
  {
    title: "returns a circle",
    script: "function decodeUplink() { var a = {}; a.a = a; return { data: a } }",
    answer: /runtime/,
  },
  {
    title: "returns too much",
    script: "function decodeUplink() { return { data: { x: 'x'.repeat(70000) } } }",
    answer: /larger than/,
  },
  {
    title: "says that its data is something else",
    script: "function decodeUplink() { return { data: { toJSON: function () { return 'x' } } } }",
    answer: /not an object/,
  },
  {
    title: "changes the built-ins",
    script: `JSON.stringify = function () { return '"stolen' }; Array.isArray = function () { return true };
      Object.prototype.toJSON = function () { return { changed: true } };
      function decodeUplink() { return { data: { a: 1 } } }`,
    answer: /^(\{"changed":true\}|.*not an object.*|.*output.*)$/,
  },
  {
    title: "breaks out of its wrapper",
    script:
      "}); globalThis.escaped = 1; (function () { function decodeUplink() { return { data: { a: 1 } } }",
    answer: /./,
  },
  {
    title: "reaches for the system",
    script: `function decodeUplink() { return { data: {
      process: typeof process, require: typeof require, fetch: typeof fetch, timer: typeof setTimeout,
      made: typeof decodeUplink.constructor("return typeof process === 'undefined' ? undefined : process")() } } }`,
    answer:
      /"process":"undefined","require":"undefined","fetch":"undefined","timer":"undefined","made":"undefined"/,
  },
  {
    title: "imports",
    script:
      "function decodeUplink() { import('node:fs').then(function () {}); return { data: { ok: true } } }",
    answer: /ok|runtime|script/,
  },
];

/** What every engine promises of formatter scripts, whatever they are. */
export function formatterContract(engine: "isolated-vm" | "quickjs"): void {
  describe(`JavaScript formatters on ${engine}`, () => {
    const scripts = new ScriptRegistry();
    let sandbox: FormatterSandbox;
    const formatter = (source: string, application = "app1") =>
      new JavaScriptFormatter(sandbox, scripts.get(`default/${application}`, source));
    const decode = async (source: string, application?: string): Promise<DecodedPayload> =>
      formatter(source, application).decodeUplink(Uint8Array.of(1, 200), 3, Date.UTC(2026, 0, 1));

    before(() => {
      sandbox = new FormatterSandbox({ ...limits, engine }, silentLogger);
    });
    after(() => sandbox.close());

    test("are given bytes, port and time", async () => {
      const result = await decode("function decodeUplink(input) { return { data: input } }");
      assert.equal(result.json, `{"bytes":[1,200],"fPort":3,"recvTime":"2026-01-01T00:00:00.000Z"}`);
      assert.equal(sandbox.engine, engine);
    });

    test("may be written as V2 had them", async () => {
      const result = await decode("function Decoder(bytes, port) { return { sum: bytes[0] + port } }");
      assert.equal(result.json, `{"sum":4}`);
      const source = "function Encoder(data, port) { return [data.a, port] }";
      assert.deepEqual((await formatter(source).encodeDownlink(`{"a":9}`, 4)).bytes, Uint8Array.of(9, 4));
    });

    test("run the functions of V2 one after the other", async () => {
      const source = `// v2:decoder
var factor = 2; function Decoder(bytes) { return { raw: bytes[0] * factor } }
// v2:converter
var factor = 10; function Converter(decoded, port) { return { value: decoded.raw * factor, port: port } }
// v2:validator
function Validator(converted, port) { console.log("checked", port); return converted.value < 100 }`;
      assert.equal((await decode(source)).json, `{"value":20,"port":3}`);
      const refused = source.replace("< 100", "> 100");
      await assert.rejects(decode(refused), {
        name: "skylark/v2:payload_not_valid",
        message: /Payload not valid: payload validator function returned false$/,
      });
      const converter = "function Converter(decoded, port) { return { given: decoded, port: port } }";
      assert.equal((await decode(converter)).json, `{"given":null,"port":3}`);
      const own = `${source}; function decodeUplink() { return { data: { own: true } } }`;
      assert.equal((await decode(own)).json, `{"own":true}`);
    });

    test("say in V2's words what is wrong with functions of V2", async () => {
      const cases: readonly (readonly [string, string])[] = [
        ["function Decoder() { return [1] }", "Decoder not valid: does not return an object"],
        [
          "function Decoder() { throw new Error('mine') }",
          "Internal error: Decoder threw error: Error: mine",
        ],
        ["function Decoder() { return new Date(0) }", "Decoder not valid: does not return an object"],
        ["function Converter() {}", "Converter not valid: does not return an object"],
        [
          "function Converter() { return { toJSON: () => 5 } }",
          "Converter not valid: does not return an object",
        ],
        [
          "function Decoder() { return { big: 1n } }",
          "Payload Function output cannot be marshaled to JSON: TypeError: Do not know how to serialize a BigInt",
        ],
        ["function Validator() { return 1 }", "Validator not valid: does not return a boolean"],
      ];
      for (const [source, text] of cases) {
        await assert.rejects(decode(source), (error: Error) => error.message.endsWith(text), text);
      }
      const bytes: readonly (readonly [string, string])[] = [
        ["{}", "Encoder not valid: does not return an Array"],
        ["[1.5]", "Encoder not valid: should return an Array of integer numbers"],
        ["['1']", "Encoder not valid: should return an Array of integer numbers"],
        ["[256]", "Encoder Output not valid: Numbers in Array should be between 0 and 255"],
      ];
      for (const [output, text] of bytes) {
        const encoding = formatter(`function Encoder() { return ${output} }`).encodeDownlink("{}", 1);
        await assert.rejects(encoding, (error: Error) => error.message.endsWith(text), text);
      }
      const whole = await formatter("function Encoder() { return [1.0, 255] }").encodeDownlink("{}", 1);
      assert.deepEqual(whole.bytes, Uint8Array.of(1, 255));
    });

    test("of V2 tell in a dry run what they wrote to the console", async () => {
      const script = scripts.get(
        "default/dry",
        `// v2:decoder
function Decoder(bytes, port) { console.log("bytes", bytes, undefined); return { a: bytes[0] } }
// v2:validator
function Validator(converted) { console.log(converted); return false }`,
      );
      assert.deepEqual(await dryRunUplink(sandbox, script, Uint8Array.of(7), 1), {
        payload: Uint8Array.of(7),
        fields: `{"a":7}`,
        valid: false,
        logs: [
          { function: "Decoder", fields: [`"bytes"`, "[7]", "null"] },
          { function: "Validator", fields: [`{"a":7}`] },
        ],
      });
      const encoder = scripts.get(
        "default/dry",
        `function Encoder(object, port) { console.log(port); return [object.a, port] }`,
      );
      assert.deepEqual(await dryRunDownlink(sandbox, encoder, `{"a":9}`, 4), {
        payload: Uint8Array.of(9, 4),
        logs: [{ function: "Encoder", fields: ["4"] }],
      });
      await assert.rejects(dryRunDownlink(sandbox, script, "{}", 1), /no Encoder function set$/);
      const kept = `function decodeUplink() {
        var before = console.kept; try { console.kept = 1; console.log.kept = 1 } catch (e) {}
        return { data: { before: String(before), log: String(console.log.kept) } } }`;
      for (let i = 0; i < 2; i++) {
        assert.equal((await decode(kept)).json, `{"before":"undefined","log":"undefined"}`);
      }
    });

    test("start each call with fresh variables", async () => {
      const source = `var count = 0; leaked = typeof leaked === "undefined" ? 1 : leaked + 1;
        function decodeUplink() { count++; return { data: { count: count, leaked: leaked } } }`;
      for (let i = 0; i < 3; i++) assert.equal((await decode(source)).json, `{"count":1,"leaked":1}`);
    });

    test("keep text of any script", async () => {
      const source = "function decodeUplink() { return { data: { text: 'ü\\u0000\\ud800€😀\\n' } } }";
      const { json } = await decode(source);
      assert.equal((JSON.parse(json ?? "") as { text: string }).text, "ü\u0000\ud800€😀\n");
    });

    test("may give no data, and warnings", async () => {
      const result = await decode("function decodeUplink() { return { warnings: ['a\\nb', 5] } }");
      assert.deepEqual(result, { json: undefined, warnings: ["a\nb", "5"] });
    });

    test("encode and decode downlinks", async () => {
      const source = `function encodeDownlink(input) { return { bytes: [input.data.a, 255], fPort: input.fPort + 1 } }
        function decodeDownlink(input) { return { data: { first: input.bytes[0], port: input.fPort } } }`;
      const encoded = await formatter(source).encodeDownlink(`{"a":7}`, 5);
      assert.deepEqual(encoded, { bytes: Uint8Array.of(7, 255), fPort: 6, warnings: [] });
      const decoded = await formatter(source).decodeDownlink(Uint8Array.of(9), 5);
      assert.equal(decoded.json, `{"first":9,"port":5}`);
      for (const bytes of ["[256]", "[-1]", "[1.5]", "['a']", "'text'", "undefined", "{ length: 1e9 }"]) {
        const bad = formatter(`function encodeDownlink() { return { bytes: ${bytes} } }`);
        await assert.rejects(bad.encodeDownlink("{}", 1), { name: /:output$/ }, bytes);
      }
    });

    for (const [index, { title, script, answer }] of hostile.entries()) {
      test(`survive a script that ${title}`, async () => {
        const result = await decode(script, `hostile-${index}`).then(
          ({ json }) => json ?? "",
          (error: Error) => `${error.name} ${error.message}`,
        );
        assert.match(result, answer);
        const after = await decode("function decodeUplink() { return { data: { fine: true } } }", "innocent");
        assert.equal(after.json, `{"fine":true}`);
      });
    }

    test("of one application that loop do not hold up those of another", async () => {
      const loop = "function decodeUplink() { for (;;); }";
      const fine = "function decodeUplink() { return { data: { fine: true } } }";
      await decode(fine, "innocent");
      const loops: Promise<unknown>[] = [];
      const latencies: number[] = [];
      for (let round = 0; round < 60; round++) {
        loops.push(decode(loop, "looping").catch(() => {}));
        const startedMs = performance.now();
        await decode(fine, "innocent");
        latencies.push(performance.now() - startedMs);
      }
      await Promise.all(loops);
      latencies.sort((a, b) => b - a);
      // One message may wait for the first loop; from then on it runs elsewhere. A few more may wait for the machine.
      assert.ok(latencies[0]! < 50 * limits.timeoutMs, `longest ${latencies[0]} ms`);
      assert.ok(latencies[10]! < limits.timeoutMs, `eleventh longest ${latencies[10]} ms`);
    });

    test("that loop again and again are suspended, and say so", async () => {
      const loop = "function decodeUplink() { for (;;) 1; }";
      await assert.rejects(decode(loop, "again"), { name: /script_timeout/ });
      await assert.rejects(decode(loop, "again"), { name: /script_timeout/ });
      await assert.rejects(decode(loop, "again"), { name: "skylark/formatters:suspended" });
      const corrected = "function decodeUplink() { return { data: { corrected: true } } }";
      assert.equal((await decode(corrected, "again")).json, `{"corrected":true}`);
      await assert.rejects(decode(loop, "again"), { name: "skylark/formatters:suspended" });
    });
  });
}
