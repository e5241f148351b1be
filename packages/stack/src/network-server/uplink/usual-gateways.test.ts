import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayUplink } from "../network-server.fixture.ts";
import { UsualGateways } from "./usual-gateways.ts";

const heardBy = (...gatewayIds: string[]) =>
  gatewayIds.map((gatewayId) => gatewayUplink(new Uint8Array(0), { gatewayId }, 0).receptions[0]);

test("waits for nobody in particular before it has learnt who hears the device", () => {
  const usual = new UsualGateways();
  assert.equal(usual.haveReported(heardBy("a", "b")), false);
  usual.learn(heardBy("a", "b"));
  assert.equal(usual.haveReported(heardBy("a")), false);
  assert.equal(usual.haveReported(heardBy("b", "c", "a")), true);
});

test("no longer waits for a gateway that has not heard the device for a while", () => {
  const usual = new UsualGateways();
  usual.learn(heardBy("a", "b"));
  for (let uplink = 0; uplink < 8; uplink++) {
    assert.equal(usual.haveReported(heardBy("a")), false);
    usual.learn(heardBy("a"));
  }
  usual.learn(heardBy("a"));
  assert.equal(usual.haveReported(heardBy("a")), true);
});
