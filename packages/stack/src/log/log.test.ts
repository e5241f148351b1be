import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger, type LogLevel } from "./log.ts";

function record(level: LogLevel, format: "text" | "json") {
  const lines: string[] = [];
  const logger = createLogger({ level, format, write: (line) => lines.push(line), now: () => 0 });
  return { lines, logger };
}

describe("createLogger", () => {
  it("writes one line of text with its fields, quoting what needs it", () => {
    const { lines, logger } = record("info", "text");
    logger
      .with({ gateway: "eui-1" })
      .warn("lost contact", { reason: "no data", error: new Error("it broke"), absent: undefined });
    assert.deepEqual(lines, [
      '1970-01-01T00:00:00.000Z WARN  lost contact gateway=eui-1 reason="no data" error="it broke"\n',
    ]);
  });

  it("writes JSON lines", () => {
    const { lines, logger } = record("info", "json");
    logger.info("started", { port: 1885, big: 10n });
    assert.deepEqual(JSON.parse(lines[0]!), {
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      message: "started",
      port: 1885,
      big: "10",
    });
  });

  it("drops what lies below its level", () => {
    const { lines, logger } = record("error", "text");
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    assert.equal(lines.length, 1);
  });
});
