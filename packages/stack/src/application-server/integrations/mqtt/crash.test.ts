import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DurableSubscriber } from "./durable-subscriber.fixture.ts";

const rounds = Number(process.env.CRASH_ROUNDS ?? 5);

test(`a server killed ${rounds} times delivers QoS 2 exactly once and QoS 1 completely`, {
  timeout: 120_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "skylark-crash-"));
  const path = join(directory, "crash.db");
  const exactlyOnce = new DurableSubscriber("exactly-once", 2);
  const atLeastOnce = new DurableSubscriber("at-least-once", 1);
  try {
    for (let round = 0; round < rounds; round++) {
      const { child, port } = await startServer(path);
      const runs = [exactlyOnce.run(port), atLeastOnce.run(port)];
      await delay(100 + Math.random() * 300);
      child.kill("SIGKILL");
      await Promise.all([once(child, "exit"), ...runs]);
    }
    const { child, port } = await startServer(path);
    const runs = [exactlyOnce.run(port), atLeastOnce.run(port)];
    while (!(exactlyOnce.delivered.length > 0 && atLeastOnce.delivered.length > 0)) await delay(20);
    child.send("stop");
    const [{ last }] = (await once(child, "message")) as [{ last: number }];
    for (let turn = 0; turn < 2000 && !(has(exactlyOnce, last) && has(atLeastOnce, last)); turn++)
      await delay(20);
    child.kill("SIGKILL");
    await Promise.all(runs);

    const first = Number(exactlyOnce.delivered[0]);
    const expected = Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);
    assert.deepEqual(exactlyOnce.delivered, expected);
    const from = Number(atLeastOnce.delivered[0]);
    assert.equal(new Set(atLeastOnce.delivered).size, last - from + 1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function has({ delivered }: DurableSubscriber, last: number): boolean {
  return delivered.at(-1) === `${last}`;
}

async function startServer(path: string): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL("./crash-server.fixture.ts", import.meta.url), [path]);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { child, port };
}
