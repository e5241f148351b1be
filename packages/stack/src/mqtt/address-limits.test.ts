import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../clock/manual-clock.ts";
import { AddressLimits } from "./address-limits.ts";
import { defaultLimits } from "./limits.ts";

const limits = { ...defaultLimits, maxConnectingPerAddress: 2, maxRefusalsPerAddress: 3 };

test("bounds the connections of an address that are not authenticated", () => {
  const addresses = new AddressLimits(new ManualClock(), limits);
  assert.ok(addresses.beginConnecting("a"));
  assert.ok(addresses.beginConnecting("a"));
  assert.ok(!addresses.beginConnecting("a"));
  assert.ok(addresses.beginConnecting("b"));
  addresses.endConnecting("a");
  assert.ok(addresses.beginConnecting("a"));
});

test("refuses an address without a look after many refused logins, for a while", async () => {
  const clock = new ManualClock();
  const addresses = new AddressLimits(clock, limits);
  for (let refusal = 0; refusal < 3; refusal++) {
    assert.ok(!addresses.isRefused("a"));
    addresses.countRefusal("a");
  }
  assert.ok(addresses.isRefused("a"));
  assert.ok(!addresses.isRefused("b"));
  await clock.advance(10_000);
  assert.ok(!addresses.isRefused("a"));
  addresses.countRefusal("a");
  assert.ok(!addresses.isRefused("a"));
});

test("remembers a bounded number of addresses, never forgetting open connections", () => {
  const addresses = new AddressLimits(new ManualClock(), limits);
  addresses.beginConnecting("kept");
  addresses.beginConnecting("kept");
  for (let address = 0; address < 30_000; address++) addresses.countRefusal(`${address}`);
  assert.ok(!addresses.beginConnecting("kept"));
});
