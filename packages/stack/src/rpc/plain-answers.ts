import type { IncomingMessage, ServerResponse } from "node:http";
import { statusCodes } from "@skylark/api";
import { RequestError } from "./error-status.ts";
import { escapeHtml } from "./escape-html.ts";
import { parseLenientJson } from "./lenient-json.ts";
import { readBody } from "./request-body.ts";

/*
 * What handlers outside of the API (`PlainHandler`) share: bodies with a limit, and errors in the API's form.
 */

const defaultLimitBytes = 64 * 1024;

/** The body as a JSON object; `{}` when there is none. Throws a `RequestError` on anything else. */
export async function readJSONObject(
  request: IncomingMessage,
  limitBytes: number = defaultLimitBytes,
): Promise<Readonly<Record<string, unknown>>> {
  const body = await readText(request, limitBytes);
  if (body.trim() === "") return {};
  const { json } = parseLenientJson(body);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new RequestError(statusCodes.invalidArgument, "the request body is no JSON object");
  }
  return json as Readonly<Record<string, unknown>>;
}

/** The body as a form (`application/x-www-form-urlencoded`). */
export async function readForm(
  request: IncomingMessage,
  limitBytes: number = defaultLimitBytes,
): Promise<URLSearchParams> {
  return new URLSearchParams(await readText(request, limitBytes));
}

/** Of the connection's share, a proxy's too: what is usual here needs none. */
function readText(request: IncomingMessage, limit: number): Promise<string> {
  return readBody(request, { limit, remoteAddress: request.socket.remoteAddress ?? "" });
}

/** The body as either, by its Content-Type; of a JSON object what is text, a number or a boolean. */
export async function readFormOrJSON(
  request: IncomingMessage,
  limitBytes: number = defaultLimitBytes,
): Promise<URLSearchParams> {
  if (request.headers["content-type"]?.includes("json") !== true) return readForm(request, limitBytes);
  const fields = Object.entries(await readJSONObject(request, limitBytes));
  const plain = fields.filter(([, value]) => value !== null && typeof value !== "object");
  return new URLSearchParams(plain.map(([name, value]): [string, string] => [name, String(value)]));
}

/** Whether a browser's page is asked for rather than JSON. */
function prefersHTML(request: IncomingMessage): boolean {
  for (const part of (request.headers.accept ?? "").split(",")) {
    const type = part.split(";", 1)[0]?.trim().toLowerCase();
    if (type === "text/html" || type === "application/xhtml+xml") return true;
    if (type === "application/json") return false;
  }
  return false;
}

/** What is wrong, as the API says it: tab-indented JSON, or a page for a browser. */
export function sendPlainStatus(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: { readonly status: number; readonly body: object },
): void {
  const json = JSON.stringify(body, null, "\t");
  const isPage = prefersHTML(request);
  const text = isPage ? page(status, json) : `${json}\n`;
  response.writeHead(status, {
    "Content-Type": isPage ? "text/html; charset=utf-8" : "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

function page(status: number, json: string): string {
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Error ${status}</title></head>` +
    `<body><h1>Error ${status}</h1><pre>${escapeHtml(json)}</pre></body></html>\n`
  );
}
