import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "../build.ts";

// The package as it is published, in a project of somebody else.

const root = fileURLToPath(new URL("../../..", import.meta.url));
let project: string;
let installed: string;

interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly private?: boolean;
}
const manifest = () => JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;

before(() => {
  project = mkdtempSync(join(tmpdir(), "skylark-sdk-"));
  installed = join(project, "node_modules/@skylark/sdk");
  mkdirSync(dirname(installed), { recursive: true });
  build(installed);
  const { dependencies } = manifest();
  for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});

after(() => rmSync(project, { recursive: true, force: true }));

const strictest = ["--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];

function typeCheck(...args: readonly string[]) {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const options = ["--strict", "--skipLibCheck", "false", "--module", "nodenext", "--target", "es2022"];
  return spawnSync(process.execPath, [compiler, ...options, "--types", "node", ...args], {
    cwd: project,
    encoding: "utf8",
  });
}

const program = `import { ApplicationRegistry, createClient, type EndDevice, SkylarkError } from "@skylark/sdk";
import { ApplicationClient, MQTTClient, TTNError } from "@skylark/sdk/v2";
import { MockApplicationManager, MockBroker, stubs } from "@skylark/sdk/v2/testing";

const device: EndDevice = { ids: { device_id: "dev1" }, lorawan_version: "MAC_V1_0_3" };
const client = createClient({ url: "http://127.0.0.1:9", apiKey: "key", retries: 0 });
const errors: string[] = [];
try {
  await client.endDevices.register("app1", device);
} catch (error) {
  if (error instanceof SkylarkError) errors.push(error.code);
}
try {
  const { name }: { name?: string } = await client.call(ApplicationRegistry.Get, { application_ids: {} });
  errors.push(name ?? "");
} catch (error) {
  if (error instanceof TypeError) errors.push("TypeError");
}
const broker = new MockBroker();
const mqtt = new MQTTClient("app1", "key", { mqttAddress: "mock", openConnection: broker.open });
await mqtt.connect();
await mqtt.send("dev1", "01");
const manager = new ApplicationClient("app1", "key", { client: new MockApplicationManager("app1") });
await manager.registerDevice("dev1", stubs.devicetest);
const { dev_eui } = (await manager.device("dev1")).lorawan_device;
await manager.device("dev2").catch((error: unknown) => error instanceof TTNError && errors.push(String(error.code)));
console.log([...errors, broker.downlinks.length, dev_eui].join(" "));
`;

describe("the published package", () => {
  it("says what it exports and needs, and has no sources of ours in it", () => {
    const { exports, files, dependencies, private: isPrivate } = manifest();
    assert.deepEqual(Object.keys(exports), [".", "./v2", "./v2/testing"]);
    assert.deepEqual(Object.keys(dependencies), ["@bufbuild/protobuf", "@grpc/grpc-js", "mqtt"]);
    for (const version of Object.values(dependencies)) assert.match(version, /^\d/);
    assert.equal(isPrivate, undefined);
    assert.deepEqual(readdirSync(installed).sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "examples",
      "lib",
      "package.json",
    ]);
    assert.deepEqual(files, ["lib", "examples", "CHANGELOG.md"]);
    const names = readdirSync(join(installed, "lib"), { recursive: true }) as string[];
    assert.deepEqual(
      names.filter((name) => /\.(?:test|fixture)\.|(?<!\.d)\.ts$/.test(name)),
      [],
    );
  });

  it("has all that its README links to, and nothing of ours beside", () => {
    const readme = readFileSync(join(installed, "README.md"), "utf8");
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = ""]) => link);
    assert.ok(links.length >= 2);
    for (const link of links) assert.ok(/^https:/.test(link) || existsSync(join(installed, link)), link);
    const packed = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: installed,
      encoding: "utf8",
    });
    const [{ files }] = JSON.parse(packed.stdout) as [
      { readonly files: readonly { readonly path: string }[] },
    ];
    const ours = /^(?:lib\/.+(?:\.d\.ts|\.js)|examples\/v[23]-[a-z-]+\.ts|[A-Z]+(?:\.md)?|package\.json)$/;
    assert.deepEqual(
      files.map(({ path }) => path).filter((path) => !ours.test(path)),
      [],
    );
  });

  it("type-checks and runs where only compiled code runs", () => {
    writeFileSync(join(project, "program.ts"), program);
    const compiled = typeCheck("program.ts");
    assert.equal(compiled.status, 0, compiled.stdout);
    const output = execFileSync(process.execPath, ["program.js"], { cwd: project, encoding: "utf8" });
    assert.equal(output, "UNAVAILABLE TypeError NOT_FOUND 1 1122334455667788\n");
  });

  it("has a README whose programs have no type errors, in the strictest of projects", () => {
    const readme = readFileSync(join(installed, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, block = ""]) => block);
    assert.ok(blocks.length >= 4);
    // Later programs go on where the first one stands.
    writeFileSync(join(project, "readme.ts"), blocks.join("\n"));
    const { status, stdout } = typeCheck("readme.ts", "--noEmit", ...strictest);
    assert.equal(status, 0, stdout);
  });

  it("has a V3 client that stands alone, and is small", () => {
    const modules = new Map<string, string>();
    const load = (path: string): void => {
      if (modules.has(path)) return;
      const text = readFileSync(path, "utf8");
      modules.set(path, text);
      for (const [, from = ""] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
        assert.match(from, /^\.\//, `${path} imports ${from}`);
        load(join(dirname(path), from));
      }
    };
    load(join(installed, manifest().exports["."]?.default ?? ""));
    const size = [...modules.values()].reduce((sum, text) => sum + text.length, 0);
    assert.ok(modules.size > 5 && size < 100_000, `${size} characters in ${modules.size} modules`);
  });
});
