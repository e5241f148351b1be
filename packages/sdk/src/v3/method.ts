declare const exchange: unique symbol;

/**
 * A method of the API with the types of its request and answer. At run time it is the ways to call it: verb and path,
 * several separated by bars; a star after the verb says that the body is the request.
 */
export type Method<Request, Response> = string & { readonly [exchange]?: (request: Request) => Response };

/** A method that answers with many messages, one after another. */
export type StreamMethod<Request, Response> = string & {
  readonly [exchange]?: (request: Request) => AsyncIterable<Response>;
};

/** What goes over the wire. */
export interface HttpRequest {
  readonly verb: string;
  /** Path and query, below `/api/v3`. */
  readonly path: string;
  readonly body: string | undefined;
}

/** Of a method's bindings, the one whose path the request fills with the most values. */
export function httpRequest(method: string, request: object): HttpRequest {
  let best:
    | { readonly verb: string; readonly template: string; readonly names: readonly string[] }
    | undefined;
  for (const binding of method.split("|")) {
    const [verb = "", template = ""] = binding.split(" ");
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? "");
    const fits = names.every((name) => textAt(request, name) !== "");
    if (fits && (best === undefined || names.length > best.names.length)) best = { verb, template, names };
  }
  if (best === undefined) throw new TypeError(`the request lacks what one of these paths needs: ${method}`);
  const { verb, template, names } = best;
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(textAt(request, name)),
  );
  if (verb.endsWith("*")) return { verb: verb.slice(0, -1), path, body: JSON.stringify(request) };
  const query = new URLSearchParams();
  addFields(query, "", request, names);
  const text = query.toString();
  return { verb, path: text === "" ? path : `${path}?${text}`, body: undefined };
}

function textAt(request: object, path: string): string {
  let value: unknown = request;
  for (const name of path.split("."))
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined || value === null ? "" : String(value);
}

function addFields(query: URLSearchParams, parent: string, fields: object, inPath: readonly string[]): void {
  for (const [key, value] of Object.entries(fields)) {
    const name = parent === "" ? key : `${parent}.${key}`;
    if (value === undefined || value === null || inPath.includes(name)) continue;
    if (Array.isArray(value)) addList(query, name, value);
    else if (name === "attributes_contain") addMap(query, name, value);
    else if (typeof value === "object") addFields(query, name, value, inPath);
    else query.append(name, String(value));
  }
}

function addList(query: URLSearchParams, name: string, items: readonly unknown[]): void {
  if (items.some((item) => typeof item === "object")) query.append(name, JSON.stringify(items));
  else for (const item of items) query.append(name, String(item));
}

/** The only map that the schema has in a query; a test holds this to it. */
function addMap(query: URLSearchParams, name: string, entries: object): void {
  for (const [key, value] of Object.entries(entries)) query.append(`${name}[${key}]`, String(value));
}
