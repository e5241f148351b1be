import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { JsonObject } from "@skylark/api";
import { schemaFiles } from "@skylark/api";
import { ManualClock } from "../clock/manual-clock.ts";
import { silentLogger } from "../log/log.ts";
import { listenHttp } from "./http-listener.ts";
import { createHttpPlatform } from "./http-platform.ts";
import { mountOpenAPI } from "./openapi.ts";
import { openAPIPage } from "./openapi-page.ts";
import type { ServiceImplementation } from "./service.ts";

/** Every service of the schema, none of which is there yet. */
const services: readonly ServiceImplementation[] = schemaFiles
  .flatMap((file) => file.services)
  .map((descriptor) => ({
    descriptor,
    methods: Object.fromEntries(descriptor.methods.map(({ localName }) => [localName, { later: "tests" }])),
  }));

async function withPages(run: (get: Get) => Promise<void>): Promise<void> {
  const platform = createHttpPlatform({
    services,
    authority: {
      authenticate: () => assert.fail("nobody is asked who they are"),
      require: () => assert.fail("nobody needs a right"),
      rightsOn: () => new Set(),
      requireStill() {},
      watch: () => () => {},
    },
    clock: new ManualClock(0),
    log: silentLogger,
    tenantOfHost: () => "default",
  });
  mountOpenAPI(platform, { services, version: "1.2.3" });
  const listener = await listenHttp(platform, { host: "127.0.0.1", port: 0 });
  try {
    await run((path, headers = {}, method = "GET") => fetchFrom(listener.port, { path, headers, method }));
  } finally {
    await listener.close(0);
  }
}

type Get = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

function fetchFrom(
  port: number,
  options: { path: string; headers: Record<string, string>; method: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

describe("the OpenAPI document", () => {
  test("is served without credentials, and says what is not there", async () => {
    await withPages(async (get) => {
      const { status, headers, body } = await get("/api/v3/openapi.json");
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/json");
      const document = JSON.parse(body.toString()) as JsonObject & {
        info: JsonObject;
        paths: Record<string, Record<string, JsonObject>>;
      };
      assert.equal(document.openapi, "3.1.0");
      assert.equal(document.info.version, "1.2.3");
      const get1 = document.paths["/applications/{application_id}/devices/{device_id}"]?.get;
      assert.equal(get1?.["x-skylark-later"], "tests");
    });
  });

  test("is compressed for who reads that, and not sent again to who has it", async () => {
    await withPages(async (get) => {
      const plain = await get("/api/v3/openapi.json", { "Accept-Encoding": "br, gzip;q=0" });
      const zipped = await get("/api/v3/openapi.json", { "Accept-Encoding": "deflate, gzip;q=0.5" });
      assert.equal(plain.headers["content-encoding"], undefined);
      assert.equal(zipped.headers["content-encoding"], "gzip");
      assert.ok(zipped.body.length * 5 < plain.body.length);
      assert.ok(gunzipSync(zipped.body).equals(plain.body));
      const tag = String(plain.headers.etag);
      const again = await get("/api/v3/openapi.json", { "If-None-Match": tag });
      assert.equal(again.status, 304);
      assert.equal(again.body.length, 0);
      const head = await get("/api/v3/openapi.json", {}, "HEAD");
      assert.equal(head.headers["content-length"], String(plain.body.length));
      assert.equal(head.body.length, 0);
    });
  });
});

describe("the page of the API", () => {
  test("has every method, path and type, and links that lead somewhere", async () => {
    await withPages(async (get) => {
      const { status, headers, body } = await get("/api/v3/docs");
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/html; charset=utf-8");
      const html = body.toString();
      const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
      const bound = services.flatMap(({ descriptor }) => descriptor.methods);
      const shown = bound.filter(({ parent, name }) => ids.has(`${parent.name}_${name}`));
      assert.ok(shown.length > 250);
      assert.ok(html.includes("<code>/api/v3/applications/{application_id}/devices/{device_id}</code>"));
      const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
      assert.ok(links.length > 1000);
      assert.deepEqual([...new Set(links.filter((id) => !ids.has(id)))], []);
    });
  });

  test("loads nothing from elsewhere, and runs nothing but its own script", async () => {
    await withPages(async (get) => {
      const { headers, body } = await get("/api/v3/docs");
      const html = body.toString();
      assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
      assert.doesNotMatch(html, / on[a-z]+="| style="/);
      assert.match(
        String(headers["content-security-policy"]),
        /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/,
      );
    });
  });

  test("shows what the schema says as text, whatever it says", () => {
    const { text } = openAPIPage({
      info: { title: "<b>API</b>", version: "1", description: "a `b` & c" },
      tags: [{ name: "S", description: "<script>alert(1)</script>" }],
      paths: {},
      components: { schemas: { "A<b": { type: "object", description: '"quoted"' } } },
    });
    assert.ok(text.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert.ok(text.includes("a <code>b</code> &amp; c"));
    assert.ok(!text.includes("A<b"));
  });
});
