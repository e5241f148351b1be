import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEUI64 } from "@skylark/lorawan";
import { defineErrors } from "../../../errors/errors.ts";
import { type LogFields, silentLogger } from "../../../log/log.ts";
import { RefusalLog } from "./refusal-log.ts";

const refusal = defineErrors("test/refusal_log").notFound("refusal", "no")();

test("names ten gateways in ten seconds, and then says how many more there were", () => {
  const lines: [message: string, fields: LogFields | undefined][] = [];
  const time = { now: 0 };
  const log = new RefusalLog(
    { monotonicMs: () => time.now },
    { ...silentLogger, info: (...line) => void lines.push([line[0], line[1]]), error: assert.fail },
  );
  const refuse = () => log.refused(parseEUI64("0102030405060708"), refusal);
  for (let count = 0; count < 1000; count++) refuse();
  assert.equal(lines.length, 10);
  time.now += 10_000;
  refuse();
  assert.deepEqual(lines[10], ["more gateways cannot connect", { gateways: 990 }]);
  assert.equal(lines[11]?.[0], "gateway cannot connect");
});
