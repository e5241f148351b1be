import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defineEvent } from "../events/events.ts";
import { logIn } from "../identity-server/account/browser.fixture.ts";
import {
  createApplication,
  createKey as createKeyOf,
  createUser,
  errorName,
  startIdentityServer,
} from "../identity-server/identity-server.fixture.ts";
import { wantedEventNames } from "./event-service.ts";
import { generousHistory, openEventSource, openStream, withApplication } from "./event-stream.fixture.ts";
import { quietEventNames } from "./quiet-event-names.ts";

const trafficEvent = defineEvent("test.traffic", "test", ["RIGHT_APPLICATION_TRAFFIC_READ"]);
const infoEvent = defineEvent("test.info", "test", ["RIGHT_APPLICATION_INFO"]);

const ids = { tenantId: "default", applicationId: "app1", deviceId: "dev1" };
const deviceIdentifiers = [
  { device_ids: { device_id: "dev1", application_ids: { application_id: "app1" } } },
];

test("a stream begins with its start and shows what the caller may see", async (t) => {
  const { server, createKey } = await withApplication(t);
  const key = await createKey("RIGHT_APPLICATION_TRAFFIC_READ");
  const stream = await openStream(
    server,
    key,
    { identifiers: deviceIdentifiers },
    { accept: "text/event-stream" },
  );
  t.after(() => stream.close());
  assert.match(String(stream.headers["content-type"]), /^text\/event-stream/);
  const start = await stream.next();
  assert.equal(start.name, "events.stream.start");
  assert.deepEqual(start.identifiers, deviceIdentifiers);
  server.events.publish(infoEvent, { kind: "device", ids });
  server.events.publish(trafficEvent, { kind: "device", ids: { ...ids, deviceId: "dev2" } });
  server.events.publish(trafficEvent, { kind: "device", ids }, () => ({
    correlationIds: ["as:up:1"],
    data: { typeName: "ttn.lorawan.v3.ApplicationIdentifiers", json: { application_id: "app1" } },
  }));
  const event = await stream.next();
  assert.equal(event.name, "test.traffic");
  assert.deepEqual(event.identifiers, deviceIdentifiers);
  assert.deepEqual(event.correlation_ids, ["as:up:1"]);
  assert.deepEqual(event.visibility, { rights: ["RIGHT_APPLICATION_TRAFFIC_READ"] });
  assert.equal(event.origin, "test-host");
  assert.deepEqual(event.data, {
    "@type": "type.googleapis.com/ttn.lorawan.v3.ApplicationIdentifiers",
    application_id: "app1",
  });
  assert.deepEqual(event.context, { "tenant-id": Buffer.from("default").toString("base64") });
});

test("names select events, and the start says which", async (t) => {
  const { server } = await withApplication(t);
  const body = { identifiers: [{ application_ids: { application_id: "app1" } }], names: ["/^test\\.i/"] };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  assert.deepEqual((await stream.next()).data, {
    "@type": "type.googleapis.com/google.protobuf.Value",
    value: ["test.info"],
  });
  server.events.publish(trafficEvent, { kind: "device", ids });
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal((await stream.next()).name, "test.info");
});

test("names of events that nothing publishes yet are taken, and none of them is published", async () => {
  const published = readFileSync(new URL("../../../../docs/events.md", import.meta.url), "utf8");
  for (const name of quietEventNames) assert.ok(!published.includes(`\`${name}\``), `${name} is published`);
  assert.deepEqual([...wantedEventNames(["as.webhook.fail"])!], ["as.webhook.fail"]);
  assert.throws(() => wantedEventNames(["as.nothing"]), { name: "pkg/events:unknown_event_name" });
});

test("history is not kept: asking for it warns, and related events cannot be found", async (t) => {
  const { server } = await withApplication(t);
  const body = { identifiers: deviceIdentifiers, tail: 5 };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  assert.equal(stream.headers["x-warning"], "Events storage is not enabled");
  const related = await server.call("GET", "/events/related?correlation_id=x", { key: server.adminKey });
  assert.equal(errorName(related), "pkg/events/grpc:storage_disabled");
});

