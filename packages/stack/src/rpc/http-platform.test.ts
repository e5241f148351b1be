import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { RunningSample } from "./http-platform.fixture.ts";
import { startSample } from "./http-platform.fixture.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const device = "/api/v3/applications/app1/devices/dev1";
const bearer = { Authorization: "Bearer reader" };
const admin = { Authorization: "Bearer admin" };

/** The parts of an error that do not change from call to call. */
async function errorOf(response: Response) {
  const body = (await response.json()) as {
    code: number;
    message: string;
    details?: { "@type": string; correlation_id?: string; [name: string]: unknown }[];
  };
  const [details] = body.details ?? [];
  if (details !== undefined) {
    assert.match(details.correlation_id ?? "", /^[0-9a-f]{32}$/);
    assert.equal(details["@type"], "type.googleapis.com/ttn.lorawan.v3.ErrorDetails");
  }
  return { status: response.status, code: body.code, message: body.message, details };
}

describe("the HTTP platform", () => {
  let sample: RunningSample;
  before(async () => {
    sample = await startSample();
  });
  after(() => sample.listener.close(0));

  const post = (path: string, body: string, headers: Record<string, string> = admin) =>
    sample.fetch(path, { method: "POST", body, headers });

  describe("a method", () => {
    test("is called by its path and its query", async () => {
      const response = await sample.fetch(`${device}?field_mask=name,description&unknown=1`, {
        headers: bearer,
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.deepEqual(await response.json(), {
        ids: { device_id: "dev1", application_ids: { application_id: "app1" } },
        name: "thermometer",
        description: "in the hall",
      });
    });

    test("is called by its body, the path's variables being added to it", async () => {
      const body = JSON.stringify({ end_device: { ids: { device_id: "dev2" }, name: "two" }, no_such: [1] });
      const response = await post("/api/v3/applications/app1/devices", body);
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), {
        ids: { device_id: "dev2", application_ids: { application_id: "app1" } },
        name: "two",
      });
      assert.equal(response.headers.get("x-warning"), null);
    });

    test("reads the page's trailing commas, with a warning", async () => {
      const response = await post(
        "/api/v3/applications/app1/devices",
        '{"end_device": {"ids": {"device_id": "dev3",}, "name": "three",},}',
      );
      assert.equal(response.status, 200);
      assert.match(response.headers.get("x-warning") ?? "", /comma/);
    });

    test("sends warnings and the total count as headers", async () => {
      const response = await sample.fetch("/api/v3/applications/app1/devices?limit=1&order=name", {
        headers: { Authorization: "Bearer old" },
      });
      assert.equal(response.headers.get("x-total-count"), String(sample.devices.size));
      assert.equal(response.headers.get("x-warning"), "this key is old, order name ignored");
      assert.equal(((await response.json()) as { end_devices: unknown[] }).end_devices.length, 1);
    });

    test("knows the tenant, the request's identifier and what it is part of", async () => {
      const response = await sample.raw(
        `GET ${device} HTTP/1.1\r\nHost: tenant1.example.com\r\nX-Request-Id: abc\r\nConnection: close\r\n\r\n`,
      );
      assert.match(response, /^HTTP\/1\.1 200 /);
      assert.match(response, /\r\nX-Request-Id: abc\r\n/);
      assert.equal(sample.lastCall?.tenantId, "tenant1");
      assert.match(
        sample.lastCall?.correlationIds[0] ?? "",
        /^rpc:\/ttn\.lorawan\.v3\.EndDeviceRegistry\/Get:[0-9A-Z]{26}$/,
      );
      assert.equal(sample.lastCall?.remoteAddress, "127.0.0.1");
    });

    test("takes a percent-encoded path, and a path with the whole URL", async () => {
      const encoded = device.replace("dev1", "%64ev1");
      assert.equal((await sample.fetch(encoded, { headers: bearer })).status, 200);
      const raw = await sample.raw(
        `GET http://example.com${device} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n`,
      );
      assert.match(raw, /^HTTP\/1\.1 200 /);
    });

    test("of a later release says so", async () => {
      const error = await errorOf(
        await sample.fetch("/api/v3/ns/applications/app1/devices/dev1", { headers: bearer }),
      );
      assert.deepEqual([error.status, error.code, error.details?.name], [501, 12, "not_in_this_release"]);
      assert.match(
        error.message,
        /NsEndDeviceRegistry\/Get` is not in this release; it belongs to the API issue/,
      );
    });
  });

  describe("an error", () => {
    test("that a handler throws has its status, text and details", async () => {
      const error = await errorOf(await sample.fetch(device.replace("dev1", "dev9"), { headers: bearer }));
      assert.equal(error.status, 404);
      assert.equal(error.message, "error:skylark/sample:device_not_found (device `dev9` not found)");
      const { correlation_id, ...details } = error.details ?? {};
      assert.deepEqual(details, {
        "@type": "type.googleapis.com/ttn.lorawan.v3.ErrorDetails",
        namespace: "skylark/sample",
        name: "device_not_found",
        message_format: "device `{device_id}` not found",
        attributes: { device_id: "dev9" },
        code: 5,
      });
    });

    test("that is not named tells nothing, and is in the log under the identifier that the caller has", async () => {
      const response = await sample.fetch(device.replace("dev1", "broken"), { headers: bearer });
      const text = await response.clone().text();
      const error = await errorOf(response);
      assert.equal(error.status, 500);
      assert.doesNotMatch(text, /hunter2/);
      assert.equal(sample.errorLog.at(-1)?.correlationId, error.details?.correlation_id);
    });

    test("about a forbidden field mask names every path", async () => {
      const error = await errorOf(
        await sample.fetch(`${device}?field_mask=name,locations.user,mac_state`, { headers: bearer }),
      );
      assert.equal(error.status, 400);
      assert.equal(
        error.message,
        "error:pkg/rpcmiddleware/validator:field_mask_paths (forbidden path(s) in field mask)",
      );
      assert.deepEqual(error.details?.attributes, { forbidden_paths: ["locations.user", "mac_state"] });
    });

    test("about an invalid device identifier leads from the request down to the field", async () => {
      const body = JSON.stringify({ end_device: { ids: { device_id: "Not Valid" } } });
      const error = await errorOf(await post("/api/v3/applications/app1/devices", body));
      assert.equal(error.status, 400);
      assert.equal(
        error.message,
        "error:pkg/errors:validation (invalid `end_device`: embedded message failed validation)",
      );
      type Details = { attributes: Record<string, string>; cause?: Details };
      const fields: string[] = [];
      for (
        let each = error.details as unknown as Details | undefined;
        each !== undefined;
        each = each.cause
      ) {
        fields.push(each.attributes.field ?? "");
      }
      assert.deepEqual(fields, ["end_device", "ids", "device_id"]);
    });

    test("about missing rights names them", async () => {
      const body = JSON.stringify({ end_device: { ids: { device_id: "dev4" } } });
      const error = await errorOf(await post("/api/v3/applications/app1/devices", body, bearer));
      assert.equal(error.status, 403);
      assert.deepEqual(error.details?.attributes, {
        uid: "app1",
        missing: ["RIGHT_APPLICATION_DEVICES_WRITE"],
      });
      assert.ok(!sample.devices.has("dev4"));
    });

    test("in the request's form comes before one in its credentials", async () => {
      const headers = { Authorization: "Bearer malformed" };
      const invalid = await errorOf(await sample.fetch(`${device}?field_mask=no`, { headers }));
      assert.equal(invalid.details?.name, "field_mask_paths");
      const valid = await errorOf(await sample.fetch(device, { headers }));
      assert.deepEqual([valid.status, valid.details?.name], [400, "token"]);
    });

    test("of a caller without credentials is 401 where the schema says so", async () => {
      const response = await sample.fetch("/api/v3/events", {
        method: "POST",
        body: '{"identifiers":[{"application_ids":{"application_id":"app1"}}]}',
      });
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      const error = await errorOf(response);
      assert.deepEqual(
        [error.status, error.message],
        [401, "error:pkg/rpcmetadata:unauthenticated (the context is not authenticated)"],
      );
    });

    test("in bare identifiers says that they are invalid", async () => {
      const error = await errorOf(
        await sample.fetch("/api/v3/applications/app1/devices/BAD", { method: "DELETE", headers: admin }),
      );
      assert.equal(error.details?.name, "identifiers");
      assert.equal((error.details?.cause as { name: string } | undefined)?.name, "validation");
    });
  });

  describe("malformed requests", () => {
    const cases: readonly [string, string, string][] = [
      ["no JSON", '{"end_device":', "invalid JSON: unexpected end"],
      ["JSON that has a mistake", "{]", "invalid JSON: unexpected token at position 1 (line 1 column 2)"],
      ["no object", "[]", "invalid request: expected an object, got array"],
      [
        "a wrong type",
        '{"end_device":{"name":1}}',
        "invalid field `end_device.name`: expected a string, got number",
      ],
      [
        "an EUI that is too short",
        '{"end_device":{"ids":{"dev_eui":"00"}}}',
        "invalid field `end_device.ids.dev_eui`: invalid length: expected 16 hexadecimal characters, got 2 characters",
      ],
      ["an unknown enum value", '{"end_device":{"lorawan_version":"9"}}', ""],
    ];
    for (const [name, body, message] of cases) {
      test(`with ${name} get a clear 400`, async () => {
        const error = await errorOf(await post("/api/v3/applications/app1/devices", body));
        assert.deepEqual([error.status, error.code], [400, 3]);
        if (message !== "") assert.equal(error.message, message);
      });
    }

    test("with bytes that are no UTF-8 get a clear 400", async () => {
      const response = await sample.fetch("/api/v3/applications/app1/devices", {
        method: "POST",
        body: Uint8Array.of(0x7b, 0xff, 0x7d),
        headers: admin,
      });
      assert.equal((await errorOf(response)).message, "the request body is not UTF-8");
    });

    test("with invalid percent-encoding get a clear 400", async () => {
      for (const path of [`${device}%zz`, `${device}?field_mask=%e0%a4`]) {
        const raw = await sample.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        assert.match(raw, /^HTTP\/1\.1 400 /, path);
        assert.match(raw, /invalid percent-encoding/);
      }
    });

    test("under an unknown path get a 404, and with another verb a 501", async () => {
      for (const path of ["/api/v3/nothing", "/api/v3/", "/api/v3/applications//devices", `${device}/`]) {
        const response = await sample.fetch(path);
        assert.equal(response.status, 404, path);
        assert.equal(await response.text(), '{"code":5,"message":"Not Found"}');
      }
      const response = await sample.fetch(device, { method: "PATCH" });
      assert.equal(response.status, 501);
      assert.equal(await response.text(), '{"code":12,"message":"Method Not Allowed"}');
    });

    test("outside of the API get a 404 with the route", async () => {
      const response = await sample.fetch("/nothing?here");
      const text = await response.clone().text();
      const error = await errorOf(response);
      assert.equal(error.status, 404);
      assert.deepEqual(error.details?.attributes, { route: "/nothing" });
      assert.match(text, /^\{\n\t"code": 5,/);
    });

    test("of HTTP/1.0 get a 426", async () => {
      const raw = await sample.raw(`GET ${device} HTTP/1.0\r\n\r\n`);
      assert.match(raw, /^HTTP\/1\.1 426 Upgrade Required\r\n/);
      assert.match(raw, /\r\nUpgrade: HTTP\/1\.1\r\n/);
    });

    test("that are no HTTP get an answer and a closed connection", async () => {
      const head = "POST /api/v3/applications/app1/devices HTTP/1.1\r\nHost: a\r\n";
      for (const [text, status] of [
        ["\x16\x03\x01 hello\r\n\r\n", 400],
        [`${head}Content-Length: many\r\n\r\n`, 400],
        [`${head}Content-Length: -1\r\n\r\n`, 400],
        [`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
        [`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
        [`${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
        [`GET ${device} HTTP/1.1\r\n\r\n`, 400],
        [`GET ${device} HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431],
        ["GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
      ] as const) {
        const raw = await sample.raw(text);
        assert.ok(
          raw.startsWith(`HTTP/1.1 ${status} `),
          `${JSON.stringify(text.slice(0, 80))}: ${raw.slice(0, 60)}`,
        );
      }
    });

    test("of any kind are survived", async () => {
      const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each).toString("latin1"));
      await fc.assert(
        fc.asyncProperty(bytes, bytes, async (path, body) => {
          await sample.raw(
            `POST /api/v3/${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}\r\n\r\n\r\n\r\n`,
          );
        }),
        { numRuns: 50 },
      );
      assert.equal((await sample.fetch(device)).status, 200);
    });
  });

  describe("headers", () => {
    test("say how much of the rate limit is left, in both spellings, on every kind of answer", async () => {
      for (const path of [
        device,
        "/api/v3/nothing",
        `${device}?field_mask=no`,
        device.replace("dev1", "dev9"),
      ]) {
        const { headers } = await sample.fetch(path, { headers: bearer });
        for (const name of ["limit", "available", "reset", "retry"]) {
          assert.match(headers.get(`x-rate-limit-${name}`) ?? "", /^\d+$/, `${path} ${name}`);
        }
        for (const name of ["limit", "remaining", "reset"]) {
          assert.match(headers.get(`x-ratelimit-${name}`) ?? "", /^\d+$/, `${path} ${name}`);
        }
      }
    });

    test("keep answers from being stored, framed and sniffed", async () => {
      const { headers } = await sample.fetch(device);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.match(headers.get("x-request-id") ?? "", /^[0-9A-Z]{26}$/);
    });

    test("let pages of other origins ask and read", async () => {
      const preflight = await sample.fetch(device, {
        method: "OPTIONS",
        headers: { Origin: "https://a.example" },
      });
      assert.equal(preflight.status, 200);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.equal(preflight.headers.get("access-control-max-age"), "600");
      const { headers } = await sample.fetch(device, { headers: { Origin: "https://a.example" } });
      assert.match(headers.get("access-control-expose-headers") ?? "", /X-Total-Count/);
      assert.equal((await sample.fetch(device)).headers.get("access-control-allow-origin"), null);
    });

    test("do not repeat a request identifier that is no plain text", async () => {
      const { headers } = await sample.fetch(device, { headers: { "X-Request-Id": "a b" } });
      assert.match(headers.get("x-request-id") ?? "", /^[0-9A-Z]{26}$/);
    });

    test("of a proxy nearby say where the request came from", async () => {
      await sample.fetch(device, { headers: { "X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.0.0.2" } });
      assert.equal(sample.lastCall?.remoteAddress, "198.51.100.7");
    });
  });

  test("a plain route can be mounted beside the API", async () => {
    sample.platform.mount("GET", "/healthz/live", (_request, response) => void response.end("ok"));
    assert.equal(await (await sample.fetch("/healthz/live?verbose")).text(), "ok");
    assert.equal((await sample.fetch("/healthz/live", { method: "HEAD" })).status, 200);
    assert.equal((await sample.fetch("/healthz/live", { method: "POST" })).status, 501);
    assert.throws(() => sample.platform.mount("GET", "/healthz/live", () => {}), TypeError);
  });
});

test("a caller over the rate limit is told to wait, and another is not", async () => {
  const sample = await startSample({ profiles: { reads: { maxPerMinute: 60, maxBurst: 2 } } });
  try {
    const get = (token: string) =>
      sample.fetch(device, { headers: { Authorization: `Bearer NNSXS.${token}.SECRET` } });
    assert.deepEqual([(await get("A")).status, (await get("A")).status], [200, 200]);
    const refused = await get("A");
    assert.equal(refused.headers.get("x-rate-limit-retry"), "1");
    assert.equal(refused.headers.get("retry-after"), "1");
    const error = await errorOf(refused);
    assert.deepEqual([error.status, error.details?.name], [429, "rate_limit_exceeded"]);
    assert.doesNotMatch(error.message, /SECRET/);
    assert.equal((await get("B")).status, 200);
    await sample.clock.advance(1000);
    assert.equal((await get("A")).status, 200);
  } finally {
    await sample.listener.close(0);
  }
});
