import type {
  DescEnum,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "../packages/api/src/index.ts";
import { allowedFieldMaskPaths, httpBindings, ScalarType, schemaFiles } from "../packages/api/src/index.ts";

/** What the schema says of its parts, by full name; of files by path. */
type Comments = ReadonlyMap<string, string>;

const folder = "docs/api";
const ours = schemaFiles.filter(({ name }) => /^(ttn|tti|skylark\/v1)\//.test(name));

/** The reference pages of the API by path: one for each file of the schema, and one that lists the services. */
export function apiPages(comments: Comments): ReadonlyMap<string, string> {
  const files = [...ours].sort((a, b) => (pageName(a) < pageName(b) ? -1 : 1));
  const listed = new Map<string, DescMethod>();
  return new Map([
    [`${folder}/README.md`, indexPage(files, comments)],
    ...files.map((file): [string, string] => [
      `${folder}/${pageName(file)}`,
      filePage(file, comments, listed),
    ]),
  ]);
}

const origin = "Generated from the schema by `npm run docs`; a test holds both together.";

/** `ttn/lorawan/v3/end_device.proto` as `end_device.md`; files of other packages say theirs. */
export function pageName({ name }: DescFile): string {
  const [root = "", ...rest] = name.split("/");
  return `${root === "ttn" ? "" : `${root}_`}${rest.at(-1) ?? ""}.md`;
}

function indexPage(files: readonly DescFile[], comments: Comments): string {
  const services = files.flatMap((file) => file.services);
  const rows = services.map((service) => [
    `[${service.name}](${pageName(service.file)}#${anchor(service.name)})`,
    String(service.methods.length),
    cell(comments.get(service.typeName)),
  ]);
  const pages = files
    .filter(({ services, messages, enums }) => services.length === 0 && messages.length + enums.length > 0)
    .map((file) => [
      `[${pageName(file).replace(/\.md$/, "")}](${pageName(file)})`,
      cell(comments.get(`${file.name}.proto`)),
    ]);
  return [
    "# API reference",
    "Over HTTP every path is below `/api/v3`; over gRPC a method is `/<package>.<Service>/<Method>`. The same is served as an " +
      "OpenAPI document at `/api/v3/openapi.json` and as a page with a search at `/api/v3/docs`.",
    origin,
    "## Services",
    table(["service", "methods", ""], rows),
    "## Types that several services use",
    table(["page", ""], pages),
    "",
  ].join("\n\n");
}

function filePage(file: DescFile, comments: Comments, listed: Map<string, DescMethod>): string {
  const messages = file.messages.flatMap(withNested);
  const enums = [...file.enums, ...messages.flatMap((message) => message.nestedEnums)];
  return [
    `# ${pageName(file).replace(/\.md$/, "")}`,
    ...paragraph(comments.get(`${file.name}.proto`)),
    `Package \`${file.proto.package}\`. ${origin}`,
    ...file.services.flatMap((service) => serviceSection(service, comments, listed)),
    ...(messages.length === 0 ? [] : ["## Messages"]),
    ...messages.flatMap((message) => messageSection(message, file, comments)),
    ...(enums.length === 0 ? [] : ["## Enums"]),
    ...enums.flatMap((each) => enumSection(each, comments)),
    "",
  ].join("\n\n");
}

function withNested(message: DescMessage): readonly DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}

function serviceSection(
  service: DescService,
  comments: Comments,
  listed: Map<string, DescMethod>,
): readonly string[] {
  const rows = service.methods.map((method) => [
    `\`${method.name}\``,
    httpBindings(service)
      .filter((binding) => binding.method === method)
      .map(({ verb, template }) => `\`${verb} ${template}\``)
      .join("<br>") || "gRPC only",
    typeLink(method.input, service.file),
    (method.methodKind === "unary" ? "" : "stream of ") + typeLink(method.output, service.file),
    cell(
      [comments.get(`${service.typeName}.${method.name}`), method.deprecated ? "Deprecated." : ""].join(" "),
    ),
  ]);
  return [
    `## ${service.name}`,
    ...paragraph(comments.get(service.typeName)),
    table(["method", "HTTP", "request", "answer", ""], rows),
    ...service.methods.flatMap((method) => maskDetails(method, listed)),
  ];
}

/** The paths of a field mask; where another method has the same, its name. */
function maskDetails(method: DescMethod, listed: Map<string, DescMethod>): readonly string[] {
  const paths = [...allowedFieldMaskPaths(method)].sort();
  if (paths.length === 0) return [];
  const key = paths.join(" ");
  const same = listed.get(key);
  if (same !== undefined) {
    return [`Field mask of \`${method.name}\`: the paths of \`${same.parent.name}.${same.name}\`.`];
  }
  listed.set(key, method);
  return [
    `<details><summary>Field mask of <code>${method.name}</code>: ${paths.length} paths</summary>\n\n${paths.join(", ")}\n</details>`,
  ];
}

function messageSection(message: DescMessage, file: DescFile, comments: Comments): readonly string[] {
  const rows = message.fields.map((field) => [
    `\`${field.name}\``,
    fieldType(field, file),
    cell(
      [
        comments.get(`${message.typeName}.${field.name}`),
        field.oneof === undefined ? "" : `One of \`${field.oneof.name}\`.`,
        field.deprecated ? "Deprecated." : "",
      ].join(" "),
    ),
  ]);
  return [
    `### ${shortName(message)}`,
    ...paragraph([comments.get(message.typeName), message.deprecated ? "Deprecated." : ""].join(" ")),
    ...(rows.length === 0 ? [] : [table(["field", "type", ""], rows)]),
  ];
}

function enumSection(desc: DescEnum, comments: Comments): readonly string[] {
  const rows = desc.values.map(({ name, number }) => [
    `\`${name}\``,
    String(number),
    cell(comments.get(`${desc.typeName}.${name}`)),
  ]);
  return [
    `### ${shortName(desc)}`,
    ...paragraph(comments.get(desc.typeName)),
    table(["name", "number", ""], rows),
  ];
}

function fieldType(field: DescField, file: DescFile): string {
  if (field.fieldKind === "map")
    return `map of ${itemType(field, file)} by ${ScalarType[field.mapKey].toLowerCase()}`;
  return field.fieldKind === "list" ? `list of ${itemType(field, file)}` : itemType(field, file);
}

function itemType(field: DescField, file: DescFile): string {
  const desc = field.message ?? field.enum;
  if (desc !== undefined) return typeLink(desc, file);
  return field.scalar === undefined ? "" : ScalarType[field.scalar].toLowerCase();
}

function typeLink(desc: DescMessage | DescEnum, from: DescFile): string {
  if (desc.typeName.startsWith("google.protobuf.")) return desc.name;
  const page = desc.file === from ? "" : pageName(desc.file);
  return `[${shortName(desc)}](${page}#${anchor(shortName(desc))})`;
}

/** With the messages around it, without the package. */
function shortName({ typeName, file }: DescMessage | DescEnum): string {
  return typeName.slice(file.proto.package.length + 1);
}

/** What a heading becomes as the end of a link. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9_ -]/g, "")
    .replaceAll(" ", "-");
}

function paragraph(text: string | undefined): readonly string[] {
  return text === undefined || text.trim() === "" ? [] : [text.trim()];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cell(text: string | undefined): string {
  return (text ?? "").trim().replaceAll("|", "\\|");
}
