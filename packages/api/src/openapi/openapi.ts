import type { DescField, DescMessage, DescMethod, DescService, JsonObject } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { allowedFieldMaskPaths } from "../field-mask/allowed-paths.ts";
import { isBranch } from "../field-mask/field-mask.ts";
import { bare, credentials_required, server_sent_events } from "../gen/skylark/api/options_pb.ts";
import type { HttpBinding } from "../http-bindings.ts";
import { httpBindings } from "../http-bindings.ts";
import { ErrorDetailsSchema } from "../schema.ts";
import { MessageSchemas } from "./message-schemas.ts";

export interface OpenAPIOptions {
  readonly services: readonly DescService[];
  readonly version: string;
  /** What the schema says of its parts, by full name. */
  readonly comments: Readonly<Record<string, string>>;
  /** Where a method belongs that is not there yet. */
  readonly later?: (method: DescMethod) => string | undefined;
}

/** The OpenAPI 3.1 document of services: every HTTP binding, with the JSON that the codec reads and writes. */
export function openAPIDocument(options: OpenAPIOptions): JsonObject {
  const schemas = new MessageSchemas(options.comments);
  const services = options.services.filter((service) => httpBindings(service).length > 0);
  const paths: JsonObject = {};
  const parameterNames = new Map<string, readonly string[]>();
  for (const service of services) {
    const counts = new Map<DescMethod, number>();
    for (const binding of httpBindings(service)) {
      const count = (counts.get(binding.method) ?? 0) + 1;
      counts.set(binding.method, count);
      const place = placeOf(binding, parameterNames);
      const operations: JsonObject = { ...(paths[place.path] as JsonObject | undefined) };
      paths[place.path] = operations;
      operations[binding.verb.toLowerCase()] = operation(binding, place, count, { ...options, schemas });
    }
  }
  const error = schemas.message(ErrorDetailsSchema);
  return {
    openapi: "3.1.0",
    info: info(options.version),
    servers: [{ url: "/api/v3" }],
    security: [{ bearer: [] }, {}],
    tags: services.map(({ name, typeName }) => ({ name, ...described(options.comments[typeName]) })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "An API key, an access token of OAuth, or a session token.",
        },
      },
      headers: {
        "X-Total-Count": {
          description: "How many there are on all pages together.",
          schema: { type: "integer", minimum: 0 },
        },
        "X-Warning": {
          description: "What the caller should know although the call succeeded.",
          schema: { type: "string" },
        },
      },
      responses: {
        Error: {
          description: "What went wrong.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Status" } } },
        },
      },
      schemas: { ...schemas.components(), Status: statusSchema(error) },
    },
  };
}

function info(version: string): JsonObject {
  return {
    title: "Skylark API",
    version,
    description:
      "The API of The Things Stack V3, served by Skylark. Fields that are empty or zero are left out of answers. " +
      "Requests may spell fields in snake_case or lowerCamelCase. Whole numbers of 64 bits are text, EUIs and keys are " +
      "hexadecimal, other bytes are Base64. A method that is marked `x-skylark-later` answers `Unimplemented`.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  };
}

function statusSchema(error: JsonObject): JsonObject {
  return {
    type: "object",
    description:
      "An error: a code of gRPC, a text for people, and the error's own name and attributes as a detail.",
    properties: {
      code: { type: "integer", format: "int32" },
      message: { type: "string" },
      details: {
        type: "array",
        items: { allOf: [error], properties: { "@type": { type: "string" } }, required: ["@type"] },
      },
    },
    required: ["code", "message"],
  };
}

interface Place {
  readonly path: string;
  /** A path parameter's name with the field that it fills. */
  readonly parameters: readonly { readonly name: string; readonly field: string }[];
}

/** Paths that differ in the names of their parameters only are one path to OpenAPI, so the first one's names stand. */
function placeOf(binding: HttpBinding, known: Map<string, readonly string[]>): Place {
  const fields = binding.segments.flatMap((each) => (each.kind === "variable" ? [each.field] : []));
  const form = binding.template.replaceAll(/\{[^}]+\}/g, "{}");
  const names = known.get(form) ?? distinctNames(fields);
  known.set(form, names);
  let index = 0;
  return {
    path: form.replaceAll("{}", () => `{${names[index++] ?? ""}}`),
    parameters: fields.map((field, at) => ({ name: names[at] ?? field, field })),
  };
}

function distinctNames(fields: readonly string[]): readonly string[] {
  const short = fields.map((field) => field.split(".").slice(-1).join(""));
  return new Set(short).size === short.length ? short : fields;
}

interface Context extends OpenAPIOptions {
  readonly schemas: MessageSchemas;
}

