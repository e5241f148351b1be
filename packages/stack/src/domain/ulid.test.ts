import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ulid } from "./ulid.ts";

describe("ulid", () => {
  it("is 26 characters of Crockford's base 32, ordered by time", () => {
    const ids = [0, 1, 1_600_000_000_000, 2 ** 48 - 1].map(ulid);
    for (const id of ids) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    assert.deepEqual([...ids].sort(), ids);
    assert.equal(ulid(1469918176385).slice(0, 10), "01ARYZ6S41");
  });

  it("does not repeat", () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => ulid(1)));
    assert.equal(ids.size, 10_000);
  });
});
