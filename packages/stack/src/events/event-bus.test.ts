import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { createEventBus } from "./event-bus.ts";
import { defineEvent, type Event, type EventSubject } from "./events.ts";

const forwarded = defineEvent("test.forward", "forward a test", ["RIGHT_APPLICATION_TRAFFIC_READ"]);
const dropped = defineEvent("test.drop", "drop a test", ["RIGHT_APPLICATION_TRAFFIC_READ"]);

const device = (deviceId: string): EventSubject => ({
  kind: "device",
  ids: { tenantId: "default", applicationId: "app1", deviceId },
});
const application: EventSubject = {
  kind: "application",
  ids: { tenantId: "default", applicationId: "app1" },
};

describe("event bus", () => {
  it("delivers a device's events to those who watch it or its application, once each", () => {
    const bus = createEventBus(new ManualClock(5));
    const seen: [string, string][] = [];
    const note = (who: string) => (event: Event) => seen.push([who, event.definition.name]);
    bus.subscribe({ subjects: [device("dev1")] }, note("device"));
    bus.subscribe({ subjects: [application, device("dev1")] }, note("both"));
    bus.subscribe({ subjects: [device("dev2")] }, note("other"));
    bus.publish(forwarded, device("dev1"));
    assert.deepEqual(seen, [
      ["device", "test.forward"],
      ["both", "test.forward"],
    ]);
  });

  it("filters by name, and stops when closed", () => {
    const bus = createEventBus(new ManualClock());
    const seen: string[] = [];
    const subscription = bus.subscribe(
      { subjects: [application], names: (name) => name === "test.drop" },
      (event) => seen.push(event.definition.name),
    );
    bus.publish(forwarded, application);
    bus.publish(dropped, application);
    subscription.close();
    bus.publish(dropped, application);
    assert.deepEqual(seen, ["test.drop"]);
  });

  it("builds the details only when somebody listens", () => {
    const bus = createEventBus(new ManualClock());
    let built = 0;
    const details = () => ({ correlationIds: [`c${++built}`] });
    bus.publish(forwarded, application, details);
    assert.equal(built, 0);
    const seen: Event[] = [];
    bus.subscribe({ subjects: [device("dev1")] }, (event) => seen.push(event));
    bus.publish(forwarded, device("dev2"), details);
    assert.equal(built, 0);
    bus.publish(forwarded, device("dev1"), details);
    assert.deepEqual(seen[0]?.correlationIds, ["c1"]);
  });

  it("refuses two definitions of one name", () => {
    assert.throws(() => defineEvent("test.drop", "again", []), /twice/);
  });
});
