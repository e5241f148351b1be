import { dirname, join, normalize } from "node:path";

/** Who may import whom. A name is a package, or a folder of the stack; every folder may import itself. */
export type Boundaries = Readonly<Record<string, readonly string[]>>;

const ground = ["stack/clock", "stack/config", "stack/errors", "stack/log"] as const;
const given = [
  ...ground,
  "stack/component",
  "stack/domain",
  "stack/events",
  "stack/rpc",
  "stack/store",
] as const;
const server = ["lorawan", "api", ...given] as const;

export const allowedImports: Boundaries = {
  lorawan: [],
  api: [],
  testkit: ["lorawan"],
  sdk: ["api"],
  bench: ["lorawan", "api", "testkit"],
  scenarios: ["lorawan", "api", "sdk", "stack/*", "testkit", "bench"],
  "stack/clock": [],
  "stack/config": [],
  "stack/errors": [],
  "stack/log": [],
  "stack/domain": ["lorawan", ...ground],
  "stack/store": [...ground],
  "stack/events": [...ground, "stack/domain"],
  "stack/component": ["lorawan", ...ground, "stack/domain", "stack/store", "stack/events"],
  "stack/rpc": ["api", ...ground, "stack/domain", "stack/events", "stack/component"],
  "stack/mqtt": [...ground, "stack/domain", "stack/component"],
  "stack/gateway-server": server,
  "stack/network-server": server,
  "stack/join-server": server,
  "stack/application-server": [...server, "stack/mqtt"],
  "stack/identity-server": server,
  "stack/event-server": server,
  "stack/configuration-server": server,
  "stack/v2": server,
  "stack/main": ["lorawan", "api", "stack/*", "testkit"],
};

/** The folders of packages/stack/src. */
export const stackFolders: readonly string[] = Object.keys(allowedImports).filter((name) =>
  name.startsWith("stack/"),
);

/** Folders without I/O and without time: they import nothing of Node. */
const pureFolders = [/^packages\/lorawan\/src\//, /^packages\/stack\/src\/network-server\/mac\//];

const packagesByName: Readonly<Record<string, string>> = {
  "@skylark/lorawan": "lorawan",
  "@skylark/api": "api",
  "@skylark/testkit": "testkit",
  "@skylark/sdk": "sdk",
};

/** The name in `Boundaries` of the place a file lies in. */
export function packageOf(file: string): string {
  const parts = file.split("/");
  if (parts[0] !== "packages") return parts[0]!;
  return parts[1] === "stack" ? `stack/${parts[3]}` : parts[1]!;
}

/** One line for each import that the table does not allow. */
export function forbiddenImports(
  sources: readonly { readonly file: string; readonly text: string }[],
  boundaries: Boundaries,
): string[] {
  return sources.flatMap(({ file, text }) => {
    const test = /\.(test|contract|fixture)\.ts$/.test(file);
    return importsOf(text).flatMap((specifier) => {
      if (specifier.startsWith("node:")) {
        return !test && pureFolders.some((folder) => folder.test(file))
          ? [`${file} must stay pure, but imports ${specifier}`]
          : [];
      }
      const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
      const from = packageOf(file);
      // A test may drive several servers together; what it tests may not know them.
      const allowed = [
        ...(boundaries[from] ?? []),
        ...(test && from.startsWith("stack/") ? ["stack/*"] : []),
      ];
      const to = specifier.startsWith(".") ? packageOf(target) : packagesByName[specifier];
      if (to === undefined || to === from || allows(allowed, to)) return [];
      return [`${file} (${from}) must not import ${target} (${to})`];
    });
  });
}

function allows(allowed: readonly string[], to: string): boolean {
  return allowed.some((name) => name === to || (name.endsWith("/*") && to.startsWith(name.slice(0, -1))));
}

function importsOf(text: string): string[] {
  const forms = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)"([^"\n]+)"/g;
  return [...text.matchAll(forms)].map((match) => match[1]!);
}
