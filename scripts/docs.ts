import { readFileSync, writeFileSync } from "node:fs";
import { commentsModule, schemaComments } from "../packages/api/schema-comments.ts";
import { environmentName } from "../packages/stack/src/config/load.ts";
import { errorDefinitions, statusCodes } from "../packages/stack/src/errors/errors.ts";
import { eventDefinitions } from "../packages/stack/src/events/events.ts";
import { options } from "../packages/stack/src/main/options.ts";
// Loads every server, and with it every definition.
import "../packages/stack/src/main/stack.ts";
import { apiPages } from "./api-pages.ts";
import { compatibilityPage } from "./method-table.ts";

/** The reference pages that follow from the code, by path. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/configuration.md", configurationPage()],
    ["docs/errors.md", errorsPage()],
    ["docs/events.md", eventsPage()],
    ["packages/api/src/openapi/comments.ts", commentsModule()],
    ...apiPages(schemaComments()),
    await compatibilityPage(),
  ]);
}

/** Paths of the pages on disk that are not what the code says. */
export async function stalePages(): Promise<string[]> {
  return [...(await generatedPages())]
    .filter(([path, text]) => currentText(path) !== text)
    .map(([path]) => path);
}

function currentText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const origin = "Generated from the code by `npm run docs`; a test holds both together.";

function page(
  title: string,
  intro: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `# ${title}\n\n${intro}\n\n${origin}\n\n${lines.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function configurationPage(): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `\`${name}\``,
    `\`${environmentName(name)}\``,
    option.default === "" ? "" : `\`${option.default}\``,
    cell(option.description),
  ]);
  const intro =
    "An option is a key of `skylark.yaml` (in the working directory), an environment variable, or a flag `--name=value`. Flags win " +
    "over the environment, the environment over the file. A listener set to the empty string is off.";
  return page("Configuration", intro, ["option", "environment", "default", "meaning"], rows);
}

function errorsPage(): string {
  const codeNames = new Map(Object.entries(statusCodes).map(([name, code]) => [code as number, name]));
  const rows = [...errorDefinitions()]
    .map(({ namespace, name, code, messageFormat }) => [
      `\`${namespace}:${name}\``,
      codeNames.get(code) ?? String(code),
      cell(messageFormat),
    ])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const intro = "Every error that a client can meet. `{…}` are the attributes of its `ErrorDetails`.";
  return page("Errors", intro, ["error", "code", "message"], rows);
}

function eventsPage(): string {
  const rows = [...eventDefinitions()]
    .map(({ name, description, visibility }) => [
      `\`${name}\``,
      cell(description),
      visibility.map((right) => `\`${right}\``).join(", "),
    ])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const intro = "Every event of the event stream, and the rights of which a reader needs one.";
  return page("Events", intro, ["event", "meaning", "visible with"], rows);
}

if (import.meta.main) {
  for (const [path, text] of await generatedPages()) writeFileSync(path, text);
}
