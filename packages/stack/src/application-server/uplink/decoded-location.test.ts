import assert from "node:assert/strict";
import { test } from "node:test";
import { findLocation, mayHoldLocation } from "./decoded-location.ts";

test("finds positions by their usual names, at the top or one level below", () => {
  const found = { latitude: 52.5, longitude: 13.4, source: "SOURCE_GPS" };
  assert.deepEqual(findLocation({ latitude: 52.5, longitude: 13.4 }), found);
  assert.deepEqual(findLocation({ Lat: 52.5, lng: 13.4, hacc: 5, Altitude: 34 }), {
    ...found,
    accuracy: 5,
    altitude: 34,
  });
  assert.deepEqual(findLocation({ temperature: 1, gps_1: { latitude: 52.5, longitude: 13.4 } }), found);
});

test("does not take other values for a position", () => {
  assert.equal(findLocation({ latitude: "52.5", longitude: 13.4 }), undefined);
  assert.equal(findLocation({ latitude: 520, longitude: 13.4 }), undefined);
  assert.equal(findLocation({ latitude: 0, longitude: 0 }), undefined);
  assert.equal(findLocation({ a: { b: { latitude: 1, longitude: 2 } }, c: null }), undefined);
});

test("payloads without such names are not looked at closely", () => {
  assert.equal(mayHoldLocation(`{"temperature":1}`), false);
  assert.equal(mayHoldLocation(`{"Lat":1,"Lng":2}`), true);
});