test("a stream that cannot begin answers with its error", async (t) => {
  const { server, createKey } = await withApplication(t);
  const post = (key: string | undefined, body: object) =>
    server.call("POST", "/events", key === undefined ? { body } : { key, body });
  assert.equal(errorName(await post(server.adminKey, {})), "pkg/events/grpc:no_identifiers");
  assert.equal(
    errorName(await post(undefined, { identifiers: deviceIdentifiers })),
    "pkg/rpcmetadata:unauthenticated",
  );
  const unknown = await post(await createKey("RIGHT_APPLICATION_INFO"), {
    identifiers: deviceIdentifiers,
    names: ["no.such.event"],
  });
  assert.equal(unknown.status, 400);
  assert.equal(errorName(unknown), "pkg/events:unknown_event_name");
});

test("a closed stream leaves no subscription behind", async (t) => {
  const { server } = await withApplication(t);
  const stream = await openStream(server, server.adminKey, { identifiers: deviceIdentifiers });
  await stream.next();
  let built = 0;
  const publish = () =>
    server.events.publish(infoEvent, { kind: "device", ids }, () => {
      built++;
      return {};
    });
  publish();
  assert.equal(built, 1);
  stream.close();
  for (let wait = 0; wait < 2000 && built > 0; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    built = 0;
    publish();
  }
  assert.equal(built, 0);
});

test("bands, versions and frequency plans are public", async (t) => {
  const server = await startIdentityServer(t);
  const plans = await server.call("GET", "/configuration/frequency-plans?base_frequency=868");
  assert.deepEqual(
    plans.body.frequency_plans.map(({ id }: { id: string }) => id),
    ["EU_863_870", "EU_863_870_TTN"],
  );
  const versions = await server.call("GET", "/configuration/phy-versions?band_id=EU_863_870");
  assert.ok(versions.body.version_info[0].phy_versions.includes("PHY_V1_0_2_REV_B"));
  const band = await server.call("GET", "/configuration/bands/EU_863_870/PHY_V1_0_2_REV_B");
  const described = band.body.descriptions.EU_863_870.band.PHY_V1_0_2_REV_B;
  assert.equal(described.default_rx2_parameters.frequency, "869525000");
  assert.equal(described.receive_delay_1, "1s");
  const all = await server.call("GET", "/configuration/bands");
  assert.deepEqual(Object.keys(all.body.descriptions), ["EU_863_870", "US_902_928"]);
  const none = await server.call("GET", "/configuration/bands/MARS");
  assert.equal(none.status, 404);
});

test("a stream shows nothing more once its key lost the right, and ends when the key is deleted", async (t) => {
  const { server } = await withApplication(t);
  const admin = { key: server.adminKey };
  const rights = ["RIGHT_APPLICATION_TRAFFIC_READ", "RIGHT_APPLICATION_INFO"];
  const created = (await server.call("POST", "/applications/app1/api-keys", { ...admin, body: { rights } }))
    .body;
  const stream = await openStream(server, created.key, { identifiers: deviceIdentifiers });
  t.after(() => stream.close());
  await stream.next();
  const path = `/applications/app1/api-keys/${created.id}`;
  const body = { api_key: { rights: ["RIGHT_APPLICATION_INFO"] }, field_mask: "rights" };
  await server.call("PUT", path, { ...admin, body });
  server.events.publish(trafficEvent, { kind: "device", ids });
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal((await stream.next()).name, "test.info");
  await server.call("DELETE", path, admin);
  server.events.publish(infoEvent, { kind: "device", ids });
  assert.equal(await stream.next(), undefined);
});

const applicationIdentifiers = [{ application_ids: { application_id: "app1" } }];
const numbered = (number: number) => () => ({ correlationIds: [`n${number}`] });
const numberOf = (event: Readonly<Record<string, unknown>>) => (event.correlation_ids as string[])[0];

