import type { DescMessage, HttpBinding, ProtoMessage, TextField } from "@skylark/api";
import { create, fromJSON, JSONDecodeError, statusCodes, textField } from "@skylark/api";
import { RequestError } from "./error-status.ts";
import { parseLenientJson } from "./lenient-json.ts";
import { decodePercent } from "./routes.ts";

/** Makes the request of a method from the parts of an HTTP request. */
export interface RequestReader {
  read(parts: RequestParts, warn: (text: string) => void): ProtoMessage;
}

export interface RequestParts {
  /** Decoded, in the order of the path's variables. */
  readonly variables: readonly string[];
  /** As it came, without the question mark. */
  readonly query: string;
  /** Empty when the method takes none. */
  readonly body: string;
}

/** The reader of one binding: the body if there is one, else the query, and the path's variables over both. */
export function requestReader(binding: HttpBinding): RequestReader {
  const { input } = binding.method;
  // Most bindings are never called: their readers are made with the first call.
  let variables: readonly TextField[] | undefined;
  const bound = new Set(
    binding.segments.flatMap((segment) => (segment.kind === "variable" ? [segment.field] : [])),
  );
  return {
    read(parts, warn) {
      try {
        const message =
          binding.hasBody || saysSomething(parts.body)
            ? readBody(input, parts.body, warn)
            : readQuery(input, parts.query, bound);
        variables ??= variablesOf(binding);
        setVariables(message, variables, parts.variables);
        return message;
      } catch (error) {
        if (!(error instanceof JSONDecodeError)) throw error;
        const where = error.path === "" ? "request" : `field \`${error.path}\``;
        throw new RequestError(statusCodes.invalidArgument, `invalid ${where}: ${error.reason}`);
      }
    },
  };
}

function variablesOf({ method: { input }, segments, template }: HttpBinding): readonly TextField[] {
  return segments
    .filter((segment) => segment.kind === "variable")
    .map((segment) => {
      const field = textField(input, segment.field);
      if (field === undefined) throw new TypeError(`${template} names no field of ${input.typeName}`);
      return field;
    });
}

/** Clients send an empty object with what they say in the query. */
function saysSomething(body: string): boolean {
  return body !== "" && !/^\s*(\{\s*\}|null)?\s*$/.test(body);
}

function setVariables(message: ProtoMessage, fields: readonly TextField[], texts: readonly string[]): void {
  for (let index = 0; index < fields.length; index++) fields[index]!(message, [texts[index]!]);
}

function readBody(input: DescMessage, body: string, warn: (text: string) => void): ProtoMessage {
  // A request without fields may come without a body.
  if (body === "") return create(input);
  const { json, warning } = parseLenientJson(body);
  if (warning !== undefined) warn(warning);
  return fromJSON(input, json);
}

/** Most fields that a query sets. */
const mostParameters = 1000;

function readQuery(input: DescMessage, query: string, bound: ReadonlySet<string>): ProtoMessage {
  const message = create(input);
  if (query === "") return message;
  const parameters = query.split("&", mostParameters + 1);
  if (parameters.length > mostParameters) {
    throw new RequestError(statusCodes.invalidArgument, "too many query parameters");
  }
  const texts = new Map<string, string[]>();
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    const name = decodeParameter(equals < 0 ? parameter : parameter.slice(0, equals));
    // What the path says, the query does not say again.
    if (bound.has(name) || textField(input, name) === undefined) continue;
    const text = equals < 0 ? "" : decodeParameter(parameter.slice(equals + 1));
    const known = texts.get(name);
    if (known === undefined) texts.set(name, [text]);
    else known.push(text);
  }
  for (const [name, values] of texts) textField(input, name)?.(message, values);
  return message;
}

function decodeParameter(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? decodePercent(spaced) : spaced;
}
