import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningSample } from "./http-platform.fixture.ts";
import { startSample } from "./http-platform.fixture.ts";
import { readFormOrJSON, readJSONObject } from "./plain-answers.ts";
import { type PlainCall, PlainRoutes } from "./plain-routes.ts";

describe("routes beside the API", () => {
  const routes = new PlainRoutes<string>();
  for (const path of ["/", "/a/*", "/a/b/*", "/a/{name}", "/a/{name}/c", "/a/known"])
    routes.add("GET", path, path);
  const found = (path: string) => {
    const route = routes.find(path);
    return route && [route.handlers.get("GET"), { ...route.parameters }];
  };

  test("are found by the most exact of their paths", () => {
    assert.deepEqual(found("/"), ["/", {}]);
    assert.deepEqual(found("/a/known"), ["/a/known", {}]);
    assert.deepEqual(found("/a/x%20y"), ["/a/{name}", { name: "x y" }]);
    assert.deepEqual(found("/a/x/c"), ["/a/{name}/c", { name: "x" }]);
    assert.deepEqual(found("/a/x/d"), ["/a/*", { "*": "x/d" }]);
    assert.deepEqual(found("/a/"), ["/a/*", { "*": "" }]);
    assert.deepEqual(found("/a/b/d/e"), ["/a/b/*", { "*": "d/e" }]);
    assert.equal(found("/b"), undefined);
    assert.equal(found("/a"), undefined);
  });

  test("are not there twice", () => {
    assert.throws(() => routes.add("GET", "/a/*", ""), TypeError);
    assert.doesNotThrow(() => routes.add("POST", "/a/*", ""));
  });
});

describe("a handler beside the API", () => {
  let sample: RunningSample;
  let lastCall: PlainCall | undefined;
  before(async () => {
    sample = await startSample();
    const { platform } = sample;
    platform.mount("GET", "/assets/*", (_request, response, call) => {
      lastCall = call;
      response.end("an asset");
    });
    platform.mount("GET", "/api/v3/beside/{name}", (_request, response, call) => {
      response.end(call.parameters.name);
    });
    platform.mount("POST", "/json", async (request, response) => {
      response.end(JSON.stringify(await readJSONObject(request, 100)));
    });
    platform.mount("POST", "/form", async (request, response) => {
      response.end(String(await readFormOrJSON(request, 100)));
    });
    platform.mount("POST", "/login/{account}", (_request, response, call) => {
      call.limitAttempts(call.parameters.account ?? "");
      response.end("in");
    });
    platform.mount("GET", "/fails", async () => {
      throw new Error("hunter2");
    });
    platform.mountUpgrade("/socket/{name}", (request, socket, _head, call) => {
      lastCall = call;
      if (call.parameters.name === "none") throw new Error("hunter2");
      const accept = createHash("sha1")
        .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      call.signal.addEventListener("abort", () => socket.end());
    });
  });
  after(async () => {
    sample.platform.stop();
    await sample.listener.close(0);
  });

  test("is told what its request is", async () => {
    const response = await sample.fetch("/assets/a/b.js?v=1", { headers: { "X-Request-Id": "abc" } });
    assert.equal(await response.text(), "an asset");
    assert.equal(response.headers.get("x-request-id"), "abc");
    assert.equal(response.headers.get("x-frame-options"), "SAMEORIGIN");
    assert.deepEqual(
      [lastCall?.parameters["*"], lastCall?.query, lastCall?.remoteAddress, lastCall?.tenantId],
      ["a/b.js", "v=1", "127.0.0.1", "default"],
    );
  });

  test("may be below the API's path", async () => {
    assert.equal(await (await sample.fetch("/api/v3/beside/me")).text(), "me");
  });

  test("reads a body of JSON or a form, within a limit", async () => {
    const post = (path: string, body: string, type: string) =>
      sample.fetch(path, { method: "POST", body, headers: { "Content-Type": type } });
    const json = "application/json";
    assert.equal(await (await post("/json", '{"a": 1}', json)).text(), '{"a":1}');
    assert.equal((await post("/json", "[1]", json)).status, 400);
    assert.equal((await post("/json", "{", json)).status, 400);
    const large = await post("/json", JSON.stringify({ a: "x".repeat(200) }), json);
    assert.equal(large.status, 400);
    assert.match(await large.text(), /request_body_too_large/);
    assert.equal(
      await (await post("/form", "a=1&b=x%20y", "application/x-www-form-urlencoded")).text(),
      "a=1&b=x+y",
    );
    assert.equal(await (await post("/form", '{"a":1,"b":"x y","c":{}}', json)).text(), "a=1&b=x+y");
  });

  test("fails in the API's form, or as a page for a browser", async () => {
    const failed = await sample.fetch("/fails");
    assert.equal(failed.status, 500);
    const text = await failed.text();
    assert.match(text, /^\{\n\t"code": 13,/);
    assert.doesNotMatch(text, /hunter2/);
    const page = await sample.fetch("/<b>", { headers: { Accept: "text/html,*/*" } });
    assert.equal(page.status, 404);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    assert.doesNotMatch(await page.text(), /<b>/);
  });

  test("ends the guessing of passwords of an account, and from an address", async () => {
    const attempt = async (account: string) =>
      (await sample.fetch(`/login/${account}`, { method: "POST" })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) statuses.push(await attempt("one"));
    assert.deepEqual(statuses.slice(19), [200, 429]);
    assert.equal(await attempt("two"), 200);
    for (let i = 0; i < 200; i++) await attempt(`account${i}`);
    assert.equal(await attempt("three"), 429);
    await sample.clock.advance(60_000);
    assert.equal(await attempt("one"), 200);
  });

  const upgrade = (path: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(sample.listener.port, "127.0.0.1");
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    socket.once("data", (bytes) => {
      resolve(bytes.toString());
      if (!path.includes("stays")) socket.destroy();
    });
    socket.on("error", () => {});
    return promise;
  };

  test("may take over a connection, and the others are answered in HTTP", async () => {
    const accepted = await upgrade("/socket/one");
    assert.match(accepted, /^HTTP\/1\.1 101 .*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/s);
    assert.equal(lastCall?.parameters.name, "one");
    const refused = await upgrade("/socket/none");
    assert.match(refused, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(refused, /hunter2/);
    assert.match(await upgrade("/assets/a"), /^HTTP\/1\.1 200 /);
    assert.match(await upgrade("/nothing"), /^HTTP\/1\.1 404 /);
    assert.match(await upgrade("/socket/%zz"), /^HTTP\/1\.1 404 |^HTTP\/1\.1 400 /);
  });

  test("keeps the connection that it took until the server stops", async () => {
    const own = await startSample();
    own.platform.mountUpgrade("/socket", (_request, socket, _head, call) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
      call.signal.addEventListener("abort", () => socket.end("bye"));
    });
    const socket = connect(own.listener.port, "127.0.0.1");
    socket.write("GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    let received = "";
    socket.on("data", (bytes) => {
      received += bytes;
    });
    await new Promise((resolve) => socket.once("data", resolve));
    assert.equal(own.platform.callsUnderWay, 1);
    own.platform.stop();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await Promise.all([own.listener.close(30_000), closed]);
    assert.match(received, /bye$/);
    for (let tries = 0; own.platform.callsUnderWay > 0 && tries < 3000; tries++) await sleep(5);
    assert.equal(own.platform.callsUnderWay, 0);
  });
});
