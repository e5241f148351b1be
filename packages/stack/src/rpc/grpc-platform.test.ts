import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { JsonObject } from "@skylark/api";
import { create, EndDeviceRegistry, Events, fromBinary, GtwGs, Health, toBinary } from "@skylark/api";
import { listenGrpc } from "./grpc-listener.ts";
import {
  asIs,
  callUnary,
  metadataOf,
  pathOf,
  type RunningGrpcSample,
  startGrpcSample,
  statusOf,
  toBytes,
} from "./grpc-platform.fixture.ts";

const ids = { device_id: "dev1", application_ids: { application_id: "app1" } };
const deviceIds = { deviceId: "dev1", applicationIds: { applicationId: "app1" } };
const bearer = { authorization: "Bearer reader" };
const admin = { authorization: "Bearer admin" };

/** The same is expected of a method, whichever way it is called. */
for (const way of ["http", "grpc"] as const) {
  describe(`over ${way}, a method`, () => {
    let sample: RunningGrpcSample;
    before(async () => {
      sample = await startGrpcSample();
    });
    after(() => sample.close());

    const call: RunningGrpcSample["transports"]["http"]["call"] = (method, request, headers = bearer) =>
      sample.transports[way].call(method, request, headers);

    test("answers with what the field mask asks for", async () => {
      const { code, answer } = await call("get", { end_device_ids: ids, field_mask: { paths: ["name"] } });
      assert.equal(code, 0);
      assert.deepEqual(answer, { ids, name: "thermometer" });
    });

    test("takes a message and answers with it", async () => {
      const end_device = { ids: { ...ids, device_id: "dev2", dev_eui: "0102030405060708" }, name: "ü" };
      const { answer } = await call("create", { end_device }, admin);
      assert.deepEqual(answer, end_device);
    });

    test("answers with nothing", async () => {
      assert.deepEqual((await call("delete", { ...ids, device_id: "dev3" }, admin)).answer, {});
    });

    test("has a total count, warnings, limits and an identifier beside its answer", async () => {
      const outcome = await call(
        "list",
        { application_ids: ids.application_ids, limit: 1, order: "name" },
        { authorization: "Bearer old", "x-request-id": "abc" },
      );
      assert.equal(outcome.header("x-total-count"), String(sample.devices.size));
      assert.equal(outcome.header("x-warning"), "this key is old, order name ignored");
      assert.equal(outcome.header("x-request-id"), "abc");
      assert.match(outcome.header("x-rate-limit-available") ?? "", /^\d+$/);
      assert.match(outcome.header("x-ratelimit-remaining") ?? "", /^\d+$/);
      assert.equal(((outcome.answer as JsonObject).end_devices as unknown[]).length, 1);
    });

    test("knows the tenant, the address and the client", async () => {
      await call(
        "get",
        { end_device_ids: ids },
        { ...bearer, "x-forwarded-for": "203.0.113.9, 198.51.100.7, 10.0.0.2", "x-skylark-cascade": "none" },
      );
      const { lastCall } = sample;
      assert.equal(lastCall?.tenantId, "default");
      assert.equal(lastCall?.remoteAddress, "198.51.100.7");
      assert.notEqual(lastCall?.userAgent, "");
      assert.equal(lastCall?.header("x-skylark-cascade"), "none");
      assert.equal(lastCall?.header("x-not-there"), undefined);
      assert.match(
        lastCall?.correlationIds[0] ?? "",
        /^rpc:\/ttn\.lorawan\.v3\.EndDeviceRegistry\/Get:[0-9A-Z]{26}$/,
      );
    });

    test("fails with the status, text and details of what its handler throws", async () => {
      const outcome = await call("get", { end_device_ids: { ...ids, device_id: "dev9" } });
      assert.equal(outcome.code, status.NOT_FOUND);
      assert.equal(outcome.message, "error:skylark/sample:device_not_found (device `dev9` not found)");
      assert.deepEqual(outcome.details, {
        "@type": "type.googleapis.com/ttn.lorawan.v3.ErrorDetails",
        namespace: "skylark/sample",
        name: "device_not_found",
        message_format: "device `{device_id}` not found",
        attributes: { device_id: "dev9" },
        code: 5,
      });
      assert.match(outcome.header("x-rate-limit-available") ?? "", /^\d+$/);
      assert.match(outcome.header("x-request-id") ?? "", /^[0-9A-Z]{26}$/);
    });

    test("tells nothing of an error that is not named", async () => {
      const outcome = await call("get", { end_device_ids: { ...ids, device_id: "broken" } });
      assert.equal(outcome.code, status.INTERNAL);
      assert.equal(outcome.message, "error:pkg/rpcserver:rpc_recovered (Internal Server Error)");
      assert.equal(sample.errorLog.at(-1)?.method, "/ttn.lorawan.v3.EndDeviceRegistry/Get");
    });

    test("refuses paths that its field mask may not have", async () => {
      const outcome = await call("get", {
        end_device_ids: ids,
        field_mask: { paths: ["name", "mac_state"] },
      });
      assert.equal(outcome.code, status.INVALID_ARGUMENT);
      assert.equal(outcome.details?.name, "field_mask_paths");
      assert.deepEqual(outcome.details?.attributes, { forbidden_paths: ["mac_state"] });
    });

    test("leads from the request down to the field that is invalid", async () => {
      const outcome = await call("get", { end_device_ids: { ...ids, device_id: "NOT-VALID" } });
      assert.equal(outcome.code, status.INVALID_ARGUMENT);
      assert.deepEqual((outcome.details as JsonObject | undefined)?.attributes, {
        field: "end_device_ids",
        reason: "embedded message failed validation",
        name: "GetEndDeviceRequestValidationError",
      });
      const cause = outcome.details?.cause as JsonObject;
      assert.deepEqual((cause.attributes as JsonObject).field, "device_id");
    });

    test("names the rights that are missing", async () => {
      const outcome = await call("delete", { ...ids });
      assert.equal(outcome.code, status.PERMISSION_DENIED);
      assert.deepEqual(outcome.details?.attributes, {
        uid: "app1",
        missing: ["RIGHT_APPLICATION_DEVICES_WRITE"],
      });
    });

    test("looks at its request before it looks at the credentials", async () => {
      const outcome = await call(
        "get",
        { end_device_ids: { ...ids, device_id: "NOT-VALID" } },
        { authorization: "Bearer malformed" },
      );
      assert.equal(outcome.details?.name, "validation");
      const next = await call("get", { end_device_ids: ids }, { authorization: "Bearer malformed" });
      assert.deepEqual([next.code, next.details?.name], [status.INVALID_ARGUMENT, "token"]);
    });

    test("of a later release says where it belongs", async () => {
      const outcome = await call("later", { end_device_ids: ids });
      assert.deepEqual([outcome.code, outcome.details?.name], [status.UNIMPLEMENTED, "not_in_this_release"]);
    });
  });

  test(`over ${way}, who calls too often is told when to come back`, async () => {
    const sample = await startGrpcSample({ profiles: { reads: { maxPerMinute: 60, maxBurst: 2 } } });
    try {
      const get = (token: string) =>
        sample.transports[way].call(
          "get",
          { end_device_ids: ids },
          { authorization: `Bearer NNSXS.${token}.S` },
        );
      assert.deepEqual([(await get("A")).code, (await get("A")).code], [0, 0]);
      const refused = await get("A");
      assert.deepEqual(
        [refused.code, refused.details?.name],
        [status.RESOURCE_EXHAUSTED, "rate_limit_exceeded"],
      );
      assert.equal(refused.header("x-rate-limit-retry"), "1");
      assert.equal((await get("B")).code, 0);
      await sample.clock.advance(1000);
      assert.equal((await get("A")).code, 0);
    } finally {
      await sample.close();
    }
  });

  test(`over ${way}, credentials that are refused again and again are not looked at any more`, async () => {
    const sample = await startGrpcSample({ profiles: { attempts: { maxPerMinute: 1, maxBurst: 1 } } });
    try {
      const get = (token: string) =>
        sample.transports[way].call(
          "get",
          { end_device_ids: ids },
          { authorization: `Bearer NNSXS.${token}.S` },
        );
      const codes: number[] = [];
      for (let i = 0; i < 8; i++) codes.push((await get("REFUSED")).code);
      assert.deepEqual(codes.slice(0, 6), Array(6).fill(status.UNAUTHENTICATED));
      assert.deepEqual(codes.slice(6), Array(2).fill(status.RESOURCE_EXHAUSTED));
      assert.equal((await get("GOOD")).code, 0);
      await sample.clock.advance(60_000);
      assert.equal((await get("REFUSED")).code, status.UNAUTHENTICATED);
    } finally {
      await sample.close();
    }
  });
}

