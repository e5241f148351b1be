import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FilterIndex } from "./filter-index.ts";
import { compileFilter } from "./topic-filter.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

const level = fc.constantFrom("a", "b", "up", "");
const topics = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"));
const filters = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 5 }),
    fc.constantFrom("", "/#"),
  )
  .map(([levels, end]) => levels.join("/") + end);

test("finds whoever has a filter that matches, as filters tried one by one do", () => {
  fc.assert(
    fc.property(fc.array(filters, { maxLength: 12 }), fc.array(topics, { maxLength: 8 }), (all, asked) => {
      const index = new FilterIndex<number>();
      for (const [subscriber, filter] of all.entries()) index.add(filter, subscriber);
      for (const topic of asked) {
        const expected = all.flatMap((filter, subscriber) =>
          compileFilter(filter)(topic) ? [subscriber] : [],
        );
        assert.deepEqual([...index.match(topic)].sort(), expected.sort());
        if (expected.length > 0) assert.ok(index.reaches(topic));
      }
      for (const [subscriber, filter] of all.entries()) index.delete(filter, subscriber);
      assert.equal(index.size, 0);
      for (const topic of asked) assert.equal(index.reaches(topic), false);
    }),
  );
});

test("tells a subscriber once of what several of its filters match", () => {
  const index = new FilterIndex<string>();
  index.add("a/+", "one");
  index.add("a/b", "one");
  index.add("#", "one");
  index.add("a/b", "one");
  assert.deepEqual([...index.match("a/b")], ["one"]);
  assert.equal(index.size, 3);
});

test("knows of topics below one that somebody listens to", () => {
  const index = new FilterIndex<string>();
  index.add("app/devices/+/up/gps/lat", "one");
  assert.equal(index.reaches("app/devices/dev/up"), true);
  assert.equal(index.reaches("app/devices/dev/events"), false);
  assert.deepEqual([...index.match("app/devices/dev/up")], []);
  index.delete("app/devices/+/up/gps/lat", "other");
  assert.equal(index.size, 1);
});
