import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ClientOptions, WebSocket } from "ws";
import { defineEvent } from "../events/events.ts";
import {
  createApplication,
  createKey,
  createUser,
  startIdentityServer,
  type TestServer,
} from "../identity-server/identity-server.fixture.ts";
import { eventSocketPath, eventSocketProtocol } from "./event-socket-endpoint.ts";
import { generousHistory } from "./event-stream.fixture.ts";

const socketInfo = defineEvent("socket.info", "test", ["RIGHT_APPLICATION_INFO"]);
const socketTraffic = defineEvent("socket.traffic", "test", ["RIGHT_APPLICATION_TRAFFIC_READ"]);

const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
const subject = { kind: "device", ids } as const;
const identifiers = [{ application_ids: { application_id: "app1" } }];
const bearer = (key: string) => `ttn.lorawan.v3.header.authorization.bearer.${key}`;

interface Frame {
  readonly type: string;
  readonly id: number;
  readonly event?: { readonly name: string; readonly correlation_ids: readonly string[] };
  readonly error?: {
    readonly code: number;
    readonly details: readonly { readonly namespace: string; readonly name: string }[];
  };
}

interface Console {
  readonly socket: WebSocket;
  send(message: unknown): void;
  next(): Promise<Frame>;
  closed(): Promise<number>;
}

function open(
  server: TestServer,
  protocols: readonly string[],
  options: ClientOptions = {},
): Promise<Console> {
  const { promise, resolve, reject } = Promise.withResolvers<Console>();
  const url = `ws://127.0.0.1:${server.port}${eventSocketPath}`;
  const socket = new WebSocket(url, [...protocols], options);
  const frames: Frame[] = [];
  const waiting: ((frame: Frame) => void)[] = [];
  const end = Promise.withResolvers<number>();
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    const waiter = waiting.shift();
    if (waiter === undefined) frames.push(frame);
    else waiter(frame);
  });
  socket.on("close", (code) => end.resolve(code));
  socket.on("error", reject);
  socket.on("open", () =>
    resolve({
      socket,
      send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
      next: async () => frames.shift() ?? new Promise((done) => waiting.push(done)),
      closed: () => end.promise,
    }),
  );
  return promise;
}

async function start(t: TestContext, ...args: string[]) {
  const server = await startIdentityServer(t, { eventHistory: generousHistory, args });
  await createApplication(server);
  const connect = async (key = server.adminKey) => {
    const opened = await open(server, [eventSocketProtocol, bearer(key)]);
    t.after(() => opened.socket.terminate());
    return opened;
  };
  const publish = (number: number, definition = socketInfo) =>
    server.events.publish(definition, subject, () => ({ correlationIds: [`n${number}`] }));
  return { server, connect, publish };
}

const errorOf = ({ error }: Frame) => `${error?.details[0]?.namespace}:${error?.details[0]?.name}`;

test("a console subscribes, sees the past and the present, and unsubscribes", async (t) => {
  const { server, connect, publish } = await start(t);
  for (const number of [1, 2, 3]) publish(number);
  const { socket, send, next } = await connect();
  assert.equal(socket.protocol, eventSocketProtocol);
  send({ type: "subscribe", id: 7, identifiers, tail: 2, names: ["/^socket/"] });
  assert.deepEqual(await next(), { type: "subscribe", id: 7 });
  publish(4);
  for (const expected of ["n2", "n3", "n4"]) {
    const frame = await next();
    assert.deepEqual([frame.type, frame.id], ["publish", 7]);
    assert.deepEqual(frame.event?.correlation_ids, [expected]);
  }
  send({ type: "subscribe", id: 8, identifiers, after: new Date(server.clock.now() - 1).toISOString() });
  assert.deepEqual(await next(), { type: "subscribe", id: 8 });
  assert.equal((await next()).event?.name, "application.create");
  send({ type: "unsubscribe", id: 7 });
  const frames: Frame[] = [];
  do frames.push(await next());
  while (frames.at(-1)?.type !== "unsubscribe");
  publish(5);
  while ((await next()).event?.correlation_ids[0] !== "n5");
  assert.ok(frames.every(({ type, id }) => type === "unsubscribe" || id === 8));
});

