import assert from "node:assert/strict";
import { test } from "node:test";
import { ApplicationUpStorage, type ClientOptions, createClient, SkylarkError } from "./index.ts";

interface Sent {
  readonly url: string;
  readonly verb: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A client whose server answers with these, one after another. */
function clientOf(
  answers: readonly (() => Response | Promise<Response>)[],
  options: Partial<ClientOptions> = {},
) {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    sent.push({ url: String(input), verb: init.method ?? "", headers, body: String(init.body ?? "") });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    init.signal?.throwIfAborted();
    return Promise.race([
      answer?.() ?? new Response("{}"),
      new Promise<never>((_, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
    ]);
  };
  return { sent, client: createClient({ url: "http://server.example/", apiKey: "key", fetch, ...options }) };
}

const json = (body: unknown, init?: ResponseInit) => () => Response.json(body, init);
const refused = (status: number, headers: Record<string, string> = {}) =>
  json({ code: status === 429 ? 8 : 14, message: "not now", details: [] }, { status, headers });
/** Resolves when everything that waits for no timer has happened. */
async function settled(): Promise<{ readonly value: undefined }> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  return { value: undefined };
}
const forever = () => new Promise<never>(() => undefined);

test("says who calls, in the host of the tenant", async () => {
  const { client, sent } = clientOf([json({ ids: { application_id: "app1" } })], {
    tenant: "tenant1",
    userAgent: "test/1",
  });
  assert.equal((await client.applications.get("app1", { fields: "name" })).ids?.application_id, "app1");
  assert.equal(sent[0]?.url, "http://tenant1.server.example/api/v3/applications/app1?field_mask=name");
  assert.equal(sent[0]?.headers.get("authorization"), "Bearer key");
  assert.equal(sent[0]?.headers.get("user-agent"), "test/1");
  assert.throws(() => createClient({ url: "http://127.0.0.1", tenant: "tenant1" }), TypeError);
});

test("a session repeats the cookie of its page for what changes something", async () => {
  const { client, sent } = clientOf([json({})], { csrfToken: () => "token" });
  await client.applications.rights("app1");
  await client.applications.delete("app1");
  assert.deepEqual(
    sent.map(({ headers }) => headers.get("x-csrf-token")),
    [null, "token"],
  );
});

test("waits as long as it is told and tries again", async () => {
  const { client, sent } = clientOf([
    refused(429, { "Retry-After": "0" }),
    refused(503),
    json({ rights: ["RIGHT_ALL"] }),
  ]);
  assert.deepEqual(await client.applications.rights("app1"), ["RIGHT_ALL"]);
  assert.equal(sent.length, 3);
});

test("what may have been done already is not done again", async () => {
  const { client, sent } = clientOf([refused(503)]);
  await assert.rejects(client.downlinks.push("app1", "dev1", { f_port: 1 }), {
    code: "UNAVAILABLE",
    status: 503,
  });
  assert.equal(sent.length, 1);
  const limited = clientOf([refused(429, { "X-Rate-Limit-Retry": "0" }), json({})]);
  await limited.client.downlinks.push("app1", "dev1", { f_port: 1 });
  assert.equal(limited.sent.length, 2);
});

test("gives up after so many attempts, and at once when the wait is longer than the time", async () => {
  const often = clientOf([refused(429, { "Retry-After": "0" })], { retries: 2 });
  await assert.rejects(often.client.authInfo(), { status: 429 });
  assert.equal(often.sent.length, 3);
  const long = clientOf([refused(429, { "Retry-After": "60" })]);
  await assert.rejects(long.client.authInfo(), { code: "RESOURCE_EXHAUSTED", retryAfterMs: 60_000 });
  assert.equal(long.sent.length, 1);
});

test("a call ends when its time is over or its signal says so", async () => {
  const { client } = clientOf([forever]);
  await assert.rejects(client.authInfo({ timeoutMs: 20 }), { code: "DEADLINE_EXCEEDED" });
  const reason = new Error("enough");
  await assert.rejects(client.authInfo({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 10);
  await assert.rejects(client.authInfo({ signal: controller.signal }), reason);
});

test("an error has the name, attributes and status that the server gave it", async () => {
  const detail = {
    "@type": "type.googleapis.com/ttn.lorawan.v3.ErrorDetails",
    namespace: "pkg/identityserver/store",
    name: "application_not_found",
    attributes: { application_id: "app1" },
    correlation_id: "abc",
  };
  const body = { code: 5, message: "application `app1` not found", details: [detail] };
  const { client } = clientOf([json(body, { status: 404, headers: { "X-Request-Id": "request" } })]);
  await assert.rejects(client.applications.get("app1"), (error) => {
    assert.ok(error instanceof SkylarkError && error instanceof Error);
    assert.deepEqual(
      { ...error },
      {
        code: "NOT_FOUND",
        status: 404,
        namespace: "pkg/identityserver/store",
        name: "application_not_found",
        attributes: { application_id: "app1" },
        correlationId: "abc",
        requestId: "request",
        retryAfterMs: undefined,
      },
    );
    assert.equal(error.message, body.message);
    return true;
  });
  const proxy = clientOf([() => new Response("<html>", { status: 502 })]);
  await assert.rejects(proxy.client.applications.get("app1"), { code: "UNKNOWN", status: 502 });
  const cause = new TypeError("fetch failed");
  const away = clientOf([() => Promise.reject(cause)], { retries: 0 });
  await assert.rejects(away.client.applications.get("app1"), { code: "UNAVAILABLE", cause });
});

test("an error has what it comes from as its cause", async () => {
  const field = (name: string, reason: string, cause?: object) => ({
    namespace: "pkg/errors",
    name: "validation",
    message_format: "invalid `{field}`: {reason}",
    attributes: { field: name, reason },
    code: 3,
    ...(cause !== undefined && { cause }),
  });
  const details = [field("ids", "embedded message failed validation", field("device_id", "too short"))];
  const { client } = clientOf([json({ code: 3, message: "invalid `ids`", details }, { status: 400 })]);
  await assert.rejects(client.applications.get("app1"), ({ cause }: Error) => {
    assert.ok(cause instanceof SkylarkError);
    const { message, code, name, attributes } = cause;
    assert.deepEqual(
      [message, code, name],
      ["invalid `device_id`: too short", "INVALID_ARGUMENT", "validation"],
    );
    assert.deepEqual(attributes, { field: "device_id", reason: "too short" });
    return true;
  });
});

test("an answer that breaks off is asked for again where that is no harm, and is no answer elsewhere", async () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.error(new TypeError("terminated"));
        },
      }),
    );
  const { client, sent } = clientOf([broken, json({ rights: ["RIGHT_ALL"] })]);
  assert.deepEqual(await client.applications.rights("app1"), ["RIGHT_ALL"]);
  assert.equal(sent.length, 2);
  const posting = clientOf([broken]);
  await assert.rejects(posting.client.downlinks.push("app1", "dev1", { f_port: 1 }), {
    code: "UNAVAILABLE",
    status: 0,
  });
  assert.equal(posting.sent.length, 1);
  const request = { application_ids: { application_id: "app1" }, type: "uplink_message" };
  const stream = clientOf([broken]).client.stream(ApplicationUpStorage.GetStoredApplicationUp, request);
  await assert.rejects(stream.next(), { code: "UNAVAILABLE" });
  const page = clientOf([() => new Response("<html>welcome")]);
  await assert.rejects(page.client.authInfo(), (error) => {
    assert.ok(error instanceof SkylarkError);
    assert.deepEqual([error.code, error.status], ["UNKNOWN", 200]);
    return true;
  });
});