async function withSample(
  run: (sample: RunningGrpcSample) => Promise<void>,
  ...options: Parameters<typeof startGrpcSample>
): Promise<void> {
  const sample = await startGrpcSample(...options);
  try {
    await run(sample);
  } finally {
    await sample.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 3000, "it did not happen in time");
    await sleep(10);
  }
}

const stream = Events.method.stream;
const streamRequest = toBytes(stream, {
  identifiers: [{ ids: { case: "applicationIds", value: { applicationId: "app1" } } }],
});

function openStream(sample: RunningGrpcSample, options: { readonly deadline?: number } = {}) {
  return sample.client.makeServerStreamRequest(
    pathOf(stream),
    asIs,
    asIs,
    streamRequest,
    metadataOf(bearer),
    options,
  );
}

describe("a stream over gRPC", () => {
  test("has its items and an end", async () => {
    await withSample(async (sample) => {
      sample.events = async function* () {
        yield { name: "one" };
        await sleep(5);
        yield { name: "two" };
      };
      const names: string[] = [];
      for await (const bytes of openStream(sample)) names.push(fromBinary(stream.output, bytes).name);
      assert.deepEqual(names, ["one", "two"]);
      await until(() => sample.grpcPlatform.callsUnderWay === 0);
    });
  });

  test("fails after items as it does before", async () => {
    await withSample(async (sample) => {
      for (const items of [[], ["one"]]) {
        sample.events = async function* () {
          for (const name of items) yield { name };
          throw new Error("broken");
        };
        const names: string[] = [];
        const call = openStream(sample);
        call.on("data", (bytes: Buffer) => names.push(fromBinary(stream.output, bytes).name));
        const error = await new Promise<ServiceError>((resolve) => call.on("error", resolve));
        assert.equal(error.code, status.INTERNAL);
        assert.match(String(statusOf(error)?.message), /rpc_recovered/);
        assert.deepEqual(names, items);
      }
    });
  });

  test("ends at its source when the client cancels, and when its time is over", async () => {
    await withSample(async (sample) => {
      const signals: AbortSignal[] = [];
      sample.events = async function* (signal) {
        signals.push(signal);
        yield { name: "start" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      };
      const canceled = openStream(sample);
      canceled.on("error", () => {});
      canceled.once("data", () => canceled.cancel());
      await until(() => sample.streamsEnded.count === 1);
      const timed = openStream(sample, { deadline: Date.now() + 1000 });
      timed.resume();
      const error = await new Promise<ServiceError>((resolve) => timed.on("error", resolve));
      assert.equal(error.code, status.DEADLINE_EXCEEDED);
      await until(() => sample.streamsEnded.count === 2);
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [true, true],
      );
      await until(() => sample.grpcPlatform.callsUnderWay === 0);
    });
  });

  test("ends when the server stops, saying that it may be opened again", async () => {
    await withSample(async (sample) => {
      sample.events = async function* (signal) {
        yield { name: "start" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      };
      const call = openStream(sample);
      const failed = new Promise<ServiceError>((resolve) => call.on("error", resolve));
      await new Promise((resolve) => call.once("data", resolve));
      sample.grpcPlatform.stop();
      const closed = sample.listener.close(5_000);
      assert.equal((await failed).code, status.UNAVAILABLE);
      assert.equal(sample.streamsEnded.count, 1);
      const begun = performance.now();
      await closed;
      assert.ok(performance.now() - begun < 30_000);
    });
  });

  test("of a client that does not read is cut off, and its source not drained into memory", async () => {
    await withSample(
      async (sample) => {
        let made = 0;
        sample.events = async function* () {
          for (; ; made++) yield { name: "x".repeat(100_000) };
        };
        const session = connectHttp2(`http://127.0.0.1:${sample.listener.port}`);
        session.on("error", () => {});
        const head = { ":method": "POST", ":path": pathOf(stream), te: "trailers", ...bearer };
        const request = session.request({ ...head, "content-type": "application/grpc" });
        request.on("error", () => {});
        request.pause();
        request.end(Buffer.concat([Buffer.from([0, 0, 0, 0, streamRequest.length]), streamRequest]));
        await until(() => sample.streamsEnded.count === 1);
        assert.ok(made < 500, `${made} items were made`);
        session.destroy();
      },
      { slowClientMs: 300 },
    );
  });
});

test("a stream that is opened while the server stops is refused at once", async () => {
  await withSample(async (sample) => {
    sample.grpcPlatform.stop();
    const call = openStream(sample);
    call.resume();
    const error = await new Promise<ServiceError>((resolve) => call.on("error", resolve));
    assert.equal(error.code, status.UNAVAILABLE);
  });
});

test("messages go both ways over one call", async () => {
  await withSample(async (sample) => {
    const method = GtwGs.method.linkGateway;
    const call = sample.client.makeBidiStreamRequest(
      pathOf(method),
      asIs,
      asIs,
      metadataOf({ ...bearer, id: "gateway1" }),
    );
    const payloads: string[] = [];
    const up = (ip: string): Buffer => toBytes(method, { gatewayStatus: { ip: [ip] } });
    call.on("data", (bytes: Buffer) => {
      const { downlinkMessage } = fromBinary(method.output, bytes);
      payloads.push(Buffer.from(downlinkMessage?.rawPayload ?? []).toString());
    });
    call.write(up("192.0.2.1"));
    await until(() => payloads.length === 1);
    call.write(up("192.0.2.2"));
    call.end();
    const ended = await new Promise<{ readonly code: number }>((resolve) => call.on("status", resolve));
    assert.equal(ended.code, status.OK);
    assert.deepEqual(payloads, ["192.0.2.1", "192.0.2.2"]);
    assert.equal(sample.lastCall?.header("id"), "gateway1");
  });
});

test("a message of a stream that is no such message ends the call with a clear status", async () => {
  await withSample(async (sample) => {
    const call = sample.client.makeBidiStreamRequest(
      pathOf(GtwGs.method.linkGateway),
      asIs,
      asIs,
      metadataOf(bearer),
    );
    call.resume();
    call.write(Buffer.from([0xff, 0xff, 0xff]));
    const error = await new Promise<ServiceError>((resolve) => call.on("error", resolve));
    assert.equal(error.code, status.INTERNAL);
    assert.match(error.details, /GatewayUp/);
  });
});

describe("a malformed request over gRPC", () => {
  let sample: RunningGrpcSample;
  before(async () => {
    sample = await startGrpcSample({}, { maxMessageBytes: 64 * 1024 });
  });
  after(() => sample.close());
  const get = EndDeviceRegistry.method.get;
  const fails = async (request: Buffer, metadata: Record<string, string> = bearer): Promise<ServiceError> =>
    callUnary(sample.client, get, request, metadata).then(
      () => assert.fail("it was answered"),
      (error: ServiceError) => error,
    );

  test("that is no message of the method is an error of its form", async () => {
    const error = await fails(Buffer.from([0xff, 0xff, 0xff]));
    assert.equal(error.code, status.INTERNAL);
    assert.match(error.details, /GetEndDeviceRequest/);
  });

  test("has its error named even where the details are too long for a header", async () => {
    const paths = Array.from({ length: 500 }, (_, index) => `mac_state.nothing_of_this_kind_${index}`);
    const request = create(get.input, { endDeviceIds: deviceIds, fieldMask: { paths } });
    const error = await fails(Buffer.from(toBinary(get.input, request)));
    assert.equal(error.code, status.INVALID_ARGUMENT);
    const { correlation_id, ...details } = (statusOf(error)!.details as JsonObject[])[0]!;
    assert.match(String(correlation_id), /^[0-9a-f]{32}$/);
    assert.deepEqual(details, {
      "@type": "type.googleapis.com/ttn.lorawan.v3.ErrorDetails",
      namespace: "pkg/rpcmiddleware/validator",
      name: "field_mask_paths",
      message_format: "forbidden path(s) in field mask",
      code: 3,
    });
  });

  test("that is too large is refused, and the connection lives on", async () => {
    assert.equal((await fails(Buffer.alloc(100_000))).code, status.RESOURCE_EXHAUSTED);
    const answer = await sample.unary(get, { endDeviceIds: deviceIds }, bearer);
    assert.equal(answer.ids?.deviceId, "dev1");
  });

  test("of an unknown service or method is Unimplemented", async () => {
    const client = sample.client;
    for (const path of ["/ttn.lorawan.v3.EndDeviceRegistry/Nothing", "/no.such.Service/Get", "/", "//é%"]) {
      const error = await new Promise<ServiceError | null>((resolve) =>
        client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), resolve),
      );
      assert.equal(error?.code, status.UNIMPLEMENTED, path);
    }
  });

  test("with names and bytes in metadata that make no sense is answered all the same", async () => {
    const error = await fails(toBytes(get, { endDeviceIds: deviceIds }), {
      authorization: "Bearer malformed",
      "x-request-id": "a b",
      "x-forwarded-for": ",,,not an address",
    });
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.match(String(statusOf(error)?.message), /pkg\/auth:token/);
  });

  test("in frames that are no gRPC is refused, and others are served", async () => {
    const session = connectHttp2(`http://127.0.0.1:${sample.listener.port}`);
    session.on("error", () => {});
    const attempts: readonly (readonly [headers: Record<string, string>, body: Buffer])[] = [
      [{ "content-type": "application/json" }, Buffer.from("{}")],
      [{ "content-type": "application/grpc", "grpc-timeout": "soon" }, Buffer.alloc(5)],
      [{ "content-type": "application/grpc", "grpc-timeout": "99999999H" }, Buffer.alloc(5)],
      [{ "content-type": "application/grpc" }, Buffer.from([0, 0, 0, 0, 9, 1])],
      [{ "content-type": "application/grpc" }, Buffer.alloc(0)],
      [{ "content-type": "application/grpc", "grpc-encoding": "gzip" }, Buffer.from([1, 0, 0, 0, 2, 1, 2])],
      [
        { "content-type": "application/grpc", "grpc-encoding": "nothing" },
        Buffer.from([1, 0, 0, 0, 2, 1, 2]),
      ],
    ];
    for (const [headers, body] of attempts) {
      const request = session.request({
        ":method": "POST",
        ":path": pathOf(get),
        te: "trailers",
        ...headers,
      });
      request.on("error", () => {});
      request.end(body);
      request.resume();
      await new Promise((resolve) => request.on("close", resolve));
    }
    session.destroy();
    const answer = await sample.unary(get, { endDeviceIds: deviceIds }, bearer);
    assert.equal(answer.ids?.deviceId, "dev1");
    await until(() => sample.grpcPlatform.callsUnderWay === 0);
  });

  test("that is no HTTP/2 closes its connection, and no other", async () => {
    const socket = connect(sample.listener.port, "127.0.0.1", () =>
      socket.write("GET / HTTP/1.1\r\n\r\n".repeat(9)),
    );
    socket.on("error", () => {});
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
    assert.equal((await sample.unary(get, { endDeviceIds: deviceIds }, bearer)).ids?.deviceId, "dev1");
  });
});

