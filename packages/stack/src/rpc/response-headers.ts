import type { OutgoingHttpHeaders } from "node:http";
import type { HttpCall } from "./http-call.ts";
import type { RateLimitResult } from "./rate-limiter.ts";

const exposedHeaders = [
  "Date",
  "Content-Length",
  "Grpc-Status",
  "Grpc-Message",
  "Grpc-Status-Details-Bin",
  "X-Rate-Limit-Limit",
  "X-Rate-Limit-Available",
  "X-Rate-Limit-Reset",
  "X-Rate-Limit-Retry",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-Request-Id",
  "X-Total-Count",
  "X-Warning",
].join(", ");

/** Answers to a browser's question whether it may ask. */
export const preflightHeaders: OutgoingHttpHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
  "Access-Control-Allow-Headers":
    "Authorization, Content-Type, Grpc-Timeout, Last-Event-ID, X-CSRF-Token, X-Grpc-Web, X-Skylark-Cascade, X-User-Agent",
  "Access-Control-Max-Age": "600",
};

/** Of every answer: nobody frames or sniffs it. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "X-XSS-Protection": "1; mode=block",
};

/** The headers of an answer of the API: whatever it says, nobody stores, frames or sniffs it. */
export function responseHeaders(call: HttpCall, contentType: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    "Content-Type": contentType,
    "Cache-Control": "no-store",
    ...securityHeaders,
    "X-Request-Id": call.requestId,
  };
  if (call.header("origin") !== undefined) {
    headers["Access-Control-Allow-Origin"] = "*";
    headers["Access-Control-Expose-Headers"] = exposedHeaders;
  }
  if (call.rateLimit !== undefined) {
    for (const [name, value] of rateLimitHeaders(call.rateLimit)) headers[name] = value;
    if (call.rateLimit.limited) headers["Retry-After"] = headers["X-Rate-Limit-Retry"];
  }
  if (call.totalCount !== undefined) headers["X-Total-Count"] = String(call.totalCount);
  for (const [name, value] of call.answerHeaders ?? []) headers[`Grpc-Metadata-${name}`] = headerText(value);
  if (call.warnings.length > 0) headers["X-Warning"] = call.warnings.map(headerText);
  return headers;
}

/** The names that the code of The Things Stack uses, and those of its documentation. */
export function rateLimitHeaders(
  rateLimit: RateLimitResult,
): readonly (readonly [name: string, value: string])[] {
  const limit = String(rateLimit.limit);
  const remaining = String(rateLimit.remaining);
  const reset = String(Math.ceil(rateLimit.resetMs / 1000));
  const retry = String(Math.ceil(rateLimit.retryMs / 1000));
  return [
    ["X-Rate-Limit-Limit", limit],
    ["X-Rate-Limit-Available", remaining],
    ["X-Rate-Limit-Reset", reset],
    ["X-Rate-Limit-Retry", retry],
    ["X-RateLimit-Limit", limit],
    ["X-RateLimit-Remaining", remaining],
    ["X-RateLimit-Reset", reset],
  ];
}

/** What a header can hold: a warning may quote what a caller sent. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 500);
}
