import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDatr } from "@skylark/lorawan";
import { ManualClock } from "../../clock/manual-clock.ts";
import { defineErrors } from "../../errors/errors.ts";
import { gatewayUplink } from "../network-server.fixture.ts";
import { attemptsFor, firstThatSucceeds, isOnlyBusy, RareWindows } from "./attempts.ts";
import type { SizedWindow } from "./receive-windows.ts";

const errors = defineErrors("test/attempts");
const scheduleFailed = errors.aborted("schedule", "failed to schedule");

/** As the Gateway Server refuses: the reasons of every path's windows, nested. */
function refused(...reasons: readonly string[]): Error {
  const windows = reasons.map((name) => ({ name: "rx_window_schedule", cause: { name } }));
  const path = { name: "schedule_path", cause: { name: "tx_schedule", details: [{ path_errors: windows }] } };
  return scheduleFailed(
    {},
    { details: [{ type: "ScheduleDownlinkErrorDetails", value: { path_errors: [path] } }] },
  );
}

const rx1: SizedWindow = {
  window: 1,
  delayMs: 1000,
  frequency: 868_100_000,
  dataRate: parseDatr("SF7BW125", "4/5"),
  maxMACPayloadSize: 230,
};
const slowRx2: SizedWindow = {
  window: 2,
  delayMs: 2000,
  frequency: 869_525_000,
  dataRate: parseDatr("SF12BW125", "4/5"),
  maxMACPayloadSize: 59,
};
const fastRx2: SizedWindow = { ...slowRx2, dataRate: parseDatr("SF8BW125", "4/5") };
const long = { name: "long", macPayloadLength: 38 };
const short = { name: "short", macPayloadLength: 7 };

/** What is tried, while everything is refused for these reasons. */
let isRareTime = false;

function tried(
  attempts: ReturnType<typeof attemptsFor<typeof long>>,
  ...reasons: readonly string[]
): string[] {
  const seen: string[] = [];
  assert.throws(
    () =>
      firstThatSucceeds(
        attempts,
        ({ content, windows }) => {
          seen.push(`${content.name} ${windows.map(({ window }) => window).join()}`);
          throw refused(...reasons);
        },
        () => isRareTime,
      ),
    /failed to schedule/,
  );
  return seen;
}

const urgent = { hasUrgent: true, isRepeatedAnyway: false };
const onlyAck = { hasUrgent: true, isRepeatedAnyway: true };
const onlyRequests = { hasUrgent: false, isRepeatedAnyway: false };

test("tries both windows for what is urgent, without the network's requests once they stand in the way", () => {
  const alone = { whole: short, withoutRequests: undefined };
  assert.deepEqual(tried(attemptsFor([rx1, slowRx2], alone, urgent), "conflict"), ["short 1,2"]);
  const both = { whole: long, withoutRequests: short };
  assert.deepEqual(tried(attemptsFor([rx1, slowRx2], both, urgent), "conflict"), ["long 1", "short 1,2"]);
});

test("keeps a slow RX2 free of requests and of acknowledgments that the device asks for again, while gateways are busy", () => {
  const ack = attemptsFor([rx1, slowRx2], { whole: long, withoutRequests: short }, onlyAck);
  assert.deepEqual(tried(ack, "conflict"), ["long 1", "short 1"]);
  const requests = attemptsFor([rx1, slowRx2], { whole: long, withoutRequests: short }, onlyRequests);
  assert.deepEqual(tried(requests, "conflict"), ["long 1"]);
  assert.deepEqual(
    tried(attemptsFor([rx1, fastRx2], { whole: short, withoutRequests: undefined }, onlyAck), "conflict"),
    ["short 1,2"],
  );
});

test("tries RX2 whenever RX1 is refused for another reason, such as its duty cycle", () => {
  const ack = attemptsFor([rx1, slowRx2], { whole: long, withoutRequests: short }, onlyAck);
  assert.deepEqual(tried(ack, "duty_cycle"), ["long 1", "short 1", "short 2"]);
  const requests = attemptsFor([rx1, slowRx2], { whole: long, withoutRequests: short }, onlyRequests);
  assert.deepEqual(tried(requests, "conflict", "duty_cycle"), ["long 1", "long 2"]);
});

test("does use a slow RX2 for them now and then, each gateway by itself", async () => {
  const attempts = attemptsFor([rx1, slowRx2], { whole: short, withoutRequests: undefined }, onlyAck);
  isRareTime = true;
  assert.deepEqual(tried(attempts, "conflict"), ["short 1", "short 2"]);
  isRareTime = false;
  const clock = new ManualClock();
  const rare = new RareWindows(clock);
  const [one, another] = ["gtw1", "gtw2"].map(
    (gatewayId) => gatewayUplink(new Uint8Array(0), { gatewayId }, 0).receptions,
  );
  assert.deepEqual(
    [rare.take(one!), rare.take(one!), rare.take(another!), rare.take([])],
    [true, false, true, false],
  );
  await clock.advance(10_000);
  assert.equal(rare.take(one!), true);
});

test("skips windows that the frame is too long for", () => {
  const tooLong = { name: "tooLong", macPayloadLength: 60 };
  const narrow = { ...rx1, maxMACPayloadSize: 40 };
  const wide = { ...slowRx2, maxMACPayloadSize: 230 };
  const contents = { whole: tooLong, withoutRequests: undefined };
  assert.deepEqual(tried(attemptsFor([narrow, wide], contents, onlyRequests), "conflict"), ["tooLong 2"]);
});

test("tells busy gateways from others", () => {
  assert.equal(isOnlyBusy(refused("conflict", "conflict")), true);
  assert.equal(isOnlyBusy(refused("conflict", "too_late")), false);
  assert.equal(isOnlyBusy(scheduleFailed()), false);
  assert.equal(isOnlyBusy(new Error("conflict")), false);
});