test("what cannot be done is answered with an error, and the socket lives on", async (t) => {
  const { connect } = await start(t);
  const { send, next } = await connect();
  const subscriptions = "pkg/console/internal/events/subscriptions";
  const protocol = "pkg/console/internal/events/protocol";
  const cases: readonly [unknown, number, string][] = [
    ["{", 0, "skylark/event-server:invalid_message"],
    ["", 0, "skylark/event-server:invalid_message"],
    ["[]", 0, "skylark/event-server:invalid_message"],
    ["null", 0, "skylark/event-server:invalid_message"],
    [{ id: 4 }, 4, `${protocol}:message_type`],
    [{ type: "publish", id: 4 }, 4, `${protocol}:message_type`],
    [{ type: "subscribe", id: -1, identifiers }, 0, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: 1.5, identifiers }, 0, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: "1", identifiers }, 0, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: 5 }, 5, `${subscriptions}:no_identifiers`],
    [{ type: "subscribe", id: 5, identifiers: [] }, 5, `${subscriptions}:no_identifiers`],
    [{ type: "subscribe", id: 5, identifiers: [{}] }, 5, "pkg/errors:validation"],
    [{ type: "subscribe", id: 5, identifiers: "app1" }, 5, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: 5, identifiers, tail: -1 }, 5, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: 5, identifiers, after: "soon" }, 5, "skylark/event-server:invalid_message"],
    [{ type: "subscribe", id: 5, identifiers, names: ["x"] }, 5, "pkg/events:unknown_event_name"],
    [{ type: "subscribe", id: 5, identifiers, names: ["/(/"] }, 5, "pkg/events:invalid_regexp"],
    [{ type: "subscribe", id: 5, identifiers, names: ["/^zzz/"] }, 5, "pkg/events:no_matching_events"],
    [{ type: "unsubscribe", id: 6 }, 6, `${subscriptions}:not_subscribed`],
  ];
  for (const [message, id, name] of cases) {
    send(message);
    const frame = await next();
    assert.deepEqual([frame.type, frame.id, errorOf(frame)], ["error", id, name], JSON.stringify(message));
  }
  send({ type: "subscribe", id: 9, identifiers });
  assert.deepEqual(await next(), { type: "subscribe", id: 9 });
  send({ type: "subscribe", id: 9, identifiers });
  assert.equal(errorOf(await next()), `${subscriptions}:already_subscribed`);
});

test("random bytes and mangled messages never end the server, nor the socket", async (t) => {
  const { connect, publish } = await start(t);
  const { socket, send, next } = await connect();
  const valid = JSON.stringify({ type: "subscribe", id: 1, identifiers, tail: 1, names: ["socket.info"] });
  let seed = 12345;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(valid);
    for (let change = 0; change <= random(4); change++) bytes[random(bytes.length)] = random(256);
    const cut = random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
    socket.send(cut, { binary: true });
    const { type, id } = await next();
    assert.ok(type === "error" || type === "subscribe" || type === "unsubscribe");
    // Whichever survived its mangling is taken back, so that the next can be right too.
    if (type === "subscribe") {
      send({ type: "unsubscribe", id });
      while ((await next()).type !== "unsubscribe");
    }
  }
  send({ type: "subscribe", id: 999, identifiers, names: ["socket.info"] });
  while ((await next()).id !== 999);
  publish(1);
  assert.deepEqual((await next()).event?.correlation_ids, ["n1"]);
});

test("one socket holds fifty subscriptions", async (t) => {
  const { connect } = await start(t);
  const { send, next } = await connect();
  for (let id = 1; id <= 50; id++) {
    send({ type: "subscribe", id, identifiers });
    assert.equal((await next()).type, "subscribe");
  }
  send({ type: "subscribe", id: 51, identifiers });
  assert.equal(errorOf(await next()), "skylark/event-server:too_many_subscriptions");
});

test("who sends without pause is told so and cut off, and too large a message closes the socket", async (t) => {
  const { connect } = await start(t);
  const flood = await connect();
  for (let index = 0; index < 400; index++) flood.send({ type: "unsubscribe", id: 1 });
  assert.equal(await flood.closed(), 1008);
  const large = await connect();
  large.send("x".repeat(70_000));
  assert.equal(await large.closed(), 1009);
});

test("only who has a valid credential may connect", async (t) => {
  const { server } = await start(t);
  const refused = async (protocols: readonly string[], options: ClientOptions = {}) => {
    const error = await open(server, protocols, options).then(
      () => undefined,
      (reason: Error) => reason,
    );
    return error?.message;
  };
  assert.match((await refused([eventSocketProtocol])) ?? "", /401/);
  assert.match((await refused([eventSocketProtocol, bearer("NNSXS.NONE.NONE")])) ?? "", /401/);
  assert.match((await refused([eventSocketProtocol, bearer("nonsense")])) ?? "", /401/);
  const foreign = { headers: { Cookie: "_session=ONZW4.A.B", Origin: "https://elsewhere.example.com" } };
  assert.match((await refused([eventSocketProtocol], foreign)) ?? "", /403/);
  const header = { headers: { Authorization: `Bearer ${server.adminKey}` } };
  const opened = await open(server, [eventSocketProtocol], header);
  opened.socket.terminate();
  const plain = await fetch(`http://127.0.0.1:${server.port}${eventSocketPath}`);
  assert.equal(plain.status, 426);
});