test("a stream begins with the tail of the past, then goes on, and shows only what may be seen", async (t) => {
  const { server, createKey } = await withApplication(t, generousHistory);
  for (const number of [1, 2, 3]) {
    server.events.publish(trafficEvent, { kind: "device", ids }, numbered(number));
    server.events.publish(infoEvent, { kind: "device", ids }, numbered(number + 10));
  }
  const key = await createKey("RIGHT_APPLICATION_TRAFFIC_READ");
  const body = { identifiers: applicationIdentifiers, tail: 5 };
  const stream = await openStream(server, key, body);
  t.after(() => stream.close());
  assert.equal(stream.headers["x-warning"], undefined);
  assert.equal((await stream.next()).name, "events.stream.start");
  server.events.publish(trafficEvent, { kind: "device", ids }, numbered(4));
  // The fifth last is an info event, and the last is the creation of the key.
  for (const expected of ["n2", "n3", "n4"]) assert.equal(numberOf(await stream.next()), expected);
});

test("a stream begins after a time, with the names that it asks for", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  server.events.publish(trafficEvent, { kind: "device", ids }, numbered(1));
  const after = new Date(server.clock.now()).toISOString();
  await server.clock.advance(1);
  for (const number of [2, 3]) {
    server.events.publish(infoEvent, { kind: "device", ids }, numbered(number + 10));
    server.events.publish(trafficEvent, { kind: "device", ids }, numbered(number));
  }
  const body = { identifiers: deviceIdentifiers, after, names: ["test.traffic"] };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  await stream.next();
  for (const expected of ["n2", "n3"]) assert.equal(numberOf(await stream.next()), expected);
});

