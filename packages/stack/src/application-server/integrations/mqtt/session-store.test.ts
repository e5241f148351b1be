import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ManualClock } from "../../../clock/manual-clock.ts";
import type { SessionState } from "../../../mqtt/backend.ts";
import { openMemoryStore } from "../../../store/sqlite-store.ts";
import type { Store } from "../../../store/store.ts";
import { mqttMigrations } from "./migrations.ts";
import { openSessionStore, type SessionStore } from "./session-store.ts";

const ids = { tenantId: "default", applicationId: "app1" };
const named = (clientId: string) => ({ ids, userName: "app1", clientId });
const state: SessionState = {
  subscriptions: [{ filter: "v3/app1/#", qos: 2, since: 7 }],
  cursor: 10,
  nextPacketId: 3,
  slots: [{ position: 11, qos: 2, progress: "released" }],
  readTo: 12,
  connected: false,
};

let store: Store;
let clock: ManualClock;
let sessions: SessionStore;

beforeEach(async () => {
  store = await openMemoryStore({ "application-server-mqtt": mqttMigrations });
  clock = new ManualClock();
  sessions = await openSessionStore(store, clock, 100);
});
afterEach(() => store.close());

/** What a new process would find. */
const reopened = () => openSessionStore(store, clock, 100);

test("gives back a session as it was saved, under the same name only", async () => {
  await (await sessions.open(named("a"))).save(state);
  assert.deepEqual((await (await reopened()).open(named("a"))).state, state);
  assert.equal((await (await reopened()).open(named("b"))).state, undefined);
});

test("skips QoS 0 messages up to the start of the process after a crash", async () => {
  await (await sessions.open(named("a"))).save({ ...state, connected: true });
  assert.deepEqual((await (await reopened()).open(named("a"))).state, {
    ...state,
    connected: true,
    readTo: 100,
  });
});

test("remembers received packet identifiers until they are released", async () => {
  const session = await sessions.open(named("a"));
  await session.save(state);
  for (const packetId of [5, 6, 5]) await store.write(session.received(packetId).write);
  await session.release(6);
  assert.deepEqual([...(await (await reopened()).open(named("a"))).receivedIds], [5]);
});

test("drops sessions that nobody used for long, not those in use", async () => {
  await (await sessions.open(named("old"))).save(state);
  await (await sessions.open(named("connected"))).save({ ...state, connected: true });
  await clock.advance(1000);
  await (await sessions.open(named("new"))).save(state);
  await sessions.dropUnusedSince(clock.now() - 500);
  const found = async (clientId: string) =>
    (await (await reopened()).open(named(clientId))).state !== undefined;
  assert.deepEqual([await found("old"), await found("connected"), await found("new")], [false, true, true]);
});

test("never saves a session that was dropped while its client was connected", async () => {
  const session = await sessions.open(named("a"));
  await session.save({ ...state, connected: true });
  await sessions.dropApplication(ids);
  await session.save(state);
  assert.equal((await (await reopened()).open(named("a"))).state, undefined);
});

test("bounds the sessions of one application", async () => {
  for (let index = 0; index < 1000; index++) await sessions.open(named(`${index}`));
  await assert.rejects(sessions.open(named("one more")), {
    name: "pkg/applicationserver/io/mqtt:too_many_sessions",
  });
  await sessions.drop(named("0"));
  await sessions.open(named("one more"));
});
