import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { compressionAlgorithms } from "@grpc/grpc-js";
import { EndDeviceRegistry } from "@skylark/api";
import { beginCall, connectFrom } from "./grpc-attack.fixture.ts";
import { pathOf, type RunningGrpcSample, startGrpcSample, toBytes } from "./grpc-platform.fixture.ts";

const { create, list } = EndDeviceRegistry.method;
let sample: RunningGrpcSample;
before(async () => {
  sample = await startGrpcSample();
});
after(() => sample.close());

/** How a call ends whose one message is compressed so. */
async function call(encoding: string, compressed: Buffer): Promise<Record<string, unknown>> {
  const session = connectFrom("127.0.0.1", sample.listener.port);
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(compressed.length, 1);
  const stream = beginCall(session, pathOf(list), {
    "grpc-encoding": encoding,
    authorization: "Bearer admin",
  });
  const head = once(stream, "response");
  const trailers: unknown[] = [];
  stream.on("trailers", (received) => trailers.push(received));
  stream.end(Buffer.concat([prefix, compressed]));
  const closed = once(stream.resume(), "close");
  const [answer] = await head;
  await closed;
  session.destroy();
  return { ...answer, ...(trailers[0] as object | undefined) };
}

test("requests may be compressed as gRPC has it", async () => {
  for (const [encoding, compressed] of [
    ["gzip", gzipSync(toBytes(list, { limit: 1 }))],
    ["deflate", deflateSync(toBytes(list, { limit: 1 }))],
  ] as const) {
    const answer = await call(encoding, compressed);
    assert.equal(answer["grpc-status"], "0");
    assert.equal(answer["grpc-encoding"], "identity");
    assert.equal(answer["grpc-accept-encoding"], "identity,deflate,gzip");
  }
});

test("a client that compresses is understood", async (t) => {
  const packed = await startGrpcSample(
    {},
    {},
    {
      options: { "grpc.default_compression_algorithm": compressionAlgorithms.gzip },
    },
  );
  t.after(() => packed.close());
  const description = "x".repeat(2_000);
  const ids = { deviceId: "dev2", applicationIds: { applicationId: "app1" } };
  const answer = await packed.unary(
    create,
    { endDevice: { ids, description } },
    { authorization: "Bearer admin" },
  );
  assert.equal(answer.description, description);
});

test("what becomes too large, is damaged, or of an unknown encoding is refused", async () => {
  const bomb = await call("gzip", gzipSync(Buffer.alloc(17 * 1024 * 1024)));
  assert.equal(bomb["grpc-status"], "8");
  assert.match(String(bomb["grpc-message"]), /decompresses/);
  assert.equal((await call("gzip", Buffer.from("no gzip at all")))["grpc-status"], "13");
  const unknown = await call("br", Buffer.from("x"));
  assert.equal(unknown["grpc-status"], "12");
  assert.equal(unknown["grpc-accept-encoding"], "identity,deflate,gzip");
});
