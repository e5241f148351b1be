import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { runWithCallOrigin } from "./call-origin.ts";
import type { EventHistoryOptions } from "./config.ts";
import { createEventBus } from "./event-bus.ts";
import { defineEvent, type Event, type EventRange, type EventSubject } from "./events.ts";

const first = defineEvent("history.first", "first", []);
const second = defineEvent("history.second", "second", []);

const day = 24 * 3_600_000;
const generous: EventHistoryOptions = {
  perEntity: 100,
  ttlMs: day,
  maxBytes: 64 << 20,
  maxPerSecond: 1_000_000,
};

const device = (deviceId: string, tenantId = "default"): EventSubject => ({
  kind: "device",
  ids: { tenantId, applicationId: "app1", deviceId },
});
const application: EventSubject = {
  kind: "application",
  ids: { tenantId: "default", applicationId: "app1" },
};
const organization: EventSubject = { kind: "organization", tenantId: "default", organizationId: "org1" };
const user: EventSubject = { kind: "user", tenantId: "default", userId: "user1" };

function start(options: Partial<EventHistoryOptions> = {}) {
  const clock = new ManualClock(1_000_000);
  const bus = createEventBus(clock, { ...generous, ...options });
  const { history } = bus;
  assert.ok(history);
  let count = 0;
  const publish = (subject: EventSubject, definition = first) => {
    const name = `e${++count}`;
    bus.publish(definition, subject, () => ({
      correlationIds: [name, "shared"],
      data: { typeName: "ttn.lorawan.v3.ApplicationIdentifiers", json: { application_id: name } },
    }));
    return name;
  };
  const found = (subject: EventSubject | readonly EventSubject[], range: EventRange = {}, only?: string) =>
    names(
      history.find(
        {
          subjects: Array.isArray(subject) ? subject : [subject as EventSubject],
          ...(only === undefined ? {} : { names: (name: string) => name === only }),
        },
        range,
      ),
    );
  return { clock, bus, history, publish, found };
}

const names = (events: readonly Event[]) => events.map(({ correlationIds }) => correlationIds[0]);

