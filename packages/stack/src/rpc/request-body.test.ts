import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { FairShare } from "./fair-share.ts";
import { readBody } from "./request-body.ts";

function upload(bytes: FairShare, { remoteAddress = "192.0.2.1", limit = 1_000_000 } = {}) {
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers: { "transfer-encoding": "chunked" } });
  const read = readBody(request as unknown as IncomingMessage, { limit, remoteAddress, bytes });
  read.catch(() => {});
  return { stream, read, send: (length: number) => stream.write(Buffer.alloc(length, "x")) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const refusal = { name: "skylark/rpc:bodies_under_way" };

test("bodies that are being received share what memory there is for them, and small ones always fit", async () => {
  const bytes = new FairShare(100_000);
  const [first, second, small] = [upload(bytes), upload(bytes), upload(bytes)];
  first.send(60_000);
  await turn();
  second.send(60_000);
  await assert.rejects(second.read, refusal);
  small.send(16_000);
  small.stream.end();
  assert.equal((await small.read).length, 16_000);
  const other = upload(bytes, { remoteAddress: "192.0.2.2" });
  other.send(40_000);
  other.stream.end();
  assert.equal((await other.read).length, 40_000);

  first.stream.end();
  assert.equal((await first.read).length, 60_000);
  const third = upload(bytes);
  third.send(30_000);
  third.send(30_000);
  third.stream.end();
  assert.equal((await third.read).length, 60_000);
});

test("what was cut off or was too large gives its memory back", async () => {
  const bytes = new FairShare(100_000);
  const cut = upload(bytes);
  cut.send(60_000);
  await turn();
  assert.ok(bytes.free < 100_000);
  cut.stream.emit("aborted");
  await assert.rejects(cut.read, /cut off/);
  const large = upload(bytes, { limit: 50_000 });
  large.send(49_000);
  await turn();
  large.send(200_000);
  await assert.rejects(large.read, { name: "pkg/webmiddleware:request_body_too_large" });
  assert.equal(bytes.free, 100_000);
});