test("who says nothing is not waited for", async () => {
  await withSample(
    async (sample) => {
      const socket = connect(sample.listener.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      await new Promise((resolve) => socket.on("close", resolve));
      const answer = await sample.unary(EndDeviceRegistry.method.get, { endDeviceIds: deviceIds }, bearer);
      await sleep(100);
      assert.equal(answer.ids?.deviceId, "dev1");
    },
    {},
    { firstByteMs: 50 },
  );
});

test("the tenant is named by the host", async () => {
  await withSample(
    async (sample) => {
      await sample.unary(EndDeviceRegistry.method.get, { endDeviceIds: deviceIds }, bearer);
      assert.equal(sample.lastCall?.tenantId, "tenant1");
    },
    {},
    {},
    { options: { "grpc.default_authority": "tenant1.example.com" } },
  );
  await withSample(async (sample) => {
    const request = { endDeviceIds: deviceIds };
    await sample.unary(EndDeviceRegistry.method.get, request, { ...bearer, host: "tenant1.example.com" });
    assert.equal(sample.lastCall?.tenantId, "tenant1");
  });
});

test("a taken port is the system's error", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { readonly port: number };
  try {
    await withSample(async (sample) => {
      await assert.rejects(listenGrpc(sample.grpcPlatform, { port, host: "127.0.0.1" }), {
        code: "EADDRINUSE",
      });
    });
  } finally {
    taken.close();
  }
});

