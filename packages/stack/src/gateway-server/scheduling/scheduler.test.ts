import assert from "node:assert/strict";
import { test } from "node:test";
import { type DataRate, timeOnAirUs } from "@skylark/lorawan";
import type { Priority } from "../../domain/downlink.ts";
import { SkylarkError } from "../../errors/errors.ts";
import { type ScheduleRequest, Scheduler } from "./scheduler.ts";
import { dutyCycleWindowUs } from "./sub-band.ts";

const sf7: DataRate = { modulation: "LORA", spreadingFactor: 7, bandwidth: 125_000, codingRate: "4/5" };
const sf12: DataRate = { modulation: "LORA", spreadingFactor: 12, bandwidth: 125_000, codingRate: "4/5" };

const long = { dataRate: sf12, payloadLength: 51 };

function request(startsUs: number, change: Partial<ScheduleRequest> = {}): ScheduleRequest {
  return {
    startsUs,
    nowUs: startsUs - 1_000_000,
    leadTimeUs: 130_000,
    frequency: 868_100_000,
    dataRate: sf7,
    payloadLength: 20,
    priority: "HIGHEST",
    ...change,
  };
}

function refusal(run: () => unknown): SkylarkError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SkylarkError);
    return error;
  }
  throw new assert.AssertionError({ message: "expected a refusal" });
}

test("refuses what overlaps another transmission, the gateway's pause included", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const { durationUs } = scheduler.schedule(request(10_000_000));
  assert.equal(durationUs, timeOnAirUs({ dataRate: sf7, payloadLength: 20, crc: false }));
  for (const startsUs of [10_000_000, 10_000_000 + durationUs + 29_999, 10_000_000 - durationUs - 29_999]) {
    assert.match(refusal(() => scheduler.schedule(request(startsUs))).name, /scheduling:conflict$/);
  }
  scheduler.schedule(request(10_000_000 + durationUs + 30_000));
  scheduler.schedule(request(10_000_000 - durationUs - 30_000));
});

test("a cancelled place is free again", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const emission = scheduler.schedule(request(10_000_000));
  scheduler.cancel(emission);
  scheduler.cancel(emission);
  scheduler.schedule(request(10_000_000));
});

test("refuses what comes later than the lead time", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const error = refusal(() => scheduler.schedule(request(10_000_000, { nowUs: 9_870_001 })));
  assert.match(error.name, /scheduling:too_late$/);
  assert.deepEqual(error.attributes, { delay: "130ms", min: "130ms" });
  scheduler.schedule(request(10_000_000, { nowUs: 9_870_000 }));
});

test("refuses a frequency outside the plan's sub-bands", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const error = refusal(() => scheduler.schedule(request(10_000_000, { frequency: 915_000_000 })));
  assert.match(error.name, /scheduling:sub_band_not_found$/);
});

/** Fills a sub-band with SF12 until it is refused; gives the share of the hour. */
function fill(scheduler: Scheduler, priority: Priority, fromUs = 10_000_000): number {
  for (let startsUs = fromUs; ; startsUs += 3_000_000) {
    const frame = request(startsUs, { ...long, priority });
    try {
      scheduler.schedule(frame);
    } catch (error) {
      assert.ok(error instanceof SkylarkError);
      assert.match(error.name, /scheduling:duty_cycle$/);
      return scheduler.utilization(startsUs).find(({ minFrequency }) => minFrequency === 868_000_000)!
        .utilization;
    }
  }
}

test("each priority may fill its part of the sub-band's duty cycle", () => {
  const parts: readonly (readonly [Priority, number])[] = [
    ["LOWEST", 0.004],
    ["LOW", 0.005],
    ["BELOW_NORMAL", 0.006],
    ["NORMAL", 0.007],
    ["ABOVE_NORMAL", 0.008],
    ["HIGH", 0.009],
    ["HIGHEST", 0.01],
  ];
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  let startsUs = 10_000_000;
  for (const [priority, part] of parts) {
    const used = fill(scheduler, priority, startsUs);
    assert.ok(used <= part && used > part - 0.0008, `${priority} filled ${used}`);
    startsUs += 100_000_000;
  }
});

test("another sub-band keeps its own duty cycle, and an hour frees the first", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  fill(scheduler, "HIGHEST");
  scheduler.schedule(request(500_000_000, { frequency: 869_525_000 }));
  assert.match(refusal(() => scheduler.schedule(request(500_500_000, long))).name, /scheduling:duty_cycle$/);
  scheduler.schedule(request(dutyCycleWindowUs + 500_000_000, long));
});

test("an emission in the past counts the transmissions planned after it", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const used = fill(scheduler, "HIGHEST", 1_000_000_000);
  assert.ok(used > 0.009);
  const earlier = request(500_000_000, long);
  assert.match(refusal(() => scheduler.schedule(earlier)).name, /scheduling:duty_cycle$/);
});

test("without enforcement only conflicts count", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", false);
  for (let each = 0; each < 100; each++) scheduler.schedule(request(10_000_000 + each * 3_000_000, long));
  assert.match(refusal(() => scheduler.schedule(request(307_000_000))).name, /scheduling:conflict$/);
});

test("after a restart the queue is empty, and the hour is remembered", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  const used = fill(scheduler, "HIGHEST", 2_000_000_000);
  scheduler.restart(-1_900_000_000);
  const after = request(100_000_000 + 60_000_000, { ...long, nowUs: 159_000_000 });
  assert.match(refusal(() => scheduler.schedule(after)).name, /scheduling:duty_cycle$/);
  const { utilization } = scheduler
    .utilization(200_000_000)
    .find(({ minFrequency }) => minFrequency === 868_000_000)!;
  assert.ok(Math.abs(utilization - used) < 1e-9);
});

test("takes the power that the sub-band allows", () => {
  const scheduler = new Scheduler("EU_863_870_TTN", true);
  assert.equal(Math.round(scheduler.maxEirp(868_100_000) * 100), 1615);
  assert.equal(Math.round(scheduler.maxEirp(869_525_000) * 100), 2915);
});

test("plans for America have no duty cycle", () => {
  const scheduler = new Scheduler("US_902_928_FSB_2", true);
  for (let each = 0; each < 50; each++) {
    scheduler.schedule(
      request(10_000_000 + each * 1_000_000, {
        frequency: 923_300_000,
        dataRate: { modulation: "LORA", spreadingFactor: 10, bandwidth: 500_000, codingRate: "4/5" },
      }),
    );
  }
});
