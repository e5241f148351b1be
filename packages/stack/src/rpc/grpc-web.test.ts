import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, test } from "node:test";
import type { DescMethod, MessageInitShape } from "@skylark/api";
import { EndDeviceRegistry, Events, fromBinary, GtwGs, StatusSchema, toJSON } from "@skylark/api";
import { pathOf, toBytes } from "./grpc-platform.fixture.ts";
import { type RunningSample, startSample } from "./http-platform.fixture.ts";

const { get, list } = EndDeviceRegistry.method;
const ids = { deviceId: "dev1", applicationIds: { applicationId: "app1" } };
const admin = { authorization: "Bearer admin" };

let sample: RunningSample;
before(async () => {
  sample = await startSample();
});
after(() => sample.listener.close(0));

function frameOf(bytes: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

interface Answer {
  readonly response: Response;
  readonly messages: readonly Buffer[];
  readonly trailers: ReadonlyMap<string, string>;
}

/** The frames of an answer, the last of which are its trailers. */
function answerOf(response: Response, body: Buffer): Answer {
  const messages: Buffer[] = [];
  for (let rest = body; rest.length > 0; ) {
    const end = 5 + rest.readUInt32BE(1);
    const frame = rest.subarray(5, end);
    if (rest[0] === 0x80) {
      assert.equal(end, rest.length);
      const lines = frame.toString().split("\r\n").filter(Boolean);
      return {
        response,
        messages,
        trailers: new Map(lines.map((line) => line.split(": ") as [string, string])),
      };
    }
    messages.push(frame);
    rest = rest.subarray(end);
  }
  throw new Error("the answer has no trailers");
}

function post(method: DescMethod, body: Buffer | string, headers: Readonly<Record<string, string>>) {
  const type = { "content-type": "application/grpc-web+proto" };
  return sample.fetch(pathOf(method), { method: "POST", body, headers: { ...type, ...headers } });
}

async function call<M extends DescMethod>(
  method: M,
  request: MessageInitShape<M["input"]>,
  headers: Readonly<Record<string, string>> = admin,
): Promise<Answer> {
  const response = await post(method, frameOf(toBytes(method, request)), headers);
  return answerOf(response, Buffer.from(await response.arrayBuffer()));
}

/** Text is in pieces, each with an end of its own. */
function decodeText(text: string): Buffer {
  return Buffer.concat((text.match(/[^=]+=*/g) ?? []).map((piece) => Buffer.from(piece, "base64")));
}

test("a call over gRPC-Web is answered as over gRPC, its status after the message", async () => {
  const { response, messages, trailers } = await call(get, {
    endDeviceIds: ids,
    fieldMask: { paths: ["name"] },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/grpc-web+proto");
  assert.ok(response.headers.has("x-request-id") && response.headers.has("x-rate-limit-limit"));
  assert.equal(fromBinary(get.output, messages[0]!).name, "thermometer");
  assert.deepEqual([messages.length, [...trailers]], [1, [["grpc-status", "0"]]]);
});

test("rights, masks and rules are those of every other way, and errors have their details", async () => {
  const refused = async (path: string, headers: Readonly<Record<string, string>>) => {
    const { trailers, messages } = await call(
      get,
      { endDeviceIds: ids, fieldMask: { paths: [path] } },
      headers,
    );
    assert.equal(messages.length, 0);
    const status = fromBinary(StatusSchema, Buffer.from(trailers.get("grpc-status-details-bin")!, "base64"));
    assert.equal(String(status.code), trailers.get("grpc-status"));
    assert.equal(encodeURI(status.message), trailers.get("grpc-message"));
    return (toJSON(StatusSchema, status) as { details: { name: string }[] }).details[0]?.name;
  };
  assert.equal(await refused("frequency_plan_id", admin), "field_mask_paths");
  assert.equal(await refused("name", { authorization: "Bearer x.REFUSED.x" }), "refused");
  const { trailers } = await call(EndDeviceRegistry.method.create, { endDevice: { ids } }, {});
  assert.equal(trailers.get("grpc-status"), "7");
});

test("gRPC-Web in text is base64 both ways", async () => {
  const headers = { ...admin, "content-type": "application/grpc-web-text" };
  const response = await post(list, frameOf(toBytes(list, { limit: 1 })).toString("base64"), headers);
  assert.equal(response.headers.get("content-type"), "application/grpc-web-text+proto");
  assert.equal(response.headers.get("x-total-count"), "1");
  const { messages, trailers } = answerOf(response, decodeText(await response.text()));
  assert.equal(fromBinary(list.output, messages[0]!).endDevices.length, 1);
  assert.equal(trailers.get("grpc-status"), "0");
});

test("the items of a stream come one by one, then its end or its error", async () => {
  sample.events = async function* () {
    yield { name: "one" };
    yield { name: "two" };
  };
  const { messages, trailers } = await call(Events.method.stream, {});
  const names = messages.map((bytes) => fromBinary(Events.method.stream.output, bytes).name);
  assert.deepEqual([names, trailers.get("grpc-status")], [["one", "two"], "0"]);
  sample.events = async function* () {
    yield { name: "one" };
    throw new Error("the database password is hunter2");
  };
  const failed = await call(Events.method.stream, {});
  assert.deepEqual([failed.messages.length, failed.trailers.get("grpc-status")], [1, "13"]);
  assert.doesNotMatch(failed.trailers.get("grpc-message")!, /hunter2/);
});

test("a stream ends when its reader goes away", async () => {
  const ended = sample.streamsEnded.count;
  sample.events = async function* (signal) {
    yield { name: "one" };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const controller = new AbortController();
  const response = await sample.fetch(pathOf(Events.method.stream), {
    method: "POST",
    body: frameOf(toBytes(Events.method.stream, {})),
    headers: { ...admin, "content-type": "application/grpc-web" },
    signal: controller.signal,
  });
  await response.body?.getReader().read();
  controller.abort();
  while (sample.streamsEnded.count === ended) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("a stream that the server ends because it stops is no stream that ended, nor is one begun then", async (t) => {
  const stopping = await startSample();
  t.after(() => stopping.listener.close(0));
  stopping.events = async function* (signal) {
    yield { name: "one" };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const listen = async () => {
    const response = await stopping.fetch(pathOf(Events.method.stream), {
      method: "POST",
      body: frameOf(toBytes(Events.method.stream, {})),
      headers: { ...admin, "content-type": "application/grpc-web" },
    });
    const whole = response.arrayBuffer();
    return async () => answerOf(response, Buffer.from(await whole)).trailers.get("grpc-status");
  };
  const begunBefore = await listen();
  stopping.platform.stop();
  assert.equal(await begunBefore(), "14");
  assert.equal(await (await listen())(), "14");
});

test("pages of other sites may call, and read how it ended", async () => {
  const headers = { origin: "https://example.com" };
  const preflight = await sample.fetch(pathOf(get), { method: "OPTIONS", headers });
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  for (const name of ["Authorization", "Content-Type", "X-Grpc-Web", "X-User-Agent", "Grpc-Timeout"]) {
    assert.ok(preflight.headers.get("access-control-allow-headers")?.split(", ").includes(name), name);
  }
  const { response } = await call(list, {}, { ...admin, ...headers });
  for (const name of ["Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"]) {
    assert.ok(response.headers.get("access-control-expose-headers")?.split(", ").includes(name), name);
  }
});

test("what is no call of gRPC-Web is refused", async () => {
  const status = async (method: DescMethod, body: Buffer, headers = {}) => {
    const response = await post(method, body, { ...admin, ...headers });
    return answerOf(response, Buffer.from(await response.arrayBuffer())).trailers.get("grpc-status");
  };
  const message = toBytes(list, { limit: 1 });
  assert.equal(await status(list, Buffer.alloc(0)), "13");
  assert.equal(await status(list, frameOf(message).subarray(0, -1)), "13");
  assert.equal(await status(list, Buffer.concat([frameOf(message), frameOf(message)])), "13");
  assert.equal(await status(list, frameOf(Buffer.from([0xff]))), "13");
  assert.equal(await status(list, frameOf(message, 1)), "12");
  assert.equal(await status(GtwGs.method.linkGateway, frameOf(Buffer.alloc(0))), "12");
  assert.equal((await post(list, frameOf(message), { "content-type": "application/json" })).status, 415);
  assert.equal((await sample.fetch(pathOf(list))).status, 415);
  assert.equal((await sample.fetch("/ttn.lorawan.v3.Nobody/Get")).status, 404);
});

test("a large request is read of nobody unknown, over gRPC-Web or as JSON", async () => {
  const headers = { authorization: "Bearer x.REFUSED.x" };
  const noMessage = Buffer.alloc(300_000, 0xff);
  const response = await post(list, frameOf(noMessage), headers);
  const { trailers } = answerOf(response, Buffer.from(await response.arrayBuffer()));
  assert.equal(trailers.get("grpc-status"), "16");
  const json = (body: Buffer) =>
    sample.fetch("/api/v3/applications/app1/devices", { method: "POST", body, headers });
  assert.equal((await json(Buffer.alloc(300_000, "["))).status, 401);
  assert.equal((await json(Buffer.from("["))).status, 400);
});

test("a session's cookie alone does not call", async () => {
  const { trailers } = await call(list, {}, { cookie: "_session=somebody" });
  assert.equal(trailers.get("grpc-status"), "7");
  assert.match(trailers.get("grpc-message")!, /csrf/i);
});
