import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { systemClock } from "../clock/clock.ts";
import { createEventBus } from "../events/event-bus.ts";
import { silentLogger } from "../log/log.ts";
import { listenHttp } from "../rpc/http-listener.ts";
import { createHttpPlatform } from "../rpc/http-platform.ts";
import type { Authority } from "../rpc/service.ts";
import { createEventRenderer } from "./event-messages.ts";
import { eventSocketPath, eventSocketProtocol, mountEventSocket } from "./event-socket-endpoint.ts";

async function start(t: TestContext) {
  const asked: (readonly [string | undefined, string | undefined])[] = [];
  const authority: Authority = {
    authenticate(tenantId, authorization, session) {
      asked.push([authorization, session]);
      return { tenantId, isAdmin: false, warnings: [] };
    },
    require() {},
    requireStill() {},
    rightsOn: () => new Set(),
    watch: () => () => {},
  };
  const clock = systemClock;
  const platform = createHttpPlatform({
    services: [],
    authority,
    clock,
    log: silentLogger,
    tenantOfHost: () => "default",
  });
  const renderer = createEventRenderer("test-host");
  mountEventSocket(platform, {
    events: createEventBus(clock),
    authority,
    clock,
    log: silentLogger,
    renderer,
  });
  const listener = await listenHttp(platform, { port: 0, host: "127.0.0.1" });
  const sockets: WebSocket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.terminate();
    platform.stop();
    await listener.close(100);
  });
  /** Undefined when the socket was opened, else the status of the refusal. */
  const open = (headers: Record<string, string>, protocols: readonly string[] = [eventSocketProtocol]) => {
    const url = `ws://127.0.0.1:${listener.port}${eventSocketPath}`;
    const socket = new WebSocket(url, [...protocols], { headers });
    sockets.push(socket);
    return new Promise<number | undefined>((resolve) => {
      socket.on("open", () => resolve(undefined));
      socket.on("unexpected-response", (request, response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      socket.on("error", () => {});
    });
  };
  return { asked, open, own: `http://127.0.0.1:${listener.port}` };
}

test("a page of this host connects with its session", async (t) => {
  const { asked, open, own } = await start(t);
  const Cookie = "theme=dark; _session=ONZW4.ID.SECRET";
  assert.equal(await open({ Cookie, Origin: own }), undefined);
  assert.deepEqual(asked, [[undefined, "ONZW4.ID.SECRET"]]);
});

test("a page of another host, or nobody knows of which, does not", async (t) => {
  const { asked, open, own } = await start(t);
  const Cookie = "_session=ONZW4.ID.SECRET";
  for (const origin of ["http://127.0.0.1:1", "https://evil.example.com", "null", `${own}.example.com`]) {
    assert.equal(await open({ Cookie, Origin: origin }), 403, origin);
  }
  assert.equal(await open({ Cookie }), 403);
  assert.deepEqual(asked, []);
});

test("a token among the protocols goes before the cookie, and from any origin", async (t) => {
  const { asked, open } = await start(t);
  const bearer = "ttn.lorawan.v3.header.authorization.bearer.NNSXS.ID.SECRET";
  const headers = { Cookie: "_session=ONZW4.ID.SECRET", Origin: "https://elsewhere.example.com" };
  assert.equal(await open(headers, [eventSocketProtocol, bearer]), undefined);
  assert.deepEqual(asked, [["Bearer NNSXS.ID.SECRET", undefined]]);
});

test("who opens connections without end is slowed down", async (t) => {
  const { open } = await start(t);
  const statuses = new Set<number | undefined>();
  for (let index = 0; index < 130; index++) {
    statuses.add(await open({ Authorization: `Bearer NNSXS.ID${index}.SECRET` }));
  }
  assert.deepEqual(statuses, new Set([undefined, 429]));
});

test("one caller has only so many sockets", async (t) => {
  const { open } = await start(t);
  const headers = { Authorization: "Bearer NNSXS.ID.SECRET" };
  for (let index = 0; index < 100; index++) assert.equal(await open(headers), undefined);
  assert.equal(await open(headers), 429);
  assert.equal(await open({ Authorization: "Bearer NNSXS.OTHER.SECRET" }), undefined);
});
