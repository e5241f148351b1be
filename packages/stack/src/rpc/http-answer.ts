import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { constants, gzip } from "node:zlib";
import type { HttpCall } from "./http-call.ts";
import { responseHeaders } from "./response-headers.ts";

/** One request and what answers it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: HttpCall;
}

/** A smaller answer fits in a packet or two as it is. */
const compressFromLength = 1025;

/** Sends JSON, compressed when that pays and the client takes it. */
export function sendJSON({ request, response, call }: Exchange, status: number, text: string): void {
  const headers = responseHeaders(call, "application/json");
  if (text.length < compressFromLength || !acceptsGzip(request.headers["accept-encoding"])) {
    sendText(response, status, headers, text);
    return;
  }
  gzip(text, { level: constants.Z_BEST_SPEED }, (error, bytes) => {
    if (response.destroyed) return;
    if (error !== null) return sendText(response, status, headers, text);
    headers["Content-Encoding"] = "gzip";
    headers.Vary = "Accept-Encoding";
    headers["Content-Length"] = bytes.length;
    response.writeHead(status, headers);
    response.end(bytes);
  });
}

function sendText(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  text: string,
): void {
  const length = Buffer.byteLength(text);
  headers["Content-Length"] = length;
  response.writeHead(status, headers);
  // Text of one byte a character goes out as it is, without being encoded.
  response.end(text, length === text.length ? "latin1" : "utf8");
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  if (typeof header !== "string" || !header.includes("gzip")) return false;
  return !/\bgzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)/i.test(header);
}
