import assert from "node:assert/strict";
import { test } from "node:test";
import { Offenders } from "./offenders.ts";

const script = (text: string, applicationKey = "app1") => ({
  key: `${applicationKey} ${text}`,
  applicationKey,
});

test("a script that offends twice waits, a corrected one of the same application does not", () => {
  const offenders = new Offenders();
  offenders.strike(script("bad"), 0);
  assert.equal(offenders.suspendedMs(script("bad"), 0), 0);
  assert.ok(offenders.isAlone(script("bad")));
  offenders.strike(script("bad"), 0);
  assert.equal(offenders.suspendedMs(script("bad"), 0), 1000);
  assert.equal(offenders.suspendedMs(script("good"), 0), 0);
  assert.equal(offenders.isAlone(script("good")), false);
});

test("an application that offends with ever new scripts waits as a whole, and others do not", () => {
  const offenders = new Offenders();
  const strikeUntilSuspended = () => {
    for (let struck = 1; struck <= 100; struck++) {
      const fresh = script(`bad ${struck}`);
      if (offenders.suspendedMs(fresh, 0) > 0) return struck - 1;
      offenders.strike(fresh, 0);
    }
    return undefined;
  };
  assert.equal(strikeUntilSuspended(), 6);
  assert.ok(offenders.suspendedMs(script("never seen"), 0) >= 10_000);
  assert.equal(offenders.suspendedMs(script("never seen", "app2"), 0), 0);
});

test("what offended long ago is forgotten, of scripts and of applications", () => {
  const offenders = new Offenders();
  for (let index = 0; index < 6; index++) offenders.strike(script(`bad ${index}`), 0);
  const later = 600_000;
  offenders.strike(script("bad again"), later);
  assert.equal(offenders.suspendedMs(script("bad again"), later), 0);
  assert.equal(offenders.isAlone(script("another")), false);
});

test("a script that behaves for long enough joins the others again", () => {
  const offenders = new Offenders();
  offenders.strike(script("bad"), 0);
  for (let call = 0; call < 20; call++) {
    assert.ok(offenders.isAlone(script("bad")));
    offenders.succeed(script("bad"), 0);
  }
  assert.equal(offenders.isAlone(script("bad")), false);
});
