import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createBodyBudget, readBody } from "./request-body.ts";

function upload(budget = createBodyBudget(100_000), limit = 1_000_000) {
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers: { "transfer-encoding": "chunked" } });
  const read = readBody(request as unknown as IncomingMessage, limit, budget);
  read.catch(() => {});
  return { stream, read, send: (bytes: number) => stream.write(Buffer.alloc(bytes, "x")) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const refusal = { name: "skylark/rpc:bodies_under_way" };

test("bodies that are being received share what memory there is for them, and small ones always fit", async () => {
  const budget = createBodyBudget(100_000);
  const [first, second, small] = [upload(budget), upload(budget), upload(budget)];
  first.send(90_000);
  await turn();
  second.send(90_000);
  await assert.rejects(second.read, refusal);
  small.send(16_000);
  small.stream.end();
  assert.equal((await small.read).length, 16_000);

  first.stream.end();
  assert.equal((await first.read).length, 90_000);
  const third = upload(budget);
  third.send(50_000);
  third.send(50_000);
  third.stream.end();
  assert.equal((await third.read).length, 100_000);
});

test("what was cut off or was too large gives its memory back", async () => {
  const budget = createBodyBudget(100_000);
  const cut = upload(budget);
  cut.send(100_000);
  await turn();
  cut.stream.emit("aborted");
  await assert.rejects(cut.read, /cut off/);
  const large = upload(budget, 50_000);
  large.send(49_000);
  await turn();
  large.send(200_000);
  await assert.rejects(large.read, { name: "pkg/webmiddleware:request_body_too_large" });
  assert.equal(budget.take(100_000), true);
});
