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

test("activity of one device becomes one entry, written after ten seconds", async () => {
  const { clock, batches, log } = recorder();
  log.seen(device("dev1"), 1000);
  log.seen(device("dev1"), 3000);
  log.seen(device("dev1"), 2000);
  log.activated(device("dev1"), 900);
  log.located(device("dev1"), "frm-payload", { latitude: 1, longitude: 2 });
  await clock.advance(9_999);
  assert.equal(batches.length, 0);
  await clock.advance(1);
  assert.equal(batches.length, 1);
  const [entry] = batches[0]!;
  assert.equal(entry?.seenAt, 3000);
  assert.equal(entry?.activatedAt, 900);
  assert.deepEqual([...(entry?.locations ?? [])], [["frm-payload", { latitude: 1, longitude: 2 }]]);
});

test("a thousand devices are written at once, and the rest at the end", async () => {
  const { batches, log } = recorder();
  for (let index = 0; index < 1001; index++) log.seen(device(`dev-${index}`), 1);
  await log.close();
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [1000, 1],
  );
});