test("rights are asked for each event, and who has lost all is cut off", async (t) => {
  const { server, connect, publish } = await start(t, "--is.admin-rights.all=true");
  await createUser(server, "user1");
  const { key } = await createKey(server, "/users/user1", ["RIGHT_USER_ALL", "RIGHT_APPLICATION_ALL"]);
  const stranger = await connect(key);
  stranger.send({ type: "subscribe", id: 1, identifiers });
  assert.equal((await stranger.next()).error?.code, 7);
  const collaborate = (rights: string[]) =>
    server.call("PUT", "/applications/app1/collaborators", {
      key: server.adminKey,
      body: { collaborator: { ids: { user_ids: { user_id: "user1" } }, rights } },
    });
  await collaborate(["RIGHT_APPLICATION_INFO"]);
  const { send, next, closed } = stranger;
  send({ type: "subscribe", id: 2, identifiers, names: ["/^socket/"] });
  assert.equal((await next()).type, "subscribe");
  publish(1, socketTraffic);
  publish(2);
  assert.deepEqual((await next()).event?.correlation_ids, ["n2"]);
  await collaborate([]);
  publish(3);
  const last = await next();
  assert.deepEqual([last.type, last.id, last.error?.code], ["error", 2, 7]);
  assert.equal(await closed(), 1008);
});

test("a peer that does not answer pings is cut off, and one that does is not", async (t) => {
  const { server, connect } = await start(t);
  const alive = await connect();
  const dead = await open(server, [eventSocketProtocol, bearer(server.adminKey)], { autoPong: false });
  for (let minute = 0; minute < 3; minute++) {
    const pinged = new Promise((resolve) => alive.socket.once("ping", resolve));
    await server.clock.advance(60_000);
    await pinged;
    // The pong went out before this, so it has arrived when this is answered.
    alive.send({ type: "subscribe", id: minute, identifiers });
    assert.equal((await alive.next()).type, "subscribe");
  }
  assert.equal(await dead.closed(), 1006);
  assert.equal(alive.socket.readyState, WebSocket.OPEN);
});

test("sockets are closed when the server stops, and leave no subscription behind", async (t) => {
  const { server, connect } = await start(t);
  const { send, next, closed } = await connect();
  send({ type: "subscribe", id: 1, identifiers });
  await next();
  await server.stop();
  assert.equal(await closed(), 1001);
});

test("a console that does not read is told what it missed and cut off, and others are not held up", async (t) => {
  const { server, connect } = await start(t);
  const [slow, quick] = [await connect(), await connect()];
  const publish = (number: number) =>
    server.events.publish(socketInfo, subject, () => ({
      correlationIds: [`n${number}`],
      data: { typeName: "google.protobuf.Value", json: "x".repeat(1000) },
    }));
  for (const { send, next } of [slow, quick]) {
    send({ type: "subscribe", id: 1, identifiers, names: ["socket.info"] });
    await next();
  }
  slow.socket.pause();
  let number = 0;
  for (let batch = 0; batch < 80; batch++) {
    for (let index = 0; index < 200; index++) publish(++number);
    for (let index = 0; index < 200; index++) await quick.next();
  }
  slow.socket.resume();
  let count = 0;
  let last = await slow.next();
  for (; last.type === "publish"; last = await slow.next()) {
    assert.deepEqual(last.event?.correlation_ids, [`n${++count}`]);
  }
  assert.ok(count >= 4096 && count < number, `${count} of ${number}`);
  assert.equal(errorOf(last), "skylark/event-server:slow_reader");
  assert.equal(await slow.closed(), 1008);
});

test("a socket whose caller is nobody any more is closed, also while it listens to nothing", async (t) => {
  const { server, connect } = await start(t);
  const { key, id } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const idle = await connect(key);
  const answer = await server.call("DELETE", `/applications/app1/api-keys/${id}`, { key: server.adminKey });
  assert.equal(answer.status, 200);
  assert.equal((await idle.next()).error?.details[0]?.name, "api_key_not_found");
  assert.equal(await idle.closed(), 1008);
});

test("so is one of a key that was purged together with what it belonged to", async (t) => {
  const { server, connect } = await start(t);
  const { key } = await createKey(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const idle = await connect(key);
  for (const path of ["/applications/app1", "/applications/app1/purge"]) {
    assert.equal((await server.call("DELETE", path, { key: server.adminKey })).status, 200);
    await server.clock.advance(1000);
  }
  assert.equal((await idle.next()).error?.details[0]?.name, "api_key_not_found");
  assert.equal(await idle.closed(), 1008);
});