test("a call under way is answered while the server stops, and a new one is not taken", async () => {
  await withSample(async (sample) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sample.gate = promise;
    const slow = { ...deviceIds, deviceId: "slow" };
    const answer = sample.unary(EndDeviceRegistry.method.get, { endDeviceIds: slow }, bearer);
    await until(() => sample.grpcPlatform.callsUnderWay === 1);
    sample.grpcPlatform.stop();
    const closed = sample.listener.close(5_000);
    resolve();
    await assert.rejects(answer, { code: status.NOT_FOUND });
    await closed;
    const late = new Client(`127.0.0.1:${sample.listener.port}`, credentials.createInsecure());
    const error = await callUnary(late, EndDeviceRegistry.method.get, Buffer.alloc(0)).catch(
      (caught) => caught,
    );
    assert.equal((error as ServiceError).code, status.UNAVAILABLE);
    late.close();
  });
});

test("the health service says what was set, and tells when it changes", async () => {
  await withSample(async (sample) => {
    const check = (service: string) => sample.unary(Health.method.check, { service });
    assert.equal((await check("")).status, 2);
    sample.health.setServing(true);
    assert.equal((await check("ttn.lorawan.v3.EndDeviceRegistry")).status, 1);
    await assert.rejects(check("no.such.Service"), { code: status.NOT_FOUND });
    const { watch } = Health.method;
    const request = Buffer.from(toBinary(watch.input, { $typeName: watch.input.typeName, service: "" }));
    const call = sample.client.makeServerStreamRequest(pathOf(watch), asIs, asIs, request);
    const seen: number[] = [];
    call.on("error", () => {});
    call.on("data", (bytes: Buffer) => seen.push(fromBinary(watch.output, bytes).status));
    await until(() => seen.length === 1);
    sample.health.setServing(false);
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [1, 2]);
    call.cancel();
    await until(() => sample.grpcPlatform.callsUnderWay === 0);
  });
});

test("calls go over TLS with a certificate of one's own", async () => {
  const directory = mkdtempSync(join(tmpdir(), "skylark-grpc-"));
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  try {
    execFileSync("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
      ...["-keyout", key, "-out", certificate],
    ]);
    const tls = { cert: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
    const channel = { credentials: credentials.createSsl(Buffer.from(tls.cert)) };
    await withSample(
      async (sample) => {
        const answer = await sample.unary(EndDeviceRegistry.method.get, { endDeviceIds: deviceIds }, bearer);
        assert.equal(answer.ids?.deviceId, "dev1");
        assert.equal(sample.lastCall?.remoteAddress, "127.0.0.1");
      },
      {},
      { tls },
      channel,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
