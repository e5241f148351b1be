import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { silentLogger } from "../log/log.ts";
import { openMemoryStore } from "../store/sqlite-store.ts";
import { commit, type Store } from "../store/store.ts";
import type { MessageOutbox, NewApplicationMessage } from "./message-log.ts";
import { openMessageOutbox } from "./message-outbox.ts";
import { applicationServerMigrations } from "./migrations.ts";

const ids = { tenantId: "default", applicationId: "app1" };
const limits = { maxAgeMs: 60_000, maxBytes: 1_000_000 };
const message = (text: string, applicationId = "app1"): NewApplicationMessage => ({
  tenantId: "default",
  applicationId,
  deviceId: "dev1",
  kind: "up",
  payload: Buffer.from(text),
});
const texts = (messages: readonly { readonly payload: Uint8Array }[]) =>
  messages.map(({ payload }) => Buffer.from(payload).toString());

interface Log {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly outbox: MessageOutbox;
}

async function open(given = limits, existing?: Store): Promise<Log> {
  const store = existing ?? (await openMemoryStore({ "application-server": applicationServerMigrations }));
  const clock = new ManualClock();
  return { store, clock, outbox: await openMessageOutbox({ store, clock, log: silentLogger }, given) };
}

async function close({ outbox, store }: Log): Promise<void> {
  await outbox.close();
  await store.close();
}

test("delivers what is committed, in order, to subscribers of its application alone", async () => {
  const log = await open();
  const { store, outbox } = log;
  const delivered: number[] = [];
  const subscription = outbox.subscribe(ids, ({ sequence }) => delivered.push(sequence));
  await Promise.all([
    commit(store, [outbox.stage([message("a"), message("b")])]),
    commit(store, [outbox.stage([message("other", "app2")])]),
    commit(store, [outbox.stage([message("c")])]),
  ]);
  assert.deepEqual(delivered, [1, 2, 4]);
  assert.equal(outbox.lastSequence(), 4);
  subscription.close();
  await commit(store, [outbox.stage([message("d")])]);
  assert.deepEqual(delivered, [1, 2, 4]);
  assert.deepEqual(texts(await outbox.read(ids, 1, 2)), ["b", "c"]);
  assert.deepEqual(texts(await outbox.read(ids, 4, 10)), ["d"]);
  await close(log);
});

test("goes on where it was after a restart", async () => {
  const first = await open();
  await commit(first.store, [first.outbox.stage([message("a"), message("b")])]);
  await first.outbox.close();
  const second = await open(limits, first.store);
  assert.equal(second.outbox.lastSequence(), 2);
  await commit(second.store, [second.outbox.stage([message("c")])]);
  assert.deepEqual(
    (await second.outbox.read(ids, 0, 10)).map(({ sequence }) => sequence),
    [1, 2, 3],
  );
  await close(second);
});

test("a subscriber that throws does not keep others from their message", async () => {
  const log = await open();
  const delivered: string[] = [];
  log.outbox.subscribe(ids, () => {
    throw new Error("mine");
  });
  log.outbox.subscribe(ids, ({ kind }) => delivered.push(kind));
  await commit(log.store, [log.outbox.stage([message("a")])]);
  assert.deepEqual(delivered, ["up"]);
  await close(log);
});

test("does not show what is not committed", async () => {
  const log = await open();
  const staged = log.outbox.stage([message("a")]);
  const written = log.store.write((writer) => staged.write(writer));
  assert.deepEqual(await log.outbox.read(ids, 0, 10), []);
  await written;
  staged.committed();
  assert.deepEqual(texts(await log.outbox.read(ids, 0, 10)), ["a"]);
  await close(log);
});

/** The store works in a thread of its own: looks until the log has become short enough, for a while. */
async function readUntil({ outbox }: Log, count: number): Promise<string[]> {
  let kept: string[] = [];
  for (let attempt = 0; attempt < 2000; attempt++) {
    kept = texts(await outbox.read(ids, 0, 2000));
    if (kept.length <= count) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return kept;
}

test("drops what is too old", async () => {
  const log = await open();
  await commit(log.store, [log.outbox.stage([message("old"), message("old")])]);
  await log.clock.advance(59_500);
  await commit(log.store, [log.outbox.stage([message("new")])]);
  await log.clock.advance(2000);
  const kept = await readUntil(log, 1);
  await close(log);
  assert.deepEqual(kept, ["new"]);
});

test("drops the oldest beyond its size", async () => {
  const log = await open({ ...limits, maxBytes: 1000 });
  for (let index = 0; index < 3; index++) {
    await commit(log.store, [
      log.outbox.stage(
        Array.from({ length: 500 }, (_, i) => message(String(index * 500 + i).padStart(10, "0"))),
      ),
    ]);
  }
  await log.clock.advance(3000);
  const kept = await readUntil(log, 100);
  await close(log);
  assert.equal(kept.length, 100);
  assert.equal(kept.at(-1), "0000001499");
});
