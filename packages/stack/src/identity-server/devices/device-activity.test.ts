import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../clock/manual-clock.ts";
import { createDeviceActivityLog, type DeviceActivity } from "./device-activity.ts";

function recorder() {
  const clock = new ManualClock();
  const batches: (readonly DeviceActivity[])[] = [];
  const log = createDeviceActivityLog(clock, async (batch) => void batches.push(batch));
  return { clock, batches, log };
}
const device = (deviceId: string) => ({ tenantId: "default", applicationId: "app1", deviceId });

test("what was seen of one device becomes one entry, written after a minute", async () => {
  const { clock, batches, log } = recorder();
  log.seen(device("dev1"), 1000);
  log.seen(device("dev1"), 3000);
  log.seen(device("dev1"), 2000);
  await clock.advance(59_999);
  assert.equal(batches.length, 0);
  await clock.advance(1);
  assert.deepEqual(batches, [[{ ids: device("dev1"), seenAt: 3000 }]]);
  log.seen(device("dev1"), 4000);
  await clock.advance(60_000);
  assert.deepEqual(batches[1], [{ ids: device("dev1"), seenAt: 4000 }]);
});

test("an activation and a location are written after ten seconds", async () => {
  const { clock, batches, log } = recorder();
  log.activated(device("dev1"), 900);
  log.located(device("dev1"), "frm-payload", { latitude: 1, longitude: 2 });
  await clock.advance(9_999);
  assert.equal(batches.length, 0);
  await clock.advance(1);
  const [entry] = batches[0]!;
  assert.equal(entry?.activatedAt, 900);
  assert.deepEqual([...(entry?.locations ?? [])], [["frm-payload", { latitude: 1, longitude: 2 }]]);
});

test("many devices are written in small steps", async () => {
  const { clock, batches, log } = recorder();
  for (let index = 0; index < 450; index++) log.seen(device(`dev-${index}`), 1);
  await clock.advance(60_000);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [200],
  );
  await clock.advance(100);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [200, 200, 50],
  );
});

test("everything is written at the end", async () => {
  const { batches, log } = recorder();
  for (let index = 0; index < 201; index++) log.seen(device(`dev-${index}`), 1);
  await log.close();
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [200, 1],
  );
});
