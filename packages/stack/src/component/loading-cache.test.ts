import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadingCache } from "./loading-cache.ts";

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test("loads once for all who ask meanwhile, then answers without a promise", async () => {
  let loads = 0;
  const cache = new LoadingCache<{ readonly n: number }>(10, async () => ({ n: ++loads }));
  const both = await Promise.all([cache.get("a"), cache.get("a")]);
  assert.deepEqual(both, [{ n: 1 }, { n: 1 }]);
  assert.deepEqual(cache.get("a"), { n: 1 });
});

test("what was being loaded when it changed is not kept", async () => {
  const { open, opened } = gate();
  let value = 1;
  const cache = new LoadingCache<{ readonly value: number }>(10, async () => {
    const read = { value };
    await opened;
    return read;
  });
  const early = cache.get("a");
  value = 2;
  cache.invalidate("a");
  open();
  await early;
  assert.equal(cache.peek("a"), undefined);
  assert.deepEqual(await cache.get("a"), { value: 2 });
});

test("neither failures nor absences are kept", async () => {
  const answers = [new Error("down"), undefined, { ok: true }];
  const cache = new LoadingCache<{ readonly ok: boolean }>(10, async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await assert.rejects(async () => cache.get("a"), /down/);
  assert.equal(await cache.get("a"), undefined);
  assert.deepEqual(await cache.get("a"), { ok: true });
});

test("a value in memory changes in place, and a load that began before is not kept", async () => {
  const { open, opened } = gate();
  const cache = new LoadingCache<{ value: number }>(10, async () => {
    await opened;
    return { value: 1 };
  });
  const early = cache.get("a");
  cache.update("a", (entry) => {
    entry.value = 2;
  });
  open();
  await early;
  assert.equal(cache.peek("a"), undefined);
  const kept = await cache.get("a");
  cache.update("a", (entry) => {
    entry.value = 3;
  });
  assert.equal(cache.peek("a"), kept);
  assert.deepEqual(kept, { value: 3 });
});

test("what matches is forgotten, loaded or on its way", async () => {
  const { open, opened } = gate();
  const cache = new LoadingCache<{ readonly key: string }>(10, async (key) => {
    if (key === "a/2") await opened;
    return { key };
  });
  await cache.get("a/1");
  await cache.get("b/1");
  const late = cache.get("a/2");
  cache.invalidateWhere((key) => key.startsWith("a/"));
  open();
  await late;
  assert.deepEqual(
    ["a/1", "a/2", "b/1"].map((key) => cache.peek(key) !== undefined),
    [false, false, true],
  );
});