describe("event history", () => {
  it("keeps the latest of each entity, and an application's shows its devices'", () => {
    const { publish, found } = start({ perEntity: 3 });
    for (const _ of [1, 2, 3, 4]) publish(device("dev1"));
    publish(device("dev2"));
    publish(application);
    publish(device("dev1", "other"));
    assert.deepEqual(found(device("dev1")), ["e2", "e3", "e4"]);
    assert.deepEqual(found(application), ["e2", "e3", "e4", "e5", "e6"]);
    assert.deepEqual(found([application, device("dev2")]), ["e2", "e3", "e4", "e5", "e6"]);
    assert.deepEqual(found(device("dev1", "other")), ["e7"]);
    assert.deepEqual(found(device("dev3")), []);
  });

  it("finds a tail of each subject, by name and after a time", async () => {
    const { clock, publish, found } = start();
    publish(device("dev1"));
    publish(device("dev1"), second);
    await clock.advance(10);
    publish(device("dev1"));
    publish(user);
    assert.deepEqual(found(device("dev1"), { tail: 2 }), ["e2", "e3"]);
    assert.deepEqual(found([device("dev1"), user], { tail: 1 }), ["e3", "e4"]);
    assert.deepEqual(found(device("dev1"), { tail: 1 }, "history.second"), ["e2"]);
    assert.deepEqual(found(device("dev1"), { after: 1_000_000 }), ["e3"]);
    assert.deepEqual(found(device("dev1"), { after: 999_999, tail: 2 }), ["e2", "e3"]);
    assert.deepEqual(found(device("dev1"), { after: 1_000_010 }), []);
  });

  it("goes on after an event, also among those of one millisecond", () => {
    const { clock, history, publish, found } = start();
    for (const _ of [1, 2, 3]) publish(device("dev1"));
    const [, last] = history.find({ subjects: [device("dev1")] }, {});
    assert.ok(last);
    assert.deepEqual(found(device("dev1"), { afterId: last.uniqueId }), ["e3"]);
    assert.deepEqual(found(application, { afterId: last.uniqueId }), ["e3"]);
    // Of an event that is not kept, its time is known: rather one twice than one lost.
    assert.deepEqual(found(device("dev1"), { afterId: ulidAt(clock.now()) }), ["e1", "e2", "e3"]);
    assert.deepEqual(found(device("dev1"), { afterId: ulidAt(clock.now() + 1) }), []);
    assert.deepEqual(found(device("dev1"), { afterId: "nonsense" }), []);
  });

  it("gives the same details before and after they are packed", async () => {
    const { clock, history, publish } = start();
    publish(device("dev1"));
    const read = () => {
      const [event] = history.find({ subjects: [device("dev1")] }, {});
      return { ids: event?.correlationIds, data: event?.data, id: event?.uniqueId };
    };
    const before = read();
    await clock.advance(1000);
    assert.deepEqual(read(), before);
    assert.deepEqual(before.data?.json, { application_id: "e1" });
  });

  it("forgets what is old", async () => {
    const { clock, publish, found, history } = start({ ttlMs: 60_000 });
    publish(device("dev1"));
    await clock.advance(61_000);
    assert.deepEqual(found(device("dev1")), []);
    publish(device("dev2"));
    await clock.advance(61_000);
    assert.deepEqual(await history.related("default", "shared"), []);
  });

  it("takes from those with the most when memory is full", async () => {
    const { clock, publish, found } = start({ maxBytes: 40_000 });
    publish(device("quiet"));
    for (let index = 0; index < 100; index++) publish(device("noisy1"));
    for (let index = 0; index < 100; index++) publish(device("noisy2"));
    await clock.advance(1000);
    assert.deepEqual(found(device("quiet")), ["e1"]);
    const [noisy1, noisy2] = [found(device("noisy1")), found(device("noisy2"))];
    assert.ok(noisy1.length > 10 && noisy1.length < 100, `${noisy1.length}`);
    assert.ok(Math.abs(noisy1.length - noisy2.length) <= noisy1.length, `${noisy2.length}`);
    assert.equal(noisy1.at(-1), "e101");
    assert.equal(noisy2.at(-1), "e201");
  });

  it("counts large events by their size", async () => {
    const { clock, bus, history } = start({ maxBytes: 100_000 });
    for (let index = 0; index < 20; index++) {
      const json = { large: "x".repeat(20_000) };
      bus.publish(first, device("dev1"), () => ({ data: { typeName: "google.protobuf.Value", json } }));
      await clock.advance(300);
    }
    assert.ok(history.find({ subjects: [device("dev1")] }, {}).length <= 5);
  });

  it("keeps only so many a second, and those of calls always", async () => {
    const { clock, publish, found, history } = start({ maxPerSecond: 4 });
    for (let index = 0; index < 10; index++) publish(device("dev1"));
    assert.deepEqual(found(device("dev1")), ["e1", "e2", "e3", "e4"]);
    assert.equal(history.skipped, 6);
    const origin = { correlationIds: [], remoteAddress: "", userAgent: "", authentication: undefined };
    runWithCallOrigin(origin, () => publish(device("dev1")));
    assert.equal(found(device("dev1")).at(-1), "e11");
    await clock.advance(600);
    for (let index = 0; index < 10; index++) publish(device("dev1"));
    assert.deepEqual(found(device("dev1")).slice(5), ["e12", "e13"]);
  });

  it("finds what is related within one tenant, in order and each once", async () => {
    const { clock, bus, publish, history } = start();
    publish(device("dev1"));
    await clock.advance(500);
    publish(device("dev2"));
    publish(device("dev1", "other"));
    bus.publish(first, application, () => ({ correlationIds: ["both", "shared"] }), [organization]);
    assert.deepEqual(names(await history.related("default", "shared")), ["e1", "e2", "both"]);
    assert.deepEqual(names(await history.related("default", "e1")), ["e1"]);
    assert.deepEqual(names(await history.related("other", "shared")), ["e3"]);
    assert.deepEqual(names(await history.related("nobody", "shared")), []);
    assert.deepEqual(names(await history.related("default", 'e"1')), []);
  });

  it("shows an event about several entities to those who watch any of them, and keeps it for each", () => {
    const { bus, found } = start();
    const seen: string[] = [];
    bus.subscribe({ subjects: [organization] }, () => seen.push("organization"));
    bus.subscribe({ subjects: [application, organization] }, () => seen.push("both"));
    bus.subscribe({ subjects: [user] }, () => seen.push("user"));
    bus.publish(first, application, () => ({ correlationIds: ["several"] }), [organization]);
    assert.deepEqual(seen.sort(), ["both", "organization"]);
    assert.deepEqual(found(application), ["several"]);
    assert.deepEqual(found(organization), ["several"]);
    assert.deepEqual(found([organization, application]), ["several"]);
  });

  it("keeps an event whose details cannot be built, without them", async () => {
    const { clock, bus, history } = start();
    bus.publish(first, user, () => {
      throw new Error("broken");
    });
    bus.publish(first, user, () => ({ data: { typeName: "x", json: 1n } }));
    assert.deepEqual(await history.related("default", "shared"), []);
    await clock.advance(1000);
    const events = history.find({ subjects: [user] }, {});
    assert.deepEqual(
      events.map(({ correlationIds, data }) => [correlationIds, data]),
      [
        [[], undefined],
        [[], undefined],
      ],
    );
  });

  it("says which call an event comes from", () => {
    const { bus, history } = start();
    const authentication = { type: "Bearer", tokenType: "APIKey", tokenId: "ID" };
    const origin = {
      correlationIds: ["rpc:1"],
      remoteAddress: "192.0.2.1",
      userAgent: "test",
      authentication,
    };
    runWithCallOrigin(origin, () => bus.publish(first, user, () => ({ correlationIds: ["own", "rpc:1"] })));
    bus.publish(first, user);
    const [event, other] = history.find({ subjects: [user] }, {});
    assert.deepEqual(event?.correlationIds, ["rpc:1", "own"]);
    assert.deepEqual(event?.origin, origin);
    assert.equal(other?.origin, undefined);
  });
});

function ulidAt(time: number): string {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let text = "";
  for (let rest = time; text.length < 10; rest = Math.floor(rest / 32)) text = digits[rest % 32] + text;
  return `${text}${"0".repeat(16)}`;
}
