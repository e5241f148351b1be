import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { DescMethod } from "@skylark/api";
import { describeAPI } from "@skylark/api";
import type { HttpPlatform } from "./http-platform.ts";
import type { PlainHandler } from "./plain-routes.ts";
import type { ServiceImplementation } from "./service.ts";

export interface OpenAPIMountOptions {
  readonly services: readonly ServiceImplementation[];
  readonly version: string;
}

/** A text that is the same for everybody until the process ends. */
interface Page {
  readonly contentType: string;
  readonly plain: Buffer;
  readonly compressed: Buffer;
  readonly tag: string;
  readonly headers: Readonly<Record<string, string>>;
}

const compress = promisify(gzip);

/** The description of the API: as a document for tools at `openapi.json`, and as a page for people at `docs`. */
export function mountOpenAPI(platform: Pick<HttpPlatform, "mount">, options: OpenAPIMountOptions): void {
  const document = once(() => describeAPI({ ...options, ...whatIsThere(options.services) }));
  const json = once(async () => page("application/json", JSON.stringify(await document()), {}));
  const html = once(async () => {
    const { openAPIPage } = await import("./openapi-page.ts");
    const { text, contentSecurityPolicy } = openAPIPage(await document());
    return page("text/html; charset=utf-8", text, { "Content-Security-Policy": contentSecurityPolicy });
  });
  platform.mount("GET", "/api/v3/openapi.json", answerWith(json));
  platform.mount("GET", "/api/v3/docs", answerWith(html));
}

function whatIsThere(services: readonly ServiceImplementation[]) {
  const areas = new Map<DescMethod, string>();
  for (const { descriptor, methods } of services) {
    for (const method of descriptor.methods) {
      const implementation = methods[method.localName];
      if (implementation !== undefined && "later" in implementation) areas.set(method, implementation.later);
    }
  }
  return {
    services: services.map(({ descriptor }) => descriptor),
    later: (method: DescMethod) => areas.get(method),
  };
}

/** Made when it is first asked for; asked again after a failure. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function page(contentType: string, text: string, headers: Page["headers"]): Promise<Page> {
  const plain = Buffer.from(text);
  const tag = createHash("sha256").update(plain).digest("base64url").slice(0, 22);
  return { contentType, plain, compressed: await compress(plain), tag, headers };
}

function answerWith(made: () => Promise<Page>): PlainHandler {
  return async (request, response) => {
    const page = await made();
    const compressed = takesGzip(request.headers["accept-encoding"]);
    const tag = `"${page.tag}${compressed ? "-gzip" : ""}"`;
    response.setHeader("ETag", tag);
    response.setHeader("Cache-Control", "no-cache");
    response.setHeader("Vary", "Accept-Encoding");
    // Tools of other origins read it too.
    response.setHeader("Access-Control-Allow-Origin", "*");
    for (const [name, value] of Object.entries(page.headers)) response.setHeader(name, value);
    if (request.headers["if-none-match"] === tag) {
      response.writeHead(304).end();
      return;
    }
    send(response, page, { compressed, isHead: request.method === "HEAD" });
  };
}

function takesGzip(accepted: string | undefined): boolean {
  return /(^|[,\s])(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(accepted ?? "");
}

function send(
  response: ServerResponse,
  page: Page,
  { compressed, isHead }: { readonly compressed: boolean; readonly isHead: boolean },
): void {
  const body = compressed ? page.compressed : page.plain;
  response.writeHead(200, {
    "Content-Type": page.contentType,
    "Content-Length": body.length,
    ...(compressed && { "Content-Encoding": "gzip" }),
  });
  response.end(isHead ? undefined : body);
}
