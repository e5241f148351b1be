import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescMethod, httpBindings } from "../packages/api/src/index.ts";
import { loadConfiguration } from "../packages/stack/src/config/load.ts";
import { silentLogger } from "../packages/stack/src/log/log.ts";
import { options } from "../packages/stack/src/main/options.ts";
import { startStack } from "../packages/stack/src/main/stack.ts";
import type { ServiceImplementation } from "../packages/stack/src/rpc/service.ts";
import { anchor, pageName } from "./api-pages.ts";

const path = "docs/compatibility.md";
const marked = /(<!-- methods -->\n)[\s\S]*(<!-- \/methods -->)/;

/** The page about compatibility: written by hand, but for what the running services say between its markers. */
export async function compatibilityPage(): Promise<readonly [path: string, text: string]> {
  const text = await readFile(path, "utf8");
  if (!marked.test(text))
    throw new Error(`${path} has lost its markers <!-- methods --> and <!-- /methods -->`);
  const tables = methodTables(await servicesOfTheStack());
  return [path, text.replace(marked, (_, start: string, end: string) => `${start}\n${tables}\n${end}`)];
}

/** What a stack serves that is started as it comes, with its ports closed. */
async function servicesOfTheStack(): Promise<readonly ServiceImplementation[]> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "skylark-docs-"));
  try {
    const listeners = Object.keys(options).filter((name) => /\.listen(?:-tls)?$/.test(name));
    const args = [`--data-dir=${dataDirectory}`, ...listeners.map((name) => `--${name}=`)];
    const stack = await startStack(loadConfiguration(options, { args, env: {} }), silentLogger);
    await stack.close();
    return stack.services;
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** One table of the services of The Things Stack, one of those that it does not have. */
function methodTables(services: readonly ServiceImplementation[]): string {
  const isTheirs = ({ descriptor }: ServiceImplementation) =>
    descriptor.typeName.startsWith("ttn.lorawan.v3.");
  const theirs = services.filter(isTheirs);
  const others = services.filter((service) => !isTheirs(service));
  return [
    `### ${implementedCount(theirs)} of the ${methodCount(theirs)} methods of The Things Stack are implemented`,
    table(theirs),
    "### Services that open-source The Things Stack does not have",
    table(others),
    "",
  ].join("\n\n");
}

function methodCount(services: readonly ServiceImplementation[]): number {
  return services.reduce((sum, { descriptor }) => sum + descriptor.methods.length, 0);
}

function implementedCount(services: readonly ServiceImplementation[]): number {
  return services.reduce(
    (sum, { methods }) => sum + Object.values(methods).filter((m) => !("later" in m)).length,
    0,
  );
}

function table(services: readonly ServiceImplementation[]): string {
  const inOrder = [...services].sort((a, b) => (a.descriptor.name < b.descriptor.name ? -1 : 1));
  const rows = inOrder.flatMap(rowsOf).map((cells) => `| ${cells.join(" | ")} |`);
  return ["| service | method | HTTP bindings | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function rowsOf({ descriptor, methods }: ServiceImplementation): readonly (readonly string[])[] {
  const bound = httpBindings(descriptor);
  const service = `[${descriptor.name}](api/${pageName(descriptor.file)}#${anchor(descriptor.name)})`;
  return descriptor.methods.map((method, index) => {
    const bindings = bound.filter((binding) => binding.method === method).length;
    const given = methods[method.localName];
    const state = given === undefined || "later" in given ? `later: ${given?.later}` : "implemented";
    return [
      index === 0 ? service : "",
      named(method),
      bindings === 0 ? "gRPC only" : String(bindings),
      state,
    ];
  });
}

function named({ name, methodKind }: DescMethod): string {
  return methodKind === "unary"
    ? name
    : `${name} (${methodKind.replace("_", " ").replace("bidi", "two-way")})`;
}
