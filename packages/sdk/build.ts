import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Makes `dist`, which is the package as it is published: Node does not strip types of what lies in node_modules. Run as
// `npm run build -w @skylark/sdk`, then `npm publish packages/sdk/dist`.

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const compiler = join(root, "node_modules/typescript/bin/tsc");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifestOf = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;

function compile(project: string, ...options: readonly string[]): void {
  execFileSync(process.execPath, [compiler, "-p", join(folder, project), ...options], { stdio: "inherit" });
}

/** Declarations keep the names of their sources; a compiler of someone else knows only those of JavaScript. */
function renameImports(library: string): void {
  for (const entry of readdirSync(library, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".d.ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|import\()\s*"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

function publishedManifest(): object {
  const { name, version, description, license, exports, dependencies } =
    manifestOf("packages/sdk/package.json");
  const { "@skylark/api": _, ...published } = dependencies;
  const protobuf = manifestOf("packages/api/package.json").dependencies["@bufbuild/protobuf"];
  return {
    name,
    version,
    description,
    license,
    keywords: ["lorawan", "the-things-network", "the-things-stack", "ttn", "iot", "mqtt"],
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: Object.fromEntries(
      Object.entries(exports).map(([entry, source]) => {
        const library = source.replace(/^\.\/src\//, "./lib/sdk/src/").replace(/\.ts$/, "");
        return [entry, { types: `${library}.d.ts`, default: `${library}.js` }];
      }),
    ),
    files: ["lib", "examples", "CHANGELOG.md"],
    dependencies: { "@bufbuild/protobuf": protobuf, ...published },
  };
}

/** Writes the package. */
export function build(dist: string): void {
  rmSync(dist, { recursive: true, force: true });
  // The V3 client uses nothing that only Node has.
  compile("tsconfig.browser.json");
  compile("tsconfig.build.json", "--outDir", join(dist, "lib"));
  renameImports(join(dist, "lib"));
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(publishedManifest(), undefined, 2)}\n`);
  for (const name of ["README.md", "CHANGELOG.md"]) copyFileSync(join(folder, name), join(dist, name));
  const isProgram = (path: string) => !path.endsWith(".json");
  cpSync(join(folder, "examples"), join(dist, "examples"), { recursive: true, filter: isProgram });
  copyFileSync(join(root, "LICENSE"), join(dist, "LICENSE"));
}

if (import.meta.main) build(join(folder, "dist"));
