import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { PlainCall } from "../../rpc/plain-routes.ts";
import { type Page, pagePolicy, renderPage } from "./page.ts";

/** A request to the pages for accounts and to the OAuth provider, and the way to answer it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: PlainCall;
  readonly query: URLSearchParams;
}

export type ExchangeHandler = (exchange: Exchange) => Promise<void>;

export function exchangeOf(request: IncomingMessage, response: ServerResponse, call: PlainCall): Exchange {
  return { request, response, call, query: new URLSearchParams(call.query) };
}

/** Whether the browser's connection is encrypted, up to a proxy at least. */
export function isSecure({ request }: Pick<Exchange, "request">): boolean {
  return (request.socket as TLSSocket).encrypted === true || request.headers["x-forwarded-proto"] === "https";
}

/** As the browser knows this server. */
export function originOf(exchange: Pick<Exchange, "request">): string {
  return `${isSecure(exchange) ? "https" : "http"}://${exchange.request.headers.host ?? "localhost"}`;
}

/** Nobody keeps what is answered here. */
const privateHeaders: OutgoingHttpHeaders = {
  "Cache-Control": "no-store",
  Pragma: "no-cache",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

export function sendPage({ request, response }: Exchange, page: Page, status = 200): void {
  const html = renderPage(page);
  response.writeHead(status, {
    ...privateHeaders,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(html),
    "Content-Security-Policy": pagePolicy(page),
  });
  response.end(request.method === "HEAD" ? undefined : html);
}

export function sendJSON(
  { request, response }: Exchange,
  body: object,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: OutgoingHttpHeaders } = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...privateHeaders,
    ...headers,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

export function sendNothing({ response }: Exchange): void {
  response.writeHead(204, privateHeaders);
  response.end();
}

/** 303: whatever the request was, the next one is a GET. */
export function redirect({ request, response }: Exchange, location: string): void {
  const status = request.method === "POST" ? 303 : 302;
  response.writeHead(status, { ...privateHeaders, Location: location, "Content-Length": 0 });
  response.end();
}