function operation(binding: HttpBinding, place: Place, count: number, context: Context): JsonObject {
  const { method } = binding;
  const area = context.later?.(method);
  const bound = new Set(place.parameters.map(({ field }) => field));
  const parameters = [
    ...place.parameters.map(({ name, field }) => pathParameter(method.input, name, field, context.schemas)),
    ...(binding.hasBody ? [] : queryParameters(method.input, bound, context.schemas)),
  ];
  const mask = count === 1 ? [...allowedFieldMaskPaths(method)].sort() : [];
  return {
    operationId: `${method.parent.name}_${method.name}${count === 1 ? "" : `_${count}`}`,
    tags: [method.parent.name],
    summary: spaced(method.name),
    ...described(context.comments[`${method.parent.typeName}.${method.name}`]),
    ...(method.deprecated && { deprecated: true }),
    ...(getOption(method.parent, credentials_required) && { security: [{ bearer: [] }] }),
    ...(area !== undefined && { "x-skylark-later": area }),
    ...(mask.length > 0 && { "x-skylark-field-mask": mask }),
    ...(parameters.length > 0 && { parameters }),
    ...(binding.hasBody && {
      requestBody: {
        required: method.input.fields.length > 0,
        content: { "application/json": { schema: context.schemas.message(method.input) } },
      },
    }),
    responses: { 200: success(binding, context.schemas), default: { $ref: "#/components/responses/Error" } },
  };
}

function success({ method, verb }: HttpBinding, schemas: MessageSchemas): JsonObject {
  const schema = schemas.message(method.output);
  if (method.methodKind === "server_streaming") return streamed(method, verb, schema);
  const headers: JsonObject = { "X-Warning": { $ref: "#/components/headers/X-Warning" } };
  if (method.input.fields.some(({ name }) => name === "page")) {
    headers["X-Total-Count"] = { $ref: "#/components/headers/X-Total-Count" };
  }
  return { description: "The answer.", headers, content: { "application/json": { schema } } };
}

function streamed(method: DescMethod, verb: string, schema: JsonObject): JsonObject {
  if (verb === "GET" && getOption(method, server_sent_events)) {
    return {
      description: "Server-Sent Events; the data of each is one item.",
      content: { "text/event-stream": { schema } },
    };
  }
  const item: JsonObject = {
    type: "object",
    properties: { result: schema, error: { $ref: "#/components/schemas/Status" } },
  };
  return {
    description: "A stream of JSON objects, one a line, or a paragraph each as `text/event-stream`.",
    content: { "application/json": { schema: item }, "text/event-stream": { schema: item } },
  };
}

function pathParameter(input: DescMessage, name: string, path: string, schemas: MessageSchemas): JsonObject {
  const field = fieldAt(input, path);
  const { description, ...schema } = field === undefined ? { type: "string" } : schemas.field(field);
  const text = [
    typeof description === "string" ? description : undefined,
    name === path ? undefined : `The field \`${path}\`.`,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
  return { name, in: "path", required: true, ...described(text), schema };
}

function fieldAt(message: DescMessage, path: string): DescField | undefined {
  let at: DescMessage | undefined = message;
  let field: DescField | undefined;
  for (const name of path.split(".")) {
    field = at?.fields.find((each) => each.name === name);
    at = field?.fieldKind === "message" ? field.message : undefined;
  }
  return field;
}

/** The fields of a request that the query can set: all but maps, and what the path says already. */
function queryParameters(
  input: DescMessage,
  bound: ReadonlySet<string>,
  schemas: MessageSchemas,
): readonly JsonObject[] {
  return [...leaves(input, "", [])]
    .filter(({ path }) => !bound.has(path))
    .map(({ path, field }) => queryParameter(path, field, schemas));
}

interface Leaf {
  readonly path: string;
  readonly field: DescField;
}

function* leaves(message: DescMessage, parent: string, within: readonly DescMessage[]): Generator<Leaf> {
  if (within.includes(message)) return;
  for (const field of message.fields) {
    const path = parent + field.name;
    if (isBranch(field) && !getOption(field.message, bare)) {
      yield* leaves(field.message, `${path}.`, [...within, message]);
    } else if (field.fieldKind !== "map") yield { path, field };
  }
}

function queryParameter(name: string, field: DescField, schemas: MessageSchemas): JsonObject {
  if (field.message?.typeName === "google.protobuf.FieldMask") {
    const description = "The fields that are wanted, separated by commas.";
    return { name, in: "query", description, schema: { type: "string" } };
  }
  const { description, deprecated, ...schema } = schemas.field(field);
  const common = {
    name,
    in: "query",
    ...described(typeof description === "string" ? description : undefined),
    ...(deprecated === true && { deprecated }),
  };
  const isJSON = field.fieldKind === "list" && field.message !== undefined;
  return isJSON ? { ...common, content: { "application/json": { schema } } } : { ...common, schema };
}

function described(text: string | undefined): JsonObject {
  return text === undefined || text === "" ? {} : { description: text };
}

/** `GetIdentifiersForEUIs` as `Get identifiers for EUIs`. */
function spaced(name: string): string {
  const words = name.match(/[A-Z]+s(?![a-z])|[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|V[0-9]/g) ?? [name];
  return words
    .map((word, index) =>
      index > 0 && /^[A-Z][a-z]/.test(word) && !/^[A-Z]+s$/.test(word) ? word.toLowerCase() : word,
    )
    .join(" ");
}
