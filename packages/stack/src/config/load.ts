import { createRequire } from "node:module";
import type * as YAML from "yaml";
import type { OptionTable, OptionValues } from "./option.ts";

/** A configuration that cannot be used; the message names the option, and near ones for an unknown name. */
export class ConfigurationError extends Error {}

export interface ConfigurationSources {
  /** Command line arguments after the command, e.g. `--http.listen=:1885` or `--http.listen :1885`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of `skylark.yaml`, where there is one. */
  readonly file?: { readonly name: string; readonly text: string };
}

/** Flags win over environment, environment over file, file over default. */
export function loadConfiguration<Table extends OptionTable>(
  table: Table,
  sources: ConfigurationSources,
): OptionValues<Table> {
  const fromFile = sources.file === undefined ? new Map() : fileValues(table, sources.file);
  const fromEnv = environmentValues(table, sources.env);
  const fromFlags = flagValues(table, sources.args);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const source = fromFlags.get(name) ?? fromEnv.get(name) ?? fromFile.get(name);
    try {
      values[name] = option.read(source?.value ?? option.default);
    } catch (error) {
      const shown = option.secret ? "" : `, not ${JSON.stringify(source?.value ?? option.default)}`;
      throw new ConfigurationError(`${source?.origin ?? name}: ${(error as Error).message}${shown}`);
    }
  }
  return values as OptionValues<Table>;
}

interface Given {
  readonly value: string;
  readonly origin: string;
}

/** `http.listen-tls` is `SKYLARK_HTTP_LISTEN_TLS`. */
export function environmentName(option: string): string {
  return `SKYLARK_${option.toUpperCase().replace(/[.-]/g, "_")}`;
}

function environmentValues(
  table: OptionTable,
  env: Readonly<Record<string, string | undefined>>,
): Map<string, Given> {
  const byVariable = new Map(Object.keys(table).map((name) => [environmentName(name), name]));
  const values = new Map<string, Given>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith("SKYLARK_") || value === undefined) continue;
    const name = byVariable.get(variable);
    if (name === undefined)
      throw new ConfigurationError(
        `unknown environment variable ${variable}${near(variable, byVariable.keys())}`,
      );
    values.set(name, { value, origin: variable });
  }
  return values;
}

function flagValues(table: OptionTable, args: readonly string[]): Map<string, Given> {
  const values = new Map<string, Given>();
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    if (match === null)
      throw new ConfigurationError(`unexpected argument ${JSON.stringify(arg)}; --help lists the options`);
    const name = match[1]!;
    const option = table[name];
    if (option === undefined) {
      throw new ConfigurationError(
        `unknown option --${name}${near(
          `--${name}`,
          Object.keys(table).map((known) => `--${known}`),
        )}`,
      );
    }
    const isSwitch = option.default === "true" || option.default === "false";
    let value = match[2];
    if (value === undefined) {
      const next = args[index + 1];
      if (isSwitch && next !== "true" && next !== "false") value = "true";
      else if (next === undefined) throw new ConfigurationError(`--${name} needs a value`);
      else {
        value = next;
        index++;
      }
    }
    values.set(name, { value, origin: `--${name}` });
  }
  return values;
}

function fileValues(table: OptionTable, file: { name: string; text: string }): Map<string, Given> {
  let tree: unknown;
  try {
    // Loaded where there is such a file only: it takes 20 ms.
    const { parse }: typeof YAML = createRequire(import.meta.url)("yaml");
    tree = parse(file.text);
  } catch (error) {
    // What follows the first line shows the place once more.
    const [message = ""] = (error as Error).message.split(/:?\n/);
    throw new ConfigurationError(`${file.name}: ${message}`);
  }
  if (typeof tree !== "object" || Array.isArray(tree)) {
    throw new ConfigurationError(
      `${file.name}: expected options and their values, such as \`log.level: debug\``,
    );
  }
  const values = new Map<string, Given>();
  const visit = (node: unknown, path: string): void => {
    if (path !== "" && table[path] !== undefined) {
      const value = Array.isArray(node) ? node.join(",") : node === null ? "" : String(node);
      values.set(path, { value, origin: `${file.name}: ${path}` });
      return;
    }
    if (typeof node !== "object" || node === null || Array.isArray(node)) {
      throw new ConfigurationError(`${file.name}: unknown option ${path}${near(path, Object.keys(table))}`);
    }
    for (const [key, child] of Object.entries(node)) visit(child, path === "" ? key : `${path}.${key}`);
  };
  if (tree !== null && tree !== undefined) visit(tree, "");
  return values;
}

/** `; did you mean --http.listen?` for the closest known names. */
function near(wrong: string, known: Iterable<string>): string {
  const ranked = [...known]
    .map((name) => ({ name, distance: editDistance(wrong, name) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  return ranked.length === 0 ? "" : `; did you mean ${ranked.join(" or ")}?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
