import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startSample } from "./http-platform.fixture.ts";

const admin = { Authorization: "Bearer admin" };

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 3000, "it did not happen in time");
    await sleep(10);
  }
}

test("a body that is too large is refused, announced or not", async () => {
  const sample = await startSample({ maxBodyBytes: 1000 });
  try {
    const path = "/api/v3/applications/app1/devices";
    const announced = await sample.fetch(path, { method: "POST", body: "x".repeat(2000), headers: admin });
    assert.equal(announced.status, 400);
    assert.match(await announced.text(), /"name":"request_body_too_large"/);
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`;
    const chunked = await sample.raw(
      `${head}Transfer-Encoding: chunked\r\n\r\n7d0\r\n${"x".repeat(2000)}\r\n0\r\n\r\n`,
    );
    assert.match(chunked, /request_body_too_large/);
    const enormous = await sample.raw(`${head}Content-Length: 100000000000\r\n\r\n`);
    assert.match(enormous, /request_body_too_large/);
    const asking = await sample.raw(`${head}Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n`);
    assert.match(asking, /^HTTP\/1\.1 400 /);
  } finally {
    await sample.listener.close(0);
  }
});

test("a request that is cut off in its body is forgotten, and is no error of the server's", async () => {
  const sample = await startSample();
  try {
    const socket = connect(sample.listener.port, "127.0.0.1");
    socket.write(
      "POST /api/v3/applications/app1/devices HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
    );
    await until(() => sample.platform.callsUnderWay === 1);
    socket.destroy();
    await until(() => sample.platform.callsUnderWay === 0);
    assert.deepEqual(sample.errorLog, []);
    assert.equal((await sample.fetch("/api/v3/applications/app1/devices")).status, 200);
  } finally {
    await sample.listener.close(0);
  }
});

test("a client that is slow with its head or its body is not waited for", async () => {
  const sample = await startSample({}, { headersTimeoutMs: 200, requestTimeoutMs: 400 });
  try {
    assert.match(await sample.raw("GET /api/v3/nothing HT"), /^HTTP\/1\.1 408 /);
    const body = await sample.raw(
      "POST /api/v3/applications/app1/devices HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{",
    );
    assert.match(body, /^HTTP\/1\.1 408 /);
  } finally {
    await sample.listener.close(0);
  }
});

test("a request under way is answered while the server closes", async () => {
  const sample = await startSample();
  const { promise, resolve } = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  sample.platform.mount("GET", "/slow", async (_request, response) => {
    arrived.resolve();
    await promise;
    response.end("done");
  });
  const response = sample.fetch("/slow");
  await arrived.promise;
  sample.platform.stop();
  const closed = sample.listener.close(5000);
  resolve();
  assert.equal(await (await response).text(), "done");
  await closed;
  await assert.rejects(sample.fetch("/slow"));
});
