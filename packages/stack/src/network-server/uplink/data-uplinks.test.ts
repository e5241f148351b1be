import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { devAddr } from "@skylark/lorawan";
import { abpSettings, address, type Network, register, startNetwork } from "../network-server.fixture.ts";
import { keysOf, readDownlink, uplinkFrame } from "../simulated-device.fixture.ts";

const fills = [7, 7, 7] as const;
const keys = keysOf(fills);
const payload = Uint8Array.of(1, 2, 3);

async function network(context: TestContext): Promise<Network> {
  const started = await startNetwork();
  context.after(() => started.close());
  return started;
}

async function withDevice(context: TestContext, settings = abpSettings): Promise<Network> {
  const started = await network(context);
  await register(started, { settings, session: { devAddr: address, keys: fills } });
  return started;
}

test("delivers the uplink of an ABP device once its window is over", async (context) => {
  const net = await withDevice(context);
  net.hear(uplinkFrame(address, keys, { fCnt: 5, fPort: 10, payload }));
  await net.settle();
  assert.equal(net.applicationServer.decoded.length, 1, "decoding starts while the window is open");
  assert.equal(net.applicationServer.uplinks.length, 0);
  await net.advance(250);
  const [uplink] = net.applicationServer.uplinks;
  assert.equal(uplink?.fCnt, 5);
  assert.equal(uplink?.fPort, 10);
  assert.deepEqual(uplink?.frmPayload, payload);
  assert.equal(uplink?.consumedAirtimeUs, 46_336);
  assert.equal(uplink?.ids.devAddr, address);
  assert.match(uplink?.correlationIds.join(" ") ?? "", /^gs:conn:gtw1 gs:uplink:1 ns:uplink:[0-9A-Z]{26}$/);
  assert.deepEqual(net.eventNames(), ["ns.up.data.receive", "ns.up.data.process", "ns.up.data.forward"]);
  assert.equal(net.sent.length, 0);
});