test("users, organizations and clients have streams and histories of their own", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  const admin = { key: server.adminKey };
  const organization = { ids: { organization_id: "org1" } };
  const client = { ids: { client_id: "client1" } };
  for (const [path, body] of Object.entries({ organizations: { organization }, clients: { client } })) {
    const answer = await server.call("POST", `/users/admin/${path}`, { ...admin, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
  const identifiers = [
    { organization_ids: { organization_id: "org1" } },
    { client_ids: { client_id: "client1" } },
  ];
  const stream = await openStream(server, server.adminKey, { identifiers, tail: 10 });
  t.after(() => stream.close());
  assert.equal((await stream.next()).name, "events.stream.start");
  const created = await stream.next();
  assert.equal(created.name, "organization.create");
  assert.deepEqual(created.identifiers, [identifiers[0]]);
  assert.equal((await stream.next()).name, "client.create");
  await createUser(server, "user1");
  const users = await openStream(server, server.adminKey, {
    identifiers: [{ user_ids: { user_id: "user1" } }],
    tail: 10,
  });
  t.after(() => users.close());
  await users.next();
  assert.equal((await users.next()).name, "user.create");
});

test("events of a call say who called from where, and nothing secret", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  const path = "/applications/app1";
  const body = { application: { name: "New name" }, field_mask: "name" };
  const headers = { "User-Agent": "test-agent" };
  await server.call("PUT", path, { key: server.adminKey, body, headers });
  const stream = await openStream(server, server.adminKey, {
    identifiers: applicationIdentifiers,
    names: ["application.update"],
    tail: 1,
  });
  t.after(() => stream.close());
  await stream.next();
  const event = await stream.next();
  const [, tokenId, secret = ""] = server.adminKey.split(".");
  assert.deepEqual(event.authentication, { type: "Bearer", token_type: "APIKey", token_id: tokenId });
  assert.equal(event.remote_ip, "127.0.0.1");
  assert.equal(event.user_agent, "test-agent");
  assert.match(String(numberOf(event)), /^rpc:\/ttn\.lorawan\.v3\.ApplicationRegistry\/Update:/);
  assert.doesNotMatch(JSON.stringify(event), new RegExp(secret));
});

test("related events are those that the caller may see, of its tenant", async (t) => {
  const server = await startIdentityServer(t, {
    eventHistory: generousHistory,
    args: ["--tenancy.tenants=tenant1,tenant2", "--is.admin-rights.all=true"],
  });
  await createApplication(server);
  for (const tenantId of ["tenant1", "tenant2"]) {
    const subject = { kind: "device", ids: { ...ids, tenantId } } as const;
    server.events.publish(trafficEvent, subject, () => ({ correlationIds: ["related:1"] }));
    server.events.publish(infoEvent, subject, () => ({ correlationIds: ["related:1", tenantId] }));
  }
  const find = (key?: string) =>
    server.call("GET", "/events/related?correlation_id=related:1", key === undefined ? {} : { key });
  const namesOf = async (key: string) =>
    (await find(key)).body.events?.map(({ name }: { name: string }) => name) ?? [];
  assert.deepEqual(await namesOf(server.adminKey), ["test.traffic", "test.info"]);
  const { key } = await createKeyOf(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const answer = await find(key);
  assert.deepEqual(
    answer.body.events.map(({ name, correlation_ids }: Record<string, unknown>) => [name, correlation_ids]),
    [["test.info", ["related:1", "tenant1"]]],
  );
  await createUser(server, "stranger");
  const stranger = await createKeyOf(server, "/users/stranger", ["RIGHT_USER_INFO"]);
  assert.deepEqual(await namesOf(stranger.key), []);
  assert.equal((await find()).status, 401);
});

test("a tenant's stream shows nothing of an entity of the same name elsewhere", async (t) => {
  const server = await startIdentityServer(t, {
    eventHistory: generousHistory,
    args: ["--tenancy.tenants=tenant1,tenant2"],
  });
  await createApplication(server);
  const publish = (tenantId: string, number: number) =>
    server.events.publish(infoEvent, { kind: "device", ids: { ...ids, tenantId } }, numbered(number));
  publish("tenant2", 1);
  publish("tenant1", 2);
  const body = { identifiers: deviceIdentifiers, tail: 10 };
  const stream = await openStream(server, server.adminKey, body);
  t.after(() => stream.close());
  await stream.next();
  publish("tenant2", 3);
  publish("tenant1", 4);
  assert.equal(numberOf(await stream.next()), "n2");
  assert.equal(numberOf(await stream.next()), "n4");
  const foreign = await openStream(server, server.adminKey, body, { host: "tenant2.example.com" });
  t.after(() => foreign.close());
  assert.equal(foreign.status, 401);
});

test("a stream ends with an error when the caller has lost every right", async (t) => {
  const args = ["--is.admin-rights.all=true"];
  const server = await startIdentityServer(t, { eventHistory: generousHistory, args });
  await createApplication(server);
  await createUser(server, "user1");
  const { key } = await createKeyOf(server, "/users/user1", ["RIGHT_USER_ALL", "RIGHT_APPLICATION_ALL"]);
  const collaborate = (rights: string[]) =>
    server.call("PUT", "/applications/app1/collaborators", {
      key: server.adminKey,
      body: { collaborator: { ids: { user_ids: { user_id: "user1" } }, rights } },
    });
  await collaborate(["RIGHT_APPLICATION_INFO"]);
  const stream = await openStream(server, key, { identifiers: deviceIdentifiers });
  t.after(() => stream.close());
  await stream.next();
  server.events.publish(infoEvent, { kind: "device", ids }, numbered(1));
  assert.equal(numberOf(await stream.next()), "n1");
  await collaborate([]);
  server.events.publish(infoEvent, { kind: "device", ids }, numbered(2));
  assert.equal(JSON.parse(await stream.ended()).error.code, 7);
});

test("a browser that connects again goes on where it was cut off, and misses and repeats nothing", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  const query = new URLSearchParams({ identifiers: JSON.stringify(deviceIdentifiers) }).toString();
  let number = 0;
  const publish = (count: number) => {
    for (let index = 0; index < count; index++) {
      server.events.publish(infoEvent, { kind: "device", ids }, numbered(++number));
    }
  };
  const seen: (string | undefined)[] = [];
  let lastEventId: string | undefined;
  publish(2);
  await server.clock.advance(1);
  // Cut off after so many events each time: at once, in the middle of the past, and after it.
  for (const reads of [0, 3, 0, 1, 5]) {
    const source = await openEventSource(server, query, { key: server.adminKey, lastEventId });
    const start = await source.next();
    assert.equal(start.event.name, "events.stream.start");
    lastEventId = start.id;
    publish(3);
    for (let index = 0; index < reads; index++) {
      const { id, event } = await source.next();
      assert.equal(id, event.unique_id);
      lastEventId = id;
      seen.push(numberOf(event));
    }
    await source.close();
    publish(1);
  }
  assert.deepEqual(
    seen,
    [3, 4, 5, 6, 7, 8, 9, 10, 11].map((each) => `n${each}`),
  );
});

test("requests that ask for too much are refused", async (t) => {
  const { server } = await withApplication(t);
  const post = (body: object) => server.call("POST", "/events", { key: server.adminKey, body });
  const names = new Array(501).fill("test.info");
  const many = await post({ identifiers: deviceIdentifiers, names });
  assert.equal(errorName(many), "skylark/event-server:too_many_names");
  const patterns = await post({ identifiers: deviceIdentifiers, names: new Array(21).fill("/test/") });
  assert.equal(errorName(patterns), "skylark/event-server:too_many_names");
  const identifiers = new Array(1001).fill(deviceIdentifiers[0]);
  assert.equal(errorName(await post({ identifiers })), "skylark/event-server:too_many_identifiers");
});

test("a stream ends at once when what its caller may do does, without waiting for an event", async (t) => {
  const { server } = await withApplication(t);
  await createUser(server, "user1");
  const call = async (verb: string, path: string, body?: unknown) => {
    const answer = await server.call(verb, path, { key: server.adminKey, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    // Changes that come one after another are looked into once.
    await server.clock.advance(200);
  };
  const listen = async (key: string) => {
    const stream = await openStream(server, key, {
      identifiers: [{ application_ids: { application_id: "app1" } }],
    });
    assert.equal((await stream.next()).name, "events.stream.start");
    return { endedWith: async () => JSON.parse(await stream.ended()).error.details[0].name, stream };
  };
  const { stream: untouched } = await listen(server.adminKey);
  t.after(() => untouched.close());

  const collaborate = (...rights: string[]) =>
    call("PUT", "/applications/app1/collaborators", {
      collaborator: { ids: { user_ids: { user_id: "user1" } }, rights },
    });
  const setState = (state: string) => call("PUT", "/users/user1", { user: { state }, field_mask: "state" });
  await collaborate("RIGHT_APPLICATION_INFO");
  const browser = await logIn(server, { userId: "user1" });
  const session = browser.cookies.get("_session") ?? "";
  const removed = await listen(session);
  await collaborate();
  assert.equal(await removed.endedWith(), "no_application_rights");
  await collaborate("RIGHT_APPLICATION_INFO");
  const suspended = await listen(session);
  await setState("STATE_SUSPENDED");
  assert.equal(await suspended.endedWith(), "no_application_rights");
  await setState("STATE_APPROVED");
  const loggedOut = await listen(session);
  await browser.post("/oauth/account/logout", {});
  assert.equal(await loggedOut.endedWith(), "token_not_found");

  const { key, id } = await createKeyOf(server, "/applications/app1", ["RIGHT_APPLICATION_INFO"]);
  const setKey = (api_key: object, field_mask: string) =>
    call("PUT", `/applications/app1/api-keys/${id}`, { api_key, field_mask });
  const expiring = await listen(key);
  await setKey({ expires_at: new Date(server.clock.now() + 60_000).toISOString() }, "expires_at");
  await server.clock.advance(60_000);
  assert.equal(await expiring.endedWith(), "api_key_expired");
  await setKey({}, "expires_at");
  const deleted = await listen(key);
  await call("DELETE", `/applications/app1/api-keys/${id}`);
  assert.equal(await deleted.endedWith(), "api_key_not_found");

  const names = async (wanted: string) => {
    for (;;) if ((await untouched.next()).name === wanted) return;
  };
  await names("application.api-key.delete");
});

test("who takes the identifier of what was purged sees nothing of before", async (t) => {
  const { server } = await withApplication(t, generousHistory);
  server.events.publish(infoEvent, { kind: "device", ids });
  const purged = await server.call("DELETE", "/applications/app1/purge", { key: server.adminKey });
  assert.equal(purged.status, 200);
  await createApplication(server);
  const stream = await openStream(server, server.adminKey, {
    identifiers: [{ application_ids: { application_id: "app1" } }],
    tail: 100,
  });
  t.after(() => stream.close());
  assert.equal((await stream.next()).name, "events.stream.start");
  assert.equal((await stream.next()).name, "application.create");
});
