import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileFilter, isTopicFilter, isTopicName } from "./topic-filter.ts";

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

test("matches topics as the standard's examples do", () => {
  const cases: readonly (readonly [filter: string, topic: string, matches: boolean])[] = [
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/tennis/player1/#", "sport/tennis/player10", false],
    ["sport/#", "sport", true],
    ["#", "sport", true],
    ["#", "/", true],
    ["#", "$SYS/x", false],
    ["+/monitor/Clients", "$SYS/monitor/Clients", false],
    ["$SYS/#", "$SYS/x", true],
    ["sport/tennis/+", "sport/tennis/player1", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["+/tennis/#", "sport/tennis", true],
    ["+/tennis/#", "sport/football", false],
    ["a//b", "a//b", true],
    ["a/+/b", "a//b", true],
    ["v3/app1/devices/+/up", "v3/app1/devices/dev1/up", true],
    ["v3/app1/devices/+/up", "v3/app1/devices/dev1/up/normalized", false],
    ["v3/app1/devices/+/up/#", "v3/app1/devices/dev1/up", true],
    ["v3/app1/devices/dev1/up", "v3/app1/devices/dev1/UP", false],
  ];
  for (const [filter, topic, matches] of cases) {
    assert.equal(compileFilter(filter)(topic), matches, `${filter} and ${topic}`);
  }
});

test("matches as a level by level comparison does", () => {
  const level = fc.constantFrom("a", "b", "", "dev1");
  const topics = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"));
  const filters = fc
    .tuple(fc.array(fc.constantFrom("a", "b", "", "dev1", "+"), { minLength: 1, maxLength: 5 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open ? ["#"] : [])].join("/"));
  fc.assert(
    fc.property(filters, topics, (filter, topic) => {
      assert.equal(compileFilter(filter)(topic), matchesByLevels(filter.split("/"), topic.split("/")));
    }),
    { numRuns: 2000 },
  );
});

function matchesByLevels(filter: readonly string[], topic: readonly string[]): boolean {
  const [level, ...rest] = filter;
  if (level === undefined) return topic.length === 0;
  if (level === "#") return true;
  if (topic.length === 0) return false;
  return (level === "+" || level === topic[0]) && matchesByLevels(rest, topic.slice(1));
}

test("knows valid filters and topic names", () => {
  for (const filter of ["#", "+", "a/#", "+/a/#", "/", "a//b", "/+/"])
    assert.ok(isTopicFilter(filter), filter);
  for (const filter of [
    "",
    "a#",
    "#/a",
    "a/#/b",
    "a+",
    "+a/b",
    "a/b+",
    "\u0000",
    "a\ufffd",
    "x".repeat(1025),
  ]) {
    assert.ok(!isTopicFilter(filter), filter);
  }
  assert.ok(isTopicName("a/b"));
  for (const topic of ["", "a/+", "#", "a\u0000"]) assert.ok(!isTopicName(topic), topic);
});
