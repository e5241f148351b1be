import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Stream, constants } from "node:http2";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client, credentials } from "@grpc/grpc-js";
import { create, EndDeviceRegistry, EndDeviceSchema, Events, GtwGs } from "@skylark/api";
import { createSelfSignedCertificate } from "../v2/certificate/self-signed-certificate.ts";
import { createClientShares } from "./fair-share.ts";
import { beginCall, connectFrom, rawConnection } from "./grpc-attack.fixture.ts";
import { listenGrpc, listenGrpcLate } from "./grpc-listener.ts";
import { callUnary, pathOf, toBytes } from "./grpc-platform.fixture.ts";
import { createSample } from "./http-platform.fixture.ts";

const day = 86_400_000;

test("a late port prepares what answers for its first client, once, and again after it failed", async (t) => {
  const tls = createSelfSignedCertificate({
    hosts: ["localhost"],
    organization: "Skylark",
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    randomBytes,
  });
  let prepared = 0;
  const listener = await listenGrpcLate(
    async () => {
      prepared++;
      if (prepared === 1) throw new Error("not this time");
      return { platform: createSample().grpcPlatform, tls };
    },
    { port: 0, host: "127.0.0.1" },
  );
  t.after(() => listener.close(1000));
  assert.equal(prepared, 0);
  const { list } = EndDeviceRegistry.method;
  const call = async () => {
    const client = new Client(`localhost:${listener.port}`, credentials.createSsl(Buffer.from(tls.cert)));
    try {
      return await callUnary(client, list, toBytes(list, {}), { authorization: "Bearer admin" });
    } finally {
      client.close();
    }
  };
  await assert.rejects(call(), /UNAVAILABLE/);
  await Promise.all([call(), call(), call()]);
  assert.equal(prepared, 2);
});

test("who does not send the rest of a message, take an answer or call at all is not waited for", async (t) => {
  const shares = createClientShares();
  const sample = createSample({ shares });
  const listener = await listenGrpc(sample.grpcPlatform, {
    port: 0,
    host: "127.0.0.1",
    shares,
    slowClientMs: 200,
    firstCallMs: 400,
  });
  t.after(() => listener.close(0));
  const session = connectFrom("127.0.0.1", listener.port);
  const idle = connectFrom("127.0.0.1", listener.port);
  session.settings({ initialWindowSize: 0 });
  const { list, create: createDevice } = EndDeviceRegistry.method;
  const whole = Buffer.concat([Buffer.from([0, 0, 0, 0, 0])]);
  const half = beginCall(session, pathOf(list));
  half.write(whole.subarray(0, 3));
  const neverEnding = beginCall(session, pathOf(list));
  neverEnding.write(whole);
  const halfOfStream = beginCall(session, pathOf(GtwGs.method.linkGateway), {
    id: "gtw1",
    authorization: "Bearer admin",
  });
  halfOfStream.write(whole.subarray(0, 3));
  const quietStream = beginCall(session, pathOf(GtwGs.method.linkGateway), {
    id: "gtw1",
    authorization: "Bearer admin",
  });
  const notTaking = beginCall(session, pathOf(list));
  notTaking.end(whole);
  const endedByUs = beginCall(session, pathOf(createDevice), { authorization: "Bearer malformed" });
  endedByUs.write(Buffer.concat([whole, whole]));
  const closed = [half, neverEnding, halfOfStream, notTaking, endedByUs].map((stream) =>
    once(stream, "close"),
  );
  await Promise.all([...closed, once(idle, "close")]);
  assert.equal(quietStream.closed, false);
  assert.equal(shares.calls.free, 10_000 - 1);
  session.destroy();
});

test("connections of one client leave room for others", { skip: process.platform !== "linux" }, async (t) => {
  const shares = createClientShares({ connections: 8 });
  const listener = await listenGrpc(createSample().grpcPlatform, { port: 0, host: "127.0.0.1", shares });
  t.after(() => listener.close(0));
  const sockets = Array.from({ length: 10 }, () => rawConnection("127.0.0.2", listener.port));
  const other = rawConnection("127.0.0.3", listener.port);
  await Promise.all([...sockets, other].map((socket) => once(socket, "connect")));
  await Promise.all(sockets.slice(4).map((socket) => once(socket.resume(), "close")));
  assert.deepEqual(
    [...sockets, other].map(({ destroyed }) => destroyed),
    [...Array(4).fill(false), ...Array(6).fill(true), false],
  );
  for (const socket of [...sockets, other]) socket.destroy();
});

