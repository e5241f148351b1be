import assert from "node:assert/strict";
import { test } from "node:test";
import { type Connecting, ConnectTurns } from "./connect-turns.ts";

function createGateways(count: number) {
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const gateways = Array.from(
    { length: count },
    (_, index): Connecting => ({
      connect() {
        started.push(index);
        return new Promise((resolve) => finish.push(resolve));
      },
    }),
  );
  return { gateways, started, finish };
}

test("lets 64 gateways connect at once, the others in their order, and none that has left", async () => {
  const turns = new ConnectTurns();
  const { gateways, started, finish } = createGateways(100);
  for (const gateway of gateways) turns.wait(gateway);
  assert.equal(started.length, 64);
  turns.leave(gateways[64]!);
  for (const end of finish.splice(0, 2)) end();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(started.slice(64), [65, 66]);
});

test("holds what waiting gateways sent up to a bound over all of them", () => {
  const turns = new ConnectTurns();
  let held = 0;
  while (held < 20_000 && turns.hold()) held++;
  assert.equal(held, 10_000);
  turns.release(1);
  assert.deepEqual([turns.hold(), turns.hold()], [true, false]);
});
