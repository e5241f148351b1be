import assert from "node:assert/strict";
import { test } from "node:test";
import { abpSettings, address } from "../network-server.fixture.ts";
import { readDownlink, uplinkFrame } from "../simulated-device.fixture.ts";
import { downlink, keys, withDevice } from "./activated-device.fixture.ts";

const uplink = (fCnt: number) =>
  uplinkFrame(address, keys, { fCnt, fPort: 1, payload: Uint8Array.of(1, 2, 3) });

const longDownlink = { ...downlink, frmPayload: new Uint8Array(242) };

test("lets a downlink wait that fits only without MAC commands, and sends it in the next window", async (context) => {
  const net = await withDevice(context, { ...abpSettings, statusCountPeriodicity: 2 });
  net.applicationServer.queue.push(longDownlink);
  net.hear(uplink(2));
  await net.advance(3000);
  assert.equal(readDownlink(keys, net.sent[0]!.phyPayload, 0).fPort, undefined);
  const { maxPayloadLength, maxPayloadLengthAlone } = net.applicationServer.opportunities[0]!;
  assert.deepEqual([maxPayloadLength, maxPayloadLengthAlone], [241, 242]);
  assert.equal(net.applicationServer.queue.length, 1);
  net.hear(uplink(3));
  await net.advance(3000);
  assert.equal(readDownlink(keys, net.sent[1]!.phyPayload, 1).fPort, 42);
});

test("does not let a downlink wait for a device that leaves requests unanswered", async (context) => {
  const net = await withDevice(context, { ...abpSettings, wanted: { rx1Delay: 5 } });
  net.hear(uplink(1));
  await net.advance(3000);
  net.applicationServer.queue.push(longDownlink);
  for (const fCnt of [2, 3]) {
    net.hear(uplink(fCnt));
    await net.advance(3000);
  }
  assert.equal(net.applicationServer.queue.length, 0);
  assert.equal(readDownlink(keys, net.sent[1]!.phyPayload, 1).fPort, 42);
});

test("sends the very frame in RX2 that the gateway took too late for RX1", async (context) => {
  const net = await withDevice(context);
  net.refusals.rx1 = "TOO_LATE";
  net.applicationServer.queue.push(downlink);
  net.hear(uplink(1));
  await net.advance(3000);
  assert.deepEqual(
    net.sent.map(({ request }) => request.windows.map(({ window }) => window)),
    [[1, 2], [2]],
  );
  assert.deepEqual(net.sent[1]!.phyPayload, net.sent[0]!.phyPayload);
  assert.deepEqual(net.applicationServer.results, [{ fCnt: 0, result: "SUCCESS" }]);
});