test("a call that finds too much under way is told so", async (t) => {
  const shares = createClientShares({ calls: 4, bytes: 60_000 });
  const { grpcPlatform } = createSample({ shares });
  const listener = await listenGrpc(grpcPlatform, { port: 0, host: "127.0.0.1", shares });
  t.after(() => listener.close(0));
  const session = connectFrom("127.0.0.1", listener.port);
  const { list } = EndDeviceRegistry.method;
  const open = [beginCall(session, pathOf(list)), beginCall(session, pathOf(list))];
  const refused = beginCall(session, pathOf(list));
  const [headers] = await once(refused, "response");
  assert.equal(headers["grpc-status"], "8");
  const prefix = Buffer.from([0, 0, 1, 0, 0]);
  open[0]?.write(Buffer.concat([prefix, Buffer.alloc(65_000)]));
  const [cutOff] = await once(open[0]!, "response");
  assert.equal(cutOff["grpc-status"], "8");
  session.destroy();
  const proxied = connectFrom("127.0.0.1", listener.port);
  const callOf = (client: string) => beginCall(proxied, pathOf(list), { "x-forwarded-for": client });
  for (const client of ["192.0.2.1", "192.0.2.1"]) callOf(client);
  assert.equal((await once(callOf("192.0.2.1"), "response"))[0]["grpc-status"], "8");
  const answered = callOf("192.0.2.2");
  answered.end(Buffer.alloc(5));
  assert.equal((await once(answered, "trailers"))[0]["grpc-status"], "0");
  proxied.destroy();
});

test("who takes a stream slowly, one item like the other, goes on", async (t) => {
  const sample = createSample();
  sample.events = async function* () {
    for (;;) yield { name: "x".repeat(100_000) };
  };
  const options = { port: 0, host: "127.0.0.1", slowClientMs: 200 };
  const listener = await listenGrpc(sample.grpcPlatform, options);
  t.after(() => listener.close(0));
  const session = connectFrom("127.0.0.1", listener.port);
  const { stream } = Events.method;
  const slow = beginCall(session, pathOf(stream), { authorization: "Bearer admin" });
  slow.end(Buffer.alloc(5));
  slow.on("data", () => {
    slow.pause();
    setTimeout(() => slow.resume(), 5);
  });
  await delay(1000);
  assert.equal(slow.closed, false);
  session.destroy();
  while (sample.streamsEnded.count === 0) await delay(5);
});

test("refused calls of one client behind a proxy do not end the proxy's connection", async (t) => {
  const shares = createClientShares({ calls: 4 });
  const { grpcPlatform } = createSample({ shares });
  const listener = await listenGrpc(grpcPlatform, { port: 0, host: "127.0.0.1", shares });
  t.after(() => listener.close(0));
  const proxy = connectFrom("127.0.0.1", listener.port);
  const { list } = EndDeviceRegistry.method;
  const callOf = (client: string) => beginCall(proxy, pathOf(list), { "x-forwarded-for": client });
  for (let index = 0; index < 2; index++) callOf("192.0.2.1");
  const refused = Array.from({ length: 150 }, () => callOf("192.0.2.1"));
  const statuses = await Promise.all(
    refused.map(async (stream) => (await once(stream, "response"))[0]["grpc-status"]),
  );
  assert.deepEqual(new Set(statuses), new Set(["8"]));
  const other = callOf("192.0.2.2");
  other.end(Buffer.alloc(5));
  assert.equal((await once(other, "trailers"))[0]["grpc-status"], "0");
  proxy.destroy();
});

test("a large answer to who went away before it holds nothing", async (t) => {
  const shares = createClientShares();
  const sample = createSample({ shares });
  const { promise, resolve } = Promise.withResolvers<void>();
  sample.gate = promise;
  const ids = { deviceId: "slow", applicationIds: { applicationId: "app1" } };
  sample.devices.set("slow", create(EndDeviceSchema, { ids, description: "x".repeat(100_000) }));
  const listener = await listenGrpc(sample.grpcPlatform, { port: 0, host: "127.0.0.1", shares });
  t.after(() => listener.close(0));
  const session = connectFrom("127.0.0.1", listener.port);
  const { get } = EndDeviceRegistry.method;
  const message = toBytes(get, { endDeviceIds: ids, fieldMask: { paths: ["description"] } });
  const ask = (): ClientHttp2Stream => {
    const stream = beginCall(session, pathOf(get), { authorization: "Bearer admin" });
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    return stream;
  };
  const free = shares.bytes.free;
  const left = ask();
  while (sample.grpcPlatform.callsUnderWay === 0) await delay(5);
  left.close(constants.NGHTTP2_CANCEL);
  while (sample.grpcPlatform.callsUnderWay > 0) await delay(5);
  resolve();
  await delay(20);
  assert.equal(shares.bytes.free, free);
  const taken = ask().resume();
  await once(taken, "trailers");
  await once(taken, "close");
  while (shares.calls.free < 10_000) await delay(5);
  assert.equal(shares.bytes.free, free);
  session.destroy();
});