test("whoever takes long with an event loses none of those that follow", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let connections = 0;
  const bytes = (id: string) => new TextEncoder().encode(`id: ${id}\ndata: {"unique_id":"${id}"}\n\n`);
  const fetch: typeof globalThis.fetch = async (_, { signal } = {}) => {
    connections++;
    let next = 0;
    return new Response(
      new ReadableStream({
        start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
        pull: (controller) => {
          if (next < 3) controller.enqueue(bytes(String(++next)));
        },
      }),
    );
  };
  const events = createClient({ url: "http://server.example", apiKey: "key", fetch }).events({
    gateway: "g",
  });
  for (const id of ["1", "2", "3"]) {
    const { value } = await Promise.race([events.next(), settled()]);
    assert.equal(value?.unique_id, id);
    t.mock.timers.tick(60_000);
  }
  assert.equal(connections, 1);
  await events.return();
});

test("warnings are told", async () => {
  const warnings: string[] = [];
  const { client } = clientOf([json({}, { headers: { "X-Warning": "old" } })], {
    onWarning: (warning) => warnings.push(warning),
  });
  await client.authInfo();
  assert.deepEqual(warnings, ["old"]);
});

test("a stream of lines is read in whatever pieces it comes, and ends with the error that it ends with", async () => {
  const text = '{"result":{"f":"é"}}\n{"result":{"f":"2"}}\n\n{"error":{"code":7,"message":"no more"}}\n';
  const bytes = new TextEncoder().encode(text);
  const pieces = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
          controller.close();
        },
      }),
    );
  const { client } = clientOf([pieces]);
  const request = { application_ids: { application_id: "app1" }, type: "uplink_message" };
  const found: unknown[] = [];
  const reading = (async () => {
    for await (const up of client.stream(ApplicationUpStorage.GetStoredApplicationUp, request))
      found.push(up);
  })();
  await assert.rejects(reading, { code: "PERMISSION_DENIED", message: "no more" });
  assert.deepEqual(found, [{ f: "é" }, { f: "2" }]);
});

test("events go on after the last one that was read", async () => {
  const event = (id: string) =>
    `id: ${id}\ndata: ${JSON.stringify({ name: "as.up.data.forward", unique_id: id })}\n\n`;
  const start = 'id: 0\r\ndata: {"name":"events.stream.start"}\r\n\r\n';
  const { client, sent } = clientOf([
    () => new Response(`retry: 2000\n\n${start}${event("1")}:\n\n${event("2")}id: 3\ndata: {`),
    refused(503, { "Retry-After": "0" }),
    () =>
      new Response(
        `${start.replace("0", "2")}${event("3")}event: error\ndata: {"code":7,"message":"lost"}\n\n`,
      ),
  ]);
  const ids: unknown[] = [];
  const reconnections: unknown[] = [];
  const options = { onReconnect: (error: unknown) => reconnections.push(error), tail: 5, after: new Date(0) };
  const reading = (async () => {
    for await (const { unique_id } of client.events({ gateway: "gtw1" }, options)) ids.push(unique_id);
  })();
  await assert.rejects(reading, { code: "PERMISSION_DENIED" });
  assert.deepEqual(ids, ["1", "2", "3"]);
  assert.deepEqual(
    sent.map(({ headers }) => headers.get("last-event-id")),
    [null, "2", "2"],
  );
  assert.equal(reconnections.length, 2);
  const query = new URL(sent[0]?.url ?? "").searchParams;
  assert.deepEqual([query.get("tail"), query.get("after")], ["5", "1970-01-01T00:00:00.000Z"]);
});
